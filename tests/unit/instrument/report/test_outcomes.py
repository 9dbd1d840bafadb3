import pytest

from ddllm.instrument.report.outcomes import outcome


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (200, None, "ok"),
        (429, "ThrottlingException", "throttled"),
        (400, "ServiceQuotaExceededException", "throttled"),
        (429, "ModelNotReadyException", "throttled"),
        (429, "429", "throttled"),
        (408, "ModelTimeoutException", "timeout"),
        (0, "ReadTimeoutError", "timeout"),
        (0, "ConnectTimeoutError", "timeout"),
        (504, "504", "timeout"),
        (424, "ModelErrorException", "server_error"),
        (500, "InternalServerException", "server_error"),
        (503, "503", "server_error"),
        (0, "EndpointConnectionError", "connection"),
        (0, "ConnectionClosedError", "connection"),
        (400, "ValidationException", "client_error"),
        (403, "AccessDeniedException", "client_error"),
        (404, "ResourceNotFoundException", "client_error"),
        (403, "403", "client_error"),
    ],
)
def test_an_attempt_ends_in_one_of_the_catalogues_words(status, error, expected):
    assert outcome((0.0, 0.0, 1.0, status, error)) == expected

"""How an HTTP attempt ended, in the catalogue's words."""

from ddllm.call import Attempt

_THROTTLED = frozenset({
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "ServiceQuotaExceededException",
    "ModelNotReadyException",
})  # fmt: skip
# Codes and exception classes; botocore's own classes for what happened on the way.
_TIMEOUT = frozenset({
    "ModelTimeoutException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ReadTimeoutError",
    "ConnectTimeoutError",
})  # fmt: skip
# The model failed, and Bedrock says so with 424.
_SERVER = frozenset({"ModelErrorException", "InternalServerException", "ServiceUnavailableException"})


def outcome(attempt: Attempt) -> str:
    """Return the outcome of an attempt: of the answer's head, so that a stream that breaks later was ok."""
    status, error = attempt[3], attempt[4]
    if error in _THROTTLED or status == 429:  # noqa: PLR2004 - HTTP's number
        return "throttled"
    if error in _TIMEOUT or status in (408, 504):
        return "timeout"
    if error in _SERVER or status >= 500:  # noqa: PLR2004
        return "server_error"
    if status == 0:
        return "connection"
    return "client_error" if status >= 400 else "ok"  # noqa: PLR2004

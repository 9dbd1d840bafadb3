"""The errors that Bedrock answers with: status, code and message, in the shape from which the SDKs make their exceptions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ddllm.sandbox.bedrock.eventstream import dump

_UNEXPECTED = "The system encountered an unexpected error during processing. Try your request again."
_UNAVAILABLE = "Bedrock is unable to process your request."


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is no success; `headers` come on top of the usual ones."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_headers(self) -> dict[str, str]:
        """The headers of the answer. The error's type carries a namespace behind a colon, as on the real wire."""
        kind = f"{self.code}:http://internal.amazon.com/coral/com.amazon.bedrock/"
        return {"Content-Type": "application/json", "x-amzn-ErrorType": kind, **self.headers}

    @property
    def body(self) -> bytes:
        """The body of the answer."""
        return dump({"message": self.message})


class Refused(Exception):  # noqa: N818 - what happened to the request
    """The request is answered by a failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.status} {failure.code}: {failure.message}")
        self.failure = failure


def invalid(message: str) -> Refused:
    """Return the refusal of a request that is wrong in itself."""
    return Refused(Failure(400, "ValidationException", message))


UNKNOWN_MODEL = Failure(400, "ValidationException", "The provided model identifier is invalid.")
UNKNOWN_OPERATION = Failure(404, "UnknownOperationException", "There is no such operation.")
INTERNAL = Failure(500, "InternalServerException", _UNEXPECTED)
UNAVAILABLE = Failure(503, "ServiceUnavailableException", _UNAVAILABLE)


def throttled(retry_after: float) -> Failure:
    """Return the answer to one request too many; `retry_after` is in seconds, 0 leaves the header out."""
    headers = {"Retry-After": f"{retry_after:g}"} if retry_after else {}
    return Failure(429, "ThrottlingException", "Too many requests, please wait before trying again.", headers)


#: What a stream's exception carries, by the member of the stream that it is.
IN_STREAM: Mapping[str, Mapping[str, str | int]] = {
    "modelStreamErrorException": {
        "message": _UNEXPECTED,
        "originalStatusCode": 500,
        "originalMessage": "Internal error",
    },
    "throttlingException": {"message": "Too many requests, please wait before trying again."},
    "internalServerException": {"message": _UNEXPECTED},
    "serviceUnavailableException": {"message": _UNAVAILABLE},
}

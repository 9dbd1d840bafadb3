"""One prompt to one model over boto3, measured from where an application stands: around the SDK."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ddllm.call import Usage
from ddllm.definitions.workload import Model, Prompt
from ddllm.errors import ApiError, DdllmError

#: Codes after which no call of this run can succeed, and what to do.
_FATAL_CODES: Mapping[str, str] = {
    "AccessDeniedException": "The credentials need bedrock:InvokeModel on this model, and the account access to it",
    "ExpiredTokenException": "Sign in again",
    "ExpiredToken": "Sign in again",
    "IncompleteSignature": "Check the AWS credentials",
    "InvalidClientTokenId": "Check the AWS credentials",
    "InvalidSignatureException": "Check the AWS secret key, and this machine's clock",
    "MissingAuthenticationToken": "Check the AWS credentials",
    "ResourceNotFoundException": "Check the model's id, and that its region is the one that is asked",
    "UnrecognizedClientException": "Check the AWS credentials",
    "UnauthorizedException": "Sign in again",
}
#: botocore's own exceptions of that kind, by name: importing them costs what importing botocore does.
_FATAL_CLASSES: Mapping[str, str] = {
    "EndpointConnectionError": "Is Bedrock offered in this region? AWS_DEFAULT_REGION names another; --sandbox needs no network",
    "NoCredentialsError": "Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; --sandbox needs no account",
    "NoRegionError": "Set AWS_DEFAULT_REGION, or a region in the AWS profile; --sandbox needs no account",
    "PartialCredentialsError": "Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; --sandbox needs no account",
    "ProfileNotFound": "AWS_PROFILE names a profile of ~/.aws/config; --sandbox needs no account",
    "CredentialRetrievalError": "Check the AWS profile; --sandbox needs no account",
    "SSOTokenLoadError": "Run `aws sso login`",
    "TokenRetrievalError": "Run `aws sso login`",
    "UnauthorizedSSOTokenError": "Run `aws sso login`",
}
#: Bedrock says ValidationException of a model's id and of a request alike.
_NO_SUCH_MODEL = ("model identifier is invalid", "model ID", "on-demand throughput isn")

#: Failures before the request was sent.
_NOT_SENT = frozenset({"ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError"})

_CONNECTIONS = 64  # the most calls at a time
_READ_TIMEOUT = 300.0  # seconds between two bytes; a long answer without a stream is silent until it is whole
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as the application saw it. Times are seconds from the start of the call, retries included.

    `finish` is the provider's own word for why the answer ended. `error` is the provider's code or the exception's class;
    then `billed` says whether the tokens of it may have to be paid for.
    """

    text: str = ""
    finish: str | None = None
    usage: Usage | None = None
    ttft: float | None = None
    duration: float | None = None
    error: str | None = None
    billed: bool = True

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens after the first one, over the time after it; only of a stream of two tokens or more."""
        output = self.usage.output if self.usage else None
        if self.ttft is None or self.duration is None or output is None or output < 2:  # noqa: PLR2004
            return None
        seconds = self.duration - self.ttft
        return (output - 1) / seconds if seconds > 0 else None


def make_client() -> Any:
    """Return a client as boto3 makes it from the environment, with its standard retries. Raises `ApiError`."""
    import boto3  # noqa: PLC0415 - 150 ms, where calls are made
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    config = Config(
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=_CONNECTIONS,
        read_timeout=_READ_TIMEOUT,
    )
    try:
        return boto3.client("bedrock-runtime", config=config)
    except BotoCoreError as error:
        raise fatal(error) or ApiError(_one_line(error)) from None


def request_of(prompt: Prompt, model: Model) -> dict[str, Any]:
    """Return the arguments of Converse and ConverseStream."""
    parameters = prompt.parameters
    settings = {"maxTokens": parameters.max_tokens, "temperature": parameters.temperature, "topP": parameters.top_p}
    request: dict[str, Any] = {
        "modelId": model.id,
        "messages": [{"role": role, "content": [{"text": text}]} for role, text in prompt.messages],
        "inferenceConfig": {name: value for name, value in settings.items() if value is not None},
    }
    if parameters.system is not None:
        request["system"] = [{"text": parameters.system}]
    return request


def ask(
    client: Any, request: Mapping[str, Any], *, stream: bool, clock: Callable[[], float] = time.perf_counter
) -> Answer:
    """Make one call. Raises `DdllmError` where no other call can succeed either; any other failure is an answer."""
    started = clock()
    try:
        return _streamed(client, request, started, clock) if stream else _whole(client, request, started, clock)
    except DdllmError:
        raise
    except Exception as error:  # noqa: BLE001 - what the SDK raises, urllib3's exceptions among it, is what this call came to
        stopped = fatal(error, request["modelId"])
        if stopped is not None:
            raise stopped from None
        return Answer(duration=clock() - started, error=code_of(error), billed=not _was_refused(error))


def _whole(client: Any, request: Mapping[str, Any], started: float, clock: Callable[[], float]) -> Answer:
    response = client.converse(**request)
    ended = clock()
    blocks = response["output"]["message"]["content"]
    text = "".join(block.get("text", "") for block in blocks)
    return Answer(text, response.get("stopReason"), _usage(response.get("usage")), duration=ended - started)


def _streamed(client: Any, request: Mapping[str, Any], started: float, clock: Callable[[], float]) -> Answer:
    stream = client.converse_stream(**request)["stream"]
    pieces: list[str] = []
    first: float | None = None
    finish: str | None = None
    usage: Usage | None = None
    try:
        for event in stream:
            if "contentBlockDelta" in event:
                delta = event["contentBlockDelta"]["delta"]
                if first is None and any(delta.values()):
                    first = clock() - started
                pieces.append(delta.get("text", ""))
            elif "messageStop" in event:
                finish = event["messageStop"].get("stopReason")
            elif "metadata" in event:
                usage = _usage(event["metadata"].get("usage"))
    finally:
        stream.close()
    return Answer("".join(pieces), finish, usage, first, clock() - started)


def _usage(counted: Mapping[str, int] | None) -> Usage | None:
    """Bedrock's `inputTokens` are without those of the prompt cache."""
    if not counted or "inputTokens" not in counted:
        return None
    read, written = counted.get("cacheReadInputTokens", 0), counted.get("cacheWriteInputTokens", 0)
    return Usage(counted["inputTokens"] + read + written, counted.get("outputTokens"), read, written)


def code_of(error: BaseException) -> str:
    """Return the provider's code, else the exception's class."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, Mapping) else None
    return str(code or type(error).__name__)


def _was_refused(error: BaseException) -> bool:
    """Whether nothing was generated: the provider answered with an HTTP error, or was never asked."""
    if type(error).__name__ in _NOT_SENT:
        return True
    response = getattr(error, "response", None)
    metadata = response.get("ResponseMetadata", {}) if isinstance(response, Mapping) else {}
    return int(metadata.get("HTTPStatusCode", 0)) >= 400  # noqa: PLR2004 - errors


def fatal(error: BaseException, model: str = "") -> ApiError | None:
    """Return the error as one line for the user, where it would meet every other call as well."""
    code = code_of(error)
    if code in _FATAL_CLASSES:
        return ApiError(_one_line(error), hint=_FATAL_CLASSES[code])
    hint = _FATAL_CODES.get(code)
    text = str(error)
    if hint is None and code == "ValidationException" and any(words in text for words in _NO_SUCH_MODEL):
        hint = "Check the model's id; many models are asked by the id of an inference profile (us.…, eu.…, global.…)"
    if hint is None:
        return None
    return ApiError(_one_line(error), where=model or None, hint=hint)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".")


def watch_retries(client: Any, may_retry: Callable[[], bool]) -> None:
    """Ask `may_retry` before an attempt is repeated that the provider may have answered and billed all the same.

    An HTTP error is free. Where the connection broke or timed out instead, nobody knows, so a repetition can cost as much
    again. boto3 asks on the thread of the call.
    """

    def asked(caught_exception: BaseException | None = None, attempts: int = 1, **_: Any) -> None:
        if caught_exception is None or _was_refused(caught_exception) or attempts >= _ATTEMPTS:
            return
        if not may_retry():
            raise caught_exception

    client.meta.events.register("needs-retry.bedrock-runtime", asked)

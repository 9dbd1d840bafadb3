"""AWS Bedrock through boto3 or botocore: Converse, ConverseStream, InvokeModel, InvokeModelWithResponseStream.

Three layers, none of which changes what the application gets: a wrapper around `BaseClient._make_api_call` (the call and its
outcome), botocore's own client events (each attempt, those that retries hide included), and taps on the classes
`EventStream` and `StreamingBody` that only the objects of a measured call pay for.

The order in which ddtrace's integration and this one wrap does not matter, and neither does whether ddtrace's is on.
"""

import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from itertools import islice
from time import perf_counter
from typing import Any

from ddllm.call import Call
from ddllm.instrument import attribution, guard
from ddllm.instrument.patch import reading
from ddllm.instrument.patch.events import ChunkReading, ConverseReading
from ddllm.instrument.patch.reading import MARK, BodyReading
from ddllm.instrument.queue import Queue
from ddllm.instrument.report import spans

PROVIDER = "aws.bedrock"
SERVICE = "bedrock-runtime"

#: The measured operations, and whether each answers with an event stream.
OPERATIONS = {"Converse": False, "ConverseStream": True, "InvokeModel": False, "InvokeModelWithResponseStream": True}
#: Where the answer holds what the application has yet to read.
ANSWERS = {"ConverseStream": "stream", "InvokeModel": "body", "InvokeModelWithResponseStream": "body"}

#: Where calls are reported to; None while unpatched. Handlers and wrappers that stay behind ask it, and do nothing.
_queue: Queue | None = None

#: The call that is being made in this context.
_making: ContextVar["_Making | None"] = ContextVar("ddllm_making", default=None)

#: Class attributes as they were, to put back: (class, name) -> (original, ours).
_taps: dict[tuple[type, str], tuple[Any, Any]] = {}


def get_version() -> str:
    """Return the version of botocore."""
    import botocore  # noqa: PLC0415 - the application's, imported when it imports it

    return str(botocore.__version__)


def supported_versions() -> dict[str, str]:
    """Return the supported versions by package."""
    return {"botocore": ">=1.37.24"}


class _Making:
    """A call while the SDK is making it: what its client's events tell."""

    __slots__ = ("answer", "began", "call", "sent")

    def __init__(self, call: Call) -> None:
        self.call = call
        self.began = call.started
        self.sent = call.started
        #: The stream or body of the answer; None where there is none, or a stub answered.
        self.answer: Any = None


def patch(queue: Queue) -> None:
    """Report the calls of every Bedrock runtime client, clients made earlier included, to `queue`."""
    global _queue  # noqa: PLW0603 - what the wrappers ask
    from botocore.client import BaseClient  # noqa: PLC0415 - the application's, and it is being imported just now
    from botocore.eventstream import EventStream  # noqa: PLC0415
    from botocore.response import StreamingBody  # noqa: PLC0415

    _queue = queue
    _install(BaseClient, "_make_api_call", _tap_call)
    _install(EventStream, "__iter__", _tap_events)
    _install(EventStream, "close", _tap_close)
    for name, note in (("read", BodyReading.data), ("readinto", BodyReading.filled), ("readlines", BodyReading.lines)):
        _install(StreamingBody, name, functools.partial(_tap_body, note))
    _install(StreamingBody, "close", _tap_close)
    _install(StreamingBody, "__exit__", _tap_close)


def unpatch() -> None:
    """Undo `patch`. Where somebody wrapped on top of us, our wrapper stays and only passes through.

    Answers that are being read are not reported: how they end is not seen any more.
    """
    global _queue  # noqa: PLW0603
    _queue = None
    reading.forget_all()
    for (owner, name), (original, ours) in list(_taps.items()):
        if owner.__dict__.get(name) is ours:
            setattr(owner, name, original)
            del _taps[owner, name]


def _install(owner: type, name: str, tap: Callable[[Any], Any]) -> None:
    """Replace one attribute of a class, once, if the installed version has it. A failure costs that tap alone."""
    try:
        original = owner.__dict__.get(name)
        if original is not None and (owner, name) not in _taps:
            ours = tap(original)
            setattr(owner, name, ours)
            _taps[owner, name] = (original, ours)
    except Exception:  # noqa: BLE001 - counted
        guard.caught(f"botocore.install.{name}")


# --- the call ---------------------------------------------------------------------------------------------------------


def _tap_call(original: Callable[..., Any]) -> Callable[..., Any]:
    # A plain function, as the others: the class then gives the same object each time it is asked for its method.
    @functools.wraps(original)
    def _make_api_call(self: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
        making = None
        try:
            if _queue is not None and operation_name in OPERATIONS:
                making = _begin(_queue, self, operation_name, api_params)
        except Exception:  # noqa: BLE001 - counted; the call is made without us
            guard.caught("botocore.begin")
        if making is None:
            return original(self, operation_name, api_params)
        # A handler of the application may make a call of its own inside this one: it is another call.
        token = _making.set(making)
        try:
            result = original(self, operation_name, api_params)
        except BaseException as error:
            try:
                _failed(making.call, error)
            except Exception:  # noqa: BLE001 - counted
                guard.caught("botocore.failed")
            raise
        finally:
            _making.reset(token)
        try:
            _returned(making)
        except Exception:  # noqa: BLE001 - counted
            guard.caught("botocore.returned")
        return result

    return _make_api_call


def _begin(queue: Queue, client: Any, operation: str, params: dict[str, Any]) -> _Making | None:
    # One look-up, for a client that was seen before: asking it what it is takes longer.
    region = client.__dict__.get(MARK)
    if region is None:
        if client.meta.service_model.service_name != SERVICE:
            return None
        region = _listen(client)
    if not queue.running:
        queue.start()
    model_id = params.get("modelId")
    call = Call(
        PROVIDER,
        operation,
        model_id if type(model_id) is str else str(model_id),
        region,
        stream=OPERATIONS[operation],
        started=perf_counter(),
    )
    attribution.attach(call)
    return _Making(call)


def _failed(call: Call, error: BaseException) -> None:
    call.ended = perf_counter()
    call.status = "error"
    call.error_type = reading.error_type(error)
    if _queue is not None:
        reading.report(_queue, call)


def _returned(making: _Making) -> None:
    call = making.call
    answer = making.answer
    if _queue is None:
        return
    if answer is None:
        call.ended = perf_counter()
        reading.report(_queue, call)
    elif call.api == "ConverseStream":
        answer.__dict__[MARK] = ConverseReading(_queue, call)
    elif call.api == "InvokeModelWithResponseStream":
        answer.__dict__[MARK] = ChunkReading(_queue, call)
    else:
        length = call.headers.get("content-length")
        answer.__dict__[MARK] = BodyReading(_queue, call, int(length) if length else None)


# --- its attempts -----------------------------------------------------------------------------------------------------


def _listen(client: Any) -> str:
    """Follow the client's attempts, and return its region. Once a client; a second registration under the same id would be ignored."""
    meta = client.meta
    events = meta.events
    # Last of its own name: after the signer, so that a wait begins where our work ends.
    events.register_last(f"request-created.{SERVICE}", _on_request, unique_id="ddllm-request")
    events.register_first(f"response-received.{SERVICE}", _on_response, unique_id="ddllm-response")
    retries = meta.config.retries
    if retries and retries.get("mode") == "adaptive":
        # The rate limiter waits in a handler of its own on the same event; bare names are called after specific ones.
        events.register_last("before-send", _on_send, unique_id="ddllm-send")
    region: str = meta.region_name
    client.__dict__[MARK] = region
    return region


def _on_request(request: Any = None, **_: Any) -> None:
    try:
        making = _making.get()
        if making is None:
            return
        call = making.call
        if not call.attempts:
            body = request.data
            if type(body) is bytes and len(body) <= reading.MAX_REQUEST:
                call.request = body
            # Here, because this is inside ddtrace's span whichever of us wrapped first.
            spans.attach(call)
        making.began = making.sent = perf_counter()
    except Exception:  # noqa: BLE001 - counted
        guard.caught("botocore.request")


def _on_send(**_: Any) -> None:
    try:
        making = _making.get()
        if making is not None:
            making.sent = perf_counter()
    except Exception:  # noqa: BLE001 - counted
        guard.caught("botocore.send")


def _on_response(
    response_dict: dict[str, Any] | None = None,
    parsed_response: dict[str, Any] | None = None,
    exception: BaseException | None = None,
    **_: Any,
) -> None:
    try:
        making = _making.get()
        if making is None:
            return
        now = perf_counter()
        status = 0
        error: str | None = None
        if response_dict is None or parsed_response is None:
            error = type(exception).__name__
        else:
            status = response_dict["status_code"]
            if status < 300:  # noqa: PLR2004 - botocore's own border of success
                _answered(making, response_dict, parsed_response)
            else:
                error = parsed_response.get("Error", {}).get("Code") or str(status)
        making.call.attempts.append((making.began, making.sent, now, status, error))
    except Exception:  # noqa: BLE001 - counted
        guard.caught("botocore.response")


def _answered(making: _Making, response: dict[str, Any], parsed: dict[str, Any]) -> None:
    call = making.call
    # botocore's own copy, names in lower case, copied again: it is the application's. The original takes a microsecond a look-up.
    call.headers = parsed["ResponseMetadata"]["HTTPHeaders"].copy()
    body = response["body"]
    if type(body) is bytes:
        call.response = body
    # Now, while it is the SDK's own object: a handler of the application may put another in its place.
    if call.api in ANSWERS:
        making.answer = parsed[ANSWERS[call.api]]


# --- its answer -------------------------------------------------------------------------------------------------------


def _tap_events(original: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Iterator[Any]]:  # noqa: C901 - as below
    @functools.wraps(original)
    def __iter__(self: Any) -> Iterator[Any]:  # noqa: C901, N807 - in the class's place
        stream = None
        try:
            stream = self.__dict__.get(MARK)
        except Exception:  # noqa: BLE001 - counted
            guard.caught("botocore.events")
        if stream is None or stream.settled:
            yield from original(self)
            return
        events = original(self)
        try:
            if stream.call.first_content is None:
                look = stream.look
                for event in events:
                    try:
                        begun = look(event)
                    except Exception:  # noqa: BLE001 - counted
                        guard.caught("botocore.look")
                        begun = False
                    yield event
                    if begun:
                        break
            room = 0
            try:
                room = stream.room
            except Exception:  # noqa: BLE001 - counted; only the end of the stream is kept
                guard.caught("botocore.room")
            yield from stream.follow(islice(events, room))
            keep_last = stream.keep_last
            for event in events:
                try:
                    keep_last(event)
                except Exception:  # noqa: BLE001 - counted
                    guard.caught("botocore.keep_last")
                yield event
        except BaseException as error:
            try:
                stream.stopped(error)
            except Exception:  # noqa: BLE001 - counted
                guard.caught("botocore.stopped")
            raise
        try:
            stream.done()
        except Exception:  # noqa: BLE001 - counted
            guard.caught("botocore.done")

    return __iter__


def _tap_close(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def close(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, *args, **kwargs)
        finally:
            try:
                answer = self.__dict__.get(MARK)
                if answer is not None:
                    answer.close()
            except Exception:  # noqa: BLE001 - counted
                guard.caught("botocore.close")

    return close


def _tap_body(note: Callable[..., None], original: Callable[..., Any]) -> Callable[..., Any]:
    """Show what a method that reads returned, and its arguments, to `note`."""

    @functools.wraps(original)
    def read(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            try:
                body = self.__dict__.get(MARK)
                if body is not None:
                    body.fail(error)
            except Exception:  # noqa: BLE001 - counted
                guard.caught("botocore.fail")
            raise
        try:
            body = self.__dict__.get(MARK)
            if body is not None:
                note(body, result, *args, **kwargs)
        except Exception:  # noqa: BLE001 - counted
            guard.caught("botocore.read")
        return result

    return read

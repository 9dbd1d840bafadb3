"""Every way in which the reading of an answer ends. Each says its name as its feature: a test knows whose report arrived.

python -m tests.e2e.apps.endings
"""

import contextlib
import gc
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

import ddllm
from tests.support.bedrock import Knobs

MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
ASKED = [{"role": "user", "content": [{"text": "Which river runs through Lyon?"}]}]
#: Kept to the end of the process.
HELD: list[Any] = []

KINDS = (
    "internalServerException",
    "modelStreamErrorException",
    "modelTimeoutException",
    "serviceUnavailableException",
    "throttlingException",
    "validationException",
)
CONFIG = Config(retries={"total_max_attempts": 1}, read_timeout=0.3)
CLIENT = boto3.client("bedrock-runtime", endpoint_url=os.environ["BEDROCK_URL"], config=CONFIG)


def converse_stream(**knobs: Any) -> Any:
    return CLIENT.converse_stream(modelId=MODEL + Knobs(**knobs).suffix, messages=ASKED)["stream"]


def invoke_stream(**knobs: Any) -> Any:
    return CLIENT.invoke_model_with_response_stream(modelId=MODEL + Knobs(**knobs).suffix, body=b"{}")["body"]


def invoke(**knobs: Any) -> Any:
    return CLIENT.invoke_model(modelId=MODEL + Knobs(**knobs).suffix, body=b"{}")["body"]


Open = Callable[..., Any]


def some(stream: Any, count: int = 4) -> None:
    for number, _ in enumerate(stream, 1):
        if number == count:
            break


def read(make: Open) -> None:
    list(make())


def read_twice(make: Open) -> None:
    stream = make()
    list(stream)
    list(stream)
    stream.close()
    stream.close()


def resumed(make: Open) -> None:
    stream = make()
    some(stream)
    some(stream)
    list(stream)


def broken_off(make: Open) -> None:
    some(make())


def broken_off_after_the_last_word(make: Open) -> None:
    stream = make()
    for event in stream:
        if "messageStop" in event or b"message_delta" in event.get("chunk", {}).get("bytes", b""):
            break
    stream.close()


def closed_early(make: Open) -> None:
    stream = make()
    some(stream)
    stream.close()
    HELD.append(stream)


def closed_unread(make: Open) -> None:
    stream = make()
    stream.close()
    stream.close()
    HELD.append(stream)


def never_read(make: Open) -> None:
    HELD.append(make())


def half_read(make: Open) -> None:
    stream = make()
    some(stream)
    HELD.append(stream)


def paused_in_a_generator(make: Open) -> None:
    events = iter(make())
    next(events)
    HELD.append(events)


def dropped(make: Open) -> None:
    make()


def dropped_in_a_circle(make: Open) -> None:
    circle: list[Any] = [make()]
    some(circle[0])
    circle.append(circle)
    del circle
    gc.collect()


def in_another_thread(make: Open) -> None:
    thread = threading.Thread(target=list, args=(make(),))
    thread.start()
    thread.join()


def by_two_iterators(make: Open) -> None:
    stream = make()
    one, other = iter(stream), iter(stream)
    while next(one, None) and next(other, None):
        pass


def with_an_error_of_the_application(make: Open) -> None:
    with contextlib.suppress(LookupError):
        for _ in make():
            raise LookupError("of the application")


def with_an_error_thrown_in(make: Open) -> None:
    events = iter(make())
    next(events)
    with contextlib.suppress(LookupError):
        events.throw(LookupError("of the application"))


def interrupted(make: Open) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        for _ in make():
            raise KeyboardInterrupt


def mutated(make: Open) -> None:
    for event in make():
        for value in event.values():
            value.clear()
        event.clear()


def failing(**knobs: Any) -> Callable[[Open], None]:
    def fail(make: Open) -> None:
        with contextlib.suppress(Exception):
            list(make(**knobs))

    return fail


STREAM_ENDINGS: dict[str, Callable[[Open], None]] = {
    **{
        one.__name__: one
        for one in (
            read,
            read_twice,
            resumed,
            broken_off,
            broken_off_after_the_last_word,
            closed_early,
            closed_unread,
            never_read,
            half_read,
            paused_in_a_generator,
            dropped,
            dropped_in_a_circle,
            in_another_thread,
            by_two_iterators,
            with_an_error_of_the_application,
            with_an_error_thrown_in,
            interrupted,
            mutated,
        )
    },
    **{f"failing_{kind}": failing(raising=kind) for kind in KINDS},
    "failing_at_once": failing(raising="throttlingException", at=0),
    "failing_connection": failing(abort=True),
    "failing_checksum": failing(corrupt=True),
    "stalled": failing(stall=True),
    "stalled_at_once": failing(stall=True, at=0),
    "untyped_event": failing(untyped=True),
    "event_of_the_future": failing(strange=True),
}


def body_read(make: Open) -> None:
    make().read()


def body_read_in_pieces(make: Open) -> None:
    body = make()
    while body.read(50):
        pass


def body_read_in_pieces_of_its_size(make: Open) -> None:
    body = make()
    body.read(int(body._content_length))
    HELD.append(body)


def body_lines(make: Open) -> None:
    list(make().iter_lines())


def body_in_a_buffer(make: Open) -> None:
    body, buffer = make(), bytearray(100)
    while body.readinto(buffer):
        pass


def body_as_lines(make: Open) -> None:
    make().readlines()


def body_in_a_with_statement(make: Open) -> None:
    with make() as raw:
        raw.read()


def body_half_read(make: Open) -> None:
    body = make()
    body.read(50)
    HELD.append(body)


def body_half_read_and_closed(make: Open) -> None:
    body = make()
    body.read(50)
    body.close()


def body_closed_unread(make: Open) -> None:
    make().close()


def body_never_read(make: Open) -> None:
    HELD.append(make())


def body_dropped(make: Open) -> None:
    make()


def body_failing(**knobs: Any) -> Callable[[Open], None]:
    def fail(make: Open) -> None:
        with contextlib.suppress(Exception):
            make(**knobs).read()

    return fail


BODY_ENDINGS: dict[str, Callable[[Open], None]] = {
    **{
        one.__name__: one
        for one in (
            body_read,
            body_read_in_pieces,
            body_read_in_pieces_of_its_size,
            body_lines,
            body_in_a_buffer,
            body_as_lines,
            body_in_a_with_statement,
            body_half_read,
            body_half_read_and_closed,
            body_closed_unread,
            body_never_read,
            body_dropped,
        )
    },
    "body_broken": body_failing(abort=True),
    "body_stalled": body_failing(stall=True),
}


def main() -> None:
    for name, ending in STREAM_ENDINGS.items():
        for make in (converse_stream, invoke_stream):
            with ddllm.context(feature=f"{name}/{make.__name__}"):
                ending(make)
    for name, ending in BODY_ENDINGS.items():
        with ddllm.context(feature=f"{name}/invoke"):
            ending(invoke)
    sys.modules["held"] = HELD  # type: ignore[assignment]


if __name__ == "__main__":
    main()

"""What is sent: every kind of request body, and nothing that the application did not ask for."""

import io
import tempfile
import weakref
from collections.abc import Iterator
from typing import Any

from tests.e2e.transparency.world import ASKED, QUESTION, World, behaviour, plain, seen, vanishes


def _sent(world: World, body: Any, **more: Any) -> Any:
    def call() -> Any:
        response = world.client().invoke_model(modelId=world.model(echo=True), body=body, **more)
        return response["ResponseMetadata"]["HTTPHeaders"]["x-test-request"]

    return seen(call)


@behaviour
def sent_body_of_each_type(world: World) -> Any:
    class Bytes(bytes):
        pass

    bodies = (
        ASKED,
        ASKED.decode(),
        bytearray(ASKED),
        memoryview(ASKED),
        Bytes(ASKED),
        b"",
        "",
        "ümlaut",
        b"\xff\xfe",
        None,
        7,
    )
    return [[type(one).__name__, _sent(world, one)] for one in bodies]


@behaviour
def sent_body_that_is_missing(world: World) -> Any:
    return seen(world.client().invoke_model, modelId=world.model(echo=True))


@behaviour
def sent_body_of_a_buffer(world: World) -> Any:
    buffer = io.BytesIO(ASKED)
    first = _sent(world, buffer)
    after = [buffer.tell(), buffer.closed]
    buffer.seek(30)
    return [first, after, _sent(world, buffer), buffer.tell(), _sent(world, io.StringIO(ASKED.decode()))]


@behaviour
def sent_body_of_a_file(world: World) -> Any:
    with tempfile.TemporaryFile() as file:
        file.write(ASKED)
        file.seek(0)
        return [_sent(world, file), file.tell(), file.closed]


@behaviour
def sent_body_that_cannot_seek(world: World) -> Any:
    class Pipe:
        def __init__(self) -> None:
            self.left = [ASKED[:20], ASKED[20:]]

        def read(self, _: int = -1) -> bytes:
            return self.left.pop(0) if self.left else b""

    class Produced:
        def __iter__(self) -> Iterator[bytes]:
            yield ASKED

    return [_sent(world, Pipe()), _sent(world, Produced()), _sent(world, (one for one in [ASKED]))]


@behaviour
def sent_body_again_after_a_failure(world: World) -> Any:
    client = world.client(retries={"mode": "standard", "total_max_attempts": 3})
    result = []
    for number, body in enumerate((ASKED, bytearray(ASKED), io.BytesIO(ASKED))):
        world.tag = f"again-{number}"
        model = world.model(error="ThrottlingException", first=1, echo=True)
        result.append(
            seen(lambda model=model, body=body: client.invoke_model(modelId=model, body=body)["ResponseMetadata"])
        )
    return result


@behaviour
def sent_body_is_left_alone(world: World) -> Any:
    body = bytearray(ASKED)
    response = world.client().invoke_model(modelId=world.model(exchange="lines"), body=body)
    body[:5] = b"12345"
    body.extend(b"more")
    return [plain(body), seen(response["body"].read)]


@behaviour
def sent_body_is_not_kept(world: World) -> Any:
    class Bytes(bytes):
        pass

    buffer, letter = io.BytesIO(ASKED), Bytes(ASKED)
    gone = [weakref.ref(buffer)]
    for body in (buffer, letter):
        world.client().invoke_model(modelId=world.model(), body=body)["body"].close()
    del buffer, letter, body
    return [vanishes(one) for one in gone]


@behaviour
def sent_options(world: World) -> Any:
    return [
        _sent(world, ASKED, accept="application/json", contentType="application/json", trace="ENABLED"),
        _sent(world, ASKED, guardrailIdentifier="gr0000river", guardrailVersion="1"),
        _sent(world, ASKED, performanceConfigLatency="optimized"),
        _sent(world, ASKED, unknown="option"),
    ]


@behaviour
def sent_headers_of_each_operation(world: World) -> Any:
    calls = (
        lambda: world.converse(echo=True),
        lambda: world.client().converse_stream(modelId=world.model(echo=True), messages=QUESTION),
        lambda: world.client().invoke_model(modelId=world.model(echo=True), body=ASKED),
        lambda: world.client().invoke_model_with_response_stream(modelId=world.model(echo=True), body=ASKED),
    )
    return [seen(lambda call=call: call()["ResponseMetadata"]["HTTPHeaders"]["x-test-request"]) for call in calls]


@behaviour
def sent_parameters_are_left_alone(world: World) -> Any:
    request = {
        "modelId": world.model(),
        "messages": [{"role": "user", "content": [{"text": "a"}, {"cachePoint": {"type": "default"}}]}],
    }
    before = repr(request)
    response = seen(world.client().converse, **request)
    return [repr(request) == before, response]

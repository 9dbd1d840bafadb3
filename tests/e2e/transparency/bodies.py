"""The body of InvokeModel: a botocore StreamingBody, in every way that one can be read."""

import codecs
import contextlib
import copy
import io
import json
import pickle
import shutil
import threading
import weakref
from typing import Any

from botocore.response import StreamingBody
from urllib3.response import HTTPResponse

from tests.e2e.transparency.world import World, behaviour, kind, mask, names, plain, seen, vanishes


@behaviour
def body_is_a_streaming_body(world: World) -> Any:
    body = world.body()
    return [type(body) is StreamingBody, kind(body), isinstance(body, StreamingBody), isinstance(body, io.IOBase)]


@behaviour
def body_is_the_same_object_each_time_it_is_asked_for(world: World) -> Any:
    response = world.client().invoke_model(modelId=world.model(), body=b"{}")
    return [response["body"] is response["body"], response.get("body") is response.pop("body"), list(response)]


@behaviour
def body_read_whole(world: World) -> Any:
    return seen(world.body().read)


@behaviour
def body_read_none(world: World) -> Any:
    return seen(world.body().read, None)


@behaviour
def body_read_by_keyword(world: World) -> Any:
    body = world.body()
    return [seen(body.read, amt=100), seen(body.read, amt=None), seen(body.read, size=1), seen(body.read, 1, 2)]


@behaviour
def body_read_in_pieces_of(world: World) -> Any:
    result = []
    for size in (1000, 7, 4096, 1 << 20):
        body = world.body()
        pieces = [seen(body.read, size)]
        while pieces[-1] != plain(b"") and isinstance(pieces[-1], str):
            pieces.append(seen(body.read, size))
        result.append(pieces)
    return result


@behaviour
def body_read_nothing_then_all(world: World) -> Any:
    body = world.body()
    return [seen(body.read, 0), seen(body.read), body._amount_read]


@behaviour
def body_read_negative(world: World) -> Any:
    body = world.body()
    return [seen(body.read, -1), seen(body.read)]


@behaviour
def body_read_a_piece_then_the_rest(world: World) -> Any:
    body = world.body()
    return [seen(body.read, 11), body.tell(), seen(body.read), body.tell()]


@behaviour
def body_read_twice(world: World) -> Any:
    body = world.body()
    return [seen(body.read), seen(body.read), seen(body.read, 5)]


@behaviour
def body_loaded_as_json(world: World) -> Any:
    return [seen(lambda: json.load(world.body())), seen(lambda: json.loads(world.body().read()))]


@behaviour
def body_lines(world: World) -> Any:
    return seen(lambda: list(world.body().iter_lines()))


@behaviour
def body_lines_of_odd_pieces_with_their_ends(world: World) -> Any:
    return seen(lambda: list(world.body().iter_lines(chunk_size=13, keepends=True)))


@behaviour
def body_pieces(world: World) -> Any:
    return [
        seen(lambda: list(world.body().iter_chunks())),
        seen(lambda: list(world.body().iter_chunks(chunk_size=512))),
    ]


@behaviour
def body_iterated(world: World) -> Any:
    body = world.body()
    return [kind(iter(body)), seen(lambda: list(body)), seen(lambda: list(body))]


@behaviour
def body_iteration_broken_off_and_resumed(world: World) -> Any:
    body = world.body()

    def some() -> list[bytes]:
        taken = []
        for piece in body:
            taken.append(piece)
            if len(taken) == 2:
                break
        return taken

    return [seen(some), seen(some), seen(lambda: list(body)), seen(body.read)]


@behaviour
def body_next_until_it_stops(world: World) -> Any:
    body = world.body()
    return [seen(lambda: next(body)) for _ in range(6)]


@behaviour
def body_next_with_a_default(world: World) -> Any:
    body = world.body()
    return [seen(lambda: next(body, "end")), seen(body.read), seen(lambda: next(body, "end")), seen(body.next)]


@behaviour
def body_into_a_buffer(world: World) -> Any:
    body, result = world.body(), []
    for size in (10, 3000, 3000):
        buffer = bytearray(size)
        result.append([seen(body.readinto, buffer), plain(buffer)])
    return [*result, seen(body.readinto, bytearray(5)), seen(body.readinto, bytearray(0)), seen(body.readinto, b"no")]


@behaviour
def body_into_a_memoryview(world: World) -> Any:
    body, buffer = world.body(), bytearray(100)
    return [seen(body.readinto, memoryview(buffer)[10:20]), plain(buffer), seen(body.read)]


@behaviour
def body_as_lines_at_once(world: World) -> Any:
    body = world.body()
    return [seen(body.readlines), seen(body.readlines), seen(world.body().readlines, 20)]


@behaviour
def body_line_by_line(world: World) -> Any:
    body = world.body()
    return [seen(body.readline), seen(body.readline, 4), seen(body.readline), seen(body.read)]


@behaviour
def body_tells_where_it_is(world: World) -> Any:
    body = world.body()
    return [seen(body.tell), seen(body.read, 10), seen(body.tell), seen(body.read), seen(body.tell)]


@behaviour
def body_answers_questions_about_files(world: World) -> Any:
    body = world.body()
    asked = ("readable", "writable", "seekable", "isatty", "fileno", "flush", "truncate")
    return [{name: seen(getattr(body, name)) for name in asked}, seen(body.seek, 0), body.closed, bool(body)]


@behaviour
def body_in_a_with_statement(world: World) -> Any:
    body = world.body()
    with body as inner:
        read = seen(inner.read)
        return [isinstance(inner, HTTPResponse), inner is body, read, inner.closed, seen(body.read)]


@behaviour
def body_in_a_with_statement_unread(world: World) -> Any:
    body = world.body()
    with body as inner:
        pass
    return [inner.closed, body.closed, seen(body.read), seen(inner.read)]


@behaviour
def body_in_a_with_statement_that_raises(world: World) -> Any:
    body = world.body()

    def fail() -> None:
        with body:
            raise LookupError("of the application")

    return [seen(fail), seen(body.read)]


@behaviour
def body_in_closing(world: World) -> Any:
    with contextlib.closing(world.body()) as body:
        first = seen(body.read, 30)
    return [first, body.closed, seen(body.read)]


@behaviour
def body_closed_unread(world: World) -> Any:
    body = world.body()
    return [
        seen(body.close),
        body.closed,
        seen(body.close),
        seen(body.read),
        seen(lambda: list(body)),
        seen(body.readlines),
    ]


@behaviour
def body_closed_after_reading(world: World) -> Any:
    body = world.body()
    return [seen(body.read), seen(body.close), seen(body.close), seen(body.read), seen(body.tell)]


@behaviour
def body_dropped_unread_is_gone_at_once(world: World) -> Any:
    body = world.body()
    gone = weakref.ref(body)
    del body
    return [gone() is None, seen(world.body().read)]


@behaviour
def body_dropped_half_read_is_gone_at_once(world: World) -> Any:
    body = world.body()
    seen(body.read, 100)
    gone = weakref.ref(body)
    del body
    return vanishes(gone)


@behaviour
def body_copied_to_a_file(world: World) -> Any:
    def to_file() -> bytes:
        target = io.BytesIO()
        shutil.copyfileobj(world.body(), target, 200)
        return target.getvalue()

    return seen(to_file)


@behaviour
def body_under_a_buffered_reader(world: World) -> Any:
    def through() -> list[bytes]:
        reader = io.BufferedReader(world.body(), 64)
        return [reader.peek(5)[:5], reader.readline(), reader.read()]

    return seen(through)


@behaviour
def body_under_a_text_wrapper(world: World) -> Any:
    return seen(lambda: list(io.TextIOWrapper(world.body(), encoding="utf-8")))


@behaviour
def body_under_a_codec_reader(world: World) -> Any:
    return seen(lambda: codecs.getreader("utf-8")(world.body()).read())


@behaviour
def body_through_a_delegating_generator(world: World) -> Any:
    def pieces() -> Any:
        yield from world.body()
        yield "after"

    return seen(lambda: list(pieces()))


@behaviour
def body_read_in_another_thread(world: World) -> Any:
    body, result = world.body(), []
    thread = threading.Thread(target=lambda: result.append(seen(body.read)))
    thread.start()
    thread.join()
    return [result, seen(body.read)]


@behaviour
def body_of_five_megabytes(world: World) -> Any:
    whole = seen(world.body(exchange="large").read)
    body = world.body(exchange="large")
    pieces = []
    while piece := seen(body.read, 1 << 20):
        pieces.append(piece)
        if len(pieces) > 6:
            break
    return [whole, pieces]


@behaviour
def body_of_nothing(world: World) -> Any:
    return [seen(world.body(exchange="nothing").read), seen(lambda: list(world.body(exchange="nothing")))]


@behaviour
def body_that_is_no_json(world: World) -> Any:
    body = world.body(exchange="html")
    return [seen(body.read), seen(body.read), seen(lambda: list(world.body(exchange="html").iter_lines()))]


@behaviour
def body_broken_off_half_way(world: World) -> Any:
    body = world.body(abort=True)
    return [seen(body.read), seen(body.read), seen(body.close)]


@behaviour
def body_broken_off_half_way_read_in_pieces(world: World) -> Any:
    body = world.body(abort=True)
    return [seen(body.read, 500), seen(body.read, 5000), seen(body.read, 5)]


@behaviour
def body_broken_off_half_way_in_other_ways(world: World) -> Any:
    broken = [world.body(abort=True) for _ in range(3)]
    buffer = bytearray(10_000)
    return [
        seen(lambda: list(broken[0])),
        [seen(broken[1].readinto, buffer), seen(broken[1].readinto, buffer)],
        seen(broken[2].readlines),
    ]


@behaviour
def body_that_stalls(world: World) -> Any:
    client = world.impatient()
    bodies = [world.body(client, stall=True) for _ in range(2)]
    return [seen(bodies[0].read), seen(lambda: list(bodies[1].iter_lines()))]


@behaviour
def body_with_a_socket_timeout_of_its_own(world: World) -> Any:
    body = world.body()
    return [seen(body.set_socket_timeout, 3), seen(body.read)]


@behaviour
def body_shows_its_attributes(world: World) -> Any:
    body = world.body()
    return [names(body), [one for one in dir(body) if one != "_ddllm"], mask(repr(body)), mask(str(body))]


@behaviour
def body_keeps_attributes_that_a_user_sets(world: World) -> Any:
    body = world.body()
    body.request_id = "r-1"
    return [body.request_id, names(body), seen(body.read)]


@behaviour
def body_counts_what_was_read(world: World) -> Any:
    body = world.body()
    return [body._amount_read, seen(body.read, 9), body._amount_read, body._content_length, kind(body._raw_stream)]


@behaviour
def body_raw_stream_read_directly(world: World) -> Any:
    body = world.body()
    return [seen(body._raw_stream.read, 20), seen(body.read), seen(body._raw_stream.close)]


@behaviour
def body_cannot_be_pickled_or_copied(world: World) -> Any:
    body = world.body()
    return [seen(pickle.dumps, body), seen(copy.copy, body), seen(copy.deepcopy, body), seen(body.read)]


@behaviour
def body_compares_and_hashes_as_itself(world: World) -> Any:
    body, other = world.body(), world.body()
    return [body == body, body == other, len({body, body, other}), body != other, hash(body) == hash(body)]  # noqa: PLR0124


@behaviour
def body_that_the_application_made_itself(world: World) -> Any:
    body = StreamingBody(io.BytesIO(b"one\ntwo\n"), 8)
    short = StreamingBody(io.BytesIO(b"one"), 8)
    return [seen(body.read, 2), seen(lambda: list(body.iter_lines())), seen(short.read), names(body), seen(body.close)]


@behaviour
def body_of_a_subclass(world: World) -> Any:
    class Loud(StreamingBody):  # type: ignore[misc]
        def read(self, amt: int | None = None) -> bytes:
            return super().read(amt).upper()

    body = Loud(io.BytesIO(b"one\ntwo\n"), 8)
    return [seen(body.read, 2), seen(lambda: list(body)), names(body)]

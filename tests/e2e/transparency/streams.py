"""Event streams of ConverseStream and InvokeModelWithResponseStream: a botocore EventStream, however it is consumed."""

import contextlib
import copy
import gc
import inspect
import itertools
import pickle
import sys
import threading
import weakref
from collections import deque
from typing import Any

from botocore.eventstream import EventStream

from tests.e2e.transparency.world import World, behaviour, kind, mask, names, plain, seen, unplaced, vanishes


@behaviour
def stream_is_an_event_stream(world: World) -> Any:
    return [
        [type(one) is EventStream, kind(one), isinstance(one, EventStream)] for one in (world.stream(), world.chunks())
    ]


@behaviour
def stream_is_the_same_object_each_time_it_is_asked_for(world: World) -> Any:
    response = world.client().converse_stream(modelId=world.model(), messages=[])
    return [response["stream"] is response["stream"], list(response), list(response["ResponseMetadata"])]


@behaviour
def stream_events_are_what_was_sent(world: World) -> Any:
    kinds = ("stream-claude", "stream-claude-tool", "stream-claude-thinking", "stream-guardrail")
    return [seen(lambda name=name: list(world.stream(exchange=name))) for name in kinds]


@behaviour
def stream_chunks_are_what_was_sent(world: World) -> Any:
    return [seen(lambda: list(world.chunks())), seen(lambda: [one["chunk"]["bytes"] for one in world.chunks()])]


@behaviour
def stream_of_three_hundred_chunks(world: World) -> Any:
    return seen(lambda: b" ".join(one["chunk"]["bytes"] for one in world.chunks(exchange="words")))


@behaviour
def stream_of_nothing(world: World) -> Any:
    stream = world.stream(exchange="silence")
    return [seen(lambda: list(stream)), seen(lambda: list(stream))]


@behaviour
def stream_has_no_next_of_its_own(world: World) -> Any:
    stream = world.stream()
    return [seen(lambda: next(stream)), hasattr(stream, "__next__"), seen(lambda: next(iter(stream)))]


@behaviour
def stream_iterators_are_generators(world: World) -> Any:
    stream = world.stream()
    one, other = iter(stream), iter(stream)
    is_generator = [inspect.isgenerator(one), inspect.getgeneratorstate(one), kind(one), one.__name__]
    return [is_generator, one is other, iter(one) is one, seen(lambda: next(one)), inspect.getgeneratorstate(one)]


@behaviour
def stream_in_a_for_loop_with_else(world: World) -> Any:
    result = []
    for event in world.stream():
        result.append(next(iter(event)))
        if "messageStop" in result[:-1]:
            break
    else:
        result.append("else")
    return result


@behaviour
def stream_broken_off_and_resumed(world: World) -> Any:
    result = []
    for stream in (world.stream(), world.chunks()):

        def some(stream: Any = stream) -> list[Any]:
            taken = []
            for event in stream:
                taken.append(event)
                if len(taken) == 3:
                    break
            return taken

        result.append([seen(some), seen(some), seen(lambda stream=stream: list(stream)), seen(some)])
    return result


@behaviour
def stream_broken_off_at_its_last_event(world: World) -> Any:
    stream = world.stream()
    for event in stream:
        if "messageStop" in event:
            break
    return [seen(lambda: list(stream)), seen(lambda: list(stream))]


@behaviour
def stream_read_a_second_time(world: World) -> Any:
    stream = world.stream()
    return [len(list(stream)), seen(lambda: list(stream)), seen(lambda: next(iter(stream)))]


@behaviour
def stream_iterated_within_its_own_iteration(world: World) -> Any:
    stream, result = world.stream(), []
    for outer in stream:
        result.append(["outer", plain(outer)])
        for inner in stream:
            result.append(["inner", plain(inner)])
            if len(result) % 4 == 0:
                break
    return result


@behaviour
def stream_two_iterators_in_turns(world: World) -> Any:
    stream = world.chunks()
    one, other = iter(stream), iter(stream)
    return [[seen(lambda: next(one)), seen(lambda: next(other))] for _ in range(7)]


@behaviour
def stream_through_a_delegating_generator(world: World) -> Any:
    stream = world.stream()

    def events() -> Any:
        yield from stream
        yield "after"

    return [seen(lambda: list(itertools.islice(events(), 3))), seen(lambda: list(events()))]


@behaviour
def stream_through_itertools(world: World) -> Any:
    return [
        seen(lambda: list(enumerate(world.stream()))),
        seen(lambda: list(zip(world.stream(), world.chunks(), strict=False))),
        seen(lambda: list(itertools.chain(world.stream(), world.stream()))),
        seen(lambda: [list(one) for one in itertools.tee(world.stream())]),
        seen(lambda: tuple(reversed(tuple(world.stream())))),
        seen(lambda: deque(world.stream(), maxlen=1)),
        seen(lambda: [*map(len, filter(None, world.stream()))]),
        seen(lambda: max(len(str(one)) for one in world.stream())),
        seen(lambda: dict(enumerate(world.stream()))),
    ]


@behaviour
def stream_by_next_with_a_default(world: World) -> Any:
    events = iter(world.stream())
    return [seen(lambda: next(events, "end")) for _ in range(14)]


@behaviour
def stream_generator_closed_then_resumed(world: World) -> Any:
    stream = world.stream()
    events = iter(stream)
    first = seen(lambda: next(events))
    return [first, seen(events.close), seen(lambda: next(events)), seen(lambda: list(stream))]


@behaviour
def stream_generator_closed_before_it_began(world: World) -> Any:
    stream = world.stream()
    events = iter(stream)
    return [seen(events.close), seen(lambda: list(events)), len(list(stream))]


def _thrown(events: Any, error: BaseException) -> Any:
    return unplaced(seen(lambda: events.throw(error)))


@behaviour
def stream_generator_thrown_into(world: World) -> Any:
    stream = world.stream()
    events = iter(stream)
    before = seen(lambda: next(events))
    return [
        before,
        _thrown(events, LookupError("of the application")),
        seen(lambda: next(events)),
        seen(lambda: list(stream)),
    ]


@behaviour
def stream_generator_sent_to(world: World) -> Any:
    events = iter(world.chunks())
    return [seen(lambda: events.send("early")), seen(lambda: events.send(None)), seen(lambda: events.send("ignored"))]


@behaviour
def stream_whose_consumer_raises(world: World) -> Any:
    stream = world.stream()

    def consume() -> None:
        for event in stream:
            if "contentBlockDelta" in event:
                raise LookupError("of the application")

    return [seen(consume), seen(lambda: list(stream))]


@behaviour
def stream_whose_consumer_is_interrupted(world: World) -> Any:
    stream = world.chunks()

    def consume() -> None:
        for number, _ in enumerate(stream):
            if number == 2:
                raise KeyboardInterrupt

    return [seen(consume), seen(lambda: len(list(stream)))]


@behaviour
def stream_interrupted_while_it_waits(world: World) -> Any:
    events = iter(world.stream())
    return [seen(lambda: next(events)), _thrown(events, KeyboardInterrupt()), _thrown(events, SystemExit(3))]


@behaviour
def stream_closed_unread(world: World) -> Any:
    return [
        [seen(one.close), seen(one.close), seen(lambda one=one: list(one))] for one in (world.stream(), world.chunks())
    ]


@behaviour
def stream_closed_in_the_middle(world: World) -> Any:
    stream = world.stream()
    events = iter(stream)
    before = [seen(lambda: next(events)) for _ in range(3)]
    return [before, seen(stream.close), seen(lambda: next(events)), seen(lambda: list(stream)), seen(stream.close)]


@behaviour
def stream_closed_after_its_end(world: World) -> Any:
    stream = world.stream()
    return [len(list(stream)), seen(stream.close), seen(lambda: list(stream)), seen(stream.close)]


@behaviour
def stream_in_closing(world: World) -> Any:
    with contextlib.closing(world.stream()) as stream:
        first = seen(lambda: next(iter(stream)))
    return [first, seen(lambda: list(stream))]


@behaviour
def stream_is_no_context_manager(world: World) -> Any:
    def enter() -> None:
        with world.stream():
            pass

    return [seen(enter), hasattr(EventStream, "__enter__")]


@behaviour
def stream_dropped_unread_is_gone_at_once(world: World) -> Any:
    result = []
    for stream in (world.stream(), world.chunks()):
        gone = weakref.ref(stream)
        result.append(gone)
    del stream
    alive = [one() is not None for one in result]
    return [alive, [vanishes(one) for one in result]]


@behaviour
def stream_dropped_in_the_middle_is_gone_at_once(world: World) -> Any:
    stream = world.stream()
    for _ in stream:
        break
    gone = weakref.ref(stream)
    del stream
    return gone() is None


@behaviour
def stream_lives_as_long_as_its_iterator(world: World) -> Any:
    events = iter(world.stream())
    first = seen(lambda: next(events))
    gc.collect()
    return [first, seen(lambda: len(list(events)))]


@behaviour
def stream_events_belong_to_the_application(world: World) -> Any:
    stream, result = world.stream(), []
    for event in stream:
        result.append(next(iter(event)))
        event.clear()
    kept = list(world.stream())
    return [result, sys.getrefcount(kept[2]), sys.getrefcount(kept[-1]), [type(one).__name__ for one in kept]]


@behaviour
def stream_raises_what_the_service_said(world: World) -> Any:
    kinds = (
        "internalServerException",
        "modelStreamErrorException",
        "modelTimeoutException",
        "serviceUnavailableException",
        "throttlingException",
        "validationException",
        "noveltyException",
    )
    result = {}
    for name in kinds:
        stream, chunks = world.stream(raising=name), world.chunks(raising=name, at=4)
        result[name] = [_until_the_end(stream), _until_the_end(chunks), seen(lambda chunks=chunks: list(chunks))]
    return result


def _until_the_end(stream: Any) -> Any:
    count = 0

    def consume() -> None:
        nonlocal count
        for _ in stream:
            count += 1

    return [seen(consume), count]


@behaviour
def stream_raises_at_its_first_event(world: World) -> Any:
    return [
        _until_the_end(world.stream(raising="throttlingException", at=0)),
        _until_the_end(world.chunks(raising="x", at=0)),
    ]


@behaviour
def stream_exception_can_be_handled_by_class_and_code(world: World) -> Any:
    client = world.client()
    try:
        list(world.stream(raising="throttlingException"))
    except client.exceptions.ClientError as error:
        return [
            error.response["Error"]["Code"],
            isinstance(error, client.exceptions.ThrottlingException),
            plain(error.response),
        ]


@behaviour
def stream_exception_survives_pickling(world: World) -> Any:
    try:
        list(world.stream(raising="modelStreamErrorException"))
    except Exception as error:  # noqa: BLE001 - whatever it is
        caught = error
    return [seen(lambda: str(pickle.loads(pickle.dumps(caught)))), seen(lambda: str(copy.copy(caught)))]


@behaviour
def stream_whose_connection_breaks(world: World) -> Any:
    stream, chunks = world.stream(abort=True), world.chunks(abort=True)
    return [_until_the_end(stream), _until_the_end(chunks), seen(lambda: list(stream)), seen(stream.close)]


@behaviour
def stream_that_stalls(world: World) -> Any:
    client = world.impatient()
    stream = world.stream(client, stall=True)
    return [_until_the_end(stream), seen(lambda: list(stream)), _until_the_end(world.chunks(client, stall=True, at=0))]


@behaviour
def stream_with_a_damaged_event(world: World) -> Any:
    stream, chunks = world.stream(corrupt=True), world.chunks(corrupt=True)
    return [_until_the_end(stream), _until_the_end(chunks), seen(lambda: list(stream)), seen(lambda: list(chunks))]


@behaviour
def stream_with_an_event_that_does_not_say_its_type(world: World) -> Any:
    return [seen(lambda: list(world.stream(untyped=True))), seen(lambda: list(world.chunks(untyped=True)))]


@behaviour
def stream_with_a_payload_that_is_no_json(world: World) -> Any:
    return [seen(lambda: list(world.stream(garbage=True))), seen(lambda: list(world.chunks(garbage=True)))]


@behaviour
def stream_with_an_event_from_the_future(world: World) -> Any:
    return [seen(lambda: list(world.stream(strange=True))), seen(lambda: list(world.chunks(strange=True)))]


@behaviour
def stream_has_no_initial_response(world: World) -> Any:
    stream = world.stream()
    return [seen(stream.get_initial_response), seen(lambda: list(stream)), seen(stream.get_initial_response)]


@behaviour
def stream_shows_its_attributes(world: World) -> Any:
    stream = world.stream()
    return [
        names(stream),
        [one for one in dir(stream) if one != "_ddllm"],
        mask(repr(stream)),
        mask(str(stream)),
        bool(stream),
    ]


@behaviour
def stream_keeps_attributes_that_a_user_sets(world: World) -> Any:
    stream = world.stream()
    stream.conversation = "c-1"
    return [stream.conversation, names(stream), len(list(stream)), stream._operation_name, kind(stream._parser)]


@behaviour
def stream_can_be_pickled_or_copied_as_before(world: World) -> Any:
    stream = world.stream()
    return [
        seen(pickle.dumps, stream),
        seen(copy.deepcopy, stream),
        seen(lambda: kind(copy.copy(stream))),
        seen(lambda: len(list(copy.copy(stream)))),
        seen(lambda: list(stream)),
    ]


@behaviour
def stream_raw_bytes_read_directly(world: World) -> Any:
    stream = world.stream()
    return [kind(stream._raw_stream), seen(stream._raw_stream.read, 20), seen(lambda: list(stream))]


@behaviour
def stream_read_in_another_thread(world: World) -> Any:
    stream, result = world.stream(), []
    thread = threading.Thread(target=lambda: result.extend(plain(list(stream))))
    thread.start()
    thread.join()
    return result


@behaviour
def stream_read_by_two_threads_in_turns(world: World) -> Any:
    events, result = iter(world.chunks()), []
    for _ in range(6):
        thread = threading.Thread(target=lambda: result.append(seen(lambda: next(events))))
        thread.start()
        thread.join()
        result.append(seen(lambda: next(events)))
    return result


@behaviour
def stream_exceptions_are_not_pending_in_the_loop_body(world: World) -> Any:
    return [[sys.exc_info()[0] is None for _ in world.stream()], sys.exc_info()[0] is None]


@behaviour
def stream_slow_enough_to_be_read_event_by_event(world: World) -> Any:
    return [seen(lambda: list(world.stream(delay=2))), seen(lambda: list(world.chunks(delay=2)))]

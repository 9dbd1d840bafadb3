import gc
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from ddllm.call import Call
from ddllm.instrument import guard
from ddllm.instrument.patch import reading
from ddllm.instrument.patch.reading import BodyReading, StreamReading
from tests.support.runtime import Records


@pytest.fixture
def queue() -> Records:
    guard.collect()
    return Records()


def call(api: str = "ConverseStream", **facts: Any) -> Call:
    made = Call("aws.bedrock", api, "m", "eu-central-1", stream=api.endswith("Stream"), started=1.0)
    made.attempts = [(1.0, 1.0, 2.0, 200, None)]
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def code(kind: str) -> dict[str, Any]:
    return {"Error": {"Code": kind, "Message": "of the test"}}


# --- how it ended -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (ClientError(code("ThrottlingException"), "Converse"), "ThrottlingException"),
        (EventStreamError(code("modelStreamErrorException"), "ConverseStream"), "ModelStreamErrorException"),
        (ClientError(code("503"), "Converse"), "503"),
        (ClientError({}, "Converse"), "ClientError"),
        (ReadTimeoutError(endpoint_url="http://x"), "ReadTimeoutError"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (type("Odd", (Exception,), {"response": "a text"})(), "Odd"),
    ],
)
def test_an_error_is_named_by_the_providers_code_or_its_class(error, name):
    assert reading.error_type(error) == name


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        (lambda one: one.done(), "ok"),
        (lambda one: one.fail(LookupError()), "error"),
        (lambda one: one.stopped(LookupError()), "error"),
        (lambda one: one.close(), "abandoned"),
    ],
)
def test_an_answer_ends_once_whatever_comes_after(queue, ending, status):
    one = StreamReading(queue, call())
    ending(one)
    one.done()
    one.fail(ValueError())
    one.stopped(GeneratorExit())
    one.close()
    del one
    gc.collect()
    assert (queue.call.status, queue.call.error_type) == (status, "LookupError" if status == "error" else None)


@given(st.lists(st.sampled_from(["done", "fail", "stop", "close", "drop"]), max_size=6))
def test_an_answer_is_reported_exactly_once(endings):
    queue = Records()
    one: StreamReading | None = StreamReading(queue, call())
    for ending in endings:
        if one is None:
            continue
        if ending == "drop":
            one = None
        elif ending == "fail":
            one.fail(ValueError())
        elif ending == "stop":
            one.stopped(GeneratorExit())
        else:
            getattr(one, ending)()
    one = None
    assert len(queue.calls) == 1


def test_a_pause_ends_nothing_but_is_the_end_if_nothing_follows(queue):
    one = StreamReading(queue, call())
    one.stopped(GeneratorExit())
    assert queue.calls == []
    paused = one.call.ended
    one.close()
    assert queue.call.ended == paused


def test_what_nobody_read_ended_with_its_head(queue):
    StreamReading(queue, call()).close()
    assert queue.call.ended == 2.0


def test_a_body_that_nobody_read_is_an_answer_all_the_same(queue):
    BodyReading(queue, call("InvokeModel"), None).close()
    assert queue.call.status == "ok"


def test_a_fault_in_a_finalizer_is_counted(queue, monkeypatch):
    monkeypatch.setattr(reading, "report", lambda *_: 1 / 0)
    StreamReading(queue, call())
    gc.collect()
    assert guard.collect().counts == {"reading.dropped": 1}


def test_threads_that_end_an_answer_together_report_it_once(queue):
    for _ in range(50):
        one = StreamReading(queue, call())
        together = threading.Barrier(4)
        threads = [threading.Thread(target=lambda one=one, go=together: (go.wait(), one.close())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(queue.calls) == 50


def test_a_reading_says_what_it_reads(queue):
    one = StreamReading(queue, call())
    assert repr(one) == "StreamReading(Call(ConverseStream m, 1 attempts, ok, error_type=None), open)"
    one.done()
    assert repr(one).endswith("settled)")


# --- the end of the process, and forks --------------------------------------------------------------------------------


def test_the_end_of_the_process_reports_what_is_open(queue):
    held = [StreamReading(queue, call()) for _ in range(3)]
    held[0].done()
    reading.close_all()
    assert [one.status for one in queue.calls] == ["ok", "abandoned", "abandoned"]


def test_one_that_cannot_be_reported_at_the_end_costs_itself_alone(queue, monkeypatch):
    held = [StreamReading(queue, call()) for _ in range(2)]
    held[0]._queue = None
    reading.close_all()
    assert len(queue.calls) == 1
    assert guard.collect().counts == {"reading.close_all": 1}


def test_what_a_fork_inherited_is_the_parents_to_report(queue):
    held = StreamReading(queue, call())
    queue.generation += 1
    held.close()
    assert queue.calls == []


def test_what_was_forgotten_is_not_reported(queue):
    held = StreamReading(queue, call())
    reading.forget_all()
    held.done()
    assert queue.calls == []


def test_nothing_stays_of_what_was_reported(queue):
    before = len(reading._open)
    for _ in range(10):
        StreamReading(queue, call())
    gc.collect()
    assert len(reading._open) == before


# --- what was read ----------------------------------------------------------------------------------------------------


@given(st.binary(max_size=300), st.data())
def test_a_body_is_kept_whole_however_it_is_read(body, data):
    queue = Records()
    one = BodyReading(queue, call("InvokeModel"), len(body))
    rest = body
    while not queue.calls:
        size = data.draw(st.one_of(st.none(), st.just(-1), st.integers(1, 100)))
        way = data.draw(st.sampled_from(["read", "readinto"])) if size is not None and size >= 0 else "read"
        piece = rest if size is None or size < 0 else rest[:size]
        rest = rest[len(piece) :]
        if way == "read":
            one.data(piece, size)
        else:
            buffer = bytearray(size)
            buffer[: len(piece)] = piece
            one.filled(len(piece), buffer)
            buffer[:] = bytes(size)
    assert (queue.call.response or b"") == body
    assert not queue.call.truncated


def test_a_body_of_unknown_length_ends_with_nothing_more(queue):
    one = BodyReading(queue, call("InvokeModel"), None)
    one.data(b"abc", 3)
    one.data(b"", 0)
    assert queue.calls == []
    one.data(b"", 3)
    assert queue.call.response == b"abc"


def test_a_buffer_of_wider_items_is_counted_in_bytes(queue):
    from array import array

    one = BodyReading(queue, call("InvokeModel"), None)
    one.filled(6, array("H", [0x4141] * 4))
    one.filled(0, array("H", [0]))
    assert queue.call.response == b"AAAAAA"


def test_a_read_after_the_end_changes_nothing(queue):
    one = BodyReading(queue, call("InvokeModel"), 3)
    one.data(b"abc", None)
    ended = queue.call.ended
    one.data(b"", None)
    assert (queue.call.response, queue.call.ended) == (b"abc", ended)


# --- handing over -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "size"),
    [
        ({"api": "Converse", "request": b"12345", "response": b"123"}, 8),
        ({"api": "Converse"}, 0),
        ({"api": "ConverseStream", "request": b"12345", "response": ["ab", {"metadata": {}}]}, 8),
        ({"api": "InvokeModelWithResponseStream", "response": [b"12", b"345"]}, 5),
        ({"api": "InvokeModelWithResponseStream", "response": None}, 0),
    ],
)
def test_a_calls_size_is_that_of_the_bytes_it_keeps(queue, facts, size):
    reading.report(queue, call(**facts))
    assert queue.sizes == [size]


def test_a_span_that_cannot_be_tagged_costs_its_tags_alone(queue):
    reading.report(queue, call(span=SimpleNamespace(finished=False)))
    assert len(queue.calls) == 1
    assert guard.collect().counts == {"spans.finished": 1}


def test_the_first_content_is_tagged_on_the_span_at_once(queue):
    tagged: dict[str, Any] = {}
    one = StreamReading(queue, call(span=SimpleNamespace(finished=True, set_tag=tagged.__setitem__)))
    one.content_began()
    assert tagged == {"ddllm.ttft": one.call.first_content - 1.0}
    one.done()


def test_a_span_that_cannot_take_the_first_content_is_no_loss(queue):
    one = StreamReading(queue, call(span=object()))
    one.content_began()
    one.call.span = None
    one.done()
    assert queue.call.first_content is not None
    assert guard.collect().counts == {"spans.first_content": 1}

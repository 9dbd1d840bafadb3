from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.call import Answer, Call, Usage
from ddllm.instrument.report import timing

READINGS = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0])
MAYBE = READINGS | st.none()
TOKENS = st.integers(0, 100_000) | st.none()


def made(*, stream: bool = True, status: Any = "ok", **times: Any) -> Call:
    """Make a call that began at 100 and whose one attempt had its head at 101."""
    call = Call("aws.bedrock", "ConverseStream", "m", "eu-central-1", stream=stream, started=100.0)
    call.attempts = times.pop("attempts", [(100.0, 100.0, 101.0, 200, None)])
    call.status = status
    for name, value in times.items():
        setattr(call, name, value)
    return call


def answered(output: int | None = None, reasoning: int | None = None, **facts: Any) -> Answer:
    answer = Answer()
    answer.usage = Usage(output=output, reasoning=reasoning)
    for name, value in facts.items():
        setattr(answer, name, value)
    return answer


def test_duration_is_from_the_first_attempt_to_the_last_byte():
    attempts = [(100.5, 100.5, 101.0, 429, "T"), (102.0, 102.0, 103.0, 200, None)]
    assert timing.duration(made(attempts=attempts, ended=104.0)) == 3.5


def test_duration_without_an_attempt_is_from_the_call():
    assert timing.duration(made(attempts=[], ended=100.25)) == 0.25


def test_ttft_is_from_the_start_of_the_call_with_all_its_waiting():
    attempts = [(100.5, 100.5, 101.0, 429, "T"), (102.0, 102.0, 103.0, 200, None)]
    assert timing.ttft(made(attempts=attempts, first_content=103.5)) == 3.5


def test_ttft_is_of_streams_with_content_alone():
    assert timing.ttft(made()) is None
    assert timing.ttft(made(stream=False, first_content=101.0)) is None


def test_queue_time_is_the_backoff_between_attempts():
    attempts = [(100.0, 100.0, 101.0, 429, "T"), (101.5, 101.5, 102.0, 503, "S"), (104.0, 104.0, 105.0, 200, None)]
    assert timing.queue_time(made(attempts=attempts), Answer()) == 2.5


def test_queue_time_is_the_limiters_wait():
    assert timing.queue_time(made(attempts=[(100.0, 100.75, 101.0, 200, None)]), Answer()) == 0.75


@pytest.mark.parametrize(
    ("stream", "first_event", "answer", "expected"),
    [
        (False, None, {"latency": 0.75}, 0.25),  # Converse, InvokeModel: the whole precedes the head
        (False, None, {"latency": 5.0}, 0.0),  # never negative
        (True, 101.5, {"first_byte": 1.0}, 0.5),  # an invoke stream tells its first byte
        (True, 101.5, {"latency": 0.1}, 0.0),  # a Converse stream tells the whole, which compares with nothing
        (True, None, {"first_byte": 0.1}, 0.0),
        (False, None, {}, 0.0),
    ],
)
def test_queue_time_is_the_clients_first_byte_without_the_providers(stream, first_event, answer, expected):
    call = made(stream=stream, first_event=first_event)
    assert timing.queue_time(call, answered(**answer)) == pytest.approx(expected)


def test_queue_time_of_a_failed_call_is_its_backoff():
    call = made(stream=False, status="error")
    assert timing.queue_time(call, answered(latency=0.1)) == 0.0


def test_generation_is_the_tokens_after_the_first_over_their_time():
    speed, each = timing.generation(made(first_content=102.0, ended=104.0), answered(output=101))
    assert (speed, each) == (50.0, 0.02)


@pytest.mark.parametrize(
    ("times", "answer"),
    [
        ({"first_content": 102.0, "ended": 104.0}, {"output": 1}),
        ({"first_content": 102.0, "ended": 104.0}, {"output": None}),
        ({"first_content": None, "ended": 104.0}, {"output": 10}),
        ({"first_content": 102.0, "ended": None}, {"output": 10}),
        ({"first_content": 102.0, "ended": 104.0, "status": "abandoned"}, {"output": 10}),
        ({"first_content": 102.0, "ended": 102.001}, {"output": 3}),  # one read
        ({"first_content": 102.0, "ended": 102.01}, {"output": 3000}),  # faster than anything generates
        ({"first_content": 102.0, "ended": 104.0}, {"output": 100, "reasoning": 60}),  # before the first token
    ],
)
def test_generation_is_absent_where_it_would_be_an_invention(times, answer):
    assert timing.generation(made(**times), answered(**answer)) is None


@pytest.mark.parametrize("where", ["call", "answer"])
def test_reasoning_that_was_streamed_counts(where):
    call, answer = made(first_content=102.0, ended=104.0), answered(output=101, reasoning=60)
    (call if where == "call" else answer).reasoning_streamed = True
    assert timing.generation(call, answer) == (50.0, 0.02)


def test_generation_without_usage_is_absent():
    assert timing.generation(made(first_content=102.0, ended=104.0), Answer()) is None


@given(
    attempts=st.lists(st.tuples(READINGS, READINGS, READINGS, st.just(200), st.none()), max_size=4),
    times=st.fixed_dictionaries(dict.fromkeys(("first_event", "first_content", "ended"), MAYBE)),
    own=st.fixed_dictionaries(dict.fromkeys(("latency", "first_byte"), MAYBE)),
    stream=st.booleans(),
    status=st.sampled_from(["ok", "error", "abandoned"]),
    output=TOKENS,
)
def test_no_time_is_ever_negative(attempts, times, own, stream, status, output):
    call = made(stream=stream, status=status, attempts=attempts, **times)
    answer = answered(output, **own)
    speed = timing.generation(call, answer)
    numbers = [timing.duration(call), timing.queue_time(call, answer), timing.ttft(call) or 0.0, *(speed or ())]
    assert min(numbers) >= 0

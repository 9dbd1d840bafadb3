"""Requests keep within what each answer says is left."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.api.pace import Pace
from ddllm.errors import ApiError

MONITOR = "/api/v1/monitor"


class Clock:
    """Time that passes where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def read(self) -> float:
        return self.now


def told(left: int, reset: int = 10, limit: int = 5, name: str | None = "monitors") -> dict[str, str]:
    headers = {"X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": str(reset), "X-RateLimit-Limit": str(limit)}
    return headers | ({"X-RateLimit-Name": name} if name else {})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(clock.sleep, clock.read)


def test_nothing_is_waited_for_while_nothing_is_known(pace: Pace, clock: Clock):
    for _ in range(100):
        pace.wait("POST", MONITOR)
        pace.learn("POST", MONITOR, {})
    assert clock.slept == []


def test_where_nothing_is_left_the_end_of_the_period_is_waited_for(pace: Pace, clock: Clock):
    pace.learn("POST", MONITOR, told(0, reset=7))
    pace.wait("POST", MONITOR)
    assert clock.slept == [7]


def test_what_is_left_is_used_without_waiting_and_counted_before_answers_come(pace: Pace, clock: Clock):
    pace.learn("POST", MONITOR, told(3))
    for _ in range(3):
        pace.wait("POST", MONITOR)
    assert clock.slept == []
    pace.wait("POST", MONITOR)
    assert clock.slept == [10]


def test_a_period_that_ended_meanwhile_costs_nothing(pace: Pace, clock: Clock):
    pace.learn("POST", MONITOR, told(0, reset=7))
    clock.now = 8
    pace.wait("POST", MONITOR)
    assert clock.now == 8


def test_endpoints_that_share_a_bucket_share_what_is_left(pace: Pace, clock: Clock):
    pace.learn("POST", MONITOR, told(1))
    pace.learn("PUT", f"{MONITOR}/5", told(0))
    pace.wait("POST", MONITOR)
    assert clock.slept == [10]


def test_other_buckets_are_not_held_up(pace: Pace, clock: Clock):
    pace.learn("POST", MONITOR, told(0))
    pace.learn("GET", MONITOR, told(5, name="reads"))
    pace.wait("GET", MONITOR)
    pace.wait("POST", "/api/v1/dashboard")
    assert clock.slept == []


def test_a_bucket_without_a_name_is_the_endpoints_own(pace: Pace, clock: Clock):
    pace.learn("POST", MONITOR, told(0, name=None))
    pace.wait("PUT", f"{MONITOR}/5")
    assert clock.slept == []
    pace.wait("POST", MONITOR)
    assert clock.slept == [10]


def test_a_refused_request_that_was_waited_for_is_not_waited_for_twice(pace: Pace, clock: Clock):
    pace.learn("POST", MONITOR, told(0))
    pace.waited("POST", MONITOR)
    pace.wait("POST", MONITOR)
    assert clock.slept == []


@pytest.mark.parametrize(
    "headers", [{"X-RateLimit-Remaining": "x", "X-RateLimit-Reset": "1"}, {"X-RateLimit-Remaining": "0"}]
)
def test_headers_that_cannot_be_read_say_nothing(pace: Pace, clock: Clock, headers: dict[str, str]):
    pace.learn("POST", MONITOR, headers)
    pace.wait("POST", MONITOR)
    assert clock.slept == []


def test_a_wait_that_is_too_long_is_an_error(pace: Pace):
    pace.learn("POST", MONITOR, told(0, reset=3600))
    with pytest.raises(ApiError, match=r"Datadog's rate limit `monitors` is used up for 3600 s\. Others use it too"):
        pace.wait("POST", MONITOR)


def test_all_waits_together_are_bounded(clock: Clock):
    pace = Pace(clock.sleep, clock.read, most=25)
    for _ in range(2):
        pace.learn("POST", MONITOR, told(0, reset=10))
        pace.wait("POST", MONITOR)
    pace.learn("POST", MONITOR, told(0, reset=10))
    with pytest.raises(ApiError):
        pace.wait("POST", MONITOR)
    assert clock.slept == [10, 10]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 6), st.integers(1, 40), st.integers(1, 6))
def test_threads_share_a_limit(limit: int, requests: int, threads: int):
    """However many threads there are, as many periods pass as that many requests need."""
    clock = Clock()
    pace = Pace(clock.sleep, clock.read)
    pace.learn("POST", MONITOR, told(limit, limit=limit))
    sent: list[float] = []

    def send(_number: int) -> None:
        pace.wait("POST", MONITOR)
        sent.append(clock.now)
        pace.learn("POST", MONITOR, {})

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(send, range(requests)))
    assert len(sent) == requests
    assert len(clock.slept) >= (requests - 1) // limit

"""What is sent again, and after how long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.api.retry import Failure, RetryPolicy

POLICY = RetryPolicy(jitter=0)


def wait(method: str, failure: Failure, *, attempt: int = 1, repeatable: bool = False) -> float | None:
    return POLICY.wait(method, failure, attempt, repeatable=repeatable, random=0)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("status", [0, 408, 429, 500, 502, 503, 504, 512])
def test_what_can_be_repeated_is(method: str, status: int):
    assert wait(method, Failure(status, {})) == 0.5


@pytest.mark.parametrize("status", [0, 408, 500, 502, 503, 504, 512])
def test_a_create_that_may_have_happened_is_never_sent_again(status: int):
    assert wait("POST", Failure(status, {})) is None


@pytest.mark.parametrize("failure", [Failure(429, {}), Failure(0, {}, sent=False)])
def test_a_create_that_cannot_have_happened_is_sent_again(failure: Failure):
    assert wait("POST", failure) == 0.5


def test_a_post_that_writes_nothing_is_sent_again():
    assert wait("POST", Failure(503, {}), repeatable=True) == 0.5


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_refusal_stands(status: int):
    assert wait("GET", Failure(status, {})) is None


@pytest.mark.parametrize("header", ["X-RateLimit-Reset", "x-ratelimit-reset", "Retry-After"])
def test_the_server_says_how_long(header: str):
    assert wait("GET", Failure(429, {header: "7"})) == 7


def test_datadogs_own_header_goes_first():
    assert wait("GET", Failure(429, {"Retry-After": "9", "X-RateLimit-Reset": "3"})) == 3


def test_a_wait_that_is_too_long_is_not_waited_for():
    assert wait("GET", Failure(429, {"X-RateLimit-Reset": "3600"})) is None


def test_a_date_in_place_of_seconds_is_not_understood_and_does_no_harm():
    assert wait("GET", Failure(503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})) == 0.5


def test_waits_double_and_end():
    waits = [wait("GET", Failure(503, {}), attempt=attempt) for attempt in range(1, 7)]
    assert waits == [0.5, 1, 2, 4, None, None]


def test_nobody_at_the_address_is_given_up_sooner():
    waits = [wait("GET", Failure(0, {}, sent=False), attempt=attempt) for attempt in range(1, 4)]
    assert waits == [0.5, 1, None]


@given(
    st.sampled_from(["GET", "PUT", "DELETE", "POST"]),
    st.integers(0, 599),
    st.integers(1, 20),
    st.floats(0, 0.999),
    st.one_of(st.none(), st.floats(0, 1e6)),
)
def test_waits_are_bounded(method: str, status: int, attempt: int, random: float, asked: float | None):
    policy = RetryPolicy()
    headers = {} if asked is None else {"X-RateLimit-Reset": str(asked)}
    found = policy.wait(method, Failure(status, headers), attempt, repeatable=False, random=random)
    assert found is None or 0 <= found <= policy.longest_wait * (1 + policy.jitter) + policy.jitter
    assert found is None or attempt < policy.tries

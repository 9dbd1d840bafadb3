"""The number at the end of a query is its critical threshold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.definitions.thresholds import Comparison, trailing_comparison


@pytest.mark.parametrize(
    ("query", "comparison"),
    [
        ("percentile(last_5m):p95:ddllm.ttft{env:prod} by {service} > 2", Comparison(">", 2)),
        ("sum(last_1h):sum:a{*}.as_count() >= 5\n", Comparison(">=", 5)),
        ("avg(last_5m):avg:a{*} < -50", Comparison("<", -50)),
        ("avg(last_5m):avg:a{*}<=0.5", Comparison("<=", 0.5)),
        ("avg(last_4h):anomalies(avg:a{*}, 'basic', 2, direction='above') >= 1", Comparison(">=", 1)),
        ('logs("a:>5").index("*").rollup("count").last("5m") > 10', Comparison(">", 10)),
        ('burn_rate("x").over("30d").long_window("1h").short_window("5m") > 14.4', Comparison(">", 14.4)),
    ],
)
def test_a_query_ends_with_its_comparison(query: str, comparison: Comparison):
    assert trailing_comparison(query) == comparison


@pytest.mark.parametrize(
    "query",
    [
        "123 && 456",
        '"datadog.agent.up".over("*").by("host").last(2).count_by_status()',
        "avg(last_5m):avg:a{*} > threshold",
        "avg(last_5m):avg:a{*} > 5 5",
        "",
    ],
)
def test_other_queries_have_none(query: str):
    assert trailing_comparison(query) is None


@given(st.integers(-(10**9), 10**9) | st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 4)))
def test_the_number_is_read_as_it_was_written(number: float):
    found = trailing_comparison(f"avg(last_5m):avg:a{{*}} > {number!r}")
    assert found is not None
    assert found.value == number

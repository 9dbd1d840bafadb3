"""What a monitor's query gives: the worked examples of Datadog's documentation, and properties that hold for all data."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.errors import QueryError
from ddllm.query.arrays.frame import Axis
from ddllm.query.arrays.values import Values, values_of
from ddllm.query.monitor import MetricQuery
from ddllm.query.parse import parse_monitor
from ddllm.query.series import Kind, Series
from ddllm.query.sketch import Sketch

NOTHING = math.nan


def series(metric: str, *values: float, kind: Kind = "count", every: int = 60, start: int = 0, **tags: str) -> Series:
    names = tuple(sorted(f"{key}:{value}" for key, value in tags.items()))
    points = {start + place * every: value for place, value in enumerate(values) if not math.isnan(value)}
    return Series(metric, kind, names, points)


def distribution(metric: str, *samples: Sequence[float], every: int = 60, **tags: str) -> Series:
    names = tuple(sorted(f"{key}:{value}" for key, value in tags.items()))
    return Series(
        metric, "distribution", names, sketches={place * every: Sketch(each) for place, each in enumerate(samples)}
    )


def evaluated(query: str, *held: Series, at: Sequence[int], cell: int = 60) -> Values:
    parsed = parse_monitor(query, "query alert")
    assert isinstance(parsed, MetricQuery)
    step = at[1] - at[0] if len(at) > 1 else 60
    axis = Axis(at[0], step, len(at))
    return values_of(parsed, lambda metric: [each for each in held if each.metric == metric], axis, cell=cell)


def value(query: str, *held: Series, at: int, cell: int = 60) -> float:
    """Return the value of a query without groups at one evaluation."""
    found = evaluated(query, *held, at=[at], cell=cell)
    return float(found.values[0, 0]) if len(found.values) else NOTHING


def by_group(query: str, *held: Series, at: int) -> Mapping[tuple[str, ...], float]:
    found = evaluated(query, *held, at=[at])
    return {group: float(row[0]) for group, row in zip(found.groups, found.values, strict=True) if not np.isnan(row[0])}


# --- monitors/guide/as-count-in-monitor-evaluations: five minutes, errors and calls of each

ERRORS = series("e", 1, 2, 3, 4, 5)
CALLS = series("c", 10, 10, 10, 10, 10)


def test_as_count_divides_the_sums_of_the_window():
    """Datadog's example: 15 errors of 50 calls are 0.3 ..."""
    assert value(
        "sum(last_5m):sum:e{*}.as_count() / sum:c{*}.as_count() > 0.5", ERRORS, CALLS, at=300
    ) == pytest.approx(0.3)


def test_without_as_count_the_ratios_of_the_buckets_are_added():
    """... and the sum of five ratios is 1.5."""
    assert value("sum(last_5m):sum:e{*} / sum:c{*} > 0.5", ERRORS, CALLS, at=300) == pytest.approx(1.5)


def test_one_as_count_is_enough_to_change_the_order():
    assert value("sum(last_5m):sum:e{*}.as_count() / sum:c{*} > 0.5", ERRORS, CALLS, at=300) == pytest.approx(
        15 / (50 / 60)
    )


def test_a_count_without_as_count_is_a_rate():
    """[1, 1, 1, 1] in 20 s each is 0.05 a second."""
    assert value("avg(last_5m):sum:c{*} > 0", series("c", *[1] * 15, every=20), at=300, cell=20) == pytest.approx(0.05)


def test_a_quotient_by_zero_or_by_nothing_is_no_point():
    """10/0 + 10/1 + 10/NaN = 10."""
    top = series("a", 10, 10, 10, kind="gauge")
    bottom = series("b", 0, 1, NOTHING, kind="gauge")
    assert value("sum(last_3m):avg:a{*} / default(avg:b{*}, 0) > 0", top, bottom, at=180) == 10


def test_an_absent_side_of_a_ratio_of_counts_is_zero():
    assert (
        value("sum(last_5m):sum:e{*}.as_count() / sum:c{*}.as_count() > 0.5", CALLS, at=300) != 0
    )  # no series, no group
    quiet = series("e", 5, start=-3600)
    assert value("sum(last_5m):sum:e{*}.as_count() / sum:c{*}.as_count() > 0.5", CALLS, quiet, at=300) == 0


def test_no_traffic_is_no_value():
    old = series("c", 5, start=-3600), series("e", 5, start=-3600)
    assert math.isnan(value("sum(last_5m):sum:e{*}.as_count() / sum:c{*}.as_count() > 0.5", *old, at=300))


# --- windows


def test_the_window_is_what_lies_before_the_evaluation():
    calls = series("c", 1, 10, 100, 1000, 10000)
    found = evaluated("sum(last_2m):sum:c{*}.as_count() > 0", calls, at=[60, 120, 180, 240, 300, 360])
    assert found.values[0].tolist() == [1, 11, 110, 1100, 11000, 10000]


@pytest.mark.parametrize(("name", "expected"), [("avg", 3), ("sum", 9), ("min", 1), ("max", 5)])
def test_a_gauge_is_aggregated_point_by_point(name: str, expected: float):
    gauge = series("g", 1, 3, 5, kind="gauge")
    assert value(f"{name}(last_5m):avg:g{{*}} > 0", gauge, at=300) == expected


def test_a_rollup_ignores_a_bucket_that_begins_before_the_window_and_takes_a_part_of_the_last():
    """monitors/faq/why-rollup: at 0:12 the window of ten minutes holds the bucket from 0:05, and a part of the one from 0:10."""
    calls = series("c", *[1] * 30)
    assert value("sum(last_10m):sum:c{*}.as_count().rollup(sum, 300) > 0", calls, at=12 * 60) == 5 + 2
    assert value("sum(last_10m):sum:c{*}.as_count().rollup(sum, 300) > 0", calls, at=15 * 60) == 10
    assert value("max(last_10m):sum:c{*}.rollup(sum, 300).as_count() > 0", calls, at=12 * 60) == 5


# --- percentiles


def test_the_percentile_of_a_window_is_that_of_all_its_values():
    data = distribution("d", [1.0] * 99, [100.0])
    assert value("percentile(last_5m):p95:d{*} > 0", data, at=300) == pytest.approx(1, rel=0.02)


def test_the_average_of_percentiles_is_another_number():
    data = distribution("d", [1.0] * 99, [100.0])
    assert value("avg(last_5m):p95:d{*} > 0", data, at=300) == pytest.approx(50.5, rel=0.02)


def test_sketches_of_a_group_merge():
    one, two = (
        distribution("d", [1.0] * 50, service="a", model="x"),
        distribution("d", [9.0] * 50, service="a", model="y"),
    )
    assert by_group("percentile(last_5m):p75:d{*} by {service} > 0", one, two, at=300) == {
        ("a",): pytest.approx(9, rel=0.02)
    }
    assert value("sum(last_5m):count:d{*}.as_count() > 0", one, two, at=300) == 100
    assert value("avg(last_5m):avg:d{*} > 0", one, two, at=300) == pytest.approx(5)


@given(
    st.lists(st.lists(st.floats(0.001, 1000), max_size=8), min_size=1, max_size=6), st.sampled_from([0.5, 0.9, 0.95])
)
def test_a_percentile_is_what_one_sketch_of_all_says(samples: list[list[float]], share: float):
    everything = [each for part in samples for each in part]
    found = value(f"percentile(last_10m):p{100 * share:g}:d{{*}} > 0", distribution("d", *samples), at=600)
    expected = Sketch(everything).quantile(share)
    if expected is None:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(expected, rel=0.016)


# --- groups and scopes


def test_each_group_has_its_own_value_and_a_series_without_the_tag_has_none():
    held = series("c", 1, service="a"), series("c", 2, service="b"), series("c", 4)
    assert by_group("sum(last_5m):sum:c{*} by {service}.as_count() > 0", *held, at=300) == {("a",): 1, ("b",): 2}


def test_scopes_choose_series():
    held = (
        series("c", 1, env="prod", status="ok"),
        series("c", 2, env="prod", status="error"),
        series("c", 4, env="dev"),
    )
    assert value("sum(last_5m):sum:c{env:prod AND status IN (ok,error)}.as_count() > 0", *held, at=300) == 3
    assert value("sum(last_5m):sum:c{env:prod,!status:error}.as_count() > 0", *held, at=300) == 1


def test_a_side_without_groups_counts_for_each_group():
    held = series("c", 10, service="a"), series("c", 30, service="b"), series("n", 4)
    assert by_group("sum(last_5m):sum:c{*} by {service}.as_count() / sum:n{*}.as_count() > 0", *held, at=300) == {
        ("a",): 2.5,
        ("b",): 7.5,
    }


def test_sides_with_other_groups_are_refused():
    with pytest.raises(QueryError, match="grouped by different tags: a and b"):
        evaluated("sum(last_5m):sum:c{*} by {a}.as_count() / sum:c{*} by {b}.as_count() > 0", at=[300])


# --- functions, arithmetic, changes


def test_change_is_against_the_same_window_before():
    calls = series("c", *[1] * 60, *[3] * 5)
    assert value("change(sum(last_5m),last_1h):sum:c{*}.as_count() > 0", calls, at=65 * 60) == 10
    assert value("pct_change(sum(last_5m),last_1h):sum:c{*}.as_count() > 0", calls, at=65 * 60) == pytest.approx(200)


def test_times_before_are_read_as_far_back_as_they_lie():
    calls = series("c", 7, start=-7 * 86400), series("c", 21)
    assert value("sum(last_5m):sum:c{*}.as_count() / week_before(sum:c{*}.as_count()) > 0", *calls, at=300) == 3


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("clamp_min(avg:g{*}, 4)", (4 + 4 + 5) / 3),
        ("cutoff_min(avg:g{*}, 2)", 4),
        ("abs(-avg:g{*})", 3),
        ("100 * (avg:g{*} + 1) / 2", 200),
        ("is_greater(avg:g{*}, 2)", 2 / 3),
        ("default_zero(avg:g{*})", 9 / 5),
        ("diff(avg:g{*})", 2),
        ("moving_rollup(avg:g{*}, 120, 'max')", (1 + 3 + 5 + 5) / 4),
        ("count_not_null(avg:g{*} by {host})", 3 / 5),
    ],
)
def test_functions_run_on_the_points_of_a_gauge(expression: str, expected: float):
    gauge = series("g", 1, 3, 5, kind="gauge", host="h")
    assert value(f"avg(last_5m):{expression} > 0", gauge, at=300) == pytest.approx(expected)


def test_gauges_meet_where_one_of_them_is_drawn_on():
    one, two = series("a", 2, 4, 6, kind="gauge"), series("b", 1, NOTHING, 3, kind="gauge")
    assert value("sum(last_3m):avg:a{*} / avg:b{*} > 0", one, two, at=180) == pytest.approx(2 + 2 + 2)


@pytest.mark.parametrize("query", ["avg(last_5m):forecast(avg:g{*}, 'linear', 1) > 0", "avg(next_1w):avg:g{*} > 0"])
def test_what_is_not_evaluated_says_so(query: str):
    with pytest.raises(QueryError, match="cannot be evaluated here"):
        evaluated(query, series("g", 1, kind="gauge"), at=[300])


numbers = st.lists(st.one_of(st.just(NOTHING), st.floats(0, 100)), min_size=1, max_size=30)


@given(numbers, st.integers(1, 12), st.sampled_from(["sum", "avg", "min", "max"]))
def test_a_moving_window_says_what_the_plain_reading_says(values: list[float], minutes: int, name: str):
    gauge = series("g", *values, kind="gauge")
    at = [60 * place for place in range(1, len(values) + 3)]
    found = evaluated(f"{name}(last_{minutes}m):avg:g{{*}} > 0", gauge, at=at)
    fold = {"sum": sum, "avg": lambda part: sum(part) / len(part), "min": min, "max": max}[name]
    for column, evaluation in enumerate(at):
        ends = evaluation // 60
        part = [each for each in values[max(0, ends - minutes) : ends] if not math.isnan(each)]
        got = float(found.values[0, column]) if len(found.values) else NOTHING
        assert math.isnan(got) if not part else got == pytest.approx(fold(part), abs=1e-6)


@given(numbers, numbers)
def test_the_sum_of_sums_is_the_sum_over_groups(one: list[float], two: list[float]):
    held = series("c", *one, service="a"), series("c", *two, service="b")
    at = 60 * 30
    groups = by_group("sum(last_1h):sum:c{*} by {service}.as_count() > 0", *held, at=at)
    whole = value("sum(last_1h):sum:c{*}.as_count() > 0", *held, at=at)
    assert sum(groups.values()) == pytest.approx(0 if math.isnan(whole) else whole, abs=1e-6)

"""Buckets of one context: how each kind adds up, and what is let go."""

import pytest

from ddllm.query.sketch import Sketch
from ddllm.sandbox.dogstatsd import Context, Sample
from ddllm.sandbox.series import Counts, Gauges, Series, Sets, Sketches, derived

CONTEXT = Context("m", "count", ("env:prod",))


def every(at: int) -> bool:
    return True


def test_counts_are_summed_with_their_weight():
    counts = Counts(retention=5)
    counts.add(10, 1.0)
    counts.add(10, 2.0, weight=4.0)
    counts.add(20, 1.0)
    assert counts.series(CONTEXT, every) == Series("m", "count", ("env:prod",), points={10: 9.0, 20: 1.0})
    assert counts.series(CONTEXT, lambda at: at > 10).points == {20: 1.0}


def test_the_oldest_buckets_go_and_the_whole_stays():
    counts = Counts(retention=2)
    for at in (10, 30, 20, 5):
        counts.add(at, 1.0)
    assert counts.series(CONTEXT, every).points == {20: 1.0, 30: 1.0}
    assert counts.whole == 4.0


def test_the_last_gauge_holds_whatever_its_sample_rate():
    gauges = Gauges(retention=2)
    for value in (7.0, 3.0):
        gauges.add(10, value, weight=10.0)
    assert gauges.series(CONTEXT, every).points == {10: 3.0}


def test_a_set_is_its_number_of_texts():
    sets = Sets(retention=2)
    for text in ("ann", "bob", "ann"):
        sets.keep(10, Sample(CONTEXT, text=text))
    assert sets.series(CONTEXT, every).points == {10: 2.0}


def test_sketches_have_a_bucket_each_and_a_whole():
    sketches = Sketches(retention=10)
    sketches.keep(10, Sample(CONTEXT, (1.0, 2.0)))
    sketches.keep(20, Sample(CONTEXT, (3.0,), weight=2.0))
    assert sketches.series(CONTEXT, every).sketches == {10: Sketch([1.0, 2.0]), 20: Sketch([3.0, 3.0])}
    assert sketches.whole() == Sketch([1.0, 2.0, 3.0, 3.0])


@pytest.mark.parametrize(
    "times", [(10, 20, 30, 40), (40, 30, 20, 10), (20, 10, 20, 50), (10, 50, 10, 40), (9999999999, 10, 20, 10)]
)
@pytest.mark.parametrize("retention", [1, 2, 10])
def test_the_whole_holds_every_value_once_whatever_the_order(times: tuple[int, ...], retention: int):
    sketches = Sketches(retention)
    for value, at in enumerate(times, start=1):
        sketches.add(at, float(value))
    assert sketches.whole() == Sketch([1.0, 2.0, 3.0, 4.0])
    assert len(sketches.buckets) <= retention


def test_what_is_given_away_is_a_copy():
    sketches = Sketches(retention=2)
    sketches.add(10, 1.0)
    sketches.series(CONTEXT, every).sketches[10].add(5.0)
    sketches.whole().add(5.0)
    assert sketches.whole() == Sketch([1.0])


@pytest.mark.parametrize(
    ("suffix", "kind", "value"),
    [("avg", "gauge", 2.5), ("count", "count", 4.0), ("max", "gauge", 4.0), ("95percentile", "gauge", 4.0)],
)
def test_the_series_that_the_agent_makes_of_a_histogram(suffix: str, kind: str, value: float):
    histogram = Series("load", "histogram", ("a:b",), sketches={10: Sketch([1.0, 2.0, 3.0, 4.0])})
    made = derived(histogram, suffix)
    assert made is not None
    assert (made.metric, made.kind, made.tags) == (f"load.{suffix}", kind, ("a:b",))
    assert made.points[10] == pytest.approx(value, rel=0.016)


def test_nothing_is_made_of_a_distribution_or_for_another_suffix():
    assert derived(Series("load", "distribution", ()), "avg") is None
    assert derived(Series("load", "histogram", ()), "p99") is None


def test_json_of_points_and_of_sketches():
    assert Series("m", "count", ("a:b",), points={20: 2.0, 10: 1.0}).as_json() == {
        "metric": "m",
        "kind": "count",
        "tags": ["a:b"],
        "points": [(10, 1.0), (20, 2.0)],
    }
    ((at, summary),) = Series("m", "distribution", (), sketches={10: Sketch([1.0, 1.0])}).as_json()["points"]
    assert at == 10
    assert summary == {
        "count": 2,
        "sum": 2.0,
        "min": 1.0,
        "max": 1.0,
        "avg": 1.0,
        "p50": 1.0,
        "p95": 1.0,
        "p99": 1.0,
        "k": [1338],
        "n": [2],
    }

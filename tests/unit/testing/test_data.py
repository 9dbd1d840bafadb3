"""The data of a test: kinds of metrics, seeds, and sketches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.errors import DdllmError
from ddllm.query.sketch import Sketch
from ddllm.testing.data import Data, plan_series


def series(metric, values, kind=None, *, test="t", interval=60):
    return plan_series(metric, values, kind, start=600, interval=interval, test=test).series()


def test_the_catalogue_says_what_ddllms_metrics_are():
    assert series("ddllm.requests{env:prod,service:chat}", "5 _ 7").points == {600: 5, 720: 7}
    assert series("ddllm.ttft{env:prod}", "0.5x2").sketches == {600: Sketch([0.5]), 660: Sketch([0.5])}


def test_any_other_metric_is_what_the_test_says():
    held = series("redis.lag{ host:b , host:a }", "1 2", "gauge", interval=300)
    assert (held.kind, held.tags, held.points) == ("gauge", ("host:a", "host:b"), {600: 1, 900: 2})


@pytest.mark.parametrize(
    ("metric", "kind", "said"),
    [
        ("redis.lag{host:a}", None, "Say what it is: `kind: count`"),
        ("ddllm.tttf{env:prod}", None, "there is no metric `ddllm.tttf`. Did you mean `ddllm.ttft`?"),
        ("ddllm.ttft{env:prod}", "gauge", "ddllm.ttft is a distribution, and not a gauge"),
        ("ddllm.ttft{env:prod", None, "is no metric with tags"),
    ],
)
def test_a_metric_that_is_not_known_is_an_error(metric, kind, said):
    with pytest.raises(DdllmError) as caught:
        series(metric, "1", kind)
    assert said in str(caught.value)


def test_samples_of_a_count_are_an_error():
    with pytest.raises(DdllmError, match="are for distributions"):
        series("ddllm.requests{env:prod}", "samples(1 2)")


def test_noise_depends_on_the_names_of_test_and_series_alone():
    first = series("ddllm.requests{env:prod,service:a}", "poisson(50)x20")
    assert first == series("ddllm.requests{service:a,env:prod}", "poisson(50)x20")
    assert first.points != series("ddllm.requests{env:prod,service:b}", "poisson(50)x20").points
    assert first.points != series("ddllm.requests{env:prod,service:a}", "poisson(50)x20", test="u").points


@given(
    st.lists(
        st.lists(st.floats(-1e6, 1e6).map(lambda number: round(number, 4)), min_size=1, max_size=9),
        min_size=1,
        max_size=5,
    )
)
def test_sketches_are_those_that_samples_make_one_by_one(points):
    text = " ".join(f"samples({' '.join(f'{number:f}' for number in samples)})" for samples in points)
    sketches = list(series("ddllm.ttft{env:prod}", text).sketches.values())
    for found, samples in zip(sketches, points, strict=True):
        expected = Sketch(samples)
        assert (found.bins, found.count, found.min, found.max) == (
            expected.bins,
            expected.count,
            expected.min,
            expected.max,
        )
        assert found.sum == pytest.approx(expected.sum)


def test_data_is_looked_at_as_finely_as_its_points_lie():
    assert [Data((), 0, 0, interval).cell for interval in (10, 60, 90, 300)] == [10, 60, 30, 60]

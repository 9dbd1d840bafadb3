"""Intervals hold what they promise: against published values, and by simulation on seeded data."""

import math
import statistics as stdlib
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.analysis import statistics
from ddllm.analysis.statistics import compare, estimate, holm, newcombe, resamples, t_quantile, t_two_sided, wilson

#: Two-sided 95 % points of Student's t, as every table has them.
T_95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 9: 2.262, 10: 2.228, 29: 2.045, 120: 1.980}

RUNS = 160


@pytest.mark.parametrize(("freedom", "t"), T_95.items())
def test_students_t_is_that_of_the_tables(freedom, t):
    assert t_quantile(0.975, freedom) == pytest.approx(t, abs=5e-4)
    assert t_two_sided(t, freedom) == pytest.approx(0.05, abs=5e-5)
    assert t_two_sided(0, freedom) == 1


def test_wilsons_interval_is_the_published_one():
    # R. Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for successes, trials, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)
    assert wilson(20, 20) == pytest.approx((1 - 0.1611, 1.0), abs=5e-5)


def test_newcombes_interval_is_the_published_one():
    # R. Newcombe 1998b, table II, method 10: 56/70 - 48/80 and 9/10 - 3/10.
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe(9, 10, 3, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)


def test_holm_on_an_example_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.7, 0.8]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_never_makes_a_test_surer_and_keeps_the_order(ps):
    adjusted = holm(ps)
    assert all(p <= after <= 1 for p, after in zip(ps, adjusted, strict=True))
    assert [adjusted[i] for i in sorted(range(len(ps)), key=ps.__getitem__)] == sorted(adjusted)


samples = st.lists(st.lists(st.floats(0.01, 1e3), min_size=1, max_size=4), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)  # 2,000 resamples each
@given(samples)
def test_the_estimate_is_the_plain_statistic_of_all_values(sample):
    values = [value for cluster in sample for value in cluster]
    for kind, plain in (("mean", stdlib.fmean), ("median", stdlib.median)):
        found = estimate(sample, kind)
        assert found.value == pytest.approx(plain(values))
        assert found.low <= found.value <= found.high
        assert (found.values, found.clusters) == (len(values), len(sample))


@settings(deadline=None)
@given(samples, st.integers(0, 50))
def test_a_weighted_statistic_is_that_of_the_repeated_clusters(sample, which):
    weights = resamples(len(sample))[which]
    repeated = [value for cluster, times in zip(sample, weights, strict=True) for value in cluster * times]
    assert statistics._mean_of(sample)(weights) == pytest.approx(stdlib.fmean(repeated))
    assert statistics._median_of(sample)(weights) == pytest.approx(stdlib.median(repeated))


@settings(max_examples=40, deadline=None)  # 2,000 resamples each
@given(samples)
def test_a_comparison_turned_round_is_its_mirror(sample):
    other = [[value * (1 + index) for value in cluster] for index, cluster in enumerate(sample)]
    one, back = compare(sample, other, "median"), compare(other, sample, "median")
    assert (one.value, one.low, one.high) == pytest.approx((1 / back.value, 1 / back.high, 1 / back.low))
    assert one.p == pytest.approx(back.p, abs=1e-6)


@settings(max_examples=40, deadline=None)  # 2,000 resamples each
@given(samples)
def test_equals_do_not_differ(sample):
    for kind in ("mean", "median"):
        found = compare(sample, sample, kind)
        assert (found.value, found.p, found.excludes_none) == (1, 1, False)


def test_resamples_are_the_same_each_time_and_whole():
    assert resamples(7) == resamples(7)
    assert len(resamples(7)) == 2_000
    assert {sum(weights) for weights in resamples(7)} == {7}


def test_nothing_is_said_of_nothing():
    assert estimate([[], []], "mean") is None
    assert compare([[1.0], []], [[], [1.0]], "mean") is None
    assert compare([[0.0]], [[1.0]], "mean") is None


def test_only_prompts_that_both_have_are_compared():
    found = compare([[1.0], [9.0], [2.0]], [[2.0], [], [4.0]], "mean")
    assert (found.value, found.clusters) == (0.5, 2)


def test_a_difference_that_is_the_same_everywhere_is_certain():
    sample = [[float(n)] for n in range(1, 7)]
    found = compare(sample, [[3 * value for value in cluster] for cluster in sample], "mean")
    assert found.value == pytest.approx(1 / 3)
    assert found.p < 1e-9
    assert found.excludes_none


def test_all_against_nothing_is_a_difference_of_rates_and_one_of_forty_is_none():
    always, never = [[1.0] * 5] * 8, [[0.0] * 5] * 8
    assert compare(always, never, "rate").p < 1e-6
    assert compare(always, never, "rate").excludes_none
    once = [[1.0, 0, 0, 0, 0], *never[1:]]
    assert compare(once, never, "rate").p > 0.3
    assert not compare(once, never, "rate").excludes_none


@pytest.mark.parametrize("level", [0, 1])
def test_where_nothing_ever_happened_there_is_nothing_to_test(level):
    sample = [[float(level)] * 3] * 6
    assert compare(sample, sample, "rate").p == 1
    assert estimate(sample, "rate").low == pytest.approx(wilson(18 * level, 18)[0])


def lognormal(rng: Random, prompts: int, calls: int) -> tuple[list[list[float]], list[list[float]]]:
    """Two models that are alike: prompts differ, and each call does a little."""
    centres = [rng.gauss(0, 0.4) for _ in range(prompts)]
    one, other = ([[math.exp(c + rng.gauss(0, 0.3)) for _ in range(calls)] for c in centres] for _ in range(2))
    return one, other


def chances(rng: Random, prompts: int, calls: int) -> tuple[list[list[float]], list[list[float]]]:
    """The same of rates: each prompt has a chance of its own, 0.3 on the whole."""
    rates = [rng.betavariate(1.5, 3.5) for _ in range(prompts)]
    one, other = ([[float(rng.random() < rate) for _ in range(calls)] for rate in rates] for _ in range(2))
    return one, other


@pytest.mark.parametrize("prompts", [8, 25])
@pytest.mark.parametrize(
    ("kind", "make", "truth"),
    [("mean", lognormal, math.exp(0.4**2 / 2 + 0.3**2 / 2)), ("median", lognormal, 1.0), ("rate", chances, 0.3)],
)
def test_intervals_cover_the_truth_as_often_as_they_say(kind, make, truth, prompts):
    rng = Random(f"{kind} {prompts}")
    held = held_none = alarms = 0
    for _ in range(RUNS):
        one, other = make(rng, prompts, 2)
        found, difference = estimate(one, kind), compare(one, other, kind)
        held += found.low <= truth <= found.high
        held_none += not difference.excludes_none
        alarms += difference.p < 0.05 and difference.excludes_none
    assert 0.90 <= held / RUNS <= 0.99
    assert held_none / RUNS >= 0.90
    assert alarms / RUNS <= 0.08

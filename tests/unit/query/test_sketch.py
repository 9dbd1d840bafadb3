"""The Agent's sketch: its keys, its exact numbers, and quantiles within the width of a bin."""

import math
import random
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.query.sketch import BIAS, BIN_LIMIT, GAMMA, MAX_KEY, MIN_VALUE, Sketch, bounds, key

VALUES = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False, allow_subnormal=False)


def agents_key(value: str) -> int:
    """The Agent's definition, computed with 28 decimal places: the logarithm to base gamma, rounded half to even, plus the bias."""
    exponent = Decimal(value).ln() / Decimal("1.015625").ln()
    return int(exponent.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)) + 1338


def test_parameters_are_the_agents():
    assert GAMMA == 1.015625
    assert BIAS == 1338
    assert BIN_LIMIT == 4096


def test_one_has_the_key_of_the_bias():
    assert key(1.0) == 1338


@pytest.mark.parametrize(
    "value",
    [
        "0.000000001",
        "0.00001",
        "0.001",
        "0.1",
        "0.35",
        "0.5",
        "0.75",
        "1.5",
        "2",
        "3",
        "42",
        "4096",
        "123456.789",
        "1e15",
    ],
)
def test_keys_equal_the_agents(value: str):
    assert key(float(value)) == agents_key(value)


def test_the_smallest_value_with_a_bin_is_the_power_of_gamma_below_1e_9():
    assert MIN_VALUE <= 1e-9 < MIN_VALUE * GAMMA
    assert key(MIN_VALUE) == 1
    assert key(math.nextafter(MIN_VALUE, 0)) == 0
    assert key(0.0) == key(-0.0) == key(5e-324) == 0


@pytest.mark.parametrize("k", [1, 2, 700, 1337, 1338, 1339, 2000, 20_000, MAX_KEY - 1])
def test_the_middle_of_a_bin_is_its_power_of_gamma(k: int):
    assert key(GAMMA ** (k - BIAS)) == k
    assert key(GAMMA ** (k - BIAS + 0.49)) == k
    assert key(GAMMA ** (k - BIAS + 0.51)) == k + 1


def test_what_is_larger_than_the_last_bin_falls_into_it():
    assert key(1e300) == MAX_KEY


@given(VALUES)
def test_negative_values_mirror_positive_ones(value: float):
    assert key(-value) == -key(value)


@given(VALUES)
def test_a_value_lies_within_the_bounds_of_its_bin(value: float):
    low, high = bounds(key(value))
    slack = abs(value) * 1e-12
    assert low - slack <= value <= high + slack or key(value) == 0


@given(st.lists(VALUES, min_size=1, max_size=50))
def test_count_sum_minimum_and_maximum_are_exact(values: list[float]):
    sketch = Sketch(values)
    assert sketch.count == len(values) == sum(sketch.bins.values())
    assert sketch.sum == pytest.approx(math.fsum(values), rel=1e-9, abs=1e-3)
    assert (sketch.min, sketch.max) == (min(values), max(values))
    assert (sketch.quantile(0), sketch.quantile(1)) == (min(values), max(values))


@given(
    st.lists(st.floats(min_value=1e-6, max_value=1e9), min_size=1, max_size=200), st.floats(min_value=0, max_value=1)
)
def test_a_quantile_is_no_further_from_the_true_one_than_a_bin_is_wide(values: list[float], q: float):
    estimate = Sketch(values).quantile(q)
    true = sorted(values)[round(q * (len(values) - 1))]
    assert estimate is not None
    assert true / GAMMA * (1 - 1e-9) <= estimate <= true * GAMMA * (1 + 1e-9)


@given(st.lists(VALUES, min_size=2, max_size=50))
def test_quantiles_ascend(values: list[float]):
    sketch = Sketch(values)
    quantiles = [sketch.quantile(q / 20) for q in range(21)]
    assert quantiles == sorted(quantiles)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.75, 0.9, 0.95, 0.99])
def test_quantiles_are_not_biased(q: float):
    errors = []
    for seed in range(8):
        draw = random.Random(seed)
        values = sorted(draw.lognormvariate(0, 1) for _ in range(5000))
        estimate = Sketch(values).quantile(q)
        assert estimate is not None
        errors.append(estimate / values[round(q * 4999)] - 1)
    assert abs(sum(errors) / len(errors)) < 0.002  # the Agent's own formula is 0.004 to 0.008 too high here


def test_the_quantile_of_one_value_is_the_value():
    assert Sketch([0.41]).quantile(0.95) == 0.41


def test_an_empty_sketch_has_no_quantile_and_no_mean():
    assert Sketch().quantile(0.5) is None
    assert Sketch().avg is None
    assert repr(Sketch()) == "Sketch(empty)"


@settings(max_examples=50)
@given(st.lists(VALUES, max_size=30), st.lists(VALUES, max_size=30))
def test_merging_equals_adding_everything_to_one(first: list[float], second: list[float]):
    merged = Sketch(first).merge(Sketch(second))
    both = Sketch(first + second)
    assert merged.bins == both.bins
    assert (merged.count, merged.min, merged.max) == (both.count, both.min, both.max)
    assert merged.sum == pytest.approx(both.sum, rel=1e-9, abs=1e-3)


def test_a_copy_is_independent():
    sketch = Sketch([1.0, 2.0])
    copy = sketch.copy()
    assert copy == sketch
    copy.add(3.0)
    assert sketch.count == 2
    assert copy != sketch


def test_a_weight_counts_whole_values_and_sums_all_of_it_as_the_agent_does():
    sketch = Sketch()
    sketch.add(2.0, 1 / 0.3)
    assert sketch.count == 3
    assert sketch.sum == pytest.approx(6.6667, rel=1e-4)


def test_beyond_the_limit_the_lowest_bins_become_one():
    powers = [GAMMA ** (k / 1.0) for k in range(-1000, 4000)]
    sketch = Sketch(powers)
    assert len(sketch.bins) == BIN_LIMIT
    assert sketch.count == sum(sketch.bins.values()) == 5000
    assert sketch.bins[min(sketch.bins)] == 5000 - BIN_LIMIT + 1
    assert sketch.quantile(0.99) == pytest.approx(powers[4949], rel=0.016)
    assert len(Sketch(powers[:2500]).merge(Sketch(powers[2500:])).bins) == BIN_LIMIT


def test_columns_are_sorted_by_key():
    assert Sketch([2.0, 1.0, 1.0, -1.0]).columns() == ([-1338, 1338, agents_key("2")], [1, 2, 1])

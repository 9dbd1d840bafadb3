"""The notation of values: what each term draws, and what cannot be read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.testing.notation import NotationError, parse_values

HOUR = 3600


def drawn(text, *, step=60, seed=1):
    notation = parse_values(text)
    return notation.at(step * np.arange(notation.length), np.random.default_rng(seed))


def numbers(text, **options):
    return [None if np.isnan(each) else each for each in drawn(text, **options).numbers().tolist()]


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("5", [5]),
        ("5x3", [5, 5, 5]),
        ("1+2x3", [1, 3, 5, 7]),
        ("4-2x3", [4, 2, 0, -2]),
        ("_x2 7 _", [None, None, 7, None]),
        ("5 -7 .5", [5, -7, 0.5]),
        (" 1e3\n 2 ", [1000, 2]),
    ],
)
def test_plain_values_gaps_and_ramps_are_one_point_each(text, points):
    assert numbers(text) == points


def test_samples_lie_at_each_point():
    found = drawn("samples(0.4 0.5, 3.1)x2 _ samples(1)")
    assert found.values.tolist() == [0.4, 0.5, 3.1, 0.4, 0.5, 3.1, 1]
    assert found.counts.tolist() == [3, 3, 0, 1]


def test_a_lognormal_has_the_quantiles_that_it_was_given():
    found = drawn("lognormal(p50=0.5, p95=0.8, n=2000)x10")
    assert found.counts.tolist() == [2000] * 10
    assert np.quantile(found.values, [0.5, 0.95]) == pytest.approx([0.5, 0.8], rel=0.02)


@pytest.mark.parametrize(
    ("text", "mean", "variance"), [("normal(50,5)", 50, 25), ("poisson(9)", 9, 9), ("bursty(20,8)", 20, 160)]
)
def test_noise_has_the_mean_and_the_variance_that_it_was_given(text, mean, variance):
    values = np.array(numbers(f"{text}x20000"))
    assert values.mean() == pytest.approx(mean, rel=0.05)
    assert values.var() == pytest.approx(variance, rel=0.1)


def test_a_day_is_low_at_night_and_high_in_the_afternoon():
    day = numbers("daily(5,40)x24", step=HOUR)
    assert (day[3], day[15]) == (5, 40)
    assert day[9] == pytest.approx(22.5)


def test_a_weekend_rises_by_a_third_of_a_weekday():
    week = numbers("weekly(5,35)x168", step=HOUR)  # from the epoch on, which was a Thursday
    assert [round(week[24 * day + 15]) for day in range(7)] == [35, 35, 15, 15, 35, 35, 35]


def test_noise_follows_the_day_where_it_is_told_to():
    values = np.array(numbers("poisson(daily(0,1000))x24", step=HOUR))
    assert (values[3], values[15] > 800) == (0, True)
    assert drawn("lognormal(p50=1,p95=2,n=daily(0,10))x24", step=HOUR).counts[[3, 15]].tolist() == [0, 10]


def test_the_same_seed_draws_the_same():
    assert numbers("poisson(9)x20", seed=3) == numbers("poisson(9)x20", seed=3)
    assert numbers("poisson(9)x20", seed=3) != numbers("poisson(9)x20", seed=4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not whole"),
        ("5y", "cannot be read from `y`"),
        ("5xx", "cannot be read from `xx`"),
        ("poisson(4", "`poisson(4`"),
        ("poison(4)x3", "there is no `poison(…)`. Did you mean `poisson`?"),
        ("normal(5)x3", "it is written as normal(mean, deviation)"),
        ("lognormal(p50=1,p95=2)", "it is written as lognormal(p50, p95, n)"),
        ("samples()", "holds nothing"),
        ("5x1000000", "more than 200,000 points"),
    ],
)
def test_what_cannot_be_read_is_pointed_at(text, said):
    with pytest.raises(NotationError) as caught:
        parse_values(text)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["lognormal(p50=2,p95=1,n=5)x2", "poisson(samples(1 2))x2"])
def test_what_cannot_be_drawn_is_an_error(text):
    with pytest.raises(NotationError):
        drawn(text)


ITEMS = st.one_of(
    st.integers(-999, 999).map(lambda number: (str(number), [number])),
    st.tuples(st.integers(-99, 99), st.integers(1, 9)).map(lambda pair: (f"{pair[0]}x{pair[1]}", [pair[0]] * pair[1])),
    st.integers(1, 9).map(lambda count: (f"_x{count}", [None] * count)),
    st.tuples(st.integers(-99, 99), st.integers(-9, 9), st.integers(1, 9)).map(
        lambda ramp: (f"{ramp[0]}{ramp[1]:+}x{ramp[2]}", [ramp[0] + step * ramp[1] for step in range(ramp[2] + 1)])
    ),
)


@given(st.lists(ITEMS, min_size=1, max_size=8))
def test_items_stand_one_after_the_other(items):
    assert numbers(" ".join(text for text, _ in items)) == [point for _, points in items for point in points]

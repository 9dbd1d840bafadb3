"""How sure a number is: bootstrap intervals over prompts, score intervals of rates, and which differences are real.

A sample is a list of clusters, one a prompt, each holding the values of that prompt's calls. Prompts are what varies from one
workload to the next, so prompts are resampled, whole: a hundred answers to one prompt are still one prompt.

Sources. Expanded percentile intervals: T. Hesterberg, "What Teachers Should Know About the Bootstrap", 2015, section 4.
Score intervals: E. Wilson 1927, and R. Newcombe 1998 (method 10) for differences. Differences of rates in small samples:
A. Agresti and B. Caffo 2000. Several tests at once: S. Holm 1979. Student's t: Abramowitz and Stegun, 26.7.3 and 26.7.4.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import mul
from random import Random
from statistics import NormalDist
from typing import Literal, TypeAlias

Sample: TypeAlias = Sequence[Sequence[float]]
#: How a sample becomes one number; a rate is the mean of zeros and ones.
Kind: TypeAlias = Literal["mean", "median", "rate"]
#: How often each cluster was drawn.
Weights: TypeAlias = Sequence[int]

RESAMPLES = 2_000
LEVEL = 0.95
#: Fewer prompts than this show nothing: five have 126 different resamples, four have 35.
FEWEST_CLUSTERS = 5

_NORMAL = NormalDist()
#: Relative size below which a difference is the rounding of sums.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its interval; `values` and `clusters` say how many calls and prompts it comes from."""

    value: float
    low: float
    high: float
    values: int
    clusters: int

    @property
    def has_interval(self) -> bool:
        """Whether there are prompts enough for the interval to mean anything."""
        return self.clusters >= FEWEST_CLUSTERS


@dataclass(frozen=True, slots=True)
class Difference:
    """How one sample differs from another over the clusters that both have.

    A ratio (of means or medians; none is 1), or a difference (of rates; none is 0); `p` is the probability to see at least as
    much between equals, before any correction.
    """

    value: float
    low: float
    high: float
    p: float
    clusters: int
    none: float

    @property
    def has_interval(self) -> bool:
        """Whether there are prompts enough for the interval to mean anything."""
        return self.clusters >= FEWEST_CLUSTERS

    @property
    def excludes_none(self) -> bool:
        """Whether the interval holds only values that are a difference."""
        return not self.low <= self.none <= self.high


def estimate(sample: Sample, kind: Kind, *, level: float = LEVEL) -> Estimate | None:
    """Estimate one number of a sample; None where it holds no value. Of a rate, the wider one of two intervals holds."""
    sample = [cluster for cluster in sample if cluster]
    if not sample:
        return None
    evaluate = _estimator(sample, kind)
    clusters, values = len(sample), sum(map(len, sample))
    value = evaluate([1] * clusters)
    low, high = _interval([evaluate(weights) for weights in resamples(clusters)], value, clusters, level)
    if kind == "rate":
        score = wilson(round(value * values), values, level)
        low, high = min(low, score[0]), max(high, score[1])
    return Estimate(value, low, high, values, clusters)


def compare(one: Sample, other: Sample, kind: Kind, *, level: float = LEVEL) -> Difference | None:
    """Compare two samples whose clusters stand in the same order; None where no cluster has values in both, or no ratio exists."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a and b]
    if not pairs:
        return None
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    if kind == "rate":
        return _rate_difference(first, second, level)
    return _ratio(first, second, kind, level)


def _ratio(one: Sample, other: Sample, kind: Kind, level: float) -> Difference | None:
    above, below = _estimator(one, kind), _estimator(other, kind)
    clusters = len(one)
    every = [[1] * clusters, *resamples(clusters)]
    numbers = [(above(weights), below(weights)) for weights in every]
    if any(a <= 0 or b <= 0 for a, b in numbers):
        return None
    value, *drawn = (math.log(a / b) for a, b in numbers)
    low, high = _interval(drawn, value, clusters, level)
    p = _p(value, _spread(drawn), clusters)
    return Difference(math.exp(value), math.exp(low), math.exp(high), p, clusters, 1.0)


def _rate_difference(one: Sample, other: Sample, level: float) -> Difference:
    rates = _estimator(one, "rate"), _estimator(other, "rate")
    clusters = len(one)
    every = [[1] * clusters, *resamples(clusters)]
    value, *drawn = (rates[0](weights) - rates[1](weights) for weights in every)
    low, high = _interval(drawn, value, clusters, level)
    (x, n), (y, m) = ((round(sum(map(sum, sample))), sum(map(len, sample))) for sample in (one, other))
    score = newcombe(x, n, y, m, level)
    # Two more successes and failures: what a handful of calls without any event still leaves open.
    p_one, p_other = (x + 1) / (n + 2), (y + 1) / (m + 2)
    binomial = math.sqrt(p_one * (1 - p_one) / (n + 2) + p_other * (1 - p_other) / (m + 2))
    happened = 0 < x + y < n + m  # else both rates are 0, or both are 1
    p = _p(p_one - p_other, max(_spread(drawn), binomial), clusters) if happened else 1.0
    return Difference(value, min(low, score[0]), max(high, score[1]), p, clusters, 0.0)


def holm(ps: Sequence[float]) -> list[float]:
    """Adjust the p values of tests that are shown together: the chance of any false alarm among them stays what each claims."""
    adjusted = [0.0] * len(ps)
    reached = 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        reached = max(reached, min(1.0, (len(ps) - rank) * ps[index]))
        adjusted[index] = reached
    return adjusted


def wilson(successes: int, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the score interval of a rate, which is honest for a few trials, and where nothing or everything succeeded."""
    z = _NORMAL.inv_cdf((1 + level) / 2)
    rate = successes / trials
    middle = (rate + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    return (0.0 if successes == 0 else middle - half, 1.0 if successes == trials else middle + half)


def newcombe(x: int, n: int, y: int, m: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of the difference x/n - y/m, from the two score intervals."""
    (low_x, high_x), (low_y, high_y) = wilson(x, n, level), wilson(y, m, level)
    rate_x, rate_y = x / n, y / m
    difference = rate_x - rate_y
    return (
        difference - math.hypot(rate_x - low_x, high_y - rate_y),
        difference + math.hypot(high_x - rate_x, rate_y - low_y),
    )


@lru_cache(maxsize=16)
def resamples(clusters: int, count: int = RESAMPLES) -> tuple[Weights, ...]:
    """Draw the clusters anew so many times: always the same draws for as many clusters, so that a report can be repeated."""
    rng = Random(clusters)  # noqa: S311 - to be repeated, not to be secret
    drawn = []
    for _ in range(count):
        weights = [0] * clusters
        for index in rng.choices(range(clusters), k=clusters):
            weights[index] += 1
        drawn.append(weights)
    return tuple(drawn)


def _estimator(sample: Sample, kind: Kind) -> Callable[[Weights], float]:
    """Return what evaluates a resample without gathering its values again."""
    return _median_of(sample) if kind == "median" else _mean_of(sample)


def _mean_of(sample: Sample) -> Callable[[Weights], float]:
    sums, sizes = [math.fsum(cluster) for cluster in sample], [len(cluster) for cluster in sample]

    def evaluate(weights: Weights) -> float:
        value: float = sum(map(mul, weights, sums)) / sum(map(mul, weights, sizes))
        return value

    return evaluate


def _median_of(sample: Sample) -> Callable[[Weights], float]:
    ordered = sorted((value, index) for index, cluster in enumerate(sample) for value in cluster)
    values, owners = [value for value, _ in ordered], [index for _, index in ordered]

    def evaluate(weights: Weights) -> float:
        reached = list(accumulate(map(weights.__getitem__, owners)))
        below: float = values[bisect_right(reached, (reached[-1] - 1) // 2)]
        above = values[bisect_right(reached, reached[-1] // 2)]
        return (below + above) / 2

    return evaluate


def _interval(drawn: list[float], value: float, clusters: int, level: float) -> tuple[float, float]:
    """Return the percentile interval, expanded for a small number of clusters, for which it would be too narrow."""
    if clusters == 1:
        return value, value  # one prompt says nothing of another one
    tail = _NORMAL.cdf(-math.sqrt(clusters / (clusters - 1)) * t_quantile((1 + level) / 2, clusters - 1))
    ordered = sorted(drawn)
    outside = math.floor(tail * (len(ordered) - 1))
    return min(ordered[outside], value), max(ordered[-1 - outside], value)


def _spread(drawn: Sequence[float]) -> float:
    middle = math.fsum(drawn) / len(drawn)
    return math.sqrt(math.fsum((each - middle) ** 2 for each in drawn) / (len(drawn) - 1))


def _p(value: float, spread: float, clusters: int) -> float:
    """Return how probable so much is between equals: Student's t on the bootstrap's standard error."""
    if clusters < 2 or abs(value) < _ROUNDING:  # noqa: PLR2004 - a spread needs two
        return 1.0
    if spread < _ROUNDING:
        return 0.0
    return t_two_sided(abs(value) / spread * math.sqrt((clusters - 1) / clusters), clusters - 1)


def t_two_sided(t: float, freedom: int) -> float:
    """Return the probability that Student's t is at least as far from 0 as `t`."""
    angle = math.atan2(t, math.sqrt(freedom))
    square = math.cos(angle) ** 2
    odd = freedom % 2
    term, total = (math.cos(angle), 0.0) if odd else (1.0, 0.0)
    for step in range(2 + odd, freedom + 1, 2):
        total += term
        term *= square * (step - 1) / step
    inside = 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total
    return min(1.0, max(0.0, 1 - inside))


@lru_cache(maxsize=64)
def t_quantile(share: float, freedom: int) -> float:
    """Return the `share` quantile (above one half) of Student's t."""
    low, high = 0.0, 1.0
    while t_two_sided(high, freedom) > 2 * (1 - share):
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if t_two_sided(middle, freedom) > 2 * (1 - share) else (low, middle)
    return high

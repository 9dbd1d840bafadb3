"""Which differences between models are real, and one sentence on a metric."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ddllm.analysis.compare.metrics import Metric
from ddllm.analysis.statistics import FEWEST_CLUSTERS, LEVEL, Difference, Estimate


@dataclass(frozen=True, slots=True)
class Pair:
    """Two models on one metric; `difference` is of the first against the second, `real` after the correction for all that is shown."""

    one: str
    other: str
    difference: Difference
    p: float
    real: bool


@dataclass(frozen=True, slots=True)
class _Win:
    """A pair from the side of the model that is ahead; its numbers are in the metric's own words: times as much, or points."""

    worse: str
    much: str
    sure: str


def is_real(difference: Difference, p: float) -> bool:
    """Whether a difference is real: enough prompts, an interval without equality, and a `p` that was corrected for all that is shown."""
    return difference.has_interval and difference.excludes_none and p < 1 - LEVEL


def leader(metric: Metric, estimates: Mapping[str, Estimate | None], pairs: Sequence[Pair]) -> str:
    """Return the model that is really ahead of the most others; of several, the one with the best number."""
    wins = dict.fromkeys(estimates, 0)
    for pair in pairs:
        wins[_ahead(metric, pair)[0]] += pair.real
    sign = -1 if metric.better == "lower" else 1
    known = [(wins[label], sign * each.value, label) for label, each in estimates.items() if each is not None]
    return max(known, key=lambda each: each[:2])[2]


def winner(metric: Metric, estimates: Mapping[str, Estimate | None], pairs: Sequence[Pair]) -> str | None:
    """Return the model that is really better than every other one."""
    if metric.better is None or not pairs:
        return None
    first = leader(metric, estimates, pairs)
    beaten = sum(pair.real and _ahead(metric, pair)[0] == first for pair in pairs)
    return first if beaten == len(estimates) - 1 else None


def _ahead(metric: Metric, pair: Pair) -> tuple[str, str]:
    """Return the two models of a pair, the better one first; where neither end is good, the one with more."""
    more, less = (pair.one, pair.other) if pair.difference.value > pair.difference.none else (pair.other, pair.one)
    return (less, more) if metric.better == "lower" else (more, less)


def conclusion(metric: Metric, estimates: Mapping[str, Estimate | None], pairs: Sequence[Pair], tests: int) -> str:
    """Return one sentence: what the model in front is better at and by how much, and what cannot be told.

    `tests` is how many comparisons are shown together.
    """
    if len(estimates) < 2:  # noqa: PLR2004 - a comparison has two
        return "one model alone compares with nothing"
    if not pairs:
        return f"{metric.plural} cannot be compared: no prompt has a number above zero from two models"
    clusters = min(pair.difference.clusters for pair in pairs)
    if clusters < FEWEST_CLUSTERS:
        return f"{_count(clusters, 'prompt')} cannot tell a difference in {metric.plural}: it takes {FEWEST_CLUSTERS} or more"
    first = leader(metric, estimates, pairs)
    wins = list(_wins(metric, first, pairs))
    parts = [_told(metric, first, wins)] if wins else []
    rest = [pair for pair in pairs if not pair.real and (not wins or first in {pair.one, pair.other})]
    if rest:
        others = [pair.other if pair.one == first else pair.one for pair in rest] if wins else []
        parts.append(_nothing(metric, rest, estimates, tests, others))
    return "; ".join(parts)


def _wins(metric: Metric, first: str, pairs: Sequence[Pair]) -> Iterator[_Win]:
    for pair in pairs:
        better, worse = _ahead(metric, pair)
        if not pair.real or better != first:
            continue
        value, low, high = pair.difference.value, pair.difference.low, pair.difference.high
        if metric.kind == "rate":
            near, far = sorted((100 * abs(low), 100 * abs(high)))
            yield _Win(worse, f"{100 * abs(value):.1f} points", f"{near:.1f} to {far:.1f}")
            continue
        if value < 1:
            value, low, high = 1 / value, 1 / high, 1 / low
        yield _Win(worse, f"{factor(value)}×", f"{factor(low)} to {factor(high)}")


def _told(metric: Metric, first: str, wins: Sequence[_Win]) -> str:
    """Tell of every win; how sure the intervals are stands once."""
    parts: list[str] = []
    for win in wins:
        sure = f"({win.sure})" if parts else f"({100 * LEVEL:g} %: {win.sure})"
        by = f" by {win.much}" if metric.kind == "rate" else ""
        parts.append(f"{metric.wins.format(win.much)} than {win.worse}{by} {sure}")
    return f"{first} {' and '.join(parts)}"


def _nothing(
    metric: Metric,
    pairs: Sequence[Pair],
    estimates: Mapping[str, Estimate | None],
    tests: int,
    others: Sequence[str],
) -> str:
    """Say that nothing can be seen, against whom where that is not everybody, and with how much it was looked for."""
    sizes = sorted({each.values for each in estimates.values() if each is not None})
    seen = f"{_count(sizes[0], 'call')} each" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]} calls each"
    against = f" against {', '.join(others)}" if others else ""
    told = f"no difference in {metric.plural} can be seen{against} with {seen}"
    if any(pair.difference.p < 1 - LEVEL for pair in pairs):
        told += f"; there is a hint of one, which among {_count(tests, 'comparison')} is no proof"
    return told


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def factor(value: float) -> str:
    """Return a factor with two or three digits that count."""
    return f"{value:.2f}" if value < 2 else f"{value:.1f}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004

"""What a comparison says: each model's numbers with their intervals, each pair's differences, and which of them are real.

A new measure is one entry of `METRICS`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

from ddllm.analysis import statistics
from ddllm.analysis.compare.results import Measured
from ddllm.analysis.statistics import FEWEST_CLUSTERS, LEVEL, Difference, Estimate, Kind, Sample
from ddllm.definitions.workload import Workload
from ddllm.pricing import bedrock_ids

Unit = Literal["dollar", "second", "token", "token/second", "share"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One measure of a call: how it is read, what number of many calls is shown, and how a difference is told.

    better   which end is the good one; None where neither is
    wins     what the better model is or does ("is {} cheaper"), `{}` for how many times as much, if that is told
    plural   its name in "no difference in … can be seen"
    """

    key: str
    title: str
    kind: Kind
    unit: Unit
    better: Literal["lower", "higher"] | None
    wins: str
    plural: str
    read: Callable[[Measured], float | None] = field(repr=False)


def _ok(read: Callable[[Measured], float | None]) -> Callable[[Measured], float | None]:
    """Read calls that were answered alone."""
    return lambda call: read(call) if call.status == "ok" else None


METRICS: tuple[Metric, ...] = (
    Metric("cost", "cost per call", "mean", "dollar", "lower", "is {} cheaper", "cost", _ok(lambda call: call.cost)),
    Metric(
        "ttft",
        "time to first token",
        "median",
        "second",
        "lower",
        "begins {} sooner",
        "time to first token",
        _ok(lambda call: call.ttft),
    ),
    Metric(
        "duration",
        "duration",
        "median",
        "second",
        "lower",
        "is {} faster to the end",
        "duration",
        _ok(lambda call: call.duration),
    ),
    Metric(
        "tokens_per_second",
        "tokens per second",
        "median",
        "token/second",
        "higher",
        "generates {} faster",
        "tokens per second",
        _ok(lambda call: call.tokens_per_second),
    ),
    Metric(
        "output_tokens",
        "output tokens",
        "mean",
        "token",
        None,
        "writes {} more tokens",
        "the length of answers",
        _ok(lambda call: call.output_tokens),
    ),
    Metric(
        "refusals",
        "refusals",
        "rate",
        "share",
        "lower",
        "refuses less often",
        "refusals",
        _ok(lambda call: float(call.refusal is not None)),
    ),
    Metric(
        "format",
        "format kept",
        "rate",
        "share",
        "higher",
        "keeps the format more often",
        "how often the format is kept",
        _ok(lambda call: None if call.format_ok is None else float(call.format_ok)),
    ),
    Metric(
        "checks",
        "checks passed",
        "rate",
        "share",
        "higher",
        "passes the checks more often",
        "how often the checks are passed",
        _ok(lambda call: float(all(call.checks)) if call.checks else None),
    ),
    Metric(
        "errors",
        "errors",
        "rate",
        "share",
        "lower",
        "fails less often",
        "errors",
        lambda call: float(call.status == "error"),
    ),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two models on one metric; `difference` is of the first against the second, `real` after the correction for all that is shown."""

    one: str
    other: str
    difference: Difference
    p: float
    real: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of all models, by their labels; `winner` is the model that is really better than every other."""

    metric: Metric
    estimates: dict[str, Estimate | None]
    pairs: tuple[Pair, ...]
    winner: str | None
    conclusion: str


@dataclass(frozen=True, slots=True)
class ModelTotals:
    """What was done with one model. `spent` is what its answered calls cost, `unpriced` how many of them have no price."""

    label: str
    id: str
    calls: int
    errors: dict[str, int]
    spent: float
    unpriced: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Report:
    """A whole comparison; `planned` is how many calls it has when it is complete."""

    name: str
    prompts: int
    repeat: int
    planned: int
    models: tuple[ModelTotals, ...]
    rows: tuple[Row, ...]
    level: float = LEVEL

    @property
    def calls(self) -> int:
        """Calls that were finished."""
        return sum(model.calls for model in self.models)

    @property
    def errors(self) -> int:
        """Calls that failed."""
        return sum(sum(model.errors.values()) for model in self.models)


def report(workload: Workload, measured: Sequence[Measured]) -> Report:
    """Evaluate what was measured of a workload."""
    labels = _labels([model.id for model in workload.models])
    tables = {labels[model.id]: [call for call in measured if call.model == model.id] for model in workload.models}
    prompts = [prompt.id for prompt in workload.prompts]
    found = {metric.key: _evaluate(metric, tables, prompts) for metric in METRICS}
    shown = [metric for metric in METRICS if any(found[metric.key][0].values())]
    pairs = {(metric.key, one, other): each for metric in shown for one, other, each in found[metric.key][1]}
    adjusted = _adjusted(pairs)
    rows = tuple(_row(metric, *found[metric.key], adjusted) for metric in shown)
    totals = tuple(_totals(labels[model.id], model.id, tables[labels[model.id]]) for model in workload.models)
    return Report(workload.name, len(prompts), workload.repeat, workload.calls, totals, rows)


def _labels(ids: Sequence[str]) -> dict[str, str]:
    """Name models by what tells them apart; two that only differ in region or maker keep their whole ids."""
    short = {model: bedrock_ids.parse(model).short for model in ids}
    names = list(short.values())
    return {model: name if names.count(name) == 1 else model for model, name in short.items()}


_Place = tuple[str, str, str]


def _adjusted(pairs: Mapping[_Place, Difference]) -> dict[_Place, float]:
    """Correct for all that is compared. Where nothing happened (no refusal in either model) there was nothing to find by chance."""
    tested = [place for place, each in pairs.items() if each.p < 1]
    adjusted = dict(zip(tested, statistics.holm([pairs[place].p for place in tested]), strict=True))
    return {place: adjusted.get(place, 1.0) for place in pairs}


_Found = tuple[dict[str, Estimate | None], list[tuple[str, str, Difference]]]


def _evaluate(metric: Metric, tables: dict[str, list[Measured]], prompts: Sequence[str]) -> _Found:
    samples = {label: _sample(metric, calls, prompts) for label, calls in tables.items()}
    estimates = {label: statistics.estimate(sample, metric.kind) for label, sample in samples.items()}
    pairs = []
    for one, other in combinations(samples, 2):
        difference = statistics.compare(samples[one], samples[other], metric.kind)
        if difference is not None:
            pairs.append((one, other, difference))
    return estimates, pairs


def _sample(metric: Metric, calls: Iterable[Measured], prompts: Sequence[str]) -> Sample:
    clusters: dict[str, list[float]] = {prompt: [] for prompt in prompts}
    for call in calls:
        value = metric.read(call)
        if value is not None:
            clusters[call.prompt].append(value)
    return list(clusters.values())


def _row(
    metric: Metric,
    estimates: dict[str, Estimate | None],
    found: list[tuple[str, str, Difference]],
    adjusted: Mapping[_Place, float],
) -> Row:
    pairs = tuple(_pair(one, other, difference, adjusted[metric.key, one, other]) for one, other, difference in found)
    tests = sum(p < 1 for p in adjusted.values())
    winner = _winner(metric, list(estimates), pairs)
    return Row(metric, estimates, pairs, winner, _conclusion(metric, estimates, pairs, tests))


def _pair(one: str, other: str, difference: Difference, p: float) -> Pair:
    real = difference.clusters >= FEWEST_CLUSTERS and difference.excludes_none and p < 1 - LEVEL
    return Pair(one, other, difference, p, real)


def _ahead(metric: Metric, pair: Pair) -> tuple[str, str]:
    """Return the two models of a pair, the better one first; where neither end is good, the one with more."""
    more, less = (pair.one, pair.other) if pair.difference.value > pair.difference.none else (pair.other, pair.one)
    return (less, more) if metric.better == "lower" else (more, less)


def _winner(metric: Metric, labels: Sequence[str], pairs: Sequence[Pair]) -> str | None:
    if metric.better is None:
        return None
    beaten: dict[str, set[str]] = {}
    for pair in pairs:
        if pair.real:
            better, worse = _ahead(metric, pair)
            beaten.setdefault(better, set()).add(worse)
    return next((label for label, worse in beaten.items() if len(worse) == len(labels) - 1), None)


def _totals(label: str, model_id: str, calls: Sequence[Measured]) -> ModelTotals:
    errors: dict[str, int] = {}
    for call in calls:
        if call.error is not None:
            errors[call.error] = errors.get(call.error, 0) + 1
    answered = [call for call in calls if call.status == "ok"]
    return ModelTotals(
        label,
        model_id,
        len(calls),
        errors,
        sum(call.cost or 0.0 for call in answered),
        sum(call.cost is None for call in answered),
        sum(call.input_tokens or 0 for call in answered),
        sum(call.output_tokens or 0 for call in answered),
    )


def _conclusion(metric: Metric, estimates: dict[str, Estimate | None], pairs: Sequence[Pair], tests: int) -> str:
    if len(estimates) < 2:  # noqa: PLR2004 - a comparison has two
        return "one model alone compares with nothing"
    if not pairs:
        return f"{metric.plural} cannot be compared: no prompt has a number above zero from two models"
    clusters = min(pair.difference.clusters for pair in pairs)
    if clusters < FEWEST_CLUSTERS:
        return f"{_count(clusters, 'prompt')} cannot tell a difference in {metric.plural}: it takes {FEWEST_CLUSTERS} or more"
    told = [_told(metric, pair) for pair in pairs if pair.real]
    rest = [pair for pair in pairs if not pair.real]
    if rest:
        told.append(_nothing(metric, rest, estimates, tests, alone=len(rest) == len(pairs)))
    return "; ".join(told)


def _told(metric: Metric, pair: Pair) -> str:
    better, worse = _ahead(metric, pair)
    difference = pair.difference
    value, low, high = difference.value, difference.low, difference.high
    if metric.kind == "rate":
        nearest, farthest = sorted((100 * abs(low), 100 * abs(high)))
        return f"{better} {metric.wins} than {worse}, by {100 * abs(value):.1f} points ({100 * LEVEL:g} %: {nearest:.1f} to {farthest:.1f})"
    if value < 1:
        value, low, high = 1 / value, 1 / high, 1 / low
    wins = metric.wins.format(f"{factor(value)}×")
    return f"{better} {wins} than {worse} ({100 * LEVEL:g} %: {factor(low)} to {factor(high)})"


def _nothing(
    metric: Metric, pairs: Sequence[Pair], estimates: dict[str, Estimate | None], tests: int, *, alone: bool
) -> str:
    """Say that nothing can be seen, and with how much it was looked for."""
    sizes = sorted({each.values for each in estimates.values() if each is not None})
    seen = f"{_count(sizes[0], 'call')} each" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]} calls each"
    between = "" if alone else " between " + ", ".join(f"{pair.one} and {pair.other}" for pair in pairs)
    told = f"no difference in {metric.plural} can be seen{between} with {seen}"
    if any(pair.difference.p < 1 - LEVEL for pair in pairs):
        told += f"; there is a hint of one, which among {_count(tests, 'comparison')} is no proof"
    return told


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def factor(value: float) -> str:
    """Return a factor with two or three digits that count."""
    return f"{value:.2f}" if value < 2 else f"{value:.1f}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004

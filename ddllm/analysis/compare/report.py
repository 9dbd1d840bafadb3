"""What a comparison says: each model's numbers with their intervals, each pair's differences, and which of them are real."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ddllm.analysis import statistics
from ddllm.analysis.compare.differences import Pair, conclusion, is_real, winner
from ddllm.analysis.compare.metrics import METRICS, Metric
from ddllm.analysis.compare.results import Measured
from ddllm.analysis.statistics import LEVEL, Difference, Estimate, Sample
from ddllm.definitions.workload import Workload
from ddllm.pricing import bedrock_ids


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
    """A whole comparison; `planned` is how many calls it has when it is complete.

    `began` and `ended` are when the first and the last call of it began, ISO 8601.
    """

    name: str
    prompts: int
    repeat: int
    planned: int
    models: tuple[ModelTotals, ...]
    rows: tuple[Row, ...]
    began: str | None = None
    ended: str | None = None
    regions: tuple[str, ...] = ()
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
    times = sorted(call.at for call in measured if call.at)
    began, ended = (times[0], times[-1]) if times else (None, None)
    regions = tuple(sorted({call.region for call in measured if call.region}))
    return Report(workload.name, len(prompts), workload.repeat, workload.calls, totals, rows, began, ended, regions)


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
    pairs = []
    for one, other, difference in found:
        p = adjusted[metric.key, one, other]
        pairs.append(Pair(one, other, difference, p, is_real(difference, p)))
    tests = sum(p < 1 for p in adjusted.values())
    first, told = winner(metric, estimates, pairs), conclusion(metric, estimates, pairs, tests)
    return Row(metric, estimates, tuple(pairs), first, told)


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

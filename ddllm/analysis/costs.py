"""Which prompt templates, features, models and actions spend the money, and how much of it was for nothing.

What ddllm measured and what is estimated from it stand apart, in names and in output: `estimated_…` is never added to a
measured number.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import fsum
from typing import Any

from ddllm import catalog
from ddllm.analysis.sources import Source, Sums, Window, total
from ddllm.call import Usage
from ddllm.catalog import OTHER, UNKNOWN, UNTAGGED, Metric
from ddllm.pricing import Catalogue
from ddllm.query.ast import Query
from ddllm.query.series import ABSENT, Group

#: What spend can be divided by: the metric, and the tag.
DIMENSIONS: dict[str, tuple[Metric, str]] = {
    "template": (catalog.COST, "prompt_template"),
    "feature": (catalog.COST, "feature"),
    "model": (catalog.COST, "model_name"),
    "action": (catalog.ACTION_COST, "action"),
}

#: The share of the spend that a Pareto's sentence is about.
HEADLINE = 0.6
_TEMPLATE = "prompt_template"
_MODEL = ("provider", "model_vendor", "model_name")
_USAGE_MISSING = "usage_missing"
_PROBE = 1000  # tokens whose price tells a model's rates, below every tier of size

#: Dollars that a token of a model costs less when it is read from the cache; provider, vendor and model as the tags have them.
CacheSaving = Callable[[str, str, str], float]


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the spend.

    Shares are of the whole; `cumulative` is this one's and all larger ones'; `failed_dollars` of it went to answers that failed
    or that nobody waited for.
    """

    name: str
    dollars: float
    share: float
    cumulative: float
    failed_dollars: float


@dataclass(frozen=True, slots=True)
class Pareto:
    """The spend by one dimension, the largest first."""

    dimension: str
    dollars: float
    slices: tuple[Slice, ...]

    @property
    def named(self) -> tuple[Slice, ...]:
        """The slices with a name of their own: neither `unknown`, nor a tag that is not there, nor what a cap made `other`."""
        return tuple(each for each in self.slices if each.name not in {UNKNOWN, OTHER, UNTAGGED})

    @property
    def sentence(self) -> str:
        """Say how few make most of it."""
        named = self.named
        spent = fsum(each.dollars for each in named)
        if not spent:
            return f"no spend names {_article(self.dimension)}"
        count, share = _fewest([each.dollars / spent for each in named])
        rest = 1 - spent / self.dollars
        of = "the spend" if rest < 0.0005 else f"the spend that names one; {percent(rest)} of all spend names none"  # noqa: PLR2004 - less than what is shown
        if len(named) == 1:
            return f"one {self.dimension} makes all of {of}"
        return f"{percent(count / len(named))} of {self.dimension}s ({count} of {len(named)}) make {percent(share)} of {of}"


@dataclass(frozen=True, slots=True)
class Waste:
    """What one template's calls brought nothing for.

    Failed and abandoned are measured; the estimates are answers of that kind times what the template's successful calls cost on
    average, None where no call of it succeeded. They overlap: an answer may be malformed because the model declined.
    """

    template: str
    failed_calls: float = 0.0
    failed_dollars: float = 0.0
    failed_tokens: float = 0.0
    abandoned_calls: float = 0.0
    abandoned_dollars: float = 0.0
    abandoned_tokens: float = 0.0
    checked_answers: float = 0.0
    malformed_answers: float = 0.0
    estimated_malformed_dollars: float | None = 0.0
    refusals: float = 0.0
    estimated_refused_dollars: float | None = 0.0

    @property
    def dollars(self) -> float:
        """All that may have been wasted; the parts overlap, so it orders rows and is shown nowhere."""
        estimates = (self.estimated_malformed_dollars or 0.0) + (self.estimated_refused_dollars or 0.0)
        return self.failed_dollars + self.abandoned_dollars + estimates

    @property
    def tells(self) -> bool:
        """Whether anything of it is not zero: a call that failed may have cost nothing."""
        unknown = None in {self.estimated_malformed_dollars, self.estimated_refused_dollars}
        return bool(self.dollars or self.failed_tokens or self.abandoned_tokens or self.malformed_answers or unknown)


@dataclass(frozen=True, slots=True)
class CacheMiss:
    """Input tokens of a template and model that were not read from the prompt cache.

    `estimated_dollars` is what reading them would have saved at most: only a prefix that repeats can be read.
    """

    template: str
    model: str
    input_tokens: float
    uncached_tokens: float
    estimated_dollars: float


@dataclass(frozen=True, slots=True)
class Retries:
    """HTTP attempts beyond each call's first.

    Their outcomes are measured, and the time in which calls waited, never a price: a throttled attempt has none, and what a
    provider bills for one that timed out is in no answer.
    """

    calls: float
    attempts: float
    beyond_first: float
    failed_attempts: Mapping[str, float]
    waited_seconds: float


@dataclass(frozen=True, slots=True)
class Costs:
    """The whole report; dollars are US dollars, `capped` is the number of calls by tag that became `other`."""

    source: str
    window: Window
    env: str | None
    dollars: float
    calls: float
    paretos: tuple[Pareto, ...]
    waste: tuple[Waste, ...]
    cache: tuple[CacheMiss, ...]
    retries: Retries
    unpriced: Mapping[str, float]
    capped: Mapping[str, float]
    usage_missing: float

    @property
    def warnings(self) -> list[str]:
        """Say what makes the numbers less than the truth."""
        found = []
        if self.unpriced:
            calls = fsum(self.unpriced.values())
            found.append(
                f"{_number(calls, 'call')} went to models without a known price, so spending is more than this: "
                f"{', '.join(sorted(self.unpriced))} (set prices in ddllm.yaml)"
            )
        if self.usage_missing:
            found.append(
                f"{_number(self.usage_missing, 'answer')} did not say their tokens, so tokens and spending are more than this"
            )
        if self.capped:
            tags = ", ".join(f"{tag} ({_number(number, 'call')})" for tag, number in sorted(self.capped.items()))
            found.append(f"tags had too many values, so what stands beside one of theirs is a lower bound: {tags}")
        return found


def analyse(
    source: Source,
    window: Window,
    *,
    env: str | None = None,
    by: Sequence[str] = tuple(DIMENSIONS),
    saving: CacheSaving,
) -> Costs:
    """Ask a source, and report. Raises what the source raises."""
    sums = {name: _known(groups) for name, groups in source.sums(questions(window, env, by)).items()}
    spend = sums["spend"]
    return Costs(
        source=source.name,
        window=window,
        env=env,
        dollars=fsum(spend.values()),
        calls=fsum(sums["calls"].values()),
        paretos=tuple(pareto(dimension, sums[f"by {dimension}"]) for dimension in by),
        waste=_waste(sums),
        cache=_cache(sums, saving),
        retries=_retries(sums),
        unpriced={model: number for (model,), number in sums["unpriced"].items() if number},
        capped={reason: number for (reason,), number in sums["capped"].items() if number},
        usage_missing=sums["dropped"].get((_USAGE_MISSING,), 0.0),
    )


def questions(window: Window, env: str | None, by: Iterable[str]) -> dict[str, Query]:
    """Return the queries that a report needs, by name."""
    asked: dict[str, tuple[Metric, tuple[str, ...]]] = {
        "spend": (catalog.COST, (_TEMPLATE, "status")),
        "calls": (catalog.REQUESTS, (_TEMPLATE, "status")),
        "input": (catalog.TOKENS_INPUT, (_TEMPLATE, "status")),
        "output": (catalog.TOKENS_OUTPUT, (_TEMPLATE, "status")),
        "checks": (catalog.STRUCTURED_CHECKS, (_TEMPLATE,)),
        "malformed": (catalog.STRUCTURED_FAILURES, (_TEMPLATE,)),
        "refusals": (catalog.REFUSALS, (_TEMPLATE,)),
        "sent": (catalog.TOKENS_INPUT, (_TEMPLATE, *_MODEL)),
        "read": (catalog.TOKENS_CACHE_READ, (_TEMPLATE, *_MODEL)),
        "written": (catalog.TOKENS_CACHE_WRITE, (_TEMPLATE, *_MODEL)),
        "attempts": (catalog.ATTEMPTS, (*_MODEL, "outcome")),
        "model calls": (catalog.REQUESTS, _MODEL),
        "waited": (catalog.QUEUE_TIME, ()),
        "unpriced": (catalog.COST_UNPRICED, ("model_name",)),
        "capped": (catalog.TELEMETRY_CAPPED, ("reason",)),
        "dropped": (catalog.TELEMETRY_DROPPED, ("reason",)),
    }
    asked |= {f"by {dimension}": (DIMENSIONS[dimension][0], (DIMENSIONS[dimension][1], "status")) for dimension in by}
    return {name: total(metric, window, env, *tags) for name, (metric, tags) in asked.items()}


def pareto(dimension: str, spend: Mapping[Group, float]) -> Pareto:
    """Order spend by what its first tag says; the second is the status."""
    dollars: dict[str, list[float]] = {}
    failed: dict[str, list[float]] = {}
    for (name, status), amount in spend.items():
        dollars.setdefault(name, []).append(amount)
        if status not in {"ok", UNTAGGED}:
            failed.setdefault(name, []).append(amount)
    sums = {name: fsum(amounts) for name, amounts in dollars.items()}
    whole = fsum(sums.values())
    slices: list[Slice] = []
    reached = 0.0
    for name, amount in sorted(sums.items(), key=lambda item: (-item[1], item[0])):
        if amount:
            reached += amount
            slices.append(Slice(name, amount, amount / whole, reached / whole, fsum(failed.get(name, ()))))
    return Pareto(dimension, whole, tuple(slices))


def cache_saving(prices: Catalogue) -> CacheSaving:
    """Return what reading a token from the cache saves, by today's prices: 0 where a model has no price for it, or none at all.

    Metrics know a model by its normalised name; its maker stands before that in the ids that prices are known by.
    """

    def saving(provider: str, vendor: str, model: str) -> float:
        for name in (model, f"{vendor}.{model}"):
            fresh = prices.cost(provider, name, Usage(input=_PROBE, output=0))
            cached = prices.cost(provider, name, Usage(input=_PROBE, output=0, cache_read=_PROBE))
            if fresh and cached:
                return max(0.0, (fresh.usd - cached.usd) / _PROBE)
        return 0.0

    return saving


def _waste(sums: Sums) -> tuple[Waste, ...]:
    templates = {group[0] for name in ("spend", "calls", "malformed", "refusals") for group in sums[name]}
    rows = [_template_waste(template, sums) for template in templates]
    worth = [
        row
        for row in rows
        if row.failed_calls or row.abandoned_calls or row.malformed_answers or row.refusals or row.dollars
    ]
    return tuple(sorted(worth, key=lambda row: (-row.dollars, row.template)))


def _template_waste(template: str, sums: Sums) -> Waste:
    def of(name: str, *status: str) -> float:
        return sums[name].get((template, *status), 0.0)

    succeeded = of("calls", "ok")
    average = of("spend", "ok") / succeeded if succeeded else None
    malformed, refusals = of("malformed"), of("refusals")
    return Waste(
        template=template,
        failed_calls=of("calls", "error"),
        failed_dollars=of("spend", "error"),
        failed_tokens=of("input", "error") + of("output", "error"),
        abandoned_calls=of("calls", "abandoned"),
        abandoned_dollars=of("spend", "abandoned"),
        abandoned_tokens=of("input", "abandoned") + of("output", "abandoned"),
        checked_answers=of("checks"),
        malformed_answers=malformed,
        estimated_malformed_dollars=_times(malformed, average),
        refusals=refusals,
        estimated_refused_dollars=_times(refusals, average),
    )


def _times(number: float, average: float | None) -> float | None:
    return 0.0 if not number else None if average is None else number * average


def _cache(sums: Sums, saving: CacheSaving) -> tuple[CacheMiss, ...]:
    rows = []
    for group, sent in sums["sent"].items():
        template, provider, vendor, model = group
        uncached = max(0.0, sent - sums["read"].get(group, 0.0) - sums["written"].get(group, 0.0))
        dollars = uncached * saving(provider, vendor, model) if uncached else 0.0
        if dollars:
            rows.append(CacheMiss(template, model, sent, uncached, dollars))
    return tuple(sorted(rows, key=lambda row: (-row.estimated_dollars, row.template, row.model)))


def _retries(sums: Sums) -> Retries:
    attempts: dict[Group, float] = {}
    failed: dict[str, float] = {}
    for (*model, outcome), number in sums["attempts"].items():
        attempts[tuple(model)] = attempts.get(tuple(model), 0.0) + number
        if outcome not in {"ok", UNTAGGED}:
            failed[outcome] = failed.get(outcome, 0.0) + number
    calls = sums["model calls"]
    # A model at a time: calls that made no attempt, of one model, must not hide another's retries.
    beyond = fsum(max(0.0, number - calls.get(model, 0.0)) for model, number in attempts.items())
    return Retries(
        calls=fsum(calls.values()),
        attempts=fsum(attempts.values()),
        beyond_first=beyond,
        failed_attempts=dict(sorted(failed.items(), key=lambda item: (-item[1], item[0]))),
        waited_seconds=fsum(sums["waited"].values()),
    )


def _known(groups: Mapping[Group, float]) -> dict[Group, float]:
    """Name what series without a tag have in its place."""
    known: dict[Group, float] = {}
    for group, number in groups.items():
        name = tuple(UNTAGGED if value == ABSENT else value for value in group)
        known[name] = known.get(name, 0.0) + number
    return known


def _fewest(shares: Iterable[float]) -> tuple[int, float]:
    """Count the largest shares that reach the headline's, and add them up; shares come in descending order."""
    reached, count = 0.0, 0
    for count, share in enumerate(shares, 1):  # noqa: B007 - told
        reached += share
        if reached >= HEADLINE - 1e-9:
            break
    return count, min(reached, 1.0)


def percent(share: float) -> str:
    """Write a share as people do; one that is not quite nothing or all is not rounded to it."""
    number = 100 * share
    if 0 < number < 1:
        return "<1 %"
    if 99 < number < 100 - 1e-9:  # noqa: PLR2004 - percent
        return ">99 %"
    return f"{number:.0f} %"


def _number(value: float, noun: str) -> str:
    number = f"{value:,.0f}"
    return f"{number} {noun if number == '1' else f'{noun}s'}"


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def as_json(costs: Costs) -> dict[str, Any]:
    """Return the report of JSON's types; docs/costs.md says what the keys mean."""
    window = costs.window
    return {
        "version": 1,
        "source": costs.source,
        "window": {"start": window.start, "end": window.end},
        "env": costs.env,
        "dollars": costs.dollars,
        "calls": costs.calls,
        "by": {
            each.dimension: {
                "sentence": each.sentence,
                "dollars": each.dollars,
                "rows": [asdict(part) for part in each.slices],
            }
            for each in costs.paretos
        },
        "waste": [asdict(row) for row in costs.waste],
        "cache": [asdict(row) for row in costs.cache],
        "retries": asdict(costs.retries),
        "unpriced": dict(costs.unpriced),
        "capped": dict(costs.capped),
        "usage_missing": costs.usage_missing,
        "warnings": costs.warnings,
    }

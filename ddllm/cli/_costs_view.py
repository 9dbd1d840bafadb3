"""The cost report on a terminal: `render` is a pure function of the report."""

from collections.abc import Callable, Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from ddllm.analysis.costs import Costs, Pareto, Waste, percent
from ddllm.cli._numbers import count, dollars, duration, things
from ddllm.cli._tables import Column, Table, more, name, quiet
from ddllm.cli._times import span

_BAR = 20
#: A name is cut to this before a column goes: ids of models fit.
_NAME = 30


def render(costs: Costs, *, top: int, ascii_only: bool = False) -> RenderableType:
    """Draw the report, with `top` rows a table at most; `ascii_only` for outputs that know no blocks."""
    parts: list[RenderableType] = [Text(_headline(costs), style="bold")]
    parts += [Text(f"! {warning}", style="yellow") for warning in costs.warnings]
    if not costs.calls and not costs.dollars:
        return Group(*parts)
    for pareto in costs.paretos:
        parts += ["", *_pareto(costs, pareto, top, "#" if ascii_only else "█")]
    parts += ["", *_waste(costs, top), "", *_cache(costs, top), "", *_retries(costs)]
    return Group(*parts)


def _headline(costs: Costs) -> str:
    where = "all environments" if costs.env is None else f"env {costs.env}"
    when = span(costs.window.start, costs.window.end)
    if not costs.calls:
        return f"no LLM calls in {where}, {when}, says {costs.source}"
    least = "at least " if costs.unpriced or costs.usage_missing else ""
    return f"{least}{dollars(costs.dollars)} for {things(costs.calls, 'call')} in {where}, {when}, from {costs.source}"


def _pareto(costs: Costs, pareto: Pareto, top: int, block: str) -> Iterator[RenderableType]:
    yield Text.assemble((f"Spend by {pareto.dimension}", "bold"), f": {pareto.sentence}")
    if pareto.dimension == "action" and pareto.slices:
        yield quiet(within_actions(costs, pareto))
    if not pareto.slices:
        return
    largest = pareto.slices[0].dollars
    drawn = Table(
        [
            name(pareto.dimension, _NAME),
            Column("spend"),
            Column("share"),
            Column("cumulative", goes=3),
            Column("failed or abandoned", goes=2),
            Column("", "picture", goes=1),
        ]
    )
    for part in pareto.slices[:top]:
        drawn.add_row(
            Text(part.name),
            dollars(part.dollars),
            percent(part.share),
            percent(part.cumulative),
            Text(dollars(part.failed_dollars), style="red" if part.failed_dollars else "dim"),
            Text(block * max(1, round(_BAR * part.dollars / largest)), style="cyan"),
        )
    yield drawn
    yield from more(len(pareto.slices), top)


def within_actions(costs: Costs, pareto: Pareto) -> str:
    """Say how much of the spend the actions' table is about."""
    outside = max(0.0, costs.dollars - pareto.dollars)
    return (
        f"{dollars(pareto.dollars)} of {dollars(costs.dollars)} was spent within actions; "
        f"the other {dollars(outside)}, by calls outside of any action, is left out here"
    )


def _waste(costs: Costs, top: int) -> Iterator[RenderableType]:
    yield Text.assemble(("Spent for nothing", "bold"), _wasted_total(costs))
    rows = [row for row in costs.waste if row.tells]
    if not rows:
        return
    drawn = Table(
        [
            name("template"),
            Column("failed"),
            Column("tokens", goes=2),
            Column("abandoned"),
            Column("tokens", goes=1),
            Column("malformed*"),
            Column("of checked", goes=3),
            Column("refused*"),
        ]
    )
    for row in rows[:top]:
        drawn.add_row(
            Text(row.template),
            dollars(row.failed_dollars),
            count(row.failed_tokens),
            dollars(row.abandoned_dollars),
            count(row.abandoned_tokens),
            _estimate(row.estimated_malformed_dollars),
            percent(row.malformed_answers / row.checked_answers) if row.checked_answers else "",
            _estimate(row.estimated_refused_dollars),
        )
    yield drawn
    yield from more(len(rows), top)
    yield quiet("* estimates: such answers times the template's average cost of a successful call; they may overlap")


def _wasted_total(costs: Costs) -> str:
    def total(read: Callable[[Waste], float | None]) -> float:
        return sum(read(row) or 0.0 for row in costs.waste)

    failed, abandoned = total(lambda row: row.failed_dollars), total(lambda row: row.abandoned_dollars)
    malformed, refused = (
        total(lambda row: row.estimated_malformed_dollars),
        total(lambda row: row.estimated_refused_dollars),
    )
    return (
        f": {dollars(failed)} on answers that failed, {dollars(abandoned)} on abandoned ones; "
        f"by estimate {dollars(malformed)} on malformed ones, {dollars(refused)} on refusals"
    )


def _estimate(amount: float | None) -> str:
    return "?" if amount is None else f"~{dollars(amount)}" if amount else "$0.00"


def _cache(costs: Costs, top: int) -> Iterator[RenderableType]:
    saved = sum(row.estimated_dollars for row in costs.cache)
    text = (
        f": at most {dollars(saved)}, an estimate: input that was not read from the cache, at today's difference in price"
        if costs.cache
        else ": none, or no model here has a cache price"
    )
    yield Text.assemble(("Cache savings missed", "bold"), text)
    if not costs.cache:
        return
    drawn = Table(
        [
            name("template", 12),
            name("model"),
            Column("input tokens", goes=2),
            Column("not from cache", goes=1),
            Column("at most*"),
        ]
    )
    for row in costs.cache[:top]:
        drawn.add_row(
            Text(row.template),
            Text(row.model),
            count(row.input_tokens),
            percent(row.uncached_tokens / row.input_tokens),
            f"~{dollars(row.estimated_dollars)}",
        )
    yield drawn
    yield from more(len(costs.cache), top)
    yield quiet("* only a prefix that repeats can be read from the cache, and its first writing costs extra")


def _retries(costs: Costs) -> Iterator[RenderableType]:
    retries = costs.retries
    yield Text.assemble(
        ("Retries", "bold"),
        f": {things(retries.beyond_first, 'attempt')} beyond the first of {things(retries.calls, 'call')}; "
        f"calls waited {duration(retries.waited_seconds)} in all, for retries, rate limiters and queues",
    )
    if retries.failed_attempts:
        outcomes = ", ".join(f"{count(number)} {outcome}" for outcome, number in retries.failed_attempts.items())
        yield Text(f"failed attempts: {outcomes}")
    yield quiet(
        "A throttled attempt costs time and no dollars. What a provider bills for one that timed out is not measured."
    )

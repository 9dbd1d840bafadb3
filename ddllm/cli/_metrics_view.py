"""The catalogue and the estimate of custom metrics on a terminal."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.text import Text

from ddllm import catalog
from ddllm.analysis.costs import percent
from ddllm.analysis.estimate import RULE, Estimate, MetricShare, TagShare
from ddllm.cli._numbers import dollars, things
from ddllm.cli._tables import Column, Table, more, name, quiet

#: Tags of a metric that are named in its row.
_NAMED = 3
#: Names of metrics are cut to this before a column goes.
_METRIC = 38


def render_catalogue(metrics: Iterable[catalog.Metric]) -> RenderableType:
    """Draw the metrics that ddllm can send."""
    drawn = Table(
        [
            name("metric", _METRIC),
            Column("type", "picture", goes=3),
            Column("unit", "picture", goes=2),
            Column("percentiles", "picture", goes=1),
            Column("tags", "text"),
        ]
    )
    for metric in metrics:
        unit = f"{metric.unit}/{metric.per_unit}" if metric.per_unit else metric.unit or ""
        drawn.add_row(metric.name, metric.kind, unit, "yes" if metric.percentiles else "", _tags_of(metric))
    model = f"model stands for {', '.join(catalog.MODEL_TAGS)}; all carry {', '.join(catalog.UNIFIED_TAGS)} besides"
    return Group(drawn, "", quiet(model))


def _tags_of(metric: catalog.Metric) -> str:
    of_model = set(catalog.MODEL_TAGS) <= set(metric.tags)
    own = [tag for tag in metric.tags if not (of_model and tag in catalog.MODEL_TAGS)]
    return ", ".join((["model"] if of_model else []) + own)


def render_estimate(found: Estimate, *, top: int, price: float | None) -> RenderableType:
    """Draw an estimate, with `top` rows a table at most; `price` is dollars a month for 100 custom metrics."""
    if not found.metrics:
        return Text(
            "no metric of ddllm's arrived: does the process run under ddtrace-run, and is ddllm installed there?"
        )
    parts: list[RenderableType] = [Text(_headline(found, price), style="bold"), *map(quiet, _remarks(found)), ""]
    parts += [_metrics(found, top, price), *more(len(found.metrics), top), ""]
    parts += [Text("What leaving a tag out of every metric would save (ddllm.yaml, tags.exclude)", style="bold")]
    parts += [_tags(found, top, price), *more(len(found.tags), top)]
    return Group(*parts)


def _headline(found: Estimate, price: float | None) -> str:
    series = sum(share.series for share in found.metrics)
    cost = "" if price is None else f", {dollars(found.custom_metrics / 100 * price)} a month"
    number = f"{found.custom_metrics:,.0f}"
    noun = "custom metric" if number == "1" else "custom metrics"
    return f"{number} {noun} on average of an hour{cost}: {things(len(found.metrics), 'metric')}, {series:,} series"


def _remarks(found: Estimate) -> Iterable[str]:
    if found.without_percentiles < found.custom_metrics:
        yield f"{found.without_percentiles:,.0f} where no percentiles are switched on"
    yield f"seen in {found.hours} {'hour' if found.hours == 1 else 'hours'}; what was not called in them is not in it"
    if found.hosts == 1:
        yield "on one host: tags that the agent adds (host, pod, …) make as many times more (--hosts)"
    else:
        yield f"at most, for {found.hosts} hosts that send the same"
    if found.others:
        are = "that is not ddllm's is" if found.others == 1 else "that are not ddllm's are"
        yield f"{things(found.others, 'metric')} {are} left out"
    yield f"rule: a count 1, a distribution 5, with percentiles 10, for each combination of tags; {RULE}"


def _metrics(found: Estimate, top: int, price: float | None) -> Table:
    drawn = Table(
        [
            name("metric", _METRIC),
            Column("type", "picture", goes=2),
            Column("tags that make most of it", "text", goes=3),
            Column("series", goes=1),
            Column("custom metrics"),
            Column("share", goes=4),
            *_priced(price),
        ]
    )
    for share in found.metrics[:top]:
        kind = f"{share.kind}, percentiles" if share.percentiles else share.kind
        cost = () if price is None else (dollars(share.custom_metrics / 100 * price),)
        part = percent(share.custom_metrics / found.custom_metrics)
        drawn.add_row(
            share.metric, kind, _most(share), f"{share.series:,}", f"{share.custom_metrics:,.0f}", part, *cost
        )
    return drawn


def _most(share: MetricShare) -> str:
    telling = [tag for tag in share.tags if tag.saves > 0][:_NAMED]
    return ", ".join(f"{tag.tag} ({tag.values})" for tag in telling)


def _tags(found: Estimate, top: int, price: float | None) -> Table:
    drawn = Table(
        [name("tag"), Column("", "text"), Column("values"), Column("saves"), Column("share"), *_priced(price)]
    )
    for tag in found.tags[:top]:
        cost = () if price is None else (dollars(tag.saves / 100 * price),)
        note = "" if tag.excludable else "stays: not ddllm's to leave out"
        drawn.add_row(tag.tag, quiet(note), f"{tag.values:,}", _saved(tag), _part(tag, found), *cost)
    return drawn


def _saved(tag: TagShare) -> str:
    return f"{tag.saves:,.0f}"


def _part(tag: TagShare, found: Estimate) -> str:
    return percent(tag.saves / found.custom_metrics)


def _priced(price: float | None) -> tuple[Column, ...]:
    return () if price is None else (Column("a month"),)

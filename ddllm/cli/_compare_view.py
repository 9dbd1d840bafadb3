"""A comparison for people and for programs: a table with a column a model, and JSON."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ddllm.analysis.compare import Outcome
from ddllm.analysis.compare.metrics import Metric, Unit
from ddllm.analysis.compare.report import ModelTotals, Report, Row
from ddllm.analysis.statistics import FEWEST_CLUSTERS, Difference, Estimate

#: Said of simulated models wherever a report is.
SIMULATED = "The models are simulated (--sandbox): these figures mean nothing outside of it."
#: Said in the place of a table.
NO_CALLS = "No call has been made, so there is nothing to show."

#: Marks a winner where there is no colour.
_MARK = "★"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended, beside its report; money is dollars.

    `spent` is of the budget's `limit`, earlier runs included. `aside` of it was set aside for `aside_calls` calls whose cost nobody
    knows. `results` is the results file.
    """

    outcome: Outcome
    spent: float
    limit: float
    results: str
    aside: float = 0.0
    aside_calls: int = 0
    sandbox: bool = False


def _dollars(value: float) -> str:
    """Return dollars with cents, or with three digits that count where that would show too few."""
    if value == 0 or value >= 1:
        return f"${value:,.2f}"
    return f"${value:.{min(12, 2 - math.floor(math.log10(value)))}f}"


def _seconds(value: float) -> str:
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.2f} s" if value < 100 else f"{value:.0f} s"  # noqa: PLR2004


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


#: A call costs too little to be read.
_CALLS = 1_000

_UNITS: Mapping[Unit, Callable[[float], str]] = {
    "dollar": _dollars,
    "second": _seconds,
    "token": lambda value: f"{value:,.0f}",
    "token/second": lambda value: f"{value:.0f}",
    "share": _percent,
}


def number(value: float, unit: Unit) -> str:
    """Return a value with its unit."""
    return _UNITS[unit](shown(value, unit))


def shown(value: float, unit: Unit) -> float:
    """Return a value as it is shown: money is that of so many calls."""
    return value * _CALLS if unit == "dollar" else value


def title(metric: Metric) -> str:
    """Return a metric's name, with the number that is shown of it."""
    name = f"cost of {_CALLS:,} calls" if metric.unit == "dollar" else metric.title
    return f"{name}, {metric.kind}" if metric.kind != "rate" else name


def render(report: Report, ending: Ending) -> RenderableType:
    """Draw a report: headline, table, one sentence a metric, remarks."""
    parts: list[RenderableType] = [Text(headline(report), style="bold")]
    if report.began is not None:
        parts.append(Text(circumstances(report, ending), style="dim"))
    if ending.sandbox:
        parts.append(Text(SIMULATED, style="yellow"))
    parts.append("")
    if not report.calls:
        parts.append(Text(NO_CALLS))
    else:
        parts += [_table(report), ""]
    if compares(report):
        parts.append(_conclusions(report))
    parts += [Text(remark, style="yellow") for remark in remarks(report, ending)]
    return Group(*parts)


def compares(report: Report) -> bool:
    """Whether there is more than one model to tell of."""
    return len(report.models) > 1 and bool(report.rows)


def _conclusions(report: Report) -> Table:
    conclusions = Table.grid(padding=(0, 2, 0, 0))
    conclusions.add_column(style="dim", no_wrap=True)
    conclusions.add_column()
    for row in report.rows:
        real = any(pair.real for pair in row.pairs)
        conclusions.add_row(Text(row.metric.title), Text(row.conclusion, style="" if real else "dim"))
    return conclusions


def circumstances(report: Report, ending: Ending) -> str:
    """Return when the calls were made, and where, as far as that is known."""
    began, ended = (datetime.fromisoformat(each) for each in (report.began or "", report.ended or ""))
    until = (
        ""
        if f"{began:%F %R}" == f"{ended:%F %R}"
        else f" to {ended:%R}"
        if began.date() == ended.date()
        else f" to {ended:%F %R}"
    )
    where = () if ending.sandbox else report.regions
    return " \u00b7 ".join((f"{began:%F %R}{until} UTC", *where))


def headline(report: Report) -> str:
    """Return one line on what was compared."""
    calls = counted(report.planned, "call")
    done = calls if report.calls == report.planned else f"{report.calls:,} of {calls}"
    spent = _dollars(sum(model.spent for model in report.models))
    times = "" if report.repeat == 1 else f" × {report.repeat}"
    models, prompts = counted(len(report.models), "model"), counted(report.prompts, "prompt")
    return f"{report.name}: {models} · {prompts}{times} · {done} · {spent}"


def counted(number: int, noun: str) -> str:
    """Return so many of them."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    table.add_column("")
    for model in report.models:
        table.add_column(Text(model.label, overflow="fold"), justify="right")
    for row in report.rows:
        cells = (cell(row.estimates[model.label], row, model.label) for model in report.models)
        table.add_row(Text(title(row.metric)), *cells)
    for name, text in TOTALS:
        table.add_row(Text(name, style="dim"), *(Text(text(model), style="dim") for model in report.models))
    return table


def _spent(model: ModelTotals) -> str:
    if model.unpriced and not model.spent:
        return "unpriced"
    return f"≥{_dollars(model.spent)}" if model.unpriced else _dollars(model.spent)


#: What is told of each model below its metrics.
TOTALS: tuple[tuple[str, Callable[[ModelTotals], str]], ...] = (
    ("calls", lambda model: f"{model.calls:,}"),
    ("spent", _spent),
    ("tokens in / out", lambda model: f"{model.input_tokens:,} / {model.output_tokens:,}"),
)


def cell(estimate: Estimate | None, row: Row, label: str) -> Text:
    """Return a number above its interval; the winner's is marked."""
    if estimate is None:
        return Text("-", style="dim")
    wins = row.winner == label
    text = Text(f"{_MARK} " if wins else "", style="bold green" if wins else "")
    text.append(number(estimate.value, row.metric.unit))
    if estimate.has_interval:
        text.append(f"\n{interval(estimate, row.metric.unit)}", style="dim not bold default")
    return text


def interval(estimate: Estimate, unit: Unit) -> str:
    """Return an interval as text."""
    return f"{number(estimate.low, unit)} to {number(estimate.high, unit)}"


def remarks(report: Report, ending: Ending) -> list[str]:
    """Return what the reader has to know of how the numbers came about."""
    return list(_remarks(report, ending))


def _remarks(report: Report, ending: Ending) -> Iterator[str]:
    if len(report.models) == 1:
        yield "one model alone: there is nothing to compare it with"
    intervals = [each.has_interval for row in report.rows for each in row.estimates.values() if each]
    if not all(intervals):
        where = " where none is shown" if any(intervals) else ""
        yield f"too few prompts for an interval{where}: it takes {FEWEST_CLUSTERS} or more"
    if ending.outcome.stopped == "budget":
        left = ending.outcome.left
        yield (
            f"stopped by the budget: the next call could pass ${ending.limit:g}, of which ${ending.spent:.4f} are spent; "
            f"{counted(left, 'call')} {'was' if left == 1 else 'were'} not made. Raise budget_dollars and run again to go on from "
            f"{ending.results}"
        )
    if ending.aside_calls:
        yield f"plus {_dollars(ending.aside)} set aside for {counted(ending.aside_calls, 'call')} whose cost nobody knows"
    for model in report.models:
        if model.errors:
            told = ", ".join(f"{count} × {error}" for error, count in sorted(model.errors.items()))
            yield f"{model.label}: {sum(model.errors.values())} of {counted(model.calls, 'call')} failed ({told}); --retry-failed makes them again"
        if model.unpriced:
            yield f"{model.label}: {model.unpriced} of its answers could not be priced, so more was spent than is shown"


def as_json(report: Report, ending: Ending) -> dict[str, Any]:
    """Return a report of JSON's types; docs/compare.md says what it holds."""
    return {
        "comparison": report.name,
        "sandbox": ending.sandbox,
        "began": report.began,
        "ended": report.ended,
        "regions": report.regions,
        "prompts": report.prompts,
        "repeat": report.repeat,
        "calls": {
            "planned": report.planned,
            "finished": report.calls,
            "failed": report.errors,
            "made_now": ending.outcome.made,
            "left": ending.outcome.left,
        },
        "stopped": ending.outcome.stopped,
        "budget": {
            "limit": ending.limit,
            "spent": ending.spent,
            "set_aside": ending.aside,
            "set_aside_calls": ending.aside_calls,
        },
        "results": ending.results,
        "level": report.level,
        "models": [asdict(model) for model in report.models],
        "metrics": [_metric_json(row) for row in report.rows],
    }


def _metric_json(row: Row) -> dict[str, Any]:
    metric = row.metric
    return {
        "metric": metric.key,
        "statistic": metric.kind,
        "unit": metric.unit,
        "better": metric.better,
        "models": {label: each and asdict(each) | _ends(each) for label, each in row.estimates.items()},
        "differences": [
            {
                "model": pair.one,
                "against": pair.other,
                "as": "difference" if metric.kind == "rate" else "ratio",
                "value": pair.difference.value,
                **_ends(pair.difference),
                "p": pair.difference.p,
                "p_adjusted": pair.p,
                "prompts": pair.difference.clusters,
                "real": pair.real,
            }
            for pair in row.pairs
        ],
        "winner": row.winner,
        "conclusion": row.conclusion,
    }


def _ends(number: Estimate | Difference) -> dict[str, float | None]:
    """Return an interval's ends, none of it where there are too few prompts for one."""
    return {"low": number.low, "high": number.high} if number.has_interval else {"low": None, "high": None}

"""A comparison for people and for programs: a table with a column a model, and JSON."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ddllm.analysis.compare import Outcome
from ddllm.analysis.compare.metrics import Metric, Unit
from ddllm.analysis.compare.report import ModelTotals, Report, Row
from ddllm.analysis.statistics import Estimate

#: Marks a winner where there is no colour.
_MARK = "★"


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


def render(report: Report, remarks: list[str]) -> RenderableType:
    """Draw a report: headline, table, one sentence a metric, remarks."""
    conclusions = Table.grid(padding=(0, 2, 0, 0))
    conclusions.add_column(style="dim", no_wrap=True)
    conclusions.add_column()
    for row in report.rows:
        real = any(pair.real for pair in row.pairs)
        conclusions.add_row(Text(row.metric.title), Text(row.conclusion, style="" if real else "dim"))
    parts: list[RenderableType] = [Text(headline(report), style="bold"), "", _table(report), "", conclusions]
    parts += [Text(remark, style="yellow") for remark in remarks]
    return Group(*parts)


def headline(report: Report) -> str:
    """Return one line on what was compared."""
    done = f"{report.calls}" if report.calls == report.planned else f"{report.calls} of {report.planned}"
    spent = _dollars(sum(model.spent for model in report.models))
    times = "" if report.repeat == 1 else f" × {report.repeat}"
    return f"{report.name}: {len(report.models)} models · {report.prompts} prompts{times} · {done} calls · {spent}"


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    table.add_column("")
    for model in report.models:
        table.add_column(Text(model.label, overflow="fold"), justify="right")
    for row in report.rows:
        cells = (cell(row.estimates[model.label], row, model.label) for model in report.models)
        table.add_row(Text(title(row.metric)), *cells)
    for name, text in _TOTALS:
        table.add_row(Text(name, style="dim"), *(Text(text(model), style="dim") for model in report.models))
    return table


def _spent(model: ModelTotals) -> str:
    if model.unpriced and not model.spent:
        return "unpriced"
    return f"≥{_dollars(model.spent)}" if model.unpriced else _dollars(model.spent)


_TOTALS: tuple[tuple[str, Callable[[ModelTotals], str]], ...] = (
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
    text.append(f"\n{interval(estimate, row.metric.unit)}", style="dim not bold default")
    return text


def interval(estimate: Estimate, unit: Unit) -> str:
    """Return an interval as text."""
    return f"{number(estimate.low, unit)} to {number(estimate.high, unit)}"


def remarks(report: Report, outcome: Outcome, *, spent: float, limit: float, results: str) -> list[str]:
    """Return what the reader has to know of how the numbers came about."""
    return list(_remarks(report, outcome, spent, limit, results))


def _remarks(report: Report, outcome: Outcome, spent: float, limit: float, results: str) -> Iterator[str]:
    if outcome.stopped == "budget":
        yield (
            f"stopped by the budget: the next call could pass ${limit:g}, of which ${spent:.4f} are spent; "
            f"{outcome.left} calls were not made. Raise budget_dollars and run again to go on from {results}"
        )
    for model in report.models:
        if model.errors:
            told = ", ".join(f"{count} × {error}" for error, count in sorted(model.errors.items()))
            yield f"{model.label}: {sum(model.errors.values())} of {model.calls} calls failed ({told}); --retry-failed makes them again"
        if model.unpriced:
            yield f"{model.label}: {model.unpriced} of its answers could not be priced, so more was spent than is shown"


def as_json(report: Report, outcome: Outcome, *, spent: float, limit: float, results: str) -> dict[str, Any]:
    """Return a report of JSON's types; docs/compare.md says what it holds."""
    return {
        "comparison": report.name,
        "prompts": report.prompts,
        "repeat": report.repeat,
        "calls": {
            "planned": report.planned,
            "finished": report.calls,
            "failed": report.errors,
            "made_now": outcome.made,
            "left": outcome.left,
        },
        "stopped": outcome.stopped,
        "budget": {"limit": limit, "spent": spent},
        "results": results,
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
        "models": {label: each and asdict(each) for label, each in row.estimates.items()},
        "differences": [
            {
                "model": pair.one,
                "against": pair.other,
                "as": "difference" if metric.kind == "rate" else "ratio",
                "value": pair.difference.value,
                "low": pair.difference.low,
                "high": pair.difference.high,
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

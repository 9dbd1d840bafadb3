"""A comparison as one page that needs nothing else: a table, a plot a metric, and all differences side by side."""

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from ddllm.analysis.compare.differences import Pair
from ddllm.analysis.compare.metrics import Unit
from ddllm.analysis.compare.report import Report, Row
from ddllm.analysis.statistics import Difference, Estimate
from ddllm.cli._compare_view import (
    NO_CALLS,
    SIMULATED,
    TOTALS,
    Ending,
    circumstances,
    compares,
    counted,
    headline,
    interval,
    number,
    remarks,
    shown,
    title,
)
from ddllm.errors import DdllmError

#: Colours that stay apart for those who see few of them (Okabe and Ito); more models than that begin anew.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_GREY = "#8a8f98"
#: A logarithmic axis names its steps in full; plotly's own would call 20 a "2".
_TICKS = tuple(digit * 10.0**power for power in range(-4, 5) for digit in (1, 2, 5))
_ROW_HEIGHT, _PAIR_HEIGHT, _FRAME_HEIGHT = 34, 66, 78
#: Pixels of a letter in labels, at most on average; plotly's own margin would cut long ones off.
_LETTER_WIDTH, _LABEL_SIZE = 7, 13

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1c1e21; background: #fff; max-width: 1080px; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .4rem; }
.sub { color: #5b6169; margin: .2rem 0 1.2rem; } .simulated { background: #b3261e; color: #fff; font-weight: 600; padding: .6rem .9rem; border-radius: 4px; }
.remark { background: #fff6dd; padding: .5rem .8rem; border-radius: 4px; }
table { border-collapse: collapse; width: 100%; } th, td { padding: .45rem .7rem; border-bottom: 1px solid #e4e6ea; text-align: right; vertical-align: top; }
th:first-child, td:first-child { text-align: left; } td small { display: block; color: #5b6169; }
tr.total td { color: #5b6169; } td.winner { font-weight: 600; background: #e9f6ef; } td.winner small { font-weight: 400; }
.metrics { display: grid; grid-template-columns: repeat(auto-fit, minmax(460px, 1fr)); gap: 1rem 1.6rem; }
.card { border: 1px solid #e4e6ea; border-radius: 6px; padding: .8rem 1rem .2rem; } .card h3 { font-size: 1rem; margin: 0; }
.card p { margin: .2rem 0; color: #5b6169; } .card p.real { color: #1c1e21; }
footer { color: #5b6169; font-size: .85rem; margin: 2rem 0; }
@media (max-width: 560px) { .metrics { grid-template-columns: 1fr; } }
"""

_DRAW = """
for (const [id, figure] of Object.entries(JSON.parse(document.getElementById("figures").textContent)))
  Plotly.newPlot(id, figure.data, figure.layout, {displayModeBar: false, responsive: true});
"""


def script() -> str:
    """Return plotly's script, which the page carries. Raises `DdllmError` where plotly is not installed."""
    try:
        from plotly.offline import get_plotlyjs  # noqa: PLC0415 - 200 ms, for pages alone
    except ImportError:
        raise DdllmError("a page needs plotly", hint="pip install 'ddllm[sandbox]', or use --format text") from None
    text: str = get_plotlyjs()
    return text


def page(report: Report, ending: Ending, plotly: str) -> str:
    """Return the whole page."""
    figures = dict(_figures(report))
    told = compares(report)
    cards = "\n".join(_card(row, index, told=told) for index, row in enumerate(report.rows))
    banner = f'<p class="simulated">{SIMULATED}</p>\n' if ending.sandbox else ""
    made = f'<p class="sub">{escape(circumstances(report, ending))}</p>\n' if report.began else ""
    noted = "\n".join(f'<p class="remark">{escape(remark)}</p>' for remark in remarks(report, ending))
    metrics = f'<h2>Metric by metric</h2>\n<div class="metrics">\n{cards}\n</div>' if cards else ""
    forests = "\n".join(
        f"<h2>{heading}</h2>\n<div id={name!r}></div>" for name, heading in _FORESTS.items() if name in figures
    )
    data = json.dumps(figures, ensure_ascii=True).replace("</", "<\\/")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(report.name)}: models compared</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(report.name)}</h1>
<p class="sub">{escape(headline(report).partition(": ")[2])}</p>
{made}{banner}{noted}
{_table(report) if report.calls else f"<p>{NO_CALLS}</p>"}
{metrics}
{forests}
<footer>{_FOOTER.format(level=f"{100 * report.level:g}")}</footer>
<script type="application/json" id="figures">{data}</script>
<script>{plotly}</script>
<script>{_DRAW}</script>
</body>
</html>"""


_FORESTS = {
    "ratios": "How many times as much",
    "points": "How many points more",
}
_FOOTER = (
    "Bars are {level} % intervals, from resampled prompts. A difference is real, and its winner marked, where its interval "
    "excludes equality and it holds after Holm's correction for all comparisons of this page."
)


def _table(report: Report) -> str:
    head = "".join(f'<th title="{escape(model.id)}">{escape(model.label)}</th>' for model in report.models)
    body = "\n".join(_table_row(row, [model.label for model in report.models]) for row in report.rows)
    body += "\n" + "\n".join(
        f'<tr class="total"><td>{name}</td>{"".join(f"<td>{escape(text(model))}</td>" for model in report.models)}</tr>'
        for name, text in TOTALS
    )
    return f"<table>\n<thead><tr><th></th>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _table_row(row: Row, labels: Sequence[str]) -> str:
    cells = []
    for label in labels:
        estimate = row.estimates[label]
        unit = row.metric.unit
        text = number(estimate.value, unit) if estimate else "-"
        if estimate and estimate.has_interval:
            text += f"<small>{interval(estimate, unit)}</small>"
        cells.append(f'<td class="winner">{text}</td>' if label == row.winner else f"<td>{text}</td>")
    return f"<tr><td>{escape(title(row.metric))}</td>{''.join(cells)}</tr>"


def _card(row: Row, index: int, *, told: bool) -> str:
    real = ' class="real"' if any(pair.real for pair in row.pairs) else ""
    conclusion = f"<p{real}>{escape(row.conclusion)}</p>" if told else ""
    return f'<div class="card"><h3>{escape(title(row.metric))}</h3>{conclusion}<div id="metric-{index}"></div></div>'


def _figures(report: Report) -> Iterator[tuple[str, dict[str, Any]]]:
    labels = [model.label for model in report.models]
    for index, row in enumerate(report.rows):
        yield f"metric-{index}", _estimates(row, labels)
    for name, is_rate, equal, axis in (
        ("ratios", False, 1.0, {"type": "log", "tickvals": _TICKS, "ticktext": [f"{tick:g}×" for tick in _TICKS]}),
        ("points", True, 0.0, {"tickformat": "+.0%"}),
    ):
        pairs = [(row, pair) for row in report.rows if (row.metric.kind == "rate") is is_rate for pair in row.pairs]
        if pairs:
            yield name, _forest(pairs, equal, axis)


def _estimates(row: Row, labels: Sequence[str]) -> dict[str, Any]:
    """Draw each model's number and interval, the first model on top."""
    known = [(label, estimate) for label in labels if (estimate := row.estimates[label]) is not None]
    scale = shown(1.0, row.metric.unit)
    values = [scale * estimate.value for _, estimate in known]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": values,
        "y": [label for label, _ in known],
        "marker": {"size": 10, "color": [_COLOURS[labels.index(label) % len(_COLOURS)] for label, _ in known]},
        "error_x": _bars(values, [_ends(each, scale) for _, each in known]),
        "text": [_hover(each, row.metric.unit) for _, each in known],
        "hovertemplate": "%{text}<extra></extra>",
    }
    axis = {"tickformat": ".0%", "range": [-0.03, 1.03]} if row.metric.kind == "rate" else {"rangemode": "tozero"}
    return {"data": [points], "layout": _layout(len(known), axis | _UNIT_TICKS.get(row.metric.unit, {}))}


def _hover(estimate: Estimate, unit: Unit) -> str:
    sure = f" ({interval(estimate, unit)})" if estimate.has_interval else ""
    counts = f"{counted(estimate.values, 'call')}, {counted(estimate.clusters, 'prompt')}"
    return f"{number(estimate.value, unit)}{sure}<br>{counts}"


def _ends(number: Estimate | Difference, scale: float = 1.0) -> tuple[float, float] | None:
    return (scale * number.low, scale * number.high) if number.has_interval else None


_UNIT_TICKS = {"second": {"ticksuffix": " s"}, "dollar": {"tickprefix": "$"}}


def _forest(pairs: Sequence[tuple[Row, Pair]], equal: float, axis: dict[str, Any]) -> dict[str, Any]:
    """Draw differences against the line of equality; those that are not real are grey."""
    values = [pair.difference.value for _, pair in pairs]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": values,
        "y": [f"<b>{row.metric.title}</b><br>{pair.one}<br>against {pair.other}" for row, pair in pairs],
        "marker": {"size": 10, "color": [_COLOURS[0] if pair.real else _GREY for _, pair in pairs]},
        "error_x": _bars(values, [_ends(pair.difference) for _, pair in pairs]),
        "text": ["real" if pair.real else "no proof" for _, pair in pairs],
        "hovertemplate": "%{x:.3g}, %{text}<extra></extra>",
    }
    line = {"type": "line", "x0": equal, "x1": equal, "yref": "paper", "y0": 0, "y1": 1}
    layout = _layout(len(pairs), axis, _PAIR_HEIGHT)
    layout["shapes"] = [line | {"line": {"color": _GREY, "dash": "dot", "width": 1}}]
    layout["yaxis"]["tickfont"] = {"size": _LABEL_SIZE}
    longest = max(len(f"against {label}") for _, pair in pairs for label in (pair.one, pair.other))
    layout["margin"]["l"] = 20 + _LETTER_WIDTH * longest
    return {"data": [points], "layout": layout}


def _bars(values: Sequence[float], intervals: Sequence[tuple[float, float] | None]) -> dict[str, Any]:
    """Draw intervals; None draws nothing."""
    if not any(intervals):
        return {"visible": False}
    return {
        "type": "data",
        "symmetric": False,
        "array": [ends and ends[1] - value for value, ends in zip(values, intervals, strict=True)],
        "arrayminus": [ends and value - ends[0] for value, ends in zip(values, intervals, strict=True)],
        "color": _GREY,
        "thickness": 1.5,
        "width": 5,
    }


def _layout(rows: int, axis: dict[str, Any], height: int = _ROW_HEIGHT) -> dict[str, Any]:
    return {
        "height": _FRAME_HEIGHT + height * rows,
        "margin": {"l": 10, "r": 20, "t": 12, "b": 34},
        "xaxis": {"automargin": True, "gridcolor": "#eceef1", "zerolinecolor": "#d5d8dd", **axis},
        "yaxis": {"automargin": True, "range": [rows - 0.5, -0.5], "type": "category"},
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "#1c1e21"},
        "showlegend": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }

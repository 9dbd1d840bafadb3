"""A backtest as one HTML page with charts: plotly.js is part of it, so that it opens anywhere, without a network."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape

import numpy as np

from ddllm.alerting.state import State
from ddllm.cli._backtest_view import Backtest, group_text, rate, remarks, summary, trials
from ddllm.cli._numbers import duration
from ddllm.errors import DdllmError
from ddllm.testing.alerts import totals
from ddllm.testing.backtest import Result

try:
    import plotly.graph_objects as go
    from plotly.offline import get_plotlyjs
except ImportError:
    raise DdllmError(
        "--format html needs plotly, which is not installed", hint="pip install 'ddllm[sandbox]'"
    ) from None

_COLOURS = {State.ALERT: "#e5484d", State.WARN: "#edc948", State.NO_DATA: "#8a8f98"}
_BLUE, _RED = "#4269d0", "#e5484d"
_SHADED = 200  # alerts of a chart: more are no longer told apart
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 1100px; padding: 24px; color: #1c2024; background: #fff }
h1 { font-size: 26px; margin: 0 } h2 { font-size: 18px; margin: 36px 0 0 } p { margin: 4px 0 } .quiet { color: #60646c }
table { border-collapse: collapse; margin: 20px 0 } th, td { text-align: right; padding: 4px 12px; border-bottom: 1px solid #d9d9e0 }
th:first-child, td:first-child, th:last-child, td:last-child { text-align: left }
"""


def page(found: Backtest) -> str:
    """Return the page: a row a monitor, and a chart for each that has values."""
    body = "\n".join(_body(found))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Backtest</title>'
        f"<style>{_STYLE}</style><script>{get_plotlyjs()}</script></head><body>\n{body}\n</body></html>\n"
    )


def _body(found: Backtest) -> Iterator[str]:
    yield "<h1>Backtest</h1>"
    yield _quiet(found.title)
    yield f"<p><b>{escape(summary(found))}</b></p>"
    ran = sorted((each for each in found.results if each.skipped is None), key=lambda each: -each.a_week)
    yield _table([each for each in ran if each.alerts])
    for line in (*trials(ran), *remarks(found)):
        yield _quiet(line)
    for number, each in enumerate(ran):
        if each.curve is not None and each.groups:
            yield f"<h2>{escape(each.probe.key)}</h2>"
            yield _quiet(f"The worst of its groups, values of {each.curve.monitor}; {rate(each.a_week)} alerts a week.")
            yield _chart(each, f"monitor-{number}")


def _table(results: Sequence[Result]) -> str:
    heads = (
        "monitor",
        "severity",
        "alerts a week",
        "warnings",
        "in alert",
        "flaps",
        "groups",
        "longest",
        "worst group",
    )
    rows = []
    for each in results:
        row = totals(each.alerts, each.end)
        rows.append(
            (
                each.probe.key,
                each.probe.severity or "",
                rate(each.a_week),
                str(row.warnings),
                duration(row.seconds),
                str(row.flaps),
                str(each.groups),
                duration(row.longest),
                group_text(row.worst or {}),
            )
        )
    if not rows:
        return "<p>No alerts.</p>"
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _chart(result: Result, identifier: str) -> str:
    curve = result.curve
    if curve is None:
        return ""
    figure = go.Figure()
    threshold = result.trial.after if result.trial is not None else curve.threshold
    figure.add_scatter(
        x=[_at(each) for each in curve.times.tolist()],
        y=[None if np.isnan(each) else each for each in curve.values.tolist()],
        mode="lines",
        line={"color": _BLUE, "width": 1},
        name="value",
    )
    figure.add_hline(y=threshold, line={"color": _RED, "dash": "dash", "width": 1})
    for alert in result.alerts[:_SHADED]:
        end = result.end if alert.end is None else alert.end
        figure.add_vrect(x0=_at(alert.start), x1=_at(end), fillcolor=_COLOURS[alert.state], opacity=0.25, line_width=0)
    figure.update_layout(
        template="plotly_white",
        height=260,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        showlegend=False,
        font={"family": "system-ui, sans-serif"},
    )
    figure.update_xaxes(automargin=True, range=[_at(result.start), _at(result.end)])
    figure.update_yaxes(automargin=True)
    options = {"displaylogo": False, "responsive": True}
    return str(figure.to_html(full_html=False, include_plotlyjs=False, div_id=identifier, config=options))


def _at(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M")


def _quiet(text: str) -> str:
    return f'<p class="quiet">{escape(text)}</p>'

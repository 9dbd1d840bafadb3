"""The cost report as one HTML page with charts: plotly.js is part of it, so that it opens anywhere, without a network."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from ddllm.analysis.costs import Costs, Pareto, Waste
from ddllm.cli._costs_view import within_actions
from ddllm.cli._numbers import count, dollars, duration, things
from ddllm.cli._times import span
from ddllm.errors import DdllmError

try:
    import plotly.graph_objects as go
    from plotly.offline import get_plotlyjs
except ImportError:
    raise DdllmError(
        "--format html needs plotly, which is not installed", hint="pip install 'ddllm[sandbox]'"
    ) from None

_LONGEST_NAME = 40
_ROW_HEIGHT = 34
_AROUND = 120

_BLUE, _RED, _ORANGE, _YELLOW, _PURPLE, _GREY = "#4269d0", "#e5484d", "#f28e2b", "#edc948", "#9467bd", "#8a8f98"

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 1100px; padding: 24px; color: #1c2024; background: #fff }
h1 { font-size: 26px; margin: 0 } h2 { font-size: 18px; margin: 36px 0 0 } p { margin: 4px 0 } .quiet { color: #60646c }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0 } .tile { border: 1px solid #d9d9e0; border-radius: 8px; padding: 10px 16px; min-width: 140px }
.tile b { display: block; font-size: 22px } .warning { background: #fff7e0; border-left: 4px solid #edc948; padding: 6px 12px; margin: 8px 0 }
"""


def page(costs: Costs, *, top: int) -> str:
    """Return the page, with `top` bars a chart at most."""
    body = "\n".join(_body(costs, top))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>LLM costs</title>'
        f"<style>{_STYLE}</style><script>{get_plotlyjs()}</script></head><body>\n{body}\n</body></html>\n"
    )


def _body(costs: Costs, top: int) -> Iterator[str]:
    where = "all environments" if costs.env is None else f"env {costs.env}"
    yield "<h1>LLM costs</h1>"
    yield _quiet(f"{where}, {span(costs.window.start, costs.window.end)}, from {costs.source}")
    for warning in costs.warnings:
        yield f'<p class="warning">{escape(warning)}</p>'
    yield _tiles(costs)
    for number, pareto in enumerate(costs.paretos):
        yield f"<h2>Spend by {pareto.dimension}</h2><p>{escape(_capital(pareto.sentence))}.</p>"
        if pareto.dimension == "action" and pareto.slices:
            yield _quiet(f"{_capital(within_actions(costs, pareto))}.")
        if pareto.slices:
            yield _chart(_pareto(pareto, top), f"pareto-{number}")
            yield from _more(len(pareto.slices), top)
    yield "<h2>Spent for nothing</h2>"
    rows = [row for row in costs.waste if row.dollars]
    if rows:
        yield _quiet(
            "Failed and abandoned are measured. Malformed and refused are estimates: such answers times the template's average "
            "cost of a successful call; they may overlap."
        )
        yield _chart(_waste(rows[:top]), "waste")
        yield from _more(len(rows), top)
    else:
        yield "<p>Nothing.</p>"
    yield "<h2>Cache savings missed</h2>"
    if costs.cache:
        yield _quiet(
            "At most, by estimate: input that was not read from the prompt cache, at today's difference in price. Only a prefix "
            "that repeats can be read from it, and its first writing costs extra."
        )
        yield _chart(_cache(costs, top), "cache")
        yield from _more(len(costs.cache), top)
    else:
        yield "<p>None, or no model here has a cache price.</p>"
    yield from _retries(costs)


def _tiles(costs: Costs) -> str:
    failed = sum(row.failed_dollars for row in costs.waste)
    abandoned = sum(row.abandoned_dollars for row in costs.waste)
    least = "≥ " if costs.unpriced or costs.usage_missing else ""
    shown = {
        "spent": least + dollars(costs.dollars),
        "calls": count(costs.calls),
        "on failed answers": dollars(failed),
        "on abandoned answers": dollars(abandoned),
        "cache savings missed, at most": f"~{dollars(sum(row.estimated_dollars for row in costs.cache))}",
        "attempts beyond the first": count(costs.retries.beyond_first),
    }
    tiles = (f'<div class="tile"><b>{escape(value)}</b>{escape(name)}</div>' for name, value in shown.items())
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _retries(costs: Costs) -> Iterator[str]:
    retries = costs.retries
    yield "<h2>Retries</h2>"
    yield (
        f"<p>{things(retries.beyond_first, 'attempt')} beyond the first of {things(retries.calls, 'call')}; calls waited "
        f"{duration(retries.waited_seconds)} in all, for retries, rate limiters and queues.</p>"
    )
    if retries.failed_attempts:
        outcomes = ", ".join(f"{count(number)} {outcome}" for outcome, number in retries.failed_attempts.items())
        yield f"<p>Failed attempts: {escape(outcomes)}.</p>"
    yield _quiet(
        "A throttled attempt costs time and no dollars. What a provider bills for one that timed out is not measured."
    )


def _pareto(pareto: Pareto, top: int) -> Any:
    parts = pareto.slices[:top]
    names = _names([part.name for part in parts])
    figure = go.Figure()
    figure.add_bar(
        x=names,
        y=[part.dollars - part.failed_dollars for part in parts],
        name="spent on answers",
        marker_color=_BLUE,
        hovertemplate="%{x}<br>$%{y:,.4f}<extra></extra>",
    )
    figure.add_bar(
        x=names,
        y=[part.failed_dollars for part in parts],
        name="failed or abandoned",
        marker_color=_RED,
        hovertemplate="%{x}<br>$%{y:,.4f} failed or abandoned<extra></extra>",
    )
    figure.add_scatter(
        x=names,
        y=[part.cumulative for part in parts],
        name="cumulative share",
        yaxis="y2",
        mode="lines+markers",
        line={"color": _GREY},
        hovertemplate="%{y:.0%} with all before<extra></extra>",
    )
    figure.update_xaxes(type="category")
    figure.update_layout(
        barmode="stack",
        height=380,
        yaxis={"title": "dollars", "tickprefix": "$", "rangemode": "tozero"},
        yaxis2={
            "overlaying": "y",
            "side": "right",
            "tickformat": ".0%",
            "tickmode": "linear",
            "dtick": 0.2,
            "range": [0, 1.05],
            "showgrid": False,
        },
    )
    return figure


def _waste(worst: Sequence[Waste]) -> Any:
    rows = worst[::-1]  # plotly draws the first at the bottom
    names = _names([row.template for row in rows])
    bars = (
        ("failed", [row.failed_dollars for row in rows], _RED, ""),
        ("abandoned", [row.abandoned_dollars for row in rows], _ORANGE, ""),
        ("malformed, estimated", [row.estimated_malformed_dollars or 0 for row in rows], _YELLOW, "/"),
        ("refused, estimated", [row.estimated_refused_dollars or 0 for row in rows], _PURPLE, "/"),
    )
    figure = go.Figure()
    for name, values, colour, pattern in bars:
        figure.add_bar(
            x=values,
            y=names,
            orientation="h",
            name=name,
            marker={"color": colour, "pattern": {"shape": pattern}},
            hovertemplate="%{y}<br>$%{x:,.4f}<extra>" + name + "</extra>",
        )
    figure.update_yaxes(type="category")  # a template may be called 2026-01-31
    figure.update_layout(barmode="group", height=_AROUND + 2 * _ROW_HEIGHT * len(rows))
    figure.update_xaxes(tickprefix="$", rangemode="tozero")
    return figure


def _cache(costs: Costs, top: int) -> Any:
    rows = costs.cache[:top][::-1]
    figure = go.Figure()
    figure.add_bar(
        x=[row.estimated_dollars for row in rows],
        y=_names([f"{row.template} · {row.model}" for row in rows]),
        orientation="h",
        marker={"color": _BLUE, "pattern": {"shape": "/"}},
        hovertemplate="%{y}<br>at most $%{x:,.4f}<extra></extra>",
    )
    figure.update_yaxes(type="category")
    figure.update_layout(height=_AROUND + _ROW_HEIGHT * len(rows))
    figure.update_xaxes(tickprefix="$", rangemode="tozero")
    return figure


def _chart(figure: Any, identifier: str) -> str:
    figure.update_layout(
        template="plotly_white",
        margin={"l": 10, "r": 10, "t": 40, "b": 10},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        font={"family": "system-ui, sans-serif"},
    )
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
    return str(
        figure.to_html(
            full_html=False,
            include_plotlyjs=False,
            div_id=identifier,
            config={"displaylogo": False, "responsive": True},
        )
    )


def _names(names: list[str]) -> list[str]:
    """Shorten names and keep them apart; a chart adds up what has the same name, and reads `<` as markup."""
    shown: list[str] = []
    for name in names:
        short = escape(name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…")
        while short in shown:
            short += " "
        shown.append(short)
    return shown


def _more(number: int, top: int) -> Iterator[str]:
    if number > top:
        yield _quiet(f"… and {number - top} more (--top {number} shows them)")


def _quiet(text: str) -> str:
    return f'<p class="quiet">{escape(text)}</p>'


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

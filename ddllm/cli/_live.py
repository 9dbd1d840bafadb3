"""What an agent received, as a table, live on a terminal: shared by the commands that run an application.

`render` is a pure function of a snapshot; a column is one entry of `_COLUMNS`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ddllm.cli._numbers import count, dollars, things
from ddllm.cli._summary import Done, Row, Snapshot, snapshot
from ddllm.sandbox.agent import Agent

_REFRESHES_PER_SECOND = 2


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.2f} s" if value < 100 else f"{value:.0f} s"  # noqa: PLR2004 - three digits


def _speed(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"


def _spend(row: Row) -> str:
    if row.unpriced and not row.dollars:
        return "unpriced"
    return f"≥{dollars(row.dollars)}" if row.unpriced else dollars(row.dollars)


def _malformed(row: Row) -> str:
    return f"{count(row.malformed)} of {count(row.checked)}" if row.checked else ""


def _thumbs(row: Row) -> str:
    return f"{count(row.thumbs_up)}, {count(row.thumbs_down)}" if row.thumbs_up or row.thumbs_down else ""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of numbers: header, text, and the style of a cell that is not zero."""

    header: str
    text: Callable[[Row], str]
    style: str = ""


#: The columns, from left to right.
_COLUMNS = (
    _Column("calls", lambda row: count(row.requests)),
    _Column("errors", lambda row: count(row.errors), "red"),
    _Column("spend", _spend, "bold"),
    _Column("tokens\nin", lambda row: count(row.input_tokens)),
    _Column("tokens\nout", lambda row: count(row.output_tokens)),
    _Column("from\ncache", lambda row: _percent(row.cache_read_share)),
    _Column("TTFT\np50", lambda row: _seconds(row.ttft_p50)),
    _Column("TTFT\np95", lambda row: _seconds(row.ttft_p95)),
    _Column("tokens/s\np50", lambda row: _speed(row.tokens_per_second_p50)),
    _Column("duration\np95", lambda row: _seconds(row.duration_p95)),
    _Column("throttled", lambda row: count(row.throttled), "yellow"),
    _Column("retries", lambda row: count(row.retries), "yellow"),
    _Column("refused", lambda row: count(row.refusals), "yellow"),
    _Column("malformed", _malformed, "yellow"),
    _Column("thumbs\nup, down", _thumbs),
)

#: What goes first where the terminal is too narrow for all.
_DISPENSABLE = (
    "thumbs\nup, down",
    "malformed",
    "refused",
    "from\ncache",
    "retries",
    "TTFT\np50",
    "duration\np95",
    "tokens\nin",
    "throttled",
    "tokens/s\np50",
    "tokens\nout",
    "TTFT\np95",
)

#: The least that names of features and models are cut to, before a column goes; and what stands between two columns.
_FEATURE_WIDTH, _MODEL_WIDTH, _GAP = 10, 20, 2


def render(taken: Snapshot, *, width: int | None = None) -> RenderableType:
    """Draw a snapshot. Columns go where `width` is too small for all of them; without a width they all stay."""
    parts: list[RenderableType] = [_headline(taken)]
    if taken.rows:
        parts += ["", _table(taken, width), ""]
    if taken.actions:
        parts += [_done(taken.actions), ""]
    parts += [Text(line, style="yellow") for line in _remarks(taken)]
    return Group(*parts)


def _headline(taken: Snapshot) -> Text:
    total = taken.total
    if not total.requests:
        return Text("no LLM calls so far", style="bold")
    parts = [things(total.requests, "call"), things(total.errors, "error"), _spend(total)]
    if taken.dollars_per_hour is not None:
        parts.append(f"{dollars(taken.dollars_per_hour)}/h")
    parts += [f"{count(total.input_tokens)} tokens in", f"{count(total.output_tokens)} out"]
    if total.ttft_p95 is not None:
        parts.append(f"TTFT p95 {_seconds(total.ttft_p95)}")
    return Text(" · ".join(parts), style="bold")


def _remarks(taken: Snapshot) -> Iterator[str]:
    if taken.total.unpriced:
        yield f"{things(taken.total.unpriced, 'call')} went to models without a known price, so spending is more than this (set prices in ddllm.yaml)"
    if taken.losses:
        yield "ddllm itself lost: " + ", ".join(
            f"{count(number)} {what}" for what, number in sorted(taken.losses.items())
        )
    if taken.malformed:
        yield f"{things(taken.malformed, 'line was', 'lines were')} no DogStatsD"
    if taken.not_forwarded:
        yield f"{things(taken.not_forwarded, 'packet')} could not be passed on to the agent"
    if taken.others and not taken.rows:
        yield f"{things(taken.others, 'metric')} arrived, but none of ddllm's: does the process run under ddtrace-run, and is ddllm installed there?"


def _table(taken: Snapshot, width: int | None) -> Table:
    columns, feature_width, model_width = _layout(taken.rows, width)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    for header, name_width in (("\nfeature", feature_width), ("\nmodel", model_width)):
        table.add_column(header, width=name_width, no_wrap=True, overflow="ellipsis")
    for column in columns:
        table.add_column(
            column.header if "\n" in column.header else f"\n{column.header}", justify="right", no_wrap=True
        )
    for row in taken.rows:
        table.add_row(Text(row.feature), Text(row.model_name), *(_cell(column, row) for column in columns))
    return table


def _done(actions: tuple[Done, ...]) -> Table:
    """Draw the users' actions."""
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    table.add_column("\nuser action", no_wrap=True, overflow="ellipsis")
    for header in ("\ncompleted", "calls\neach", "\nspend", "cost\np50", "duration\np50"):
        table.add_column(header, justify="right", no_wrap=True)
    for one in actions:
        well = "" if one.ok == one.completed else f" ({count(one.ok)} ok)"
        each = f"{one.calls / one.completed:.1f}" if one.completed else ""
        cost = "" if one.cost_p50 is None else dollars(one.cost_p50)
        table.add_row(
            Text(one.action),
            f"{count(one.completed)}{well}",
            each,
            dollars(one.dollars),
            cost,
            _seconds(one.duration_p50),
        )
    return table


def _cell(column: _Column, row: Row) -> Text:
    text = column.text(row)
    return Text(text, style="dim" if text in {"0", "0 %", "$0.00"} else column.style)


def _layout(rows: tuple[Row, ...], width: int | None) -> tuple[list[_Column], int, int]:
    """Choose the columns that fit, and how wide the names may be."""
    feature = max(len("feature"), *(cell_len(row.feature) for row in rows))
    model = max(len("model"), *(cell_len(row.model_name) for row in rows))
    columns = list(_COLUMNS)
    if width is None:
        return columns, feature, model
    least = min(feature, _FEATURE_WIDTH) + min(model, _MODEL_WIDTH) + _GAP
    for header in _DISPENSABLE:
        if least + _taken_by(columns, rows) <= width:
            break
        columns = [column for column in columns if column.header != header]
    left = width - _taken_by(columns, rows) - _GAP
    feature = min(feature, max(_FEATURE_WIDTH, left - model))
    return columns, feature, min(model, max(_MODEL_WIDTH, left - feature))


def _taken_by(columns: list[_Column], rows: tuple[Row, ...]) -> int:
    return sum(
        _GAP + max(cell_len(text) for text in (*column.header.split("\n"), *(column.text(row) for row in rows)))
        for column in columns
    )


@contextmanager
def live(agent: Agent, console: Console, clock: Callable[[], float]) -> Iterator[None]:
    """Draw the agent's table on a terminal, again and again, until the end; then it is gone, for the last one to be printed."""

    def now() -> RenderableType:
        return render(snapshot(agent, clock()), width=console.width)

    with Live(get_renderable=now, console=console, refresh_per_second=_REFRESHES_PER_SECOND, transient=True):
        yield

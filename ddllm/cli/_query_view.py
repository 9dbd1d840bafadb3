"""What a query answers, for people and for programs."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from ddllm.alerting.state import State
from ddllm.cli._numbers import duration
from ddllm.cli._plot import STYLES, line, plot
from ddllm.cli._tables import Column, Table, more, name, quiet
from ddllm.cli._times import span
from ddllm.query.arrays.anomalies import APPROXIMATE
from ddllm.testing.answers import Answered, Line, changes

_TOP = 20
_PICTURE = 24


def render(found: Answered, source: str, width: int | None) -> RenderableType:
    """Show an answer, the group with the highest value first. `width` is the terminal's; without one there is no plot."""
    parts: list[RenderableType] = [
        quiet(f"{span(found.start, found.end)}{_every(found.interval)}, from {source}"),
        Text(),
    ]
    lines = sorted(found.lines, key=lambda each: (-_highest(each), each.name))
    if not lines:
        return Group(*parts, Text("nothing: no series has this scope and these tags"))
    parts.append(_table(lines[:_TOP], found))
    parts += more(len(lines), _TOP)
    if width is not None and found.threshold is not None:
        parts += [Text(), *_plotted(max(lines, key=_time_in_alert), found.threshold, width)]
    if found.is_approximate:
        parts += [Text(), quiet(APPROXIMATE)]
    return Group(*parts)


def _table(lines: list[Line], found: Answered) -> Table:
    is_monitor = found.threshold is not None
    columns = [
        name("group"),
        Column("last"),
        Column("lowest", goes=3),
        Column("average", goes=2),
        Column("highest"),
        Column("points", goes=1),
        *([Column("state", "picture"), Column("in alert"), Column("alerts", goes=4)] if is_monitor else []),
        Column("", "picture", goes=0),
    ]
    table = Table(columns)
    for each in lines:
        known = each.values[~np.isnan(each.values)]
        numbers = (known[-1], known.min(), known.mean(), known.max()) if len(known) else (math.nan,) * 4
        states = changes(each)
        told: list[str | Text] = []
        if is_monitor and states:
            last = states[-1][1]
            alerts = sum(state is State.ALERT for _, state in states)
            in_alert = _time_in_alert(each) * found.interval
            told = [Text(str(last), style=STYLES[last]), duration(in_alert) if in_alert else "", str(alerts or "")]
        table.add_row(each.name, *map(_number, numbers), str(len(known)), *told, line(each.values, _PICTURE))
    return table


def _plotted(each: Line, threshold: float, width: int) -> Iterator[Text]:
    if each.states is None:
        return
    yield Text(each.name, style="bold")
    yield from plot(each.times, each.states, each.values, threshold, width=width, at=_at)


def _highest(each: Line) -> float:
    return -math.inf if np.isnan(each.values).all() else float(np.nanmax(each.values))


def _time_in_alert(each: Line) -> int:
    return 0 if each.states is None else int((each.states == State.ALERT).sum())


def _every(seconds: int) -> str:
    if not seconds:
        return ""
    return f", every {seconds // 60} min" if seconds % 60 == 0 else f", every {seconds} s"


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4g}"


def _at(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%m-%d %H:%M}"


def as_json(found: Answered) -> dict[str, Any]:
    """Return an answer for programs: times are Unix seconds; states are given with the time from which on they hold."""
    return {
        "ok": True,
        "query": found.query,
        "from": found.start,
        "to": found.end,
        "interval": found.interval,
        "threshold": found.threshold,
        "approximate": found.is_approximate,
        "series": [_line_json(each) for each in found.lines],
    }


def _line_json(each: Line) -> dict[str, Any]:
    pairs = zip(each.times.tolist(), each.values.tolist(), strict=True)
    points = [[at, None if math.isnan(value) else value] for at, value in pairs]
    states = {"states": [[at, str(state)] for at, state in changes(each)]} if each.states is not None else {}
    return {"group": dict(each.group), "points": points, **states}

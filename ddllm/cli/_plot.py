"""Values over time in a terminal: columns against a threshold, with the states below them, and lines of one row."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text

from ddllm.alerting.state import State

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The colour of each state.
STYLES = {State.ALERT: "red", State.WARN: "yellow", State.NO_DATA: "magenta", State.OK: "green", State.ABSENT: "dim"}

_ROWS = 6
_LABEL = 10  # columns in front
_WIDEST = 100
_EIGHTHS = " ▁▂▃▄▅▆▇█"


def plot(
    times: "NDArray[np.int64]",
    states: "NDArray[np.int8]",
    values: "NDArray[np.float64] | None",
    threshold: float,
    *,
    width: int,
    at: Callable[[int], str],
) -> Iterator[Text]:
    """Draw values as columns against the threshold, and the states below them, on lines of at most `width`; `at` writes a time."""
    columns = max(1, min(min(width, _WIDEST) - _LABEL - 6, len(times)))
    edges = _edges(len(times), columns)
    if values is not None and not np.isnan(values).all():
        yield from _bars(np.fmax.reduceat(values, edges), threshold)
    strip = Text(f"{'':>{_LABEL + 4}} ")
    for state in np.maximum.reduceat(states, edges).tolist():
        strip.append("█" if state > State.OK else "▁" if state else " ", style=STYLES[State(state)])
    yield strip
    begin, end = at(int(times[0])), at(int(times[-1]))
    yield Text(
        f"{'':>{_LABEL + 4}} {begin} {end:>{columns - len(begin) - 1 if columns > len(begin) else 0}}", style="dim"
    )


def line(values: "NDArray[np.float64]", width: int) -> str:
    """Draw values on one row of at most `width`, the highest of each column; from 0, or the lowest where that is below it."""
    if not len(values) or np.isnan(values).all():
        return ""
    seen = np.fmax.reduceat(values, _edges(len(values), min(width, len(values))))
    low = min(0.0, float(np.nanmin(seen)))
    steps = (seen - low) / ((float(np.nanmax(seen)) - low) or 1.0) * (len(_EIGHTHS) - 2)
    return "".join(" " if np.isnan(step) else _EIGHTHS[1 + round(step)] for step in steps.tolist())


def _edges(number: int, columns: int) -> "NDArray[np.int64]":
    return np.linspace(0, number, columns + 1).astype(np.int64)[:-1]


def _bars(values: "NDArray[np.float64]", threshold: float) -> Iterator[Text]:
    low, high = min(0.0, float(np.nanmin(values)), threshold), max(float(np.nanmax(values)), threshold)
    step = (high - low) / _ROWS or 1.0 / _ROWS  # the smallest of floats divided are 0 too
    border = min(int((threshold - low) / step), _ROWS - 1)
    heights = np.nan_to_num((values - low) / step, nan=0.0)
    for row in range(_ROWS - 1, -1, -1):
        label = f"{threshold:.4g}" if row == border else f"{low + step * (row + 1):.4g}" if row == _ROWS - 1 else ""
        text = Text(f"    {label:>{_LABEL}} ")
        for height in heights.tolist():
            eighths = int(8 * min(max(height - row, 0.0), 1.0))
            if eighths:
                text.append(_EIGHTHS[eighths], style="red" if row > border else "blue")
            else:
                text.append("╌" if row == border else " ", style="red")
        yield text

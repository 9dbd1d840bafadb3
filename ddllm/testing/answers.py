"""What one query answers over a history: of a metric query its points, of a monitor's the value and the state at each evaluation.

A recording is evaluated here. Datadog is asked for a metric query as it stands; for a monitor's it is asked for what that reads.
"""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ddllm.alerting.state import State
from ddllm.alerting.watch import NotRun, Watched, watch
from ddllm.api.datadog import Datadog
from ddllm.errors import DdllmError, QueryError
from ddllm.query.arrays.frame import Axis
from ddllm.query.ast import Expression, Several
from ddllm.query.evaluate import evaluate
from ddllm.query.monitor import MonitorQuery
from ddllm.query.reads import reads
from ddllm.query.recordings import Recording, read_recording
from ddllm.query.series import ABSENT
from ddllm.testing.backtest import Probe
from ddllm.testing.history import Downloads
from ddllm.testing.readings import CELL, readings_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MINUTE = 60
_KEY = "query"

Tree = Expression | Several | MonitorQuery


@dataclass(frozen=True, slots=True)
class Line:
    """One group: its tags, times (Unix seconds) and values, NaN where there is none; of a monitor's query the states, too."""

    group: Mapping[str, str]
    times: "NDArray[np.int64]" = field(repr=False)
    values: "NDArray[np.float64]" = field(repr=False)
    states: "NDArray[np.int8] | None" = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The group's tags as a scope writes them; `*` without any."""
        return ",".join(f"{key}:{value}" for key, value in self.group.items()) or "*"


@dataclass(frozen=True, slots=True)
class Answered:
    """What a query answers from `start` up to `end` (Unix seconds), in buckets, or at evaluations, of `interval` seconds."""

    query: str
    start: int
    end: int
    interval: int
    lines: tuple[Line, ...]
    threshold: float | None = None
    is_approximate: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A query and its text, and a monitor's type where somebody gave one. Raises QueryError for one that reads no metric."""

    text: str
    tree: Tree
    monitor_type: str | None = None

    def __post_init__(self) -> None:
        if not self.metrics:
            raise QueryError("this reads no metric, so it has no values", query=self.text)

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that it reads."""
        return frozenset(read.metric for read in reads(self.tree))


def from_recording(
    asked: Asked, recording: Recording, start: float | None = None, end: float | None = None
) -> Answered:
    """Answer a query from a recording, or from its part between two times. Raises DdllmError."""
    first = max(recording.start, math.ceil(start) if start is not None else recording.start)
    last = min(recording.end, int(end) if end is not None else recording.end)
    if first >= last:
        raise DdllmError("the recording has nothing between --from and --to")
    if isinstance(asked.tree, Expression | Several):
        found = evaluate(asked.tree, recording.of, first, last)
        lines = tuple(
            Line(dict(zip(found.by, each.group, strict=True)), *_columns(each.points.items())) for each in found.answers
        )
        return Answered(asked.text, first, last, max(found.interval, recording.interval), lines)
    cell = math.gcd(recording.interval, _MINUTE)
    begin = -(-first // _MINUTE) * _MINUTE + _MINUTE
    axis = Axis(begin, _MINUTE, max(1, (last - begin) // _MINUTE + 1))
    return _watched(asked, recording, axis, cell)


def from_file(asked: Asked, path: Path, start: float | None = None, end: float | None = None) -> Answered:
    """Answer a query from a recording in a file. Raises DdllmError."""
    recording = read_recording(path, asked.metrics)
    missing = sorted(metric for metric in asked.metrics if not recording.of(metric))
    if missing:
        raise DdllmError(f"the recording has nothing of {', '.join(missing)}", where=str(path))
    return from_recording(asked, recording, start, end)


def from_datadog(asked: Asked, api: Datadog, folder: Path, start: int, end: int) -> Answered:
    """Answer a query with what Datadog has; what of it is over is kept in `folder`. Raises DdllmError."""
    if isinstance(asked.tree, Expression | Several):
        lines = tuple(_lines(api.series(str(asked.tree), start, end)))
        steps = [int(step) for line in lines for step in np.diff(line.times[:2])]
        return Answered(asked.text, start, end, min(steps, default=0), lines)
    monitor = Watched(1, _KEY, asked.monitor_type or "query alert", asked.text)
    [probe], readings, _ = readings_of([Probe(monitor)])
    recording = Downloads(api, folder, time.time()).recording(readings, start, end, lambda _done, _total: None)
    axis = Axis(-(-start // _MINUTE) * _MINUTE + _MINUTE, _MINUTE, max(1, (end - start) // _MINUTE))
    return _watched(asked, recording, axis, CELL, probe.watched)


def _watched(asked: Asked, recording: Recording, axis: Axis, cell: int, monitor: Watched | None = None) -> Answered:
    monitor = monitor or Watched(1, _KEY, asked.monitor_type or "query alert", asked.text)
    course = watch([monitor], recording.of, axis, cell=cell, since=recording.start)[_KEY]
    if isinstance(course, NotRun):
        raise QueryError(course.reason, query=asked.text)
    if course.values is None:
        raise QueryError("a query of other monitors has no values of its own", query=asked.text)
    lines = tuple(
        Line(dict(zip(course.by, group, strict=True)), course.times, course.values[row], course.states[row])
        for row, group in enumerate(course.groups)
    )
    return Answered(
        asked.text, axis.start - _MINUTE, axis.end - _MINUTE, axis.step, lines, course.rule.critical.threshold,
        course.is_approximate,
    )  # fmt: skip


def _lines(series: list[Mapping[str, Any]]) -> Iterator[Line]:
    for each in series:
        tags = [str(tag) for tag in each.get("tag_set") or () if not str(tag).endswith(f":{ABSENT}")]
        points = [(int(at) // 1000, float(value)) for at, value in each.get("pointlist") or () if value is not None]
        yield Line(dict(tag.partition(":")[::2] for tag in tags), *_columns(points))


def _columns(points: Any) -> tuple["NDArray[np.int64]", "NDArray[np.float64]"]:
    pairs = list(points)
    return np.array([at for at, _ in pairs], np.int64), np.array([value for _, value in pairs], np.float64)


def changes(line: Line) -> list[tuple[int, State]]:
    """Return the states of a group, each with the time from which on it holds."""
    if line.states is None:
        return []
    begins = np.flatnonzero(np.diff(line.states, prepend=np.int8(-1))).tolist()
    return [(int(line.times[place]), State(line.states[place])) for place in begins]

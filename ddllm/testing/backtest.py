"""Monitors over a history: which alerts they would have given.

A history is a recording, in a file or in memory. Monitors that share metrics run together, so that each series is read once;
what they read from a large file is spread over processes.
"""

import math
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ddllm.alerting.state import State
from ddllm.alerting.watch import Course, NotRun, Watched, queries_of, watch
from ddllm.definitions.settings import Severity
from ddllm.errors import DdllmError, QueryError
from ddllm.query.arrays.frame import Axis
from ddllm.query.recordings import Recording, read_recording
from ddllm.testing.alerts import Alert, alerts_of, groups_within
from ddllm.testing.trials import WEEK, Trial, Trials, count, lead_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MINUTE = 60
_WORTH_A_PROCESS = 3_000_000  # bytes of a recording: a process takes as long to start as these take to run
_POINTS = 400  # of a curve


@dataclass(frozen=True, slots=True)
class Probe:
    """A monitor to run over a history, and the parts that it is made of."""

    watched: Watched
    severity: Severity | None = None
    runbook: str | None = None
    parts: tuple[Watched, ...] = ()

    @property
    def key(self) -> str:
        """The monitor's key."""
        return self.watched.key

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that it reads; none of a query that cannot be read."""
        return frozenset(metric for each in (self.watched, *self.parts) for metric in _metrics(each))


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked beside the alerts.

    `start` and `end` bound the evaluations (Unix seconds, None: all that the history has), `within` the groups. `threshold` is
    tried in place of each monitor's own; `per_week` asks for the threshold that gives at most so many alerts. `curves` asks for
    values to draw.
    """

    start: float | None = None
    end: float | None = None
    within: Mapping[str, str] | None = None
    threshold: float | None = None
    per_week: float | None = None
    curves: bool = False


@dataclass(frozen=True)
class Curve:
    """Values to draw: at each time the worst of all groups, and the threshold that they are held against."""

    times: "NDArray[np.int64]"
    values: "NDArray[np.float64]"
    threshold: float
    monitor: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a monitor. `skipped` says why it did not run. Times are the first and last evaluation's.

    `alerts` are those of the threshold that was asked for; `trial` says what another one gives, and `untried` why none could.
    """

    probe: Probe
    start: int
    end: int
    groups: int = 0
    approximate: bool = False
    skipped: str | None = None
    alerts: tuple[Alert, ...] = ()
    trial: Trial | None = None
    untried: str | None = None
    curve: Curve | None = None
    shipped: int | None = None

    @property
    def weeks(self) -> float:
        """How long it ran."""
        return max(self.end - self.start, _MINUTE) / WEEK

    @property
    def a_week(self) -> float:
        """Alerts a week, warnings left out."""
        return count(self.alerts) / self.weeks

    @property
    def shipped_a_week(self) -> float:
        """Alerts a week with the threshold of the definition."""
        return self.a_week if self.shipped is None else self.shipped / self.weeks


#: A recording's file, or what is already read of one.
History = Path | Recording


def backtest(probes: Sequence[Probe], history: History, wish: Wish, *, jobs: int | None = None) -> Iterator[Result]:
    """Run monitors over a history, and yield what became of each as it is known. Raises DdllmError.

    `jobs` are processes, by default as many as pay.
    """
    number = jobs or _jobs(history)
    bundles = _bundles(probes, number)
    if number == 1 or len(bundles) == 1 or isinstance(history, Recording):
        for bundle in bundles:
            yield from _run(bundle, history, wish)
        return
    # Spawned and not forked: numpy has threads of its own, and what is forked then may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(number, mp_context=context) as pool:
        for results in pool.map(_run, bundles, [history] * len(bundles), [wish] * len(bundles)):
            yield from results


def _jobs(history: History) -> int:
    small = isinstance(history, Recording) or not history.exists() or history.stat().st_size < _WORTH_A_PROCESS
    return 1 if small else os.cpu_count() or 1


def _bundles(probes: Sequence[Probe], number: int) -> list[list[Probe]]:
    """Spread monitors over processes; those that share a metric stay together, so that none is read twice."""
    together: list[tuple[set[str], list[Probe]]] = []
    for probe in probes:
        metrics, members = set(probe.metrics), [probe]
        apart = []
        for other in together:
            if other[0] & metrics:
                metrics |= other[0]
                members = [*other[1], *members]
            else:
                apart.append(other)
        together = [*apart, (metrics, members)]
    found: list[list[Probe]] = [[] for _ in range(number)]
    for _, members in sorted(together, key=lambda each: -len(each[1])):
        min(found, key=len).extend(members)
    return [each for each in found if each]


def _run(probes: Sequence[Probe], history: History, wish: Wish) -> list[Result]:
    metrics = frozenset[str]().union(*(each.metrics for each in probes))
    recording = history if isinstance(history, Recording) else read_recording(history, metrics)
    axis = _axis(recording, wish)
    watched = {each.key: each for probe in probes for each in (*probe.parts, probe.watched)}
    cell = math.gcd(recording.interval, _MINUTE)
    courses = watch(tuple(watched.values()), recording.of, axis, cell=cell, since=recording.start)
    return [_result(probe, courses, axis, wish) for probe in probes]


def _axis(recording: Recording, wish: Wish) -> Axis:
    """Return an evaluation a minute, none of which looks at what lies outside of the recording."""
    first = max(recording.start, wish.start if wish.start is not None else recording.start)
    last = min(recording.end, wish.end if wish.end is not None else recording.end)
    begin = -(-int(first) // _MINUTE) * _MINUTE + _MINUTE
    number = (int(last) - begin) // _MINUTE + 1
    if number < 1:
        raise DdllmError("the history has nothing between --from and --to")
    return Axis(begin, _MINUTE, number)


def _result(probe: Probe, courses: Mapping[str, Course | NotRun], axis: Axis, wish: Wish) -> Result:
    course = courses[probe.key]
    found = Result(probe, axis.start, axis.end - axis.step)
    if isinstance(course, NotRun):
        return replace(found, skipped=course.reason)
    own = {each.key: courses[each.key] for each in (*probe.parts, probe.watched)}
    lead = lead_of(course, own)
    parts = [each for each in own.values() if isinstance(each, Course)]
    found = replace(
        found,
        groups=sum(bool((course.states[row] > State.ABSENT).any()) for row, _ in groups_within(course, wish.within)),
        approximate=any(each.is_approximate for each in parts),
        alerts=tuple(alerts_of(course, lead, wish.within)),
        curve=_curve(lead, wish.within) if wish.curves and lead is not None else None,
    )
    return _tried(found, Trials(probe.key, own, wish.within), wish)


def _tried(result: Result, trials: Trials, wish: Wish) -> Result:
    if wish.threshold is None and wish.per_week is None:
        return result
    if trials.refusal:
        return replace(result, untried=trials.refusal)
    if wish.threshold is not None:
        alerts = tuple(trials.alerts(wish.threshold))
        return replace(result, trial=trials.trial(wish.threshold), alerts=alerts, shipped=count(result.alerts))
    trial = trials.at_most(wish.per_week or 0.0)
    return replace(
        result,
        trial=trial,
        untried=None if trial else "any above the median of its values gives no more alerts than that",
    )


def _curve(lead: Course, within: Mapping[str, str] | None) -> Curve | None:
    shared = {key: value for key, value in (within or {}).items() if key in lead.by}
    rows = [row for row, _ in groups_within(lead, shared)]
    if lead.values is None or not rows:
        return None
    worse = np.fmax if lead.rule.critical.operator.startswith(">") else np.fmin
    edges = np.unique(np.linspace(0, len(lead.times), min(_POINTS, len(lead.times)) + 1).astype(int)[:-1])
    values = worse.reduceat(worse.reduce(lead.values[rows], axis=0), edges)
    return Curve(lead.times[edges], values, lead.rule.critical.threshold, lead.monitor.key)


def _metrics(watched: Watched) -> Iterable[str]:
    try:
        return [query.metric for query in queries_of(watched)]
    except QueryError:
        return ()

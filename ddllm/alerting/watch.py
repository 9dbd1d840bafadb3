"""Runs monitors over data: the values of their queries, the states of their groups, and what is told of them.

Metric monitors, composites and alerts on burn rates are evaluated. A monitor of any other type, and a query that is not understood here, has a reason
in place of a course: nothing is guessed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ddllm.alerting.burn import burn_rates, expressions, longest_seconds
from ddllm.alerting.composite import MemberStates, composite
from ddllm.alerting.full_window import not_full
from ddllm.alerting.notifications import Notification, notifications
from ddllm.alerting.rule import Rule, rule_of
from ddllm.alerting.state import State
from ddllm.alerting.timeline import timeline
from ddllm.errors import QueryError
from ddllm.query.arrays.columns import Held
from ddllm.query.arrays.frame import Axis
from ddllm.query.arrays.partial import is_partial
from ddllm.query.arrays.values import Values, values_of
from ddllm.query.ast import Query
from ddllm.query.monitor import CompositeQuery, MetricQuery, SloQuery, members_of
from ddllm.query.parse import parse_monitor
from ddllm.query.reads import reads
from ddllm.query.series import Group, SeriesOf

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MINUTE, _HOUR = 60, 3600
_UNITS = {"m": _MINUTE, "h": _HOUR, "d": 24 * _HOUR, "w": 7 * 24 * _HOUR}


@dataclass(frozen=True, slots=True)
class Watched:
    """A monitor to run: its type, query and options as Datadog's API has them. Composites call the others by `id`.

    `slo` is the SLO that an alert on a burn rate is about, None for any other monitor.
    """

    id: int
    key: str
    type: str
    query: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    slo: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Course:
    """What became of a monitor: the state, and the value where it has one, of each group at each evaluation."""

    monitor: Watched
    rule: Rule
    by: tuple[str, ...]
    groups: tuple[Group, ...]
    times: "NDArray[np.int64]" = field(repr=False)
    states: "NDArray[np.int8]" = field(repr=False)
    values: "NDArray[np.float64] | None" = field(default=None, repr=False)
    is_approximate: bool = False

    def row(self, group: Group) -> int:
        """Return the row of a group. Raises KeyError."""
        try:
            return self.groups.index(group)
        except ValueError:
            raise KeyError(group) from None

    def told(self, group: Group) -> Iterator[Notification]:
        """Yield what is told of a group."""
        yield from notifications(self.rule, self.times.tolist(), self.states[self.row(group)].tolist())


@dataclass(frozen=True, slots=True)
class NotRun:
    """A monitor that cannot be run here, and why."""

    monitor: Watched
    reason: str


def queries_of(monitor: Watched) -> Iterator[Query]:
    """Yield what a monitor reads, the SLO's queries where it is about one. Raises QueryError where one cannot be read."""
    trees = [parse_monitor(monitor.query, monitor.type)] if monitor.slo is None else expressions(monitor.slo)
    for tree in trees:
        yield from (read.query for read in reads(tree))


def watch(
    monitors: Sequence[Watched], series_of: SeriesOf, evaluations: Axis, *, cell: int = 60, since: int | None = None
) -> dict[str, Course | NotRun]:
    """Run monitors over the data, at each of the evaluations.

    `cell` is how finely data is looked at, in seconds. `since` is where the data begins, where that is known: a window that
    reaches before it holds less than it will, and is no data.
    """
    held = Held(series_of)
    found: dict[str, Course | NotRun] = {}
    by_id: dict[int, Course | NotRun] = {}
    for monitor in sorted(monitors, key=lambda each: each.type == "composite"):
        try:
            course: Course | NotRun = _course(monitor, held, evaluations, cell, since, by_id)
        except QueryError as error:
            course = NotRun(monitor, error.message)
        found[monitor.key] = by_id[monitor.id] = course
    return {monitor.key: found[monitor.key] for monitor in monitors}


def _course(
    monitor: Watched,
    held: Held,
    evaluations: Axis,
    cell: int,
    since: int | None,
    by_id: Mapping[int, Course | NotRun],
) -> Course | NotRun:
    query = parse_monitor(monitor.query, monitor.type)
    if isinstance(query, CompositeQuery):
        return combine(monitor, by_id, evaluations.times)
    if isinstance(query, SloQuery) and monitor.slo is not None:
        return _burning(monitor, query, monitor.slo, held, evaluations, cell, since)
    if not isinstance(query, MetricQuery):
        return NotRun(monitor, f"a {monitor.type} is not evaluated here")
    if query.comparison.threshold is None:
        return NotRun(monitor, "a threshold that a query gives is not evaluated here")
    counts = query.aggregator == "sum" and any(read.query.method("as_count") for read in reads(query))
    delay = int(monitor.options.get("evaluation_delay") or 0)
    every = max(_frequency(query.window.seconds), evaluations.step)
    axis, hold = _thinned(evaluations, every, delay)
    evaluation_window = (monitor.options.get("scheduling_options") or {}).get("evaluation_window")
    values = values_of(
        query,
        held,
        axis,
        cell=cell,
        recovery_window=_recovery_window(monitor.options),
        evaluation_window=evaluation_window,
    )
    comparison = (query.comparison.operator, query.comparison.threshold)
    rule = rule_of(comparison, monitor.options, counts=counts, shares=values.recovery is not None)
    if since is not None:
        values.values[:, is_partial(query, axis.times, since, evaluation_window)] = np.nan
    times = evaluations.times[:: every // evaluations.step]
    full = monitor.options.get("require_full_window") and query.window.which == "last"
    skipped = not_full(query, held, axis, values.groups, cell=cell) if full else None
    states = timeline(rule, times, values.values, skipped, values.recovery).states
    return _held(monitor, rule, values, evaluations, states, hold)


def _burning(
    monitor: Watched,
    query: SloQuery,
    slo: Mapping[str, Any],
    held: Held,
    evaluations: Axis,
    cell: int,
    since: int | None,
) -> Course:
    """Run an alert on a burn rate. What it reads has no groups, and an hour without data burns nothing."""
    values = burn_rates(query, slo, held, evaluations, cell=cell)
    if since is not None:
        values.values[:, evaluations.times - longest_seconds(query) < since] = np.nan
    rule = rule_of((query.comparison.operator, query.comparison.threshold or 0.0), monitor.options, counts=True)
    states = timeline(rule, evaluations.times, values.values).states
    return _held(monitor, rule, values, evaluations, states, np.arange(evaluations.count))


def _held(
    monitor: Watched,
    rule: Rule,
    values: Values,
    evaluations: Axis,
    states: "NDArray[np.int8]",
    hold: "NDArray[np.int64]",
) -> Course:
    """Return a course over every evaluation: between its own ones a monitor holds what it had."""
    return Course(
        monitor,
        rule,
        values.by,
        values.groups,
        evaluations.times,
        states[:, hold],
        values.values[:, hold],
        values.is_approximate,
    )


def combine(monitor: Watched, by_id: Mapping[int, Course | NotRun], times: "NDArray[np.int64]") -> Course | NotRun:
    """Run a composite over the courses of its members, which were evaluated at these times. Raises QueryError."""
    query = parse_monitor(monitor.query, monitor.type)
    if not isinstance(query, CompositeQuery):
        raise QueryError("this is no composite", query=monitor.query)
    members: dict[int, MemberStates] = {}
    by: list[str] = []
    for number in members_of(query.condition):
        course = by_id.get(number)
        if not isinstance(course, Course):
            who = course.monitor.key if course else str(number)
            return NotRun(monitor, f"its member {who} is not evaluated here")
        by += [key for key in course.by if key not in by]
        rows = zip(course.groups, course.states, strict=True)
        members[number] = MemberStates({tuple(zip(course.by, group, strict=True)): row for group, row in rows})
    found = {
        tuple(dict(group)[key] for key in by): states for group, states in composite(query.condition, members).items()
    }
    groups = tuple(sorted(found))
    states = np.array([found[group] for group in groups], np.int8).reshape(len(groups), len(times))
    rule = rule_of((">", 0), monitor.options)
    return Course(monitor, rule, tuple(by), groups, times, states)


def _frequency(window: int) -> int:
    """Return how often Datadog evaluates a window, in seconds (monitors/configuration, evaluation frequency)."""
    if window < 24 * _HOUR:
        return _MINUTE
    return 10 * _MINUTE if window < 48 * _HOUR else 30 * _MINUTE


def _thinned(evaluations: Axis, every: int, delay: int) -> tuple[Axis, "NDArray[np.int64]"]:
    """Return the evaluations that a monitor has among those of all, moved back by its delay, and which one holds at each."""
    size = every // evaluations.step
    count = -(-evaluations.count // size)
    return Axis(evaluations.start - delay, every, count), np.arange(evaluations.count) // size


def _recovery_window(options: Mapping[str, Any]) -> int | None:
    text = (options.get("threshold_windows") or {}).get("recovery_window")
    if not isinstance(text, str):
        return None
    length = text.removeprefix("last_")
    return int(length[:-1]) * _UNITS[length[-1]]


def worst(course: Course) -> "NDArray[np.int8]":
    """Return the most severe state of all groups at each evaluation."""
    if not len(course.groups):
        return np.full(len(course.times), State.ABSENT, np.int8)
    found: NDArray[np.int8] = course.states.max(axis=0)
    return found

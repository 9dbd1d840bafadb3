"""Alerts: the stretches of time in which a group of a monitor was in a state that somebody is told of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ddllm.alerting.state import State
from ddllm.alerting.watch import Course

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: An alert that begins within so many seconds after the one before it of the same group is a flap.
FLAP = 3600


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of one group.

    `start` and `end` are the evaluations (Unix seconds) that entered and left the state, `end` None where it still holds. `peak`
    is the value that lay furthest on the wrong side of the threshold; a composite's is that of its first part with a value.
    """

    group: Mapping[str, str]
    state: State
    start: int
    end: int | None
    peak: float | None


def alerts_of(course: Course, lead: Course | None, within: Mapping[str, str] | None = None) -> list[Alert]:
    """Return the alerts of a course, the earliest first, of the groups with the tags `within`.

    `lead` is the course whose values count. No Data is an alert where the monitor tells of it.
    """
    states = [State.ALERT, State.WARN, *([State.NO_DATA] if course.rule.notifies_no_data else [])]
    found = [
        alert
        for row, tags in groups_within(course, within)
        for alert in _of_row(course, row, tags, states, _values(lead, tags))
    ]
    return sorted(found, key=lambda each: (each.start, *each.group.values()))


def groups_within(course: Course, within: Mapping[str, str] | None = None) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the row and tags of each group that has the tags `within`."""
    for row, group in enumerate(course.groups):
        tags = dict(zip(course.by, group, strict=True))
        if (within or {}).items() <= tags.items():
            yield row, tags


@dataclass(frozen=True, slots=True)
class Totals:
    """Alerts added up: Alert and No Data by `alerts`, Warn by `warnings`.

    `seconds` is the time in which any group was in alert, `longest` the longest alert; `flaps` counts the alerts that came back
    within an hour; `worst` is the group with the most alerts, None without any.
    """

    alerts: int
    warnings: int
    seconds: int
    longest: int
    flaps: int
    worst: Mapping[str, str] | None


def totals(alerts: Sequence[Alert], end: int) -> Totals:
    """Add up alerts; one that has no end lasts until `end`."""
    told = sorted((each for each in alerts if each.state is not State.WARN), key=lambda each: each.start)
    covered, until, flaps = 0, 0, 0
    by_group: dict[tuple[str, ...], list[Alert]] = {}
    for each in told:
        last = end if each.end is None else each.end
        covered += max(0, last - max(each.start, until))
        until = max(until, last)
        held = by_group.setdefault(tuple(each.group.values()), [])
        flaps += bool(held) and held[-1].end is not None and each.start - held[-1].end < FLAP
        held.append(each)
    worst = max(by_group.values(), key=len)[0].group if by_group else None
    longest = max(((end if each.end is None else each.end) - each.start for each in told), default=0)
    return Totals(len(told), len(alerts) - len(told), covered, longest, flaps, worst)


def _of_row(
    course: Course,
    row: int,
    tags: Mapping[str, str],
    states: list[State],
    lead: tuple["NDArray[np.float64]", bool] | None,
) -> Iterator[Alert]:
    held = course.states[row]
    edges = [0, *(np.flatnonzero(np.diff(held)) + 1).tolist(), len(held)]
    for begin, end in pairwise(edges):
        if begin < end and held[begin] in states:
            last = int(course.times[end]) if end < len(held) else None
            peak = None if lead is None else _peak(lead[0][begin:end], above=lead[1])
            yield Alert(tags, State(held[begin]), int(course.times[begin]), last, peak)


def _values(lead: Course | None, tags: Mapping[str, str]) -> tuple["NDArray[np.float64]", bool] | None:
    """Return the values behind a group, and whether they are bad where they are high."""
    if lead is None or lead.values is None:
        return None
    group = tuple(tags.get(key, "") for key in lead.by)
    if group not in lead.groups:
        return None
    return lead.values[lead.row(group)], lead.rule.critical.operator.startswith(">")


def _peak(values: "NDArray[np.float64]", *, above: bool) -> float | None:
    if np.isnan(values).all():
        return None
    return float(np.nanmax(values) if above else np.nanmin(values))

"""From values to states: every group and every evaluation at once.

A monitor remembers: a state that was reached is held until it is left. That is a forward fill of the last event, so whole
months are computed without a loop over time; `tests/unit/alerting` holds it against the plain loop.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ddllm.alerting.rule import Level, Rule
from ddllm.alerting.state import State

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    States = NDArray[np.int8]
    Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The states of groups: `states[group, evaluation]`, at `times` (Unix seconds, ascending)."""

    times: "Times"
    states: "States"


def timeline(
    rule: Rule,
    times: "Times",
    values: "Values",
    skipped: "Flags | None" = None,
    recovery: "Values | None" = None,
) -> Timeline:
    """Compute the states of each group.

    `values[group, evaluation]` is what the query gave, NaN where there was no data. Where `skipped` is set the evaluation was
    cancelled, and the state stays what it was. `recovery` are the values that decide about leaving a state, where these are
    others. A group begins to exist with its first value.
    """
    groups, evaluations = values.shape
    if not evaluations:
        return Timeline(times, np.zeros((groups, 0), np.int8))
    has_data = ~np.isnan(values)
    since_data = _seconds_since(has_data, times)
    exists = since_data <= rule.dropped_after
    born = _born(has_data, since_data, times, rule.dropped_after)
    delayed = _young(born, times, rule.new_group_delay) & exists
    forgotten = ~exists | born
    ignored = delayed if skipped is None else delayed | skipped
    looked_at = has_data & ~ignored
    if rule.missing == "zero":
        values = np.where(exists & ~has_data, 0.0, values)
        looked_at = exists & ~ignored
    leaving = values if recovery is None else recovery
    missing = _missing(rule, has_data, since_data) & exists & ~ignored
    resolves = missing if rule.missing == "ok" else _timed_out(rule, since_data) & exists
    states = np.full(values.shape, State.OK, np.int8)
    if rule.warning is not None:
        states[_held(rule.warning, values, leaving, looked_at, resolves | forgotten)] = State.WARN
    states[_held(rule.critical, values, leaving, looked_at, resolves | forgotten)] = State.ALERT
    if rule.missing == "no_data":
        # A skipped evaluation holds No Data as it holds any other state; a value ends it.
        states[_filled(missing, looked_at | resolves | forgotten)] = State.NO_DATA
    states[~exists] = State.ABSENT
    return Timeline(times, states)


def _held(level: Level, values: "Values", leaving: "Values", looked_at: "Flags", resolved: "Flags") -> "Flags":
    """Return when a level holds: from where it is reached to where it is left."""
    with np.errstate(invalid="ignore"):
        return _filled(level.reached(values) & looked_at, (level.left(leaving) & looked_at) | resolved)


def _filled(begins: "Flags", ends: "Flags") -> "Flags":
    """Return what holds from each beginning to the next end; a beginning wins where both fall together."""
    places = np.arange(begins.shape[1])
    last_begin = np.maximum.accumulate(np.where(begins, places, -1), axis=1)
    last_end = np.maximum.accumulate(np.where(ends & ~begins, places, -1), axis=1)
    return last_begin > last_end


def _seconds_since(has_data: "Flags", times: "Times") -> "Values":
    """Return the seconds since the last value of each group, infinite before the first."""
    last = np.maximum.accumulate(np.where(has_data, times, np.iinfo(np.int64).min), axis=1)
    seen = np.maximum.accumulate(has_data, axis=1)
    since: Values = np.where(seen, times - last, np.inf)
    return since


def _born(has_data: "Flags", since_data: "Values", times: "Times", dropped_after: int) -> "Flags":
    """Return where a group begins: a value, and none before it for as long as it takes to be forgotten."""
    steps = np.diff(times, prepend=times[:1])
    before = np.concatenate([np.full((len(has_data), 1), np.inf), since_data[:, :-1]], axis=1) + steps
    begins: Flags = has_data & (before > dropped_after)
    return begins


def _young(born: "Flags", times: "Times", delay: int) -> "Flags":
    """Return when a group is too new to be looked at."""
    since = np.maximum.accumulate(np.where(born, times, np.iinfo(np.int64).min), axis=1)
    young: Flags = (since > np.iinfo(np.int64).min) & (times - np.maximum(since, times[0]) < delay)
    return young


def _missing(rule: Rule, has_data: "Flags", since_data: "Values") -> "Flags":
    if rule.missing_after is None:
        return ~has_data
    return ~has_data & (since_data >= rule.missing_after)


def _timed_out(rule: Rule, since_data: "Values") -> "Flags":
    if rule.resolved_after is None:
        return np.zeros(since_data.shape, bool)
    out: Flags = (since_data >= rule.resolved_after) & np.isfinite(since_data)
    return out

"""A monitor's thresholds and options, as far as they decide about states.

Sources: Datadog's documentation on recovery thresholds, on missing data (monitors/configuration) and the API's description of
monitor options; where they are silent the reading is noted beside the field.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ddllm.alerting.state import State

MissingData = Literal["hold", "no_data", "ok", "zero"]

_HOUR = 3600
_DAY = 24 * _HOUR
#: Seconds for which a new group is not evaluated, where the definition does not say.
NEW_GROUP_DELAY = 60

_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
#: When a state is left at a recovery threshold: the mirror of the operator, so that the threshold itself is on the OK side of `>`.
_RECOVERED: Mapping[str, Callable[[Any, Any], Any]] = {
    ">": operator.le,
    ">=": operator.lt,
    "<": operator.ge,
    "<=": operator.gt,
}


@dataclass(frozen=True, slots=True)
class Level:
    """One threshold: the values that reach it, and those that leave it again.

    `is_share` says that values are shares of points, as those of anomalies: the recovery threshold itself is then recovered, or 0
    would never be.
    """

    operator: str
    threshold: float
    recovery: float | None = None
    is_share: bool = False

    def reached(self, values: Any) -> Any:
        """Return which of the values (a number or an array) reach the threshold."""
        return _COMPARE[self.operator](values, self.threshold)

    def left(self, values: Any) -> Any:
        """Return which of the values leave it: past the recovery threshold, or without one no longer reaching it."""
        if self.recovery is not None and self.operator in _RECOVERED:
            return _RECOVERED[">" if self.is_share else self.operator](values, self.recovery)
        return (values == values) & ~self.reached(values)  # noqa: PLR0124 - NaN leaves nothing


@dataclass(frozen=True, slots=True)
class Renotify:
    """How often a state that lasts is told again: seconds between, how many times at most, and of which states."""

    interval: int
    occurrences: int | None
    states: frozenset[State]


@dataclass(frozen=True, slots=True)
class Rule:
    """What decides about the states of a monitor's groups. Times are seconds.

    `missing` says what an evaluation without data means: the state is held, becomes No Data, or OK, or the value is 0.
    `missing_after`: how long data must be absent for that, None for one evaluation. `dropped_after`: when a group without data is forgotten.
    """

    critical: Level
    warning: Level | None = None
    missing: MissingData = "hold"
    missing_after: int | None = None
    notifies_no_data: bool = False
    new_group_delay: int = NEW_GROUP_DELAY
    resolved_after: int | None = None
    dropped_after: int = _DAY
    renotify: Renotify | None = field(default=None)


def rule_of(
    comparison: tuple[str, float], options: Mapping[str, Any], *, counts: bool = False, shares: bool = False
) -> Rule:
    """Read a rule from a query's comparison and a monitor's options, both as Datadog's API has them.

    `counts` says that the query adds up counts: by default missing data then means 0, and else that the state stays. `shares` says
    that it finds anomalies.
    """
    sign, critical = comparison
    thresholds = options.get("thresholds") or {}
    warning = thresholds.get("warning")
    missing, after, notifies = _missing(options, counts=counts)
    delay = options.get("new_group_delay")
    timeout = options.get("timeout_h")
    return Rule(
        critical=Level(sign, critical, thresholds.get("critical_recovery"), shares),
        warning=None if warning is None else Level(sign, warning, thresholds.get("warning_recovery"), shares),
        missing=missing,
        missing_after=after,
        notifies_no_data=notifies,
        new_group_delay=NEW_GROUP_DELAY if delay is None else delay,
        resolved_after=timeout * _HOUR if timeout else None,
        dropped_after=_seconds(options.get("group_retention_duration")) or _DAY,
        renotify=_renotify(options),
    )


def _missing(options: Mapping[str, Any], *, counts: bool) -> tuple[MissingData, int | None, bool]:
    policy = options.get("on_missing_data")
    if policy == "resolve":
        return "ok", None, False
    if policy in {"show_no_data", "show_and_notify_no_data"}:
        return "no_data", None, policy == "show_and_notify_no_data"
    if policy is None and options.get("notify_no_data"):
        minutes = options.get("no_data_timeframe")
        return "no_data", minutes * 60 if minutes else None, True
    return "zero" if counts else "hold", None, False


def _renotify(options: Mapping[str, Any]) -> Renotify | None:
    interval = options.get("renotify_interval")
    if not interval:
        return None
    states = options.get("renotify_statuses") or ["alert", "no data"]
    named = {"alert": State.ALERT, "warn": State.WARN, "no data": State.NO_DATA}
    return Renotify(interval * 60, options.get("renotify_occurrences"), frozenset(named[each] for each in states))


def _seconds(text: str | None) -> int | None:
    """Read a duration such as `60m` or `2h`."""
    if not text:
        return None
    return int(text[:-1]) * {"m": 60, "h": _HOUR, "d": _DAY}[text[-1]]

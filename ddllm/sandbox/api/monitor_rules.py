"""What Datadog refuses in a monitor, with its own words where they are known.

What can be read at all is for the grammar of `ddllm.query` to say; a rule here is about what a monitor may say in it, and
follows Datadog's documentation of the options, or a recorded refusal.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ddllm.errors import QueryError
from ddllm.query.ast import Call, Keyword, Quoted
from ddllm.query.monitor import (
    CheckQuery,
    CompositeQuery,
    EventQuery,
    FormulaQuery,
    MetricQuery,
    MonitorQuery,
    SloQuery,
    argument,
    members_of,
)
from ddllm.query.parse import parse_monitor
from ddllm.query.reads import reads
from ddllm.sandbox.api.organisation import Organisation

#: Monitors on searches.
EVENT_LIKE = frozenset(
    {"log alert", "rum alert", "ci-pipelines alert", "ci-tests alert", "error-tracking alert", "trace-analytics alert"}
)
_NO_MISSING_DATA = frozenset({"composite", "service check", "slo alert"})
_UNREAD = frozenset({"data-jobs alert", "data-quality alert"})  # functions of their own
_NO_WINDOW_LIMIT = frozenset({"cost alert", "synthetics alert"})

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_LONGEST = 7 * _DAY  # of a metric's window
_LONGEST_SEARCH = 2 * _DAY  # of a search's, and of a change's
_SHIFTS = frozenset(
    {5 * _MINUTE, 10 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR, _DAY, 7 * _DAY}
)
_LONG_WINDOW = (_HOUR, 48 * _HOUR)  # of a burn rate
_UNITS = {"m": _MINUTE, "h": _HOUR, "d": _DAY, "w": 7 * _DAY}
_RANGES = {"timeout_h": (0, 24), "evaluation_delay": (0, _DAY), "renotify_occurrences": (0, 100_000)}
_LONGEST_TAG = 200
_PRIORITIES = range(6)  # 0 is stored as null


@dataclass(frozen=True, slots=True)
class Draft:
    """A monitor that somebody wants to write."""

    body: Mapping[str, Any]
    options: Mapping[str, Any]
    query: MonitorQuery | None
    held: Organisation

    @property
    def type(self) -> str:
        """Its type, as the API calls it."""
        return str(self.body["type"])

    @property
    def thresholds(self) -> dict[str, float]:
        """Its thresholds that are numbers."""
        found = self.options.get("thresholds") or {}
        return {name: float(value) for name, value in found.items() if isinstance(value, int | float)}

    @property
    def groups(self) -> frozenset[str] | None:
        """The tag keys that it is grouped by; None where the query does not say."""
        if isinstance(self.query, MetricQuery):
            return frozenset(key for read in reads(self.query) for key in read.group_keys)
        if isinstance(self.query, CheckQuery | EventQuery):
            by = next((method for method in self.query.methods if method.name == "by"), None)
            keys = ",".join(_plain(each) for each in by.arguments) if by else ""
            return frozenset(key.strip() for key in keys.split(",") if key.strip())
        return None


Rule = Callable[[Draft], str | None]


def refusal(body: Mapping[str, Any], held: Organisation) -> str | None:
    """Return the reason why Datadog would not take a monitor, None where it would."""
    query = str(body["query"]).strip()
    try:
        parsed = parse_monitor(query, body["type"]) if body["type"] not in _UNREAD else None
    except QueryError:
        is_search = body["type"] in EVENT_LIKE and not re.search(r"[<>=]", query)
        return _invalid("query", "invalid operator specified: " if is_search else "")
    draft = Draft(body, body.get("options") or {}, parsed, held)
    return next((reason for rule in _RULES if (reason := rule(draft))), None)


def _invalid(parameter: str, why: str = "") -> str:
    return f"The value provided for parameter '{parameter}' is invalid{': ' if why else ''}{why}"


# -- what the query says


def _window(draft: Draft) -> str | None:
    """Check how long the window is: a week of a metric, two days of a search or a change."""
    query = draft.query
    if draft.type in _NO_WINDOW_LIMIT:
        return None
    if isinstance(query, MetricQuery):
        if query.window.which != "last":
            return None
        if query.change and query.change.shift.seconds not in _SHIFTS:
            return _invalid("query", f"the comparison cannot look back {query.change.shift}")
        longest = _LONGEST_SEARCH if query.change else _LONGEST
        return _invalid("query", f"the window {query.window} is too long") if query.window.seconds > longest else None
    if isinstance(query, EventQuery | FormulaQuery):
        window = argument(query.methods, "last")
        longest = _LONGEST if isinstance(query, FormulaQuery) else _LONGEST_SEARCH
        return _invalid("query", f"the window {window} is too long") if _seconds(window) > longest else None
    return None


def _composite(draft: Draft) -> str | None:
    if not isinstance(draft.query, CompositeQuery):
        return None
    known = draft.held.monitors
    members = members_of(draft.query.condition)
    if any(each not in known or known[each]["type"] == "composite" for each in members):
        return "Some monitor IDs are invalid"
    return None


def _check(draft: Draft) -> str | None:
    if not isinstance(draft.query, CheckQuery):
        return None
    runs = int(argument(draft.query.methods, "last") or 1)
    if not draft.groups:
        return _invalid("query", "a service check is grouped: .by(…)")
    if any(value > runs for value in draft.thresholds.values()):
        return _invalid("thresholds", f"no more than the {runs} runs of the query")
    return None


def _slo_alert(draft: Draft) -> str | None:
    """Check an alert on an SLO: it exists, has the timeframe, and can burn that fast."""
    query = draft.query
    if not isinstance(query, SloQuery):
        return None
    slo, over = draft.held.slos.get(_plain(query.slo)), argument(query.methods, "over")
    target = next((each["target"] for each in slo["thresholds"] if each["timeframe"] == over), None) if slo else None
    if target is None:
        return _invalid("query", f"there is no such SLO with a target over {over}")
    return _burn_rate(query, target) if query.measure == "burn_rate" else None


def _burn_rate(query: SloQuery, target: float) -> str | None:
    long, short = (_seconds(argument(query.methods, f"{name}_window")) for name in ("long", "short"))
    if not _LONG_WINDOW[0] <= long <= _LONG_WINDOW[1] or not 0 < short < long:
        return _invalid("query", "the windows of a burn rate are 1h to 48h, and a shorter one")
    fastest = 100 / (100 - target) if target < 100 else 0  # noqa: PLR2004 - percent
    possible = 0 < (query.comparison.threshold or 0) <= fastest + 1e-9
    return None if possible else _invalid("query", f"a burn rate is at most {fastest:g} here")


def _anomaly(draft: Draft) -> str | None:
    """Check the windows: both are required, and the second condition must be reachable once the first is left."""
    query = draft.query
    call = query.expression if isinstance(query, MetricQuery) else None
    if not isinstance(query, MetricQuery) or not isinstance(call, Call) or call.function != "anomalies":
        return None
    windows = draft.options.get("threshold_windows") or {}
    trigger, recovery = _seconds(windows.get("trigger_window")), _seconds(windows.get("recovery_window"))
    share = query.comparison.threshold if query.comparison.threshold is not None else 1.0
    if not trigger or not recovery or not 0 < share <= 1 or query.window.seconds < trigger:
        return _invalid("query")  # nothing more is said
    if why := _anomaly_arguments(call, trigger):
        return _invalid("query", why)
    if not trigger * (1 - share) + _MINUTE <= recovery <= trigger:
        return "alert and alert recovery criteria are such that the monitor can be simultaneously in alert and alert recovery states"
    return None


def _anomaly_arguments(call: Call, trigger: int) -> str | None:
    named = {each.name: _plain(each.value) for each in call.arguments if isinstance(each, Keyword)}
    if _seconds(named.get("alert_window")) not in {0, trigger}:
        return "alert_window does not match trigger_window"
    if int(named.get("interval") or 0) > trigger / 5:
        return "interval is at most a fifth of alert_window"
    algorithm = next((_plain(each) for each in call.arguments if isinstance(each, Quoted)), "")
    return "basic knows no seasonality" if algorithm == "basic" and "seasonality" in named else None


# -- thresholds


def _threshold(draft: Draft) -> str | None:
    comparison = getattr(draft.query, "comparison", None)
    critical = draft.thresholds.get("critical")
    if comparison is None or comparison.threshold is None or critical is None or critical == comparison.threshold:
        return None
    return f"Alert threshold ({critical}) does not match that used in the query ({comparison.threshold})."


def _order(draft: Draft) -> str | None:
    comparison = getattr(draft.query, "comparison", None)
    if not isinstance(draft.query, MetricQuery) or comparison is None:
        return None
    sign = -1 if comparison.operator.startswith("<") else 1
    values = {name: sign * value for name, value in draft.thresholds.items()}
    for lower, upper in (("warning", "critical"), ("critical_recovery", "critical"), ("warning_recovery", "warning")):
        if lower in values and upper in values and values[lower] >= values[upper]:
            return _invalid("thresholds", f"{lower} must be on the OK side of {upper}")
    if "warning_recovery" in values and "warning" not in values:
        return "Warning threshold is required when a warning recovery threshold is set"
    return None


# -- options


def _missing_data(draft: Draft) -> str | None:
    policy = draft.options.get("on_missing_data")
    if policy is None:
        return None
    if draft.type in _NO_MISSING_DATA:
        return f"Invalid on_missing_data value: not supported for {draft.type}"
    for name in ("notify_no_data", "no_data_timeframe"):
        if draft.options.get(name):
            return f"on_missing_data cannot be used together with {name}"
    if "default_zero(" in draft.body["query"] and policy != "default":
        return f"Invalid on_missing_data value: {policy}; valid value is: default"
    if policy == "resolve" and draft.options.get("timeout_h"):
        return "Invalid on_missing_data value: resolve cannot be used together with timeout_h"
    return None


def _ranges(draft: Draft) -> str | None:
    for name, (least, most) in _RANGES.items():
        value = draft.options.get(name)
        if value is not None and not least <= value <= most:
            return _invalid(name, f"{least} to {most}")
    if draft.options.get("renotify_occurrences") and not draft.options.get("renotify_interval"):
        return _invalid("renotify_occurrences", "it needs renotify_interval")
    return None


def _notify_by(draft: Draft) -> str | None:
    """Check that notifications are grouped by groups that the query has; `*` is for one that has some."""
    keys, groups = set(draft.options.get("notify_by") or ()), draft.groups
    if not keys or groups is None:
        return None
    if keys == {"*"}:
        return None if groups else _invalid("notify_by", "the query has no groups")
    strange = sorted(keys - groups)
    return _invalid("notify_by", f"the query is not grouped by {', '.join(strange)}") if strange else None


def _scheduling(draft: Draft) -> str | None:
    scheduling = draft.options.get("scheduling_options") or {}
    window = {name for name, value in (scheduling.get("evaluation_window") or {}).items() if value is not None}
    if window - {"timezone"} not in ({"hour_starts"}, {"day_starts"}, {"day_starts", "month_starts"}, set()):
        return _invalid("evaluation_window", "hour_starts alone, or day_starts, with month_starts for months")
    schedule = scheduling.get("custom_schedule")
    if not schedule:
        return None
    if len(schedule.get("recurrences") or ()) != 1:
        return _invalid("custom_schedule", "one recurrence")
    if draft.options.get("require_full_window"):
        return _invalid("require_full_window", "it has to be false with a custom schedule")
    return None


def _priority(draft: Draft) -> str | None:
    priority = draft.body.get("priority")
    return None if priority is None or priority in _PRIORITIES else _invalid("priority")


def _tags(draft: Draft) -> str | None:
    longest = max((len(tag) for tag in draft.body.get("tags") or []), default=0)
    return _invalid("tags") if longest > _LONGEST_TAG else None


def _plain(value: object) -> str:
    return value.plain if isinstance(value, Quoted) else str(value)


def _seconds(window: str | None) -> int:
    """Return the length of `5m` or `last_5m`, 0 where it is none."""
    found = re.fullmatch(r"(?:last_)?(\d+)([mhdw])", window or "")
    return int(found.group(1)) * _UNITS[found.group(2)] if found else 0


_RULES: tuple[Rule, ...] = (
    _window,
    _composite,
    _check,
    _slo_alert,
    _threshold,
    _order,
    _missing_data,
    _anomaly,
    _ranges,
    _notify_by,
    _scheduling,
    _priority,
    _tags,
)

"""What Datadog refuses in a monitor, with its own words where they are known."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

#: Monitors on searches.
EVENT_LIKE = frozenset(
    {"log alert", "rum alert", "ci-pipelines alert", "ci-tests alert", "error-tracking alert", "trace-analytics alert"}
)
_METRIC = frozenset({"metric alert", "query alert"})
_NO_MISSING_DATA = frozenset({"composite", "service check", "slo alert"})
_PRIORITIES = range(6)  # 0 is stored as null

_METRIC_QUERY = re.compile(
    r"(?:(?:avg|sum|min|max|percentile|change|pct_change)\(.+\):.+|formula\(.+)(?<![<>=!])(?:>=|<=|==|!=|>|<)\s*(?:-?\d[\d.]*|threshold)\Z",
    re.DOTALL,
)
_NUMBER_AT_END = re.compile(r"(>=|<=|==|!=|>|<)\s*(-?\d[\d.]*)\Z")
_COMPOSITE = re.compile(r"[\d\s()!&|]+\Z")
_DURATION = re.compile(r"last_(\d+)(m|h|d|w)\Z")
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080}
_ANOMALY_WINDOW = re.compile(r"alert_window='(\w+)'")

Rule = Callable[[Mapping[str, Any], Mapping[str, Any], Collection[int]], str | None]


def refusal(body: Mapping[str, Any], known: Collection[int]) -> str | None:
    """Return the reason why Datadog would not take a monitor; `known` are the ids that exist."""
    options = body.get("options") or {}
    return next((reason for rule in _RULES if (reason := rule(body, options, known))), None)


def _query(body: Mapping[str, Any], _options: Mapping[str, Any], _known: Collection[int]) -> str | None:
    query = body["query"].strip()
    balanced = (
        all(query.count(left) == query.count(right) for left, right in ("()", "{}", "[]")) and query.count("'") % 2 == 0
    )
    fits = body["type"] not in _METRIC or (_METRIC_QUERY.match(query) and "$" not in query)
    return None if balanced and fits else "The value provided for parameter 'query' is invalid"


def _operator(body: Mapping[str, Any], _options: Mapping[str, Any], _known: Collection[int]) -> str | None:
    if body["type"] not in EVENT_LIKE or _NUMBER_AT_END.search(body["query"].strip()):
        return None
    return "The value provided for parameter 'query' is invalid: invalid operator specified: "


def _composite(body: Mapping[str, Any], _options: Mapping[str, Any], known: Collection[int]) -> str | None:
    if body["type"] != "composite":
        return None
    members = {int(number) for number in re.findall(r"\d+", body["query"])}
    if not _COMPOSITE.match(body["query"]) or not members:
        return "The value provided for parameter 'query' is invalid"
    return None if members <= set(known) else "Some monitor IDs are invalid"


def _threshold(body: Mapping[str, Any], options: Mapping[str, Any], _known: Collection[int]) -> str | None:
    critical = (options.get("thresholds") or {}).get("critical")
    number = _NUMBER_AT_END.search(body["query"].strip())
    if critical is None or number is None or float(critical) == float(number.group(2)):
        return None
    return f"Alert threshold ({float(critical)}) does not match that used in the query ({float(number.group(2))})."


def _order(body: Mapping[str, Any], options: Mapping[str, Any], _known: Collection[int]) -> str | None:
    thresholds = options.get("thresholds") or {}
    operator = _NUMBER_AT_END.search(body["query"].strip())
    if operator is None or body["type"] not in _METRIC:
        return None
    sign = -1 if operator.group(1).startswith("<") else 1
    values = {name: sign * value for name, value in thresholds.items() if isinstance(value, int | float)}
    for lower, upper in (("warning", "critical"), ("critical_recovery", "critical"), ("warning_recovery", "warning")):
        if lower in values and upper in values and values[lower] >= values[upper]:
            return (
                f"The value provided for parameter 'thresholds' is invalid: {lower} must be on the OK side of {upper}"
            )
    return "Warning threshold is required when a warning recovery threshold is set" if _lonely(values) else None


def _lonely(values: Mapping[str, Any]) -> bool:
    return "warning_recovery" in values and "warning" not in values


def _missing_data(body: Mapping[str, Any], options: Mapping[str, Any], _known: Collection[int]) -> str | None:
    policy = options.get("on_missing_data")
    if policy is None:
        return None
    if body["type"] in _NO_MISSING_DATA:
        return f"Invalid on_missing_data value: not supported for {body['type']}"
    if options.get("notify_no_data"):
        return "on_missing_data cannot be used together with notify_no_data"
    if "default_zero(" in body["query"] and policy != "default":
        return f"Invalid on_missing_data value: {policy}; valid value is: default"
    return None


def _anomaly(body: Mapping[str, Any], options: Mapping[str, Any], _known: Collection[int]) -> str | None:
    """Check the windows: both are required, and the second condition must be reachable once the first is left."""
    query = body["query"].strip()
    if "anomalies(" not in query:
        return None
    windows = options.get("threshold_windows") or {}
    trigger, recovery = _minutes(windows.get("trigger_window")), _minutes(windows.get("recovery_window"))
    if trigger is None or recovery is None:
        return "The value provided for parameter 'query' is invalid"  # nothing more is said
    alert = _ANOMALY_WINDOW.search(query)
    if alert and _minutes(alert.group(1)) != trigger:
        return "The value provided for parameter 'query' is invalid: alert_window does not match trigger_window"
    number = _NUMBER_AT_END.search(query)
    share = float(number.group(2)) if number else 1.0
    if not trigger * (1 - share) + 1 <= recovery <= trigger:
        return "alert and alert recovery criteria are such that the monitor can be simultaneously in alert and alert recovery states"
    return None


def _minutes(window: Any) -> int | None:
    match = _DURATION.match(window) if isinstance(window, str) else None
    return int(match.group(1)) * _MINUTES[match.group(2)] if match else None


def _priority(body: Mapping[str, Any], _options: Mapping[str, Any], _known: Collection[int]) -> str | None:
    priority = body.get("priority")
    return (
        None
        if priority is None or priority in _PRIORITIES
        else "The value provided for parameter 'priority' is invalid"
    )


def _tags(body: Mapping[str, Any], _options: Mapping[str, Any], _known: Collection[int]) -> str | None:
    longest = max((len(tag) for tag in body.get("tags") or []), default=0)
    return "The value provided for parameter 'tags' is invalid" if longest > 200 else None  # noqa: PLR2004 - Datadog's limit


_RULES: tuple[Rule, ...] = (
    _query,
    _operator,
    _composite,
    _threshold,
    _order,
    _missing_data,
    _anomaly,
    _priority,
    _tags,
)

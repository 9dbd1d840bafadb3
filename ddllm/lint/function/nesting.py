"""A function that Datadog does not take inside an algorithm: it changes the shape that the algorithm learns.

Documented: no cumsum, integral, outliers, piecewise_constant, robust_trend and trend_line inside anomalies and forecast; no
anomalies inside forecast.

Bad:
    type: query alert
    query: avg(last_4h):anomalies(cumsum(sum:ddllm.cost{env:prod}.as_count()), 'agile', 3, direction='above', alert_window='last_30m', interval=60) >= 1
    options: {threshold_windows: {trigger_window: last_30m, recovery_window: last_30m}}

Good:
    type: query alert
    query: avg(last_4h):anomalies(sum:ddllm.cost{env:prod}.as_count(), 'agile', 3, direction='above', alert_window='last_30m', interval=60) >= 1
    options: {threshold_windows: {trigger_window: last_30m, recovery_window: last_30m}}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import parts
from ddllm.lint.subject import Draft, Subject
from ddllm.query.ast import Call

SEVERITY = Severity.ERROR

_SHAPES = frozenset({"cumsum", "integral", "outliers", "piecewise_constant", "robust_trend", "trend_line"})
_FORBIDDEN = {"anomalies": _SHAPES, "forecast": _SHAPES | {"anomalies"}}


def check(subject: Subject) -> Iterator[Draft]:
    """Look inside anomalies and forecasts for what they do not take."""
    for outer in subject.calls:
        for inner in parts(outer):
            if isinstance(inner, Call) and inner.function in _FORBIDDEN.get(outer.function, ()):
                yield subject.finding(f"`{inner.function}` cannot stand inside `{outer.function}`", at=inner)

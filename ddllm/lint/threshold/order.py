"""A warning comes before the critical threshold, and each recovery lies on the OK side of its threshold.

Datadog refuses the rest, equal numbers too, and does not say which field it means.

Bad:
    type: query alert
    query: avg(last_5m):avg:ddllm.duration{env:prod} > 5
    options: {thresholds: {warning: 5}}

Good:
    type: query alert
    query: avg(last_5m):avg:ddllm.duration{env:prod} > 5
    options: {thresholds: {warning: 4, critical_recovery: 4.5, warning_recovery: 3}}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.ERROR

_PAIRS = (("warning", "critical"), ("critical_recovery", "critical"), ("warning_recovery", "warning"))


def check(subject: Subject) -> Iterator[Draft]:
    """Look for thresholds in the wrong order, as the query's operator turns it."""
    query = subject.metric_query
    if query is None or query.comparison.operator in {"==", "!="}:
        return
    sign = -1 if query.comparison.operator.startswith("<") else 1
    values = {name: value for name, value in subject.thresholds.items() if isinstance(value, int | float)}
    for lower, upper in _PAIRS:
        if lower in values and upper in values and sign * values[lower] >= sign * values[upper]:
            side = "below" if sign == 1 else "above"
            yield subject.finding(
                f"`{lower}` ({values[lower]:g}) must lie {side} `{upper}` ({values[upper]:g})",
                where=("options", "thresholds", lower),
            )

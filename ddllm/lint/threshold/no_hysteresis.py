"""A page without a recovery threshold: a value that moves around the threshold wakes somebody at each crossing.

Bad:
    severity: page
    query: percentile(last_5m):p95:ddllm.ttft{env:prod} > 2

Good:
    severity: page
    query: percentile(last_5m):p95:ddllm.ttft{env:prod} > 2
    options: {thresholds: {critical_recovery: 1.6}}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.INFO


def check(subject: Subject) -> Iterator[Draft]:
    """Look for pages on a metric that recover where they alert. Algorithms recover by a window of their own."""
    query = subject.metric_query
    if query is None or subject.severity != "page" or subject.algorithm or query.comparison.operator in {"==", "!="}:
        return
    if query.comparison.threshold and subject.thresholds.get("critical_recovery") is None:
        yield subject.finding(
            "a page without `critical_recovery`", at=query.comparison, instead="options.thresholds.critical_recovery"
        )

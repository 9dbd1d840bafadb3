"""Percentiles exist for distributions alone: of a count or a gauge the query is empty, and the monitor never fires.

Bad:
    avg(last_5m):p95:ddllm.cost{env:prod} > 2

Good:
    percentile(last_5m):p95:ddllm.request.cost{env:prod} > 2
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject, metric_of

SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Draft]:
    """Look for percentiles of metrics that the catalogue says are none."""
    for read in subject.reads:
        metric = metric_of(read)
        if metric is not None and read.is_percentile and metric.kind != "distribution":
            yield subject.finding(f"`{metric}` is a {metric.kind}, which has no percentiles", at=read.query)

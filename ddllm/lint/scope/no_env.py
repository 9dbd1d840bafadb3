"""A monitor on every environment: tests and load tests in staging alert as production does.

Bad:
    percentile(last_5m):p95:ddllm.ttft{service:chat} > 2

Good:
    percentile(last_5m):p95:ddllm.ttft{service:chat,env:${env}} > 2
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject, metric_of
from ddllm.query.monitor import MetricQuery

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Look in monitors for ddllm's metrics without `env`."""
    if not isinstance(subject.tree, MetricQuery):
        return
    for read in subject.reads:
        if metric_of(read) and "env" not in read.tag_keys:
            yield subject.finding(f"`{read.metric}` of every environment", at=read.query, instead="{…,env:${env}}")
            return

"""Searches of logs, events and traces take no recovery thresholds: Datadog refuses the monitor.

Bad:
    type: log alert
    query: logs("service:chat status:error").index("*").rollup("count").last("5m") > 50
    options: {thresholds: {critical_recovery: 40}}

Good:
    type: log alert
    query: logs("service:chat status:error").index("*").rollup("count").last("5m") > 50
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject
from ddllm.query.monitor import EventQuery

SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Draft]:
    """Look for recovery thresholds beside a search."""
    if isinstance(subject.tree, EventQuery):
        for name in ("critical_recovery", "warning_recovery"):
            if subject.thresholds.get(name) is not None:
                where = ("options", "thresholds", name)
                yield subject.finding(f"a search takes no `{name}`", where=where, instead="Leave it out")

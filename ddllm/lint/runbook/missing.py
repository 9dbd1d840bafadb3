"""Somebody is woken and finds nothing to read: a page has a runbook.

Bad:
    severity: page
    query: percentile(last_5m):p95:ddllm.ttft{env:prod} > 2

Good:
    severity: ticket
    query: percentile(last_5m):p95:ddllm.ttft{env:prod} > 2
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Look for pages without one."""
    if subject.monitor and subject.monitor.severity == "page" and not subject.monitor.runbook:
        yield subject.finding(
            "a page without a runbook", where=("severity",), instead="runbook: SLUG, of monitors/runbooks/SLUG.yaml"
        )

"""A page that fires above a threshold says nothing when the calls stop, and nothing else in the project does.

A monitor on too few calls, or one that notifies when data is missing, covers all of them.

Bad:
    severity: page
    query: percentile(last_5m):p95:ddllm.ttft{env:prod} > 2

Good:
    slow:
      severity: page
      query: percentile(last_5m):p95:ddllm.ttft{env:prod} > 2
    silent:
      severity: page
      query: sum(last_10m):sum:ddllm.requests{env:prod}.as_count() < 1
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import is_count
from ddllm.lint.subject import Draft, Subject, metric_of

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Look for pages on ddllm's metrics in a project without a monitor on their silence."""
    query = subject.metric_query
    if query is None or subject.severity != "page" or not query.comparison.operator.startswith(">"):
        return
    ours = any(metric_of(read) for read in subject.reads)
    if ours and not any(map(_hears_silence, subject.monitors.values())):
        yield subject.finding(
            "no monitor of the project says when calls stop",
            at=query,
            instead="sum(last_10m):sum:ddllm.requests{…}.as_count() < 1",
        )


def _hears_silence(monitor: Subject) -> bool:
    query = monitor.metric_query
    if monitor.options.get("on_missing_data") == "show_and_notify_no_data" or monitor.options.get("notify_no_data"):
        return True
    below = query is not None and query.comparison.operator.startswith("<")
    return below and any(is_count(read) or read.aggregator == "count" for read in monitor.reads)

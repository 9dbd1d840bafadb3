"""A page for each of many groups: an incident that meets them all pages that often.

`notify_by` gathers them, and so does a coarser `by`.

Bad:
    severity: page
    query: avg(last_5m):avg:ddllm.duration{env:prod} by {service,feature} > 5

Good:
    severity: page
    query: avg(last_5m):avg:ddllm.duration{env:prod} by {service,feature} > 5
    options: {notify_by: [service]}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.live import Live
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING

_DAY = 24 * 3600
#: A person reads that many pages of one incident.
_MOST = 20


def check_live(subject: Subject, live: Live) -> Iterator[Draft]:
    """Ask Datadog for the groups of a day."""
    query = subject.metric_query
    if query is None or subject.severity != "page" or not subject.groups or subject.options.get("notify_by"):
        return
    for read in subject.reads[:1]:
        groups = len(live.series(str(read.query), _DAY)) if read.metric in live.reporting else 0
        if groups > _MOST:
            yield subject.finding(
                f"{groups} groups, each with a page of its own", at=read.query, instead="options.notify_by"
            )

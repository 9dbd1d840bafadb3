"""A change in percent of what has gaps: an earlier value near 0 makes it enormous, a missing one makes no answer.

Calls to models come when they come. Counts that are added up over the window on both sides have no gaps.

Bad:
    pct_change(avg(last_5m),last_1h):avg:ddllm.duration{env:prod} > 50

Good:
    pct_change(sum(last_1h),last_1d):sum:ddllm.cost{env:prod}.as_count() > 50
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import is_count
from ddllm.lint.subject import Draft, Subject, metric_of

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Look for changes in percent of ddllm's metrics that are no counts."""
    query = subject.metric_query
    if query is None or query.change is None or query.change.kind != "pct_change":
        return
    for read in subject.reads:
        if metric_of(read) and not is_count(read):
            instead = "percentile(…) or sum(…) over a window of its own, or a count with .as_count()"
            yield subject.finding(f"`{read.metric}` has gaps", at=read.query, instead=instead)
            return

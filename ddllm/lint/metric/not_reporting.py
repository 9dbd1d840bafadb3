"""A metric that did not report within a day: the query is empty, whatever happens.

Of a metric that only failures make, that is how it should be; then ignore this with that as the reason.

Bad:
    sum(last_5m):sum:ddllm.requests{env:prod}.as_count() > 5

Good:
    type: service check
    query: '"datadog.agent.up".over("*").by("host").last(2).count_by_status()'
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.live import Live
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING


def check_live(subject: Subject, live: Live) -> Iterator[Draft]:
    """Ask Datadog which metrics report."""
    for metric in dict.fromkeys(read.metric for read in subject.reads):
        if metric not in live.reporting:
            at = next(read.query for read in subject.reads if read.metric == metric)
            yield subject.finding(f"`{metric}` did not report within a day", at=at)

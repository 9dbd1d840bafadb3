"""More buckets than Datadog answers: a series has 1,500 points at most, and finer buckets are widened.

Bad:
    avg(last_1w):avg:ddllm.duration{env:prod}.rollup(avg, 1) > 5

Good:
    avg(last_1w):avg:ddllm.duration{env:prod} > 5
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import bucket
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.INFO

_POINTS = 1500


def check(subject: Subject) -> Iterator[Draft]:
    """Look for rollups that make too many buckets of a monitor's window."""
    query = subject.metric_query
    for read in subject.reads if query else ():
        seconds = bucket(read.query)
        if query and seconds and query.window.seconds / seconds > _POINTS:
            least = -(-query.window.seconds // _POINTS)
            yield subject.finding(
                f"{query.window.seconds // seconds:,} buckets, of which Datadog makes {_POINTS:,}",
                at=read.query.method("rollup"),
                instead=f"{least} seconds or more",
            )

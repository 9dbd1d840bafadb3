"""A count is added up over the window; any other aggregation depends on how Datadog cuts the window into buckets.

The buckets of a short window are seconds long, and most hold nothing: their average, minimum and maximum say how the calls fell
into them, and the same monitor over a longer window gives another number. Datadog's editor enforces `sum`, its API does not.

Bad:
    avg(last_5m):sum:ddllm.requests{env:prod}.as_count() > 5

Good:
    sum(last_5m):sum:ddllm.requests{env:prod}.as_count() > 5
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Draft]:
    """Look for `.as_count()` under another aggregation than `sum`."""
    query = subject.metric_query
    if query is None or query.aggregator == "sum" or subject.algorithm:
        return
    if any(read.query.method("as_count") for read in subject.reads):
        yield subject.finding(
            f"`{query.aggregator}` of a count depends on the size of the buckets",
            at=query,
            instead=f"sum({query.window}):…",
        )

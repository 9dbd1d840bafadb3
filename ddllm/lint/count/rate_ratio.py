"""The sum of a quotient of rates adds up the quotients of the buckets: 3 instead of 0.6 in Datadog's own example.

With `.as_count()` each side is added up over the window first, and the quotient is that of the window.

Bad:
    sum(last_5m):sum:http.errors{env:prod}.as_rate() / sum:http.requests{env:prod}.as_rate() > 0.1

Good:
    sum(last_5m):sum:http.errors{env:prod}.as_count() / sum:http.requests{env:prod}.as_count() > 0.1
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import divisions
from ddllm.lint.subject import Draft, Subject
from ddllm.query.reads import reads

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Look for sums over a window of quotients of rates."""
    query = subject.metric_query
    if query is None or query.aggregator != "sum":
        return
    for division in divisions(query.expression):
        if all(each.query.method("as_rate") for each in reads(division)):
            yield subject.finding(
                "this adds up the quotients of the buckets", at=division, instead=".as_count() for both"
            )

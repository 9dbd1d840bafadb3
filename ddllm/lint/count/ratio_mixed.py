"""A quotient with `.as_count()` on one side only: calls over calls a second, a number without a meaning.

`.as_count()` anywhere makes Datadog add up each side over the window; the side without it then adds up rates.

Bad:
    sum(last_5m):sum:http.errors{env:prod}.as_count() / sum:http.requests{env:prod} > 0.1

Good:
    sum(last_5m):sum:http.errors{env:prod}.as_count() / sum:http.requests{env:prod}.as_count() > 0.1
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import divisions, is_count
from ddllm.lint.subject import Draft, Subject
from ddllm.query.monitor import MetricQuery
from ddllm.query.reads import Read, reads

SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Draft]:
    """Look in monitors for quotients of which one side counts and the other adds up what may be a count too."""
    if not isinstance(subject.tree, MetricQuery):
        return
    for division in divisions(subject.tree.expression):
        sides = [list(reads(side)) for side in (division.left, division.right)]
        for one, other in (sides, sides[::-1]):
            plain = next((each for each in other if _adds_up(each)), None)
            if all(map(is_count, one)) and not any(map(is_count, other)) and plain:
                message = f"`{plain.metric}` is read as a rate, and the other side as a count"
                yield subject.finding(message, at=plain.query, instead=f"{plain.query}.as_count()")


def _adds_up(read: Read) -> bool:
    return read.aggregator == "sum" and read.query.method("rollup") is None

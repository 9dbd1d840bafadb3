"""Below a threshold `max` means all of the window and `min` any point of it: the other way round than above one.

`max(last_5m):… < 1` fires when every point is below 1. If that is meant, ignore this with that as the reason.

Bad:
    max(last_5m):avg:ddllm.tokens_per_second{env:prod} < 10

Good:
    avg(last_5m):avg:ddllm.tokens_per_second{env:prod} < 10
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.INFO


def check(subject: Subject) -> Iterator[Draft]:
    """Look for `max` below a threshold; where nothing is 0 or less, it asks for silence and means all."""
    query = subject.metric_query
    if query is None or query.aggregator != "max" or subject.algorithm or query.change:
        return
    if query.comparison.operator in {"<", "<="}:
        yield subject.finding(
            "this fires when all points are below, not when one is",
            at=query,
            instead=f"min({query.window}):… for any point, avg for most of them",
        )

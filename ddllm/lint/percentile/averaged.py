"""The average of the percentiles of small buckets is no percentile: a bucket of two calls counts as much as one of a thousand.

`percentile(…)` takes the percentile of all samples of the window.

Bad:
    avg(last_5m):p95:ddllm.ttft{env:prod} > 2

Good:
    percentile(last_5m):p95:ddllm.ttft{env:prod} > 2
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject
from ddllm.query.ast import Query

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Look for averages over the window of a percentile that stands alone."""
    query = subject.metric_query
    if query is None or query.aggregator != "avg" or query.change or not isinstance(query.expression, Query):
        return
    aggregator = query.expression.aggregator or ""
    if subject.reads[0].is_percentile and aggregator.startswith("p"):
        yield subject.finding(
            f"the mean of many {aggregator}, not the {aggregator} of the window",
            at=query,
            instead=f"percentile({query.window}):…",
        )

"""A share of one compared with a number of percent: it lies around 1, and the threshold far above.

Multiply by 100, or compare with 0.9.

Bad:
    percentile(last_5m):p95:ddllm.context.utilization{env:prod} > 90

Good:
    percentile(last_5m):p95:ddllm.context.utilization{env:prod} > 0.9
"""

import re
from collections.abc import Iterator

from ddllm.catalog import BY_NAME
from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject
from ddllm.query.ast import Binary, Call, Expression, Query, operands_of

SEVERITY = Severity.WARNING

#: Aggregations that add up: their answer is no share.
_SUMS = frozenset({"count", "sum"})
#: Up to here a threshold may be meant: twice what is allowed.
_MEANT = 2
#: What a part is called, and what the whole of it.
_PART = re.compile(r"(?:^|[._])(?:used|in_use|usage|requests|errors?|failed|failures|refusals|hits|misses)$")
_WHOLE = re.compile(r"(?:^|[._])(?:limits?|total|capacity|max|quota|checks|requests)$")


def check(subject: Subject) -> Iterator[Draft]:
    """Look for shares, by the catalogue's unit or by the names of part and whole, above a threshold of percent."""
    query = subject.metric_query
    if query is None or query.change or query.comparison.operator not in {">", ">="}:
        return
    threshold = query.comparison.threshold
    if threshold is not None and threshold > _MEANT and _is_share(query.expression):
        yield subject.finding(
            f"a share of one, compared with {threshold:g}",
            at=query.comparison,
            instead=f"{query.comparison.operator} {threshold / 100:g}, or 100 * (…)",
        )


def _is_share(expression: Expression) -> bool:
    match expression:
        case Query(metric=metric, aggregator=aggregator):
            return metric in BY_NAME and BY_NAME[metric].unit == "fraction" and aggregator not in _SUMS
        case Binary("/", Query(metric=part), Query(metric=whole)):
            return part != whole and _PART.search(part) is not None and _WHOLE.search(whole) is not None
        case Call(function) if function not in {"anomalies", "forecast", "outliers"} and "count" not in function:
            first = next(operands_of(expression), None)
            return first is not None and _is_share(first)
    return False

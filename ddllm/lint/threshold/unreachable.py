"""A threshold on the far side of what the query can answer: the monitor never fires.

The share of anomalous points and the share of calls of one kind among all of them lie between 0 and 1, not 100; counts, times and
money are never below 0.

Bad:
    sum(last_5m):sum:ddllm.requests{env:prod,status:error}.as_count() / sum:ddllm.requests{env:prod}.as_count() > 5

Good:
    sum(last_5m):sum:ddllm.requests{env:prod,status:error}.as_count() / sum:ddllm.requests{env:prod}.as_count() > 0.05
"""

import math
from collections.abc import Iterator

from ddllm.catalog import BY_NAME
from ddllm.lint.finding import Severity
from ddllm.lint.shape import crosses
from ddllm.lint.subject import Draft, Subject
from ddllm.query.ast import Binary, Both, Call, Everything, Expression, Number, Query, Scope

SEVERITY = Severity.ERROR

_PERCENT = 100


def check(subject: Subject) -> Iterator[Draft]:
    """Compare the threshold with the least and the most that the expression can answer."""
    query = subject.metric_query
    if query is None or query.comparison.threshold is None or query.change:
        return
    operator, threshold = query.comparison.operator, query.comparison.threshold
    least, most = _range(query.expression)
    upwards = operator in {">", ">="}
    if operator in {"==", "!="} or crosses(operator, most if upwards else least, threshold):
        return
    limit = f"more than {most:g}" if upwards else f"less than {least:g}"
    instead = None
    if upwards and most == threshold == 1:
        instead = ">= 1"
    elif upwards and most == 1 and threshold <= _PERCENT:
        instead = f"{operator} {threshold / _PERCENT:g}, if {threshold:g} % is meant"
    yield subject.finding(f"this is never {limit}", at=query.comparison, instead=instead)


def _range(expression: Expression) -> tuple[float, float]:
    match expression:
        case Call("anomalies"):
            return 0, 1
        case Query(metric=metric) if metric in BY_NAME:
            return 0, math.inf
        case Number(value):
            return value, value
        case Binary("/", Query() as part, Query() as whole) if _is_share(part, whole):
            return 0, 1
        case Binary("*" | "/" | "+" as operator, left, right):
            return _combined(operator, _range(left), _range(right))
    return -math.inf, math.inf


def _combined(operator: str, left: tuple[float, float], right: tuple[float, float]) -> tuple[float, float]:
    if operator == "+":
        return left[0] + right[0], left[1] + right[1]
    if left[0] < 0 or right[0] < 0:
        return -math.inf, math.inf
    if operator == "*" and math.isfinite(left[1]) and math.isfinite(right[1]):
        return left[0] * right[0], left[1] * right[1]
    return 0, math.inf


def _is_share(part: Query, whole: Query) -> bool:
    """Whether both count the same, and the first takes some of the series of the second."""
    counted = all(each.aggregator == "sum" and each.method("as_count") for each in (part, whole))
    alike = (part.metric, part.by, part.methods) == (whole.metric, whole.by, whole.methods)
    return counted and alike and _tags(part.scope) >= _tags(whole.scope)


def _tags(scope: Scope) -> frozenset[Scope]:
    """Return what all holds of a scope's series."""
    if isinstance(scope, Everything):
        return frozenset()
    return frozenset(scope.operands) if isinstance(scope, Both) else frozenset({scope})

"""What a metric query answers, from series: Datadog's semantics as far as they are documented.

Understood are counts under `.as_count()`, distributions (`sum count avg min max pNN`), scopes, `by`, `.rollup()` and
arithmetic between queries that are grouped alike. Anything else raises `QueryError`: no number is better than a wrong one.

Order of work: points fall into buckets that are aligned to Unix time, each raw series into its own; the series of a group are
aggregated; then comes arithmetic. A distribution's sketches merge in time and space at once. Under `as_count` a bucket
without data is 0 in arithmetic; where a denominator is 0 there is no point. A bucket that begins before the start is left
out whole, and the last one may be partial (recorded: Datadog's API does so).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ddllm.errors import QueryError
from ddllm.query.ast import (
    Binary,
    Both,
    Call,
    Either,
    Everything,
    Expression,
    Name,
    Negative,
    Not,
    Number,
    OneOf,
    Query,
    Scope,
    Several,
    Tag,
)
from ddllm.query.reads import reads
from ddllm.query.series import Group, Series, SeriesOf, groups_of, values_of
from ddllm.query.sketch import Sketch

#: The most points of an answered series; smaller buckets are widened.
MOST_POINTS = 1500
#: Seconds of a bucket where nothing says so, by the longest span that has them (documentation, dashboards/functions/rollup).
_BUCKETS = (
    (60, 1),
    (300, 2),
    (900, 5),
    (1800, 10),
    (3600, 20),
    (4 * 3600, 60),
    (86_400, 300),
    (2 * 86_400, 600),
    (7 * 86_400, 3600),
    (31 * 86_400, 4 * 3600),
    (92 * 86_400, 12 * 3600),
)
_DAY = 86_400

_COMBINE: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": sum,
    "min": min,
    "max": max,
    "avg": lambda values: sum(values) / len(values),
}
_OF_SKETCH: dict[str, Callable[[Sketch], float | None]] = {
    "sum": lambda sketch: sketch.sum,
    "count": lambda sketch: float(sketch.count),
    "avg": lambda sketch: sketch.avg,
    "min": lambda sketch: sketch.min,
    "max": lambda sketch: sketch.max,
}
_PERCENTILE = re.compile(r"p(\d{2}(?:\.\d{1,2})?)")


@dataclass(frozen=True, slots=True)
class Answer:
    """One series of an answer: the group (values of the query's `by` tags), and a value by the second its bucket begins."""

    group: Group
    points: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a query answered: the tags it is grouped by, seconds of a bucket, and a series for each group with data."""

    by: tuple[str, ...]
    interval: int
    answers: tuple[Answer, ...]


def evaluate(expression: Expression | Several, series_of: SeriesOf, start: int, end: int) -> Evaluation:
    """Answer a query for the data from `start` up to `end` (Unix seconds), groups in their order.

    Raises `QueryError` for what is not evaluated here.
    """
    if isinstance(expression, Several):
        raise _cannot(expression, "it is more than one query")
    queries = list(queries_of(expression))
    if not queries:
        raise _cannot(expression, "it reads no metric")
    if any(query.by != queries[0].by for query in queries):
        raise _cannot(expression, "its queries are grouped by different tags")
    interval = max(_interval(query, end - start) for query in queries)
    found = _Evaluator(series_of, -(-start // interval) * interval, end, interval).expression(expression)
    answers = (Answer(group, dict(sorted(points.items()))) for group, points in sorted(found.items()) if points)
    return Evaluation(queries[0].by, interval, tuple(answers))


def queries_of(expression: Expression | Several) -> Iterable[Query]:
    """Return the queries of an expression, from left to right."""
    return [read.query for read in reads(expression)]


def matches(scope: Scope, tags: Sequence[str]) -> bool:  # noqa: PLR0911 - one a node
    """Whether a scope takes a series with these tags."""
    match scope:
        case Everything():
            return True
        case Tag(key, None):
            return key in tags
        case Tag(key, value):
            return any(_pattern(value or "")(each) for each in values_of(tags, key))
        case OneOf(key, values):
            return any(_pattern(value)(each) for value in values for each in values_of(tags, key))
        case Not(operand):
            return not matches(operand, tags)
        case Both(operands):
            return all(matches(operand, tags) for operand in operands)
        case Either(operands):
            return any(matches(operand, tags) for operand in operands)


@cache
def _pattern(value: str) -> Callable[[str], object]:
    """Compile a value in which `*` stands for any text, and nothing else for anything but itself."""
    return re.compile(".*".join(map(re.escape, value.split("*"))), re.DOTALL).fullmatch


#: Points by group.
_Found = dict[Group, dict[int, float]]


class _Evaluator:
    def __init__(self, series_of: SeriesOf, start: int, end: int, interval: int) -> None:
        self._series_of = series_of
        self._start = start
        self._end = end
        self._interval = interval

    def expression(self, expression: Expression) -> _Found:
        if isinstance(expression, Query):
            return self._query(expression)
        if isinstance(expression, Negative):
            return _mapped(self.expression(expression.operand), lambda value: -value)
        if isinstance(expression, Binary):
            return self._binary(expression)
        if isinstance(expression, Name):
            raise _cannot(expression, "a name stands for a query in formulas alone")
        if isinstance(expression, Call):
            raise _cannot(expression, f"the function {expression.function} is not understood")
        raise _cannot(expression, "it divides by zero")  # other numbers are their operation's

    def _binary(self, binary: Binary) -> _Found:
        operate = _OPERATIONS[binary.operator]
        left, right = _number(binary.left), _number(binary.right)
        if right is not None:
            return _mapped(self.expression(binary.left), lambda value: operate(value, right))
        if left is not None:
            return _mapped(self.expression(binary.right), lambda value: operate(left, value))
        ours, theirs = self.expression(binary.left), self.expression(binary.right)
        absent = 0.0 if all(query.method("as_count") for query in queries_of(binary)) else None
        return {group: _joined(operate, ours[group], theirs[group], absent) for group in ours.keys() & theirs.keys()}

    def _query(self, query: Query) -> _Found:
        _check_scope(query, query.scope)
        taken = [series for series in self._series_of(query.metric) if matches(query.scope, series.tags)]
        kinds = {series.kind for series in taken}
        if kinds <= {"count"}:
            return self._counts(query, taken)
        if kinds == {"distribution"}:
            return self._distributions(query, taken)
        raise _cannot(query, f"{query.metric} is a {' and a '.join(sorted(kinds))}")

    def _counts(self, query: Query, taken: Iterable[Series]) -> _Found:
        if query.aggregator not in _COMBINE:
            raise _cannot(query, f"`{query.aggregator}` over a count" if query.aggregator else "it has no aggregator")
        if query.method("as_count") is None:
            raise _cannot(query, "a count without .as_count() is a rate")
        if _rollup(query)[0] not in {None, "sum"}:
            raise _cannot(query, "a count is rolled up by `sum`")
        buckets: dict[Group, dict[int, list[float]]] = {}
        for series in taken:
            own: dict[int, float] = {}
            for at, value in series.points.items():
                if self._start <= at < self._end:
                    bucket = at // self._interval * self._interval
                    own[bucket] = own.get(bucket, 0.0) + value
            for group in groups_of(series.tags, query.by):
                into = buckets.setdefault(group, {})
                for bucket, value in own.items():
                    into.setdefault(bucket, []).append(value)
        combine = _COMBINE[query.aggregator]
        return {group: {at: float(combine(values)) for at, values in held.items()} for group, held in buckets.items()}

    def _distributions(self, query: Query, taken: Iterable[Series]) -> _Found:
        read = _reading(query)
        merged: dict[Group, dict[int, Sketch]] = {}
        for series in taken:
            for group in groups_of(series.tags, query.by):
                into = merged.setdefault(group, {})
                for at, sketch in series.sketches.items():
                    if self._start <= at < self._end and sketch.count:
                        into.setdefault(at // self._interval * self._interval, Sketch()).merge(sketch)
        return {
            group: {at: value for at, sketch in held.items() if (value := read(sketch)) is not None}
            for group, held in merged.items()
        }


def _reading(query: Query) -> Callable[[Sketch], float | None]:
    aggregator = query.aggregator or ""
    if aggregator in _OF_SKETCH:
        # The others' rollups take the aggregate of aggregates; the sum of sums is the same in one step.
        if _rollup(query)[0] not in {None, "sum" if aggregator in {"sum", "count"} else aggregator}:
            raise _cannot(query, f"`{aggregator}` rolled up by `{_rollup(query)[0]}`")
        return _OF_SKETCH[aggregator]
    percentile = _PERCENTILE.fullmatch(aggregator)
    if percentile is None:
        raise _cannot(query, f"`{aggregator}` over a distribution" if aggregator else "it has no aggregator")
    share = float(percentile[1]) / 100
    return lambda sketch: sketch.quantile(share)


def _interval(query: Query, span: int) -> int:
    """Return the seconds of a bucket: what `.rollup()` says, else what the span has, never more than the most points."""
    for method in query.methods:
        if method.name not in {"as_count", "rollup"}:
            raise _cannot(query, f".{method.name}() is not understood")
    asked = _rollup(query)[1]
    interval = asked or next((bucket for longest, bucket in _BUCKETS if span <= longest), _DAY)
    while span / interval > MOST_POINTS:
        interval = next((bucket for _, bucket in _BUCKETS if bucket > interval), interval * 2)
    return interval


def _rollup(query: Query) -> tuple[str | None, int | None]:
    """Return method and seconds of `.rollup()`."""
    method = query.method("rollup")
    if method is None:
        return None, None
    arguments = [str(each) for each in method.arguments]
    seconds = int(arguments.pop()) if arguments and arguments[-1].isdigit() else None
    name = arguments.pop() if arguments and arguments[-1] in {"avg", "sum", "min", "max", "count"} else None
    if arguments or seconds == 0 or not method.arguments:
        raise _cannot(query, f"{method} is not understood")
    return name, seconds


def _check_scope(query: Query, scope: Scope) -> None:
    match scope:
        case Not(operand):
            _check_scope(query, operand)
        case Both(operands) | Either(operands):
            for operand in operands:
                _check_scope(query, operand)
        case Tag() | OneOf() if "$" in str(scope):
            raise _cannot(query, f"`{scope}` is a dashboard's template variable")


def _number(expression: Expression) -> float | None:
    """Return the value of an expression of numbers alone."""
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Negative):
        value = _number(expression.operand)
        return None if value is None else -value
    if isinstance(expression, Binary):
        left, right = _number(expression.left), _number(expression.right)
        return None if left is None or right is None else _OPERATIONS[expression.operator](left, right)
    return None


_OPERATIONS: dict[str, Callable[[float, float], float | None]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right if right else None,
}


def _mapped(found: _Found, operate: Callable[[float], float | None]) -> _Found:
    return {
        group: {at: value for at, number in points.items() if (value := operate(number)) is not None}
        for group, points in found.items()
    }


def _joined(
    operate: Callable[[float, float], float | None],
    left: Mapping[int, float],
    right: Mapping[int, float],
    absent: float | None,
) -> dict[int, float]:
    """Combine point by point; `absent` stands for a point that one side lacks, None lets the other side's go."""
    joined: dict[int, float] = {}
    for at in left.keys() | right.keys():
        one, other = left.get(at, absent), right.get(at, absent)
        value = None if one is None or other is None else operate(one, other)
        if value is not None:
            joined[at] = value
    return joined


def _cannot(expression: Expression | Several, reason: str) -> QueryError:
    return QueryError(f"this cannot be evaluated here: {reason}", query=str(expression))

"""What rules ask of the shape of a query: where it divides, by what it groups, what it answers without data."""

import re
from collections.abc import Iterator, Sequence

from ddllm.query.ast import (
    Binary,
    Call,
    Expression,
    Keys,
    Keyword,
    Negative,
    Number,
    Query,
    Quoted,
    Several,
    operands_of,
)
from ddllm.query.monitor import UNITS, CheckQuery, EventQuery
from ddllm.query.reads import Read, reads

_SPAN = re.compile(r"(?:[a-z]+_)?(\d+)(mo|[mhdw])")
_ONE_SERIES = ("count_nonzero", "count_nonzero_finite", "count_not_null")


def parts(expression: Expression | Several | None) -> Iterator[Expression]:
    """Yield every expression inside one, itself included, the outer before the inner."""
    if expression is None:
        return
    if not isinstance(expression, Several):
        yield expression
    for operand in operands_of(expression):
        yield from parts(operand)


def divisions(expression: Expression | Several | None) -> Iterator[Binary]:
    """Yield every quotient of two things that are read: a number on one side makes none."""
    for part in parts(expression):
        if isinstance(part, Binary) and part.operator == "/" and all(map(_reads, (part.left, part.right))):
            yield part


def is_count(read: Read) -> bool:
    """Whether a metric is read with `.as_count()`."""
    return read.query.method("as_count") is not None


def counts_on_both_sides(division: Binary) -> bool:
    """Whether a quotient is one of counts, added up over the window before they are divided."""
    return all(all(map(is_count, _reads(side))) for side in (division.left, division.right))


def grouping(expression: Expression) -> frozenset[str] | None:
    """Return the keys by which an expression is grouped, None for what fits every group: a number, a name."""
    match expression:
        case Query(by=by):
            return frozenset(by)
        case Call(function, arguments):
            again = next((each for each in arguments if isinstance(each, Keys)), None)
            if again is not None:
                return frozenset(again.keys)
            return frozenset() if function in _ONE_SERIES else _first(operands_of(expression))
    return _first(operands_of(expression))


def _first(expressions: Iterator[Expression]) -> frozenset[str] | None:
    found = [keys for each in expressions if (keys := grouping(each)) is not None]
    return max(found, key=len, default=None)


def searched_groups(query: CheckQuery | EventQuery) -> Sequence[str]:
    """Return the keys by which a check or a search alerts: `.by("service,@http.status_code")`."""
    arguments = [each for method in query.methods if method.name == "by" for each in method.arguments]
    texts = (each.plain if isinstance(each, Quoted) else str(each) for each in arguments)
    return [key for text in texts for part in text.split(",") if (key := part.strip()) not in {"", "*"}]


def at_silence(expression: Expression) -> float | None:
    """Return what an expression answers where no series has a point, None where it answers nothing."""
    match expression:
        case Number(value):
            return value
        case Negative(operand):
            inner = at_silence(operand)
            return None if inner is None else -inner
        case Binary(operator, left, right):
            return _combined(operator, at_silence(left), at_silence(right))
        case Call("default_zero"):
            return 0.0
        case Call("default", arguments):
            last = arguments[-1]
            return at_silence(last) if isinstance(last, Number | Negative) else None
    return None


def _combined(operator: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None or (operator == "/" and not right):
        return None
    return {"+": left + right, "-": left - right, "*": left * right, "/": left / (right or 1)}[operator]


def crosses(operator: str, value: float, threshold: float) -> bool:
    """Whether a value is on the alerting side of a threshold."""
    return {
        ">": value > threshold,
        ">=": value >= threshold,
        "<": value < threshold,
        "<=": value <= threshold,
        "==": value == threshold,
        "!=": value != threshold,
    }[operator]


def positional(call: Call, index: int) -> str | None:
    """Return the argument without a name at an index, as its text; None where there is none."""
    given = [each for each in call.arguments if not isinstance(each, Keyword)]
    if index >= len(given):
        return None
    found = given[index]
    return found.plain if isinstance(found, Quoted) else str(found)


def keyword(call: Call, name: str) -> str | None:
    """Return the argument of a name, as its text; None where there is none."""
    for each in call.arguments:
        if isinstance(each, Keyword) and each.name == name:
            return each.value.plain if isinstance(each.value, Quoted) else each.value
    return None


def bucket(query: Query) -> int | None:
    """Return the seconds of `.rollup()`, None without one, or where it names none."""
    method = query.method("rollup")
    texts = [str(each) for each in method.arguments] if method else []
    return next((int(text) for text in texts if text.isdigit()), None)


def span(text: str | None) -> int:
    """Return the seconds of `last_15m`, `15m` or `300`; 0 where it is none of them."""
    found = _SPAN.fullmatch(text or "")
    if found:
        return int(found[1]) * UNITS[found[2]]
    return int(text) if text and text.isdigit() else 0


def _reads(expression: Expression) -> list[Read]:
    return list(reads(expression))

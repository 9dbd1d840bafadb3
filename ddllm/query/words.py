"""An expression in words: what it computes, with a letter for each query that it reads."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count
from string import ascii_lowercase

from ddllm.query.ast import (
    Argument,
    Binary,
    Both,
    Call,
    Either,
    Everything,
    Expression,
    Keys,
    Keyword,
    Method,
    Name,
    Negative,
    Not,
    OneOf,
    Query,
    Quoted,
    Scope,
    Tag,
)
from ddllm.query.functions import FUNCTIONS
from ddllm.query.reads import names, reads

#: How a query aggregates its series, and a monitor the points of its window.
AGGREGATES = {
    "avg": "the average",
    "sum": "the sum",
    "min": "the lowest",
    "max": "the highest",
    "count": "the number of values",
    "stddev": "the standard deviation",
    "histogram": "the distribution",
}
_MODIFIERS = {
    "as_count": "as a count",
    "as_rate": "per second",
    "rollup": "rolled up by ",
    "fill": "gaps filled by ",
    "weighted": "weighted",
}


def computes(expression: Expression) -> list[tuple[str, str]]:
    """Return what an expression computes, as pairs of a heading and a sentence."""
    if isinstance(expression, Query):
        return [("computes", _query(expression))]
    taken = names(expression)
    free = (each for each in chain(ascii_lowercase, map("q{}".format, count(1))) if each not in taken)
    letters = dict(zip(dict.fromkeys(read.query for read in reads(expression)), free, strict=False))
    lines = [("computes", _Words(letters).expression(expression))]
    return lines + [("", f"{letter} is {_query(query)}") for query, letter in letters.items()]


@dataclass(frozen=True, slots=True)
class _Words:
    """Words for an expression, in which each query has a letter."""

    letters: dict[Query, str]

    def expression(self, expression: Expression, *, inside: bool = False) -> str:
        match expression:
            case Query():
                return self.letters[expression]
            case Name(name):
                return name
            case Negative(operand):
                return f"-{self.expression(operand, inside=True)}"
            case Binary(operator, left, right):
                text = f"{self._operand(left, operator, first=True)} {operator} {self._operand(right, operator)}"
                return f"({text})" if inside else text
            case Call():
                text = self._call(expression)
                return f"({text})" if inside else text
        return str(expression)

    def _operand(self, operand: Expression, operator: str, *, first: bool = False) -> str:
        """Write an operand; parentheses stand where the order needs them, and around words."""
        if isinstance(operand, Binary):
            weaker = operator in "*/" and operand.operator in "+-"
            alike = (operator in "*/") == (operand.operator in "*/")
            return self.expression(operand, inside=weaker or (alike and not first))
        return self.expression(operand, inside=True)

    def _call(self, call: Call) -> str:
        function = FUNCTIONS[call.function]
        given = [self._argument(each) for each in call.arguments if not isinstance(each, Keyword)]
        says = re.sub(r"\[([^]]*)\]", lambda part: part[1] if _filled(part[1], len(given)) else "", function.says)
        return says.format(*given)

    def _argument(self, each: Argument) -> str:
        if isinstance(each, Quoted):
            return each.plain
        if isinstance(each, Keys):
            return joined(each.keys)
        return str(each) if isinstance(each, Keyword) else self.expression(each, inside=True)


def _filled(part: str, arguments: int) -> bool:
    return all(int(index) < arguments for index in re.findall(r"\{(\d)\}", part))


def _query(query: Query) -> str:
    scope = "" if query.scope == Everything() else f" with {_scope(query.scope)}"
    by = f", for each {joined(query.by)}" if query.by else ""
    return f"{_aggregate(query.aggregator)}{query.metric}{scope}{by}{''.join(map(_modifier, query.methods))}"


def _aggregate(aggregator: str | None) -> str:
    if aggregator is None:
        return ""
    if aggregator.startswith("count("):
        return f"the number of values {aggregator.partition('v: v')[2].rstrip(')')} of "
    named = AGGREGATES.get(aggregator) or f"the {aggregator}"
    return f"{named} of "


def _modifier(method: Method) -> str:
    arguments = [each.plain if isinstance(each, Quoted) else str(each) for each in method.arguments]
    match method.name, arguments:
        case "rollup", [*way, seconds] if seconds.isdigit():
            return f", rolled up{''.join(f' by {each}' for each in way)} over {seconds} seconds"
        case name, _ if name in _MODIFIERS:
            return f", {_MODIFIERS[name]}{', '.join(arguments)}"
    return str(method)


def _scope(scope: Scope, *, inside: bool = False) -> str:  # noqa: PLR0911 - one a node
    match scope:
        case Tag(key, None):
            return key
        case OneOf(key, values):
            return f"{key} one of {', '.join(values)}"
        case Not(OneOf(key, values)):
            return f"{key} none of {', '.join(values)}"
        case Not(operand):
            return f"not {_scope(operand, inside=True)}"
        case Both(operands):
            text = " and ".join(_scope(operand, inside=True) for operand in operands)
            return f"({text})" if inside else text
        case Either(operands):
            text = " or ".join(_scope(operand, inside=True) for operand in operands)
            return f"({text})" if inside else text
    return str(scope)


def joined(words: Sequence[str]) -> str:
    """Return words as a sentence lists them."""
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)

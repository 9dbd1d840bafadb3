"""What a metric query is made of. A node's text (`str`) is the query as Datadog takes it, and parses back to the same node.

Binary, Negative, Number, Query          an expression
Everything, Tag, OneOf, Not, Both, Either    a scope: which series
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Operator = Literal["+", "-", "*", "/"]

_PRECEDENCE: dict[str, int] = {"+": 1, "-": 1, "*": 2, "/": 2}
_UNARY = 3
_BARE = re.compile(r"[^\s,(){}'\"]+")


@dataclass(frozen=True, slots=True)
class Everything:
    """`*`: every series."""

    def __str__(self) -> str:
        return "*"


@dataclass(frozen=True, slots=True)
class Tag:
    """`key:value`, where `*` in the value stands for any text; without a value a bare word."""

    key: str
    value: str | None = None

    def __str__(self) -> str:
        return self.key if self.value is None else f"{self.key}:{self.value}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """`key IN (value, …)`."""

    key: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.key} IN ({','.join(self.values)})"


@dataclass(frozen=True, slots=True)
class Not:
    """Series that the operand leaves out."""

    operand: "Scope"

    def __str__(self) -> str:
        if isinstance(self.operand, OneOf):
            return f"{self.operand.key} NOT IN ({','.join(self.operand.values)})"
        return f"NOT {_grouped(self.operand)}"


@dataclass(frozen=True, slots=True)
class Both:
    """Series that every operand takes; two operands or more."""

    operands: tuple["Scope", ...]

    def __str__(self) -> str:
        return " AND ".join(_grouped(operand) for operand in self.operands)


@dataclass(frozen=True, slots=True)
class Either:
    """Series that one operand takes at least; two operands or more."""

    operands: tuple["Scope", ...]

    def __str__(self) -> str:
        return " OR ".join(_grouped(operand) for operand in self.operands)


Scope = Everything | Tag | OneOf | Not | Both | Either


def _grouped(scope: Scope) -> str:
    return f"({scope})" if isinstance(scope, Both | Either) else str(scope)


def written(scope: Scope) -> str:
    """Write a scope as it stands in a query: with `,` and `!` where these can say it, else in words."""
    return _symbols(scope) or str(scope)


def _symbols(scope: Scope) -> str | None:
    """Write a scope with `,` and `!`, as people do; None where it needs words, for Datadog takes no mix of the two."""
    if isinstance(scope, Tag | Everything):
        return str(scope)
    if isinstance(scope, Not) and isinstance(scope.operand, Tag):
        return f"!{scope.operand}"
    if isinstance(scope, Both):
        parts = [None if isinstance(operand, Both) else _symbols(operand) for operand in scope.operands]
        return None if None in parts else ",".join(str(part) for part in parts)
    return None


@dataclass(frozen=True, slots=True)
class Quoted:
    """A text in quotation marks."""

    text: str

    def __str__(self) -> str:
        return f'"{self.text}"' if "'" in self.text else f"'{self.text}'"


@dataclass(frozen=True, slots=True)
class Method:
    """`.name(argument, …)` after a query. Bare words and numbers are texts, as they stand there."""

    name: str
    arguments: tuple[str | Quoted, ...] = ()

    def __post_init__(self) -> None:
        if not all(isinstance(each, Quoted) or _BARE.fullmatch(each) for each in self.arguments):
            raise ValueError(f"{self.arguments} cannot be written without quotation marks")

    def __str__(self) -> str:
        return f".{self.name}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True, slots=True)
class Query:
    """One metric: how it is aggregated over series, which series, by which tags it is grouped, and methods on it."""

    aggregator: str | None
    metric: str
    scope: Scope = Everything()
    by: tuple[str, ...] = ()
    methods: tuple[Method, ...] = ()

    def __str__(self) -> str:
        aggregator = f"{self.aggregator}:" if self.aggregator else ""
        by = f" by {{{','.join(self.by)}}}" if self.by else ""
        return f"{aggregator}{self.metric}{{{written(self.scope)}}}{by}{''.join(map(str, self.methods))}"

    def method(self, name: str) -> Method | None:
        """Return the method of that name, the last one where it is written twice."""
        return next((each for each in reversed(self.methods) if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, 0 or more."""

    value: float

    def __str__(self) -> str:
        # Datadog reads no exponents.
        return str(int(self.value)) if self.value == int(self.value) else format(Decimal(repr(self.value)), "f")


@dataclass(frozen=True, slots=True)
class Negative:
    """Minus the operand."""

    operand: "Expression"

    def __str__(self) -> str:
        return f"-{_operand(self.operand, _UNARY)}"


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic."""

    operator: Operator
    left: "Expression"
    right: "Expression"

    def __str__(self) -> str:
        own = _PRECEDENCE[self.operator]
        return f"{_operand(self.left, own)} {self.operator} {_operand(self.right, own + 1)}"


Expression = Query | Number | Negative | Binary


def _operand(expression: Expression, least: int) -> str:
    """Write an operand, in parentheses where it binds less than what stands around it."""
    binds = _PRECEDENCE[expression.operator] if isinstance(expression, Binary) else _UNARY
    return f"({expression})" if binds < least else str(expression)

"""What a metric query is made of. A node's text (`str`) is the query as Datadog takes it, and parses back to the same node.

Binary, Negative, Number, Query, Name, Call    an expression
Several                                      expressions side by side, as a widget shows them
Everything, Tag, OneOf, Not, Both, Either    a scope: which series

`position` is the index in the parsed text at which a node begins. Nodes that say the same are equal, wherever they stood.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

Operator = Literal["+", "-", "*", "/"]

_PRECEDENCE: dict[str, int] = {"+": 1, "-": 1, "*": 2, "/": 2}
_UNARY = 3
_BARE = re.compile(r"[^\s,(){}'\"=]+")
_QUOTABLE = {mark: re.compile(rf"(?:\\.|[^{mark}\\])*", re.DOTALL) for mark in "'\""}


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a query, and where it begins."""

    position: int = field(default=0, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Everything(Node):
    """`*`: every series."""

    def __str__(self) -> str:
        return "*"


@dataclass(frozen=True, slots=True)
class Tag(Node):
    """`key:value`, where `*` in the value stands for any text; without a value a bare word."""

    key: str
    value: str | None = None

    def __str__(self) -> str:
        return self.key if self.value is None else f"{self.key}:{self.value}"


@dataclass(frozen=True, slots=True)
class OneOf(Node):
    """`key IN (value, …)`."""

    key: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.key} IN ({','.join(self.values)})"


@dataclass(frozen=True, slots=True)
class Not(Node):
    """Series that the operand leaves out."""

    operand: "Scope"

    def __str__(self) -> str:
        if isinstance(self.operand, OneOf):
            return f"{self.operand.key} NOT IN ({','.join(self.operand.values)})"
        return f"NOT {_grouped(self.operand)}"


@dataclass(frozen=True, slots=True)
class Both(Node):
    """Series that every operand takes; two operands or more."""

    operands: tuple["Scope", ...]

    def __str__(self) -> str:
        return " AND ".join(_grouped(operand) for operand in self.operands)


@dataclass(frozen=True, slots=True)
class Either(Node):
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
class Quoted(Node):
    """A text in quotation marks, as it stands between them. Both marks mean the same; a backslash takes the next one's meaning."""

    text: str
    mark: Literal["'", '"'] = field(default="'", compare=False, repr=False)

    def __post_init__(self) -> None:
        if not _QUOTABLE[self.mark].fullmatch(self.text):
            raise ValueError(f"{self.text} cannot be written between {self.mark}")

    def __str__(self) -> str:
        return f"{self.mark}{self.text}{self.mark}"

    @property
    def plain(self) -> str:
        """The text that is meant."""
        return re.sub(r"\\(['\"])", r"\1", self.text)


@dataclass(frozen=True, slots=True)
class Keyword(Node):
    """`name=value` among arguments. A bare value is a text, as it stands there."""

    name: str
    value: "str | Quoted"

    def __post_init__(self) -> None:
        _check_bare(self.value)

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


@dataclass(frozen=True, slots=True)
class Method(Node):
    """`.name(argument, …)` after a query. Bare words and numbers are texts, as they stand there."""

    name: str
    arguments: tuple[str | Quoted | Keyword, ...] = ()

    def __post_init__(self) -> None:
        for each in self.arguments:
            _check_bare(each)

    def __str__(self) -> str:
        separator = "," if all(isinstance(each, Quoted) for each in self.arguments) else ", "
        return f".{self.name}({separator.join(map(str, self.arguments))})"


def _check_bare(argument: object) -> None:
    if isinstance(argument, str) and not _BARE.fullmatch(argument):
        raise ValueError(f"{argument} cannot be written without quotation marks")


@dataclass(frozen=True, slots=True)
class Query(Node):
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
class Number(Node):
    """A number, 0 or more."""

    value: float

    def __str__(self) -> str:
        # Datadog reads no exponents.
        return str(int(self.value)) if self.value == int(self.value) else format(Decimal(repr(self.value)), "f")


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """Minus the operand."""

    operand: "Expression"

    def __str__(self) -> str:
        return f"-{_operand(self.operand, _UNARY)}"


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic."""

    operator: Operator
    left: "Expression"
    right: "Expression"

    def __str__(self) -> str:
        own = _PRECEDENCE[self.operator]
        return f"{_operand(self.left, own)} {self.operator} {_operand(self.right, own + 1)}"


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A query that a formula knows by name, as `query1`."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Keys(Node):
    """`{key, …}` among a function's arguments: the tags by which it groups once more."""

    keys: tuple[str, ...]

    def __str__(self) -> str:
        return f"{{{','.join(self.keys)}}}"


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of expressions."""

    function: str
    arguments: tuple["Argument", ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True, slots=True)
class Several(Node):
    """Two expressions or more, separated by commas."""

    expressions: tuple["Expression", ...]

    def __str__(self) -> str:
        return ", ".join(map(str, self.expressions))


Expression = Query | Number | Negative | Binary | Name | Call
Argument = Expression | Quoted | Keyword | Keys


def operands_of(expression: Expression | Several) -> Iterator[Expression]:
    """Return the expressions that one is made of, from left to right: those of the next level alone."""
    match expression:
        case Negative(operand):
            yield operand
        case Binary(_, left, right):
            yield left
            yield right
        case Call(_, arguments):
            yield from (each for each in arguments if not isinstance(each, Quoted | Keyword | Keys))
        case Several(expressions):
            yield from expressions


def _operand(expression: Expression, least: int) -> str:
    """Write an operand, in parentheses where it binds less than what stands around it."""
    binds = _PRECEDENCE[expression.operator] if isinstance(expression, Binary) else _UNARY
    return f"({expression})" if binds < least else str(expression)

"""What the grammar found -> nodes. A method here is a rule of the grammar; it refuses what only reads well, and says where.

Refused are words that Datadog's documentation rules out: aggregators, functions and their arguments, windows, mixed scopes.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple, cast

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
    Node,
    Not,
    Number,
    OneOf,
    Operator,
    Query,
    Quoted,
    Scope,
    Several,
    Tag,
)
from ddllm.query.functions import AGGREGATORS, FUNCTIONS, METHODS, MORE_AGGREGATORS

if TYPE_CHECKING:
    from lark import Token

_PERCENTILE = re.compile(r"p\d{1,2}(\.\d{1,2})?")
_THRESHOLD_COUNT = re.compile(r"count\s*\(\s*v\s*:\s*v\s*(>=|<=|==|!=|>|<)\s*(-?\d+(?:\.\d+)?)\s*\)")
_LONGEST_NAME = 200


class Refused(Exception):  # noqa: N818 - raised to `parse`, which makes an error of it
    """Why a query is refused, where, and what should stand there."""

    def __init__(self, message: str, position: int, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.suggestion = suggestion


class _Part(NamedTuple):
    """A part of a scope, with the first symbol and the first word that it is made with."""

    scope: Scope
    symbol: "Token | None" = None
    word: "Token | None" = None


class Builder:
    """The rules of expressions and scopes. Holds nothing, so that threads can share one."""

    def widget(self, children: list[Expression]) -> Expression | Several:
        """Return one expression, or several."""
        return children[0] if len(children) == 1 else Several(tuple(children), position=children[0].position)

    # Expressions

    def add(self, children: list[Expression]) -> Binary:
        """Build `+`."""
        return _binary("+", children)

    def subtract(self, children: list[Expression]) -> Binary:
        """Build `-`."""
        return _binary("-", children)

    def multiply(self, children: list[Expression]) -> Binary:
        """Build `*`."""
        return _binary("*", children)

    def divide(self, children: list[Expression]) -> Binary:
        """Build `/`."""
        return _binary("/", children)

    def negative(self, children: list[Any]) -> Negative:
        """Build minus before an operand."""
        return Negative(children[1], position=at(children[0]))

    def positive(self, children: list[Expression]) -> Expression:
        """Leave plus out: it says nothing."""
        return children[0]

    def number(self, children: "list[Token]") -> Number:
        """Build a number."""
        return Number(float(children[0]), position=at(children[0]))

    def call(self, children: list[Any]) -> Call:
        """Build a function, where it is one and takes these arguments."""
        name, *arguments = children
        _check_call(name, arguments)
        return Call(str(name), tuple(arguments), position=at(name))

    def keys(self, children: "list[Token]") -> Keys:
        """Build tags to group by, as an argument."""
        return Keys(tuple(map(str, children)), position=at(children[0]) - 1)

    def keyword(self, children: list[Any]) -> Keyword:
        """Build an argument with a name."""
        return Keyword(str(children[0]), children[1], position=at(children[0]))

    def quoted(self, children: "list[Token]") -> Quoted:
        """Build a text in quotation marks."""
        return quoted(children[0])

    def bare(self, children: "list[Token]") -> str:
        """Build a text without quotation marks."""
        return str(children[0])

    def query(self, children: list[Any]) -> Query | Name:
        """Build a metric; a lone word is the name of a query."""
        aggregator, metric = None, children[0]
        rest = 1
        if metric.type == "AGGREGATOR":
            aggregator, metric = _aggregator(metric), children[1]
            rest = 2
        if len(metric) > _LONGEST_NAME:
            raise Refused(f"a metric's name has {_LONGEST_NAME} characters at most", at(metric))
        if len(children) == 1 and "." not in metric:
            return Name(str(metric), position=at(metric))
        scope: Scope = Everything()
        by: list[str] = []
        methods: list[Method] = []
        for child in children[rest:]:
            if isinstance(child, Method):
                _check_method(child)
                methods.append(child)
            elif isinstance(child, list):
                by += child
            else:
                scope = child
        return Query(aggregator, str(metric), scope, tuple(by), tuple(methods), position=at(children[0]))

    def group(self, children: "list[Token]") -> list[str]:
        """Return the keys of `by`."""
        return list(map(str, children))

    def method(self, children: list[Any]) -> Method:
        """Build a method of a query, or of a monitor's search."""
        name, *arguments = children
        return Method(name.lstrip(". \t\r\n"), tuple(arguments), position=at(name))

    # Scopes

    def scope(self, children: list[Any]) -> Scope:
        """Build what stands in a query's braces, where it does not mix symbols with words."""
        if not children:
            return Everything()
        part = _conjunction(children)
        if part.symbol is not None and part.word is not None:
            raise Refused(
                f"`{part.symbol}` and `{part.word}` stand in one scope: symbols (`,` and `!`) cannot be mixed with "
                "AND, OR, NOT and IN",
                max(at(part.symbol), at(part.word)),
                {",": "AND", "!": "NOT"}[str(part.symbol)] if at(part.symbol) > at(part.word) else None,
            )
        return part.scope

    def inner(self, children: list[Any]) -> _Part:
        """Build what stands in parentheses."""
        return _conjunction(children)

    def either_of(self, children: list[Any]) -> _Part:
        """Build OR."""
        return _joined(Either, children)

    def both_of(self, children: list[Any]) -> _Part:
        """Build AND."""
        return _joined(Both, children)

    def negated(self, children: list[Any]) -> _Part:
        """Build `!` and NOT."""
        sign, part = children
        scope = Not(part.scope, position=at(sign))
        return _Part(scope, part.symbol or sign, part.word) if sign == "!" else _Part(scope, part.symbol, sign)

    def tag(self, children: "list[Token]") -> _Part:
        """Build a tag, or everything."""
        written = children[0]
        if written == "*":
            return _Part(Everything(position=at(written)))
        key, colon, value = written.partition(":")
        return _Part(Tag(key.strip(), value.strip() if colon else None, position=at(written)))

    def one_of(self, children: "list[Token]") -> _Part:
        """Build IN."""
        key, word, *values = children
        return _Part(OneOf(str(key), tuple(map(str, values)), position=at(key)), None, word)

    def none_of(self, children: "list[Token]") -> _Part:
        """Build NOT IN."""
        key, word, _, *values = children
        return _Part(Not(OneOf(str(key), tuple(map(str, values)), position=at(key)), position=at(key)), None, word)


def at(token: "Token") -> int:
    """Return where a token begins."""
    return cast("int", token.start_pos)


def quoted(token: "Token") -> Quoted:
    """Build a text in quotation marks."""
    return Quoted(token[1:-1], cast("Any", token[0]), position=at(token))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant."""
    near = get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return near[0] if near else None


def _binary(operator: Operator, children: list[Expression]) -> Binary:
    return Binary(operator, children[0], children[1], position=children[0].position)


def _aggregator(token: "Token") -> str:
    """Return an aggregator in the usual spelling."""
    text = str(token)
    if text in AGGREGATORS or text in MORE_AGGREGATORS or _PERCENTILE.fullmatch(text):
        return text
    if threshold := _THRESHOLD_COUNT.fullmatch(text):
        return f"count(v: v{threshold[1]}{threshold[2]})"
    if text.startswith("count") and "(" in text:
        raise Refused("values are counted as in `count(v: v>=0.5)`", at(token))
    suggestion = "p50" if text == "median" else nearest(text, (*AGGREGATORS, *MORE_AGGREGATORS))
    raise Refused(
        f"`{text}` is not an aggregator: they are {', '.join(AGGREGATORS)} and, of distributions, "
        f"{', '.join(MORE_AGGREGATORS)} and percentiles such as p95",
        at(token),
        suggestion,
    )


def _check_method(method: Method) -> None:
    if method.name not in METHODS:
        raise Refused(f"a query has no method `.{method.name}()`", method.position, nearest(method.name, METHODS))
    least, most = METHODS[method.name]
    if not least <= len(method.arguments) <= most:
        raise Refused(f"`.{method.name}()` {_takes(least, most)}", method.position)


def _check_call(name: "Token", arguments: Sequence[Argument]) -> None:
    function = FUNCTIONS.get(str(name))
    if function is None:
        raise Refused(f"there is no function `{name}`", at(name), nearest(name, FUNCTIONS))
    positional = [each for each in arguments if not isinstance(each, Keyword)]
    if not function.least <= len(positional) <= function.most:
        raise Refused(f"`{name}` {_takes(function.least, function.most)}", at(name))
    for index, words in function.words.items():
        given = positional[index] if index < len(positional) else None
        word = given.plain if isinstance(given, Quoted) else given.name if isinstance(given, Name) else None
        if isinstance(given, Node) and word is not None and word.lower() not in {each.lower() for each in words}:
            raise Refused(
                f"`{name}` does not know `{word}`: it takes {', '.join(words)}", given.position, nearest(word, words)
            )


def _takes(least: int, most: int) -> str:
    if not most:
        return "takes no arguments"
    count = str(least) if least == most else f"{least} to {most}"
    return f"takes {count} argument{'' if count == '1' else 's'}"


def _conjunction(children: list[Any]) -> _Part:
    """Take a list with commas as all of its parts together."""
    return children[0] if len(children) == 1 else _joined(Both, children)


def _joined(node: Callable[..., Scope], children: list[Any]) -> _Part:
    """Join parts, between which stand the tokens that join them."""
    parts: list[_Part] = children[::2]
    joint = children[1]
    symbols = [part.symbol for part in parts if part.symbol is not None]
    words = [part.word for part in parts if part.word is not None]
    (symbols if joint == "," else words).append(joint)
    scope = node(tuple(part.scope for part in parts), position=parts[0].scope.position)
    return _Part(scope, symbols[0] if symbols else None, words[0] if words else None)

"""The text of a metric query -> its tree. Lenient, as Datadog is: spaces anywhere, `by` after a method, symbols beside words."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from ddllm.errors import QueryError
from ddllm.query.ast import (
    Binary,
    Both,
    Either,
    Everything,
    Expression,
    Method,
    Negative,
    Not,
    Number,
    OneOf,
    Query,
    Quoted,
    Scope,
    Tag,
)

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

_NEAR = 20


def parse(text: str) -> Expression:
    """Parse a metric query, or arithmetic on some. Raises `QueryError`, which says where."""
    from lark import UnexpectedInput  # noqa: PLC0415 - 85 ms

    try:
        return _expression(_grammar().parse(text))
    except UnexpectedInput as error:
        ended = getattr(getattr(error, "token", None), "type", "") == "$END"
        at = len(text) if ended or error.pos_in_stream is None else error.pos_in_stream
        where = f"before its end, after `{text[-_NEAR:]}`" if ended else f"at `{text[at : at + _NEAR]}`"
        raise QueryError(f"the query cannot be read {where}", query=text, position=at) from None
    except RecursionError:
        raise QueryError("the query is nested too deeply", query=text, position=0) from None


@cache
def _grammar() -> "Lark":
    from lark import Lark  # noqa: PLC0415 - 85 ms

    return Lark(
        files("ddllm.query").joinpath("grammar.lark").read_text("utf-8"), parser="lalr", maybe_placeholders=False
    )


def _expression(tree: "Tree[Token]") -> Expression:
    match tree.data:
        case "add" | "subtract" | "multiply" | "divide":
            left, right = (_expression(cast("Any", child)) for child in tree.children)
            operator = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}[tree.data]
            return Binary(cast("Any", operator), left, right)
        case "negative":
            return Negative(_expression(cast("Any", tree.children[0])))
        case "positive":
            return _expression(cast("Any", tree.children[0]))
        case "number":
            return Number(float(str(tree.children[0])))
    return _query(tree)


def _query(tree: "Tree[Token]") -> Query:
    aggregator, metric = None, ""
    scope: Scope = Everything()
    by: list[str] = []
    methods: list[Method] = []
    for child in cast("list[Any]", tree.children):
        kind = getattr(child, "type", None) or child.data
        if kind == "AGGREGATOR":
            aggregator = str(child)
        elif kind == "METRIC":
            metric = str(child)
        elif kind == "scope":
            scope = _conjunction(child.children)
        elif kind == "group":
            by += [str(key) for key in child.children]
        else:
            name, *arguments = child.children
            methods.append(Method(name.lstrip(". \t\r\n"), tuple(_argument(each.children[0]) for each in arguments)))
    return Query(aggregator, metric, scope, tuple(by), tuple(methods))


def _argument(token: "Token") -> str | Quoted:
    return Quoted(token[1:-1]) if token.type == "STRING" else str(token)


def _conjunction(children: list[Any]) -> Scope:
    """Take a list with commas as all of its parts together, and nothing as everything."""
    if not children:
        return Everything()
    scopes = tuple(_scope(child) for child in children)
    return scopes[0] if len(scopes) == 1 else Both(scopes)


def _scope(tree: Any) -> Scope:
    children = tree.children
    match tree.data:
        case "inner":
            return _conjunction(children)
        case "both_of":
            return Both(tuple(_scope(child) for child in children))
        case "either_of":
            return Either(tuple(_scope(child) for child in children))
        case "negated":
            return Not(_scope(children[0]))
    first = str(children[0])
    if tree.data == "tag":
        key, colon, value = first.partition(":")
        return Everything() if first == "*" else Tag(key.strip(), value.strip() if colon else None)
    values = OneOf(first, tuple(str(child) for child in children[1:]))
    return values if tree.data == "one_of" else Not(values)

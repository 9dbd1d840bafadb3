"""The text of a query -> its tree. Lenient, as Datadog is: spaces anywhere, `by` after a method, values without a text.

`parse` reads what a widget or a formula has, `parse_monitor` what a monitor has. Both raise `QueryError`, which says what is
wrong, at which character, and what was probably meant.
"""

from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from ddllm.errors import QueryError
from ddllm.query.ast import Expression, Several
from ddllm.query.build import Refused
from ddllm.query.build_monitor import MonitorBuilder
from ddllm.query.monitor import (
    CheckQuery,
    CompositeQuery,
    EventQuery,
    FormulaQuery,
    MetricQuery,
    MonitorQuery,
    SloQuery,
)
from ddllm.query.reads import reads
from ddllm.query.slips import explained

if TYPE_CHECKING:
    from lark import Lark

#: Queries whose trees are kept: of a large repository all.
_REMEMBERED = 4096
#: Characters that cannot nest deeper than Python calls.
_SHALLOW = 250
#: What a query of a monitor's type is made of, by the types that allow one shape only. Every other type searches events.
_SHAPES: dict[str, tuple[tuple[type, ...], str]] = {
    "composite": ((CompositeQuery,), "a condition of monitors' ids: 1234 && 5678"),
    "service check": ((CheckQuery,), 'a check: "ntp.in_sync".over("*").by("host").last(2).count_by_status()'),
    "slo alert": ((SloQuery,), 'error_budget("id").over("7d") > 75 or a burn_rate'),
    "query alert": ((MetricQuery, FormulaQuery), "a comparison: avg(last_5m):avg:a.metric{*} > 5"),
    "metric alert": ((MetricQuery, FormulaQuery), "a comparison: avg(last_5m):avg:a.metric{*} > 5"),
}
_SEARCH = ((EventQuery, FormulaQuery), 'a search: logs("…").index("*").rollup("count").last("5m") > 5')


def parse(text: str) -> Expression | Several:
    """Parse the query of a widget, or a formula: an expression, or several that commas separate."""
    return cast("Expression | Several", _parsed(text, "widget"))


def parse_monitor(text: str, monitor_type: str | None = None) -> MonitorQuery:
    """Parse the query of a monitor. A type (as the API calls it: `query alert`) tells which shapes it may have."""
    query = cast("MonitorQuery", _parsed(text, "monitor"))
    if monitor_type is not None:
        shapes, example = _SHAPES.get(monitor_type, _SEARCH)
        if not isinstance(query, shapes):
            raise QueryError(f"the query of a `{monitor_type}` is {example}", query=text, position=query.position)
    if "$" in text:
        _refuse_variables(text, query)
    return query


def _refuse_variables(text: str, query: MonitorQuery) -> None:
    for read in reads(query):
        named = [(str(tag), tag.position) for tag in read.filters]
        named += [(key, read.query.position) for key in read.group_keys]
        for name, position in named:
            if "$" in name:
                message = f"`{name}` is a dashboard's template variable: a monitor has none"
                raise QueryError(message, query=text, position=position)


@lru_cache(_REMEMBERED)
def _parsed(text: str, start: str) -> object:
    """Parse once what routing, lint and metrics each look at. A tree cannot be changed, so that they can share it."""
    from lark import UnexpectedInput  # noqa: PLC0415 - 85 ms

    try:
        tree = _grammar().parse(text, start=start)
        if len(text) > _SHALLOW:
            str(tree)  # what nobody could print or evaluate is found here
    except UnexpectedInput as error:
        message, position, suggestion = explained(text, error)
    except Refused as error:
        message, position, suggestion = error.message, error.position, error.suggestion
    except RecursionError:
        message, position, suggestion = "the query is nested too deeply", 0, None
    else:
        return tree
    raise QueryError(message, query=text, position=position, suggestion=suggestion)


def _formula(text: str, begins: int) -> Expression | Several:
    """Parse a formula that begins inside a query: what stands before it counts for positions."""
    try:
        return parse(" " * begins + text)
    except QueryError as error:
        raise Refused(f"in the formula: {error.message}", error.position or 0, error.suggestion) from None


@cache
def _grammar() -> "Lark":
    from lark import Lark  # noqa: PLC0415 - 85 ms

    return Lark(
        files("ddllm.query").joinpath("grammar.lark").read_text("utf-8"),
        parser="lalr",
        start=["widget", "monitor"],
        maybe_placeholders=False,
        transformer=cast("Any", MonitorBuilder(_formula)),
    )

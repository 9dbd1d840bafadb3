"""What the grammar found in a monitor's query -> nodes, on top of `build`. Refused are what the documents of monitors rule out."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from ddllm.query import monitor
from ddllm.query.ast import Expression, Method, Several
from ddllm.query.build import Builder, Refused, at, nearest, quoted
from ddllm.query.functions import AGGREGATORS
from ddllm.query.monitor import (
    UNITS,
    AllOf,
    AnyOf,
    Change,
    CheckQuery,
    Comparison,
    CompositeQuery,
    Condition,
    EventQuery,
    FormulaQuery,
    Member,
    MetricQuery,
    MonitorQuery,
    SloQuery,
    Unless,
    Window,
)

if TYPE_CHECKING:
    from lark import Token

_WINDOW = re.compile(r"(last|current|next)_(\d+)([A-Za-z]+)")
_AGO = re.compile(r"(\d+)([a-z]+)_ago")
_SPAN = re.compile(r"(\d+)([A-Za-z]+)")
_READINGS = (*AGGREGATORS, "percentile")
_CHANGES = ("change", "pct_change")
_SLO_WINDOWS = ("7d", "30d", "90d")
_MOST_RUNS = 100
_MOST_MEMBERS = 10
#: The methods of an objective that it cannot do without, with an example. Every other search has one of `_WINDOWS`.
_NEEDED = {
    "error_budget": {"over": "7d"},
    "burn_rate": {"over": "7d", "long_window": "1h", "short_window": "5m"},
}
_WINDOWS = ("last", "current")
#: The one search whose windows may have seconds.
_PROCESSES = "processes"


class MonitorBuilder(Builder):
    """The rules of monitors. `formula` parses the text of a formula, which begins at an index of the query."""

    def __init__(self, formula: Callable[[str, int], Expression | Several]) -> None:
        self._formula = formula

    def metric_monitor(self, children: list[Any]) -> MetricQuery:
        """Build a comparison of an expression."""
        (aggregator, window, change), expression, comparison = children
        return MetricQuery(str(aggregator), window, change, expression, comparison, position=at(aggregator))

    def reading(self, children: "list[Token]") -> "tuple[Token, Window, Change | None]":
        """Return how an expression is aggregated over which window."""
        aggregator, window = children
        if aggregator in _CHANGES:
            raise Refused(f"`{aggregator}` needs a second window: {aggregator}(avg(last_5m),last_1h)", at(aggregator))
        if aggregator not in _READINGS:
            raise Refused(
                f"`{aggregator}` does not aggregate a window: {', '.join((*_READINGS, *_CHANGES))} do",
                at(aggregator),
                "avg" if aggregator in {"mean", "average"} else nearest(aggregator, (*_READINGS, *_CHANGES)),
            )
        return aggregator, _window(window), None

    def change(self, children: list[Any]) -> "tuple[Token, Window, Change | None]":
        """Return the same of a change monitor."""
        kind, (aggregator, window, inner), shift = children
        if kind not in _CHANGES or inner is not None:
            raise Refused(f"`{kind}` does not compare two windows: {' and '.join(_CHANGES)} do", at(kind))
        return aggregator, window, Change(kind, _window(shift), position=at(kind))

    def change_of_nothing(self, children: "list[Token]") -> None:
        """Refuse a change that does not say how its window is aggregated."""
        kind, window, shift = children
        if kind not in _CHANGES:
            raise Refused(f"`{kind}` takes one window", at(shift))
        raise Refused(
            f"`{kind}` takes an aggregation of the window: {kind}(avg({window}),{shift})", at(window), f"avg({window})"
        )

    def comparison(self, children: "list[Token]") -> Comparison:
        """Build a comparison with a number."""
        return Comparison(cast("Any", str(children[0])), float(children[1]), position=at(children[0]))

    def comparison_below_zero(self, children: "list[Token]") -> Comparison:
        """Build a comparison with a negative number."""
        return Comparison(cast("Any", str(children[0])), -float(children[2]), position=at(children[0]))

    def comparison_with_query(self, children: "list[Token]") -> Comparison:
        """Build a comparison with what another query says."""
        return Comparison(cast("Any", str(children[0])), None, position=at(children[0]))

    def check_monitor(self, children: list[Any]) -> CheckQuery:
        """Build runs of a service check."""
        check, *methods = children
        names = [method.name for method in methods]
        if "last" not in names or names[-1] not in {"count_by_status", "pct_by_status"}:
            raise Refused("a check ends with how many runs count: .last(2).count_by_status()", at(check))
        for method in methods:
            if method.name in {"over", "by"} and not method.arguments:
                needs = 'a tag at least, or "*"' if method.name == "over" else "a tag key at least"
                raise Refused(f".{method.name}() needs {needs}", method.position)
        runs = monitor.argument(methods, "last") or ""
        if not runs.isdigit() or not 1 <= int(runs) <= _MOST_RUNS:
            raise Refused(f"a check counts 1 to {_MOST_RUNS} runs", _method(methods, "last").position)
        return CheckQuery(quoted(check), tuple(methods), position=at(check))

    def event_monitor(self, children: list[Any]) -> MonitorQuery:
        """Build a search, a formula or an objective; they are written alike."""
        source, text, *methods, comparison = children
        for name, example in _NEEDED.get(source, {}).items():
            if monitor.argument(methods, name) is None:
                raise Refused(f'`{source}` needs .{name}("{example}")', comparison.position)
        if source not in _NEEDED and not any(monitor.argument(methods, name) for name in _WINDOWS):
            raise Refused(f'`{source}` needs its window: .last("5m")', comparison.position)
        for name in (*_WINDOWS, "long_window", "short_window"):
            _check_span(methods, name, seconds=source == _PROCESSES)
        search = quoted(text)
        if source in _NEEDED:
            over = monitor.argument(methods, "over")
            if over not in _SLO_WINDOWS:
                raise Refused(
                    f"the window of an objective is one of {', '.join(_SLO_WINDOWS)}, not `{over}`",
                    _method(methods, "over").position,
                )
            return SloQuery(cast("Any", str(source)), search, tuple(methods), comparison, position=at(source))
        if source == "formula":
            formula = self._formula(re.sub(r"\\(.)", r"\1", search.text), search.position + 1)
            if isinstance(formula, Several):
                raise Refused("a monitor has one formula", formula.expressions[1].position)
            return FormulaQuery(formula, tuple(methods), comparison, position=at(source))
        return EventQuery(str(source), search, tuple(methods), comparison, position=at(source))

    def composite_monitor(self, children: list[Condition]) -> CompositeQuery:
        """Build a condition of other monitors."""
        if len(set(monitor.members_of(children[0]))) > _MOST_MEMBERS:
            raise Refused(f"a composite has {_MOST_MEMBERS} monitors at most", children[0].position)
        return CompositeQuery(children[0], position=children[0].position)

    def any_of(self, children: list[Condition]) -> AnyOf:
        """Build `||`."""
        return AnyOf(tuple(children), position=children[0].position)

    def all_of(self, children: list[Condition]) -> AllOf:
        """Build `&&`."""
        return AllOf(tuple(children), position=children[0].position)

    def unless(self, children: list[Any]) -> Unless:
        """Build `!`."""
        return Unless(children[1], position=at(children[0]))

    def id(self, children: "list[Token]") -> Member:
        """Build a monitor."""
        return Member(int(children[0]), position=at(children[0]))


def _window(token: "Token") -> Window:
    if ago := _AGO.fullmatch(token):
        which, count, unit = "last", ago[1], ago[2]
    elif found := _WINDOW.fullmatch(token):
        which, count, unit = found[1], found[2], found[3]
    else:
        raise Refused(f"`{token}` is no window: they read as last_5m, current_1d, next_1w", at(token))
    _check_unit(str(token), count, unit, at(token))
    return Window(cast("Any", which), int(count), unit, position=at(token))


def _check_unit(text: str, count: str, unit: str, position: int) -> None:
    if unit not in UNITS:
        reason = "windows start at one minute" if unit == "s" else f"`{unit}` is no unit"
        raise Refused(f"`{text}` is no window: {reason}; the units are {', '.join(UNITS)}", position)
    if not int(count):
        raise Refused(f"`{text}` is no window: it has no length", position)


def _check_span(methods: Sequence[Method], name: str, *, seconds: bool) -> None:
    text = monitor.argument(methods, name)
    if text is None:
        return
    position = _method(methods, name).position
    span = _SPAN.fullmatch(text)
    if span is None:
        raise Refused(f'`{text}` is no window: they read as .{name}("5m")', position)
    if not (seconds and span[2] == "s"):
        _check_unit(text, span[1], span[2], position)


def _method(methods: Sequence[Method], name: str) -> Method:
    return next(method for method in methods if method.name == name)

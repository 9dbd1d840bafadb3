"""What a query computes, over which window, and when it fires: in plain words.

The order in which Datadog evaluates is told where it changes the result (documentation, monitors/guide/as-count-in-monitor-evaluations).
"""

import re
from collections.abc import Iterator, Sequence

from ddllm.query.ast import Call, Expression, Keyword, Method, Query, Quoted, Several
from ddllm.query.monitor import (
    AllOf,
    AnyOf,
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
    argument,
)
from ddllm.query.reads import reads
from ddllm.query.words import AGGREGATES, computes, joined

_UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month"}
_PLURAL = {"logs", "events", "processes"}
_OPERATORS = {
    ">": "above",
    ">=": "at or above",
    "<": "below",
    "<=": "at or below",
    "==": "equal to",
    "!=": "other than",
}
_DAY = 86_400
_SPAN = re.compile(r"(\d+)([a-z]+)")


def explain(tree: Expression | Several | MonitorQuery) -> list[tuple[str, str]]:  # noqa: PLR0911 - one a kind
    """Return what a query does, as pairs of a heading and a sentence."""
    match tree:
        case MetricQuery():
            return _metric(tree)
        case CheckQuery():
            return _check(tree)
        case EventQuery():
            return _event(tree)
        case FormulaQuery(formula, methods, comparison):
            return [
                *computes(formula),
                ("", "the names are queries in the monitor's options.variables"),
                ("window", _chain_window(methods)),
                ("fires", _formula_fires(methods, comparison)),
            ]
        case SloQuery():
            return _slo(tree)
        case CompositeQuery(condition):
            return [
                ("computes", "nothing: it looks at other monitors"),
                ("fires", f"while {_condition(condition)}; a monitor counts while it alerts, warns or has no data"),
            ]
        case Several(expressions):
            return [line for expression in expressions for line in computes(expression)]
    return computes(tree)


def _metric(query: MetricQuery) -> list[tuple[str, str]]:
    lines = [*computes(query.expression), ("window", _window(query.window))]
    lines += [("", note) for note in _notes(query)]
    groups = list(dict.fromkeys(key for read in reads(query) for key in read.group_keys))
    each = f"for each {joined(groups)}, " if groups else ""
    return [*lines, ("fires", f"{each}when {_reached(query)}")]


def _notes(query: MetricQuery) -> Iterator[str]:
    if query.change:
        unit = ", in percent" if query.change.kind == "pct_change" else ""
        shift = query.change.shift
        yield f"what counts is the change from {shift.count} {_unit(shift.count, shift.unit)} before{unit}"
    if _sums_first(query):
        yield f"with .as_count(), the {query.aggregator} of each metric over the window comes first, then the arithmetic"
    if (anomalies := _anomalies(query)) is not None:
        window = _keyword(anomalies, "alert_window")
        judged = f"{_plain_window(window)} of it" if window else "the trigger window of its options"
        yield f"Datadog draws the window and judges {judged}; how it finds the bounds is not published"


def _reached(query: MetricQuery) -> str:
    compared = _compared(query.comparison)
    share = query.comparison.threshold
    if _anomalies(query) is not None and share is not None:
        return "all points are anomalous" if share == 1 else f"{share:.0%} of the points or more are anomalous"
    if _sums_first(query):
        return f"the result is {compared}"
    what = "changes in the window" if query.change else "points of the window"
    any_of = {"max": (">", ">="), "min": ("<", "<=")}
    all_of = {"max": ("<", "<="), "min": (">", ">=")}
    if query.comparison.operator in any_of.get(query.aggregator, ()):
        return f"at least one of the {what} is {compared}"
    if query.comparison.operator in all_of.get(query.aggregator, ()):
        return f"each of the {what} is {compared}"
    if query.aggregator == "percentile":
        return f"the percentile of all values in the window is {compared}"
    return f"{AGGREGATES[query.aggregator]} of the {what} is {compared}"


def _sums_first(query: MetricQuery) -> bool:
    """Whether each metric is aggregated over the window before the arithmetic."""
    counted = any(read.query.method("as_count") for read in reads(query))
    return counted and not isinstance(query.expression, Query) and _anomalies(query) is None


def _anomalies(query: MetricQuery) -> Call | None:
    expression = query.expression
    return expression if isinstance(expression, Call) and expression.function == "anomalies" else None


def _keyword(call: Call, name: str) -> str | None:
    for each in call.arguments:
        if isinstance(each, Keyword) and each.name == name:
            return each.value.plain if isinstance(each.value, Quoted) else each.value
    return None


def _check(query: CheckQuery) -> list[tuple[str, str]]:
    over = _chain_arguments(query.methods, "over")
    by = _chain_arguments(query.methods, "by")
    excluded = _chain_arguments(query.methods, "exclude")
    scope = "" if over in ([], ["*"]) else f" with {joined(over)}"
    without = f", without {joined(excluded)}" if excluded else ""
    share = any(method.name == "pct_by_status" for method in query.methods)
    each = f"for each {joined(by)}, " if by and by != ["*"] else ""
    counted = "the share of checks with a status reaches" if share else "runs in a row with a status reach"
    runs = argument(query.methods, "last")
    return [
        ("computes", f"the status of the service check {query.check.plain}{scope}{without}"),
        ("window", "its last run" if runs == "1" else f"its last {runs} runs"),
        ("fires", f"{each}when {counted} the monitor's thresholds"),
    ]


def _event(query: EventQuery) -> list[tuple[str, str]]:
    rollup = _chain_arguments(query.methods, "rollup")
    match rollup:
        case ["cardinality", facet]:
            measured = f"the number of different {facet} of"
        case [way, measure]:
            measured = f"{AGGREGATES.get(way, f'the {way}')} of {measure} of"
        case _:
            measured = "the number of"
    by = [key for text in _chain_arguments(query.methods, "by") for key in text.split(",")]
    search = query.search.plain
    events = query.source if query.source in _PLURAL else f"{query.source} events"
    found = f"{events} that match {search}" if search not in {"", "*"} else f"all {events}"
    each = f"for each {joined(by)}, " if by and by != ["*"] else ""
    return [
        ("computes", f"{measured} {found}"),
        ("window", _chain_window(query.methods)),
        ("fires", f"{each}when that is {_compared(query.comparison)}"),
    ]


def _slo(query: SloQuery) -> list[tuple[str, str]]:
    over = _span(argument(query.methods, "over"))
    compared = _compared(query.comparison)
    if query.measure == "error_budget":
        return [
            ("computes", f"how much of its error budget the objective {query.slo.plain} has used, in percent"),
            ("window", f"the last {over}"),
            ("fires", f"when that is {compared}"),
        ]
    long, short = (_span(argument(query.methods, name)) for name in ("long_window", "short_window"))
    return [
        ("computes", f"how many times faster than allowed the objective {query.slo.plain} uses its error budget"),
        ("window", f"the last {long}, and the last {short}; the objective's is {over}"),
        ("fires", f"when that is {compared} in both"),
    ]


def _formula_fires(methods: Sequence[Method], comparison: Comparison) -> str:
    judged = next((method for method in methods if method.name in {"anomaly", "change", "forecast"}), None)
    what = f"its {judged.name} ({', '.join(map(str, judged.arguments))})" if judged else "that"
    return f"when {what.removesuffix(' ()')} is {_compared(comparison)}"


def _condition(condition: Condition, *, inside: bool = False) -> str:
    match condition:
        case Member(number):
            return f"monitor {number}"
        case Unless(operand):
            return f"not {_condition(operand, inside=True)}"
        case AllOf(operands):
            text = " and ".join(_condition(operand, inside=True) for operand in operands)
        case AnyOf(operands):
            text = " or ".join(_condition(operand, inside=True) for operand in operands)
    return f"({text})" if inside else text


def _compared(comparison: Comparison) -> str:
    limit = "what the query in thresholds.critical_query says" if comparison.threshold is None else _limit(comparison)
    return f"{_OPERATORS[comparison.operator]} {limit}"


def _limit(comparison: Comparison) -> str:
    return str(comparison).partition(" ")[2]


# Windows


def _window(window: Window) -> str:
    """Say which window, and how often it is evaluated (documentation, monitors/guide/monitor_api_options)."""
    length = _length(window.count, window.unit)
    if window.which == "next":
        return f"the next {length}"
    minutes = 1 if window.seconds < _DAY else 10 if window.seconds < 2 * _DAY else 30
    from_start = ", from its start" if window.which == "current" else ""
    return f"the {window.which} {length}{from_start}; evaluated every {_length(minutes, 'm')}"


def _length(number: int, unit: str) -> str:
    """Write what `the last` stands before."""
    return _unit(number, unit) if number == 1 else f"{number} {_unit(number, unit)}"


def _unit(number: int, unit: str) -> str:
    return _UNITS[unit] if number == 1 else f"{_UNITS[unit]}s"


def _span(text: str | None) -> str:
    found = _SPAN.fullmatch(text or "")
    return _length(int(found[1]), found[2]) if found and found[2] in _UNITS else str(text)


def _plain_window(text: str) -> str:
    which, _, span = text.partition("_")
    return f"the {which} {_span(span)}"


def _chain_window(methods: Sequence[Method]) -> str:
    if (current := argument(methods, "current")) is not None:
        return f"the current {_span(current)}, from its start"
    return f"the last {_span(argument(methods, 'last'))}"


def _chain_arguments(methods: Sequence[Method], name: str) -> list[str]:
    return [
        each.plain if isinstance(each, Quoted) else str(each)
        for method in methods
        if method.name == name
        for each in method.arguments
    ]

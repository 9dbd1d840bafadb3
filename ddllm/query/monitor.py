"""What a monitor's query is made of. A node's text (`str`) is the query as Datadog takes it, and parses back to the same node.

MetricQuery                     `avg(last_5m):avg:m{*} > 5`, and `change(…)`      metric, anomaly, outlier, forecast monitors
CheckQuery                      `"ntp.in_sync".over("*").last(2).count_by_status()`
EventQuery                      `logs("…").index("*").rollup("count").last("5m") > 5`, and every other search
FormulaQuery                    `formula("query1 / query2").last("5m") > 5`
SloQuery                        `error_budget("id").over("7d") > 75`, `burn_rate("id")…`
CompositeQuery                  `1234 && !5678`
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ddllm.query.ast import Expression, Method, Node, Number, Quoted

#: Seconds of a window's unit. A month is counted as Datadog counts it at most: 31 days.
UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "mo": 31 * 86_400}

Operator = Literal[">", ">=", "<", "<=", "==", "!="]


@dataclass(frozen=True, slots=True)
class Window(Node):
    """`last_5m`; `current_1d`, which grows from the day's start; `next_1w`, which a forecast looks at."""

    which: Literal["last", "current", "next"]
    count: int
    unit: str

    def __str__(self) -> str:
        return f"{self.which}_{self.count}{self.unit}"

    @property
    def seconds(self) -> int:
        """How long it is, at the longest."""
        return self.count * UNITS[self.unit]


@dataclass(frozen=True, slots=True)
class Change(Node):
    """What a change monitor compares: now with `shift` before, as a difference or in percent."""

    kind: Literal["change", "pct_change"]
    shift: Window


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """An operator and a threshold; without a number, `threshold`: the query of `critical_query` says it."""

    operator: Operator
    threshold: float | None

    def __str__(self) -> str:
        if self.threshold is None:
            return f"{self.operator} threshold"
        sign = "-" if self.threshold < 0 else ""
        return f"{self.operator} {sign}{Number(abs(self.threshold))}"


@dataclass(frozen=True, slots=True)
class MetricQuery(Node):
    """An expression, aggregated over a window and compared."""

    aggregator: str
    window: Window
    change: Change | None
    expression: Expression
    comparison: Comparison

    def __str__(self) -> str:
        reading = f"{self.aggregator}({self.window})"
        if self.change:
            reading = f"{self.change.kind}({reading},{self.change.shift})"
        return f"{reading}:{self.expression} {self.comparison}"


@dataclass(frozen=True, slots=True)
class CheckQuery(Node):
    """Runs of a service check in a row. It is compared by the thresholds of the monitor, not by its query."""

    check: Quoted
    methods: tuple[Method, ...]

    def __str__(self) -> str:
        return f"{self.check}{_written(self.methods)}"


@dataclass(frozen=True, slots=True)
class EventQuery(Node):
    """A search among events of a source (`logs`, `rum`, `ci-pipelines`, …), counted or measured, and compared."""

    source: str
    search: Quoted
    methods: tuple[Method, ...]
    comparison: Comparison

    def __str__(self) -> str:
        return f"{self.source}({self.search}){_written(self.methods)} {self.comparison}"


@dataclass(frozen=True, slots=True)
class FormulaQuery(Node):
    """A formula of the queries in the monitor's `options.variables`."""

    formula: Expression
    methods: tuple[Method, ...]
    comparison: Comparison

    def __str__(self) -> str:
        text = str(self.formula).replace("\\", "\\\\").replace('"', '\\"')
        return f'formula("{text}"){_written(self.methods)} {self.comparison}'


@dataclass(frozen=True, slots=True)
class SloQuery(Node):
    """How much of a service level objective's error budget is used, or how fast."""

    measure: Literal["error_budget", "burn_rate"]
    slo: Quoted
    methods: tuple[Method, ...]
    comparison: Comparison

    def __str__(self) -> str:
        return f"{self.measure}({self.slo}){_written(self.methods)} {self.comparison}"


@dataclass(frozen=True, slots=True)
class Member(Node):
    """A monitor of a composite, by its id: true where it alerts, warns or has no data."""

    id: int

    def __str__(self) -> str:
        return str(self.id)


@dataclass(frozen=True, slots=True)
class Unless(Node):
    """`!`: true where the operand is not."""

    operand: "Condition"

    def __str__(self) -> str:
        return f"!{_grouped(self.operand)}"


@dataclass(frozen=True, slots=True)
class AllOf(Node):
    """`&&`; two operands or more."""

    operands: tuple["Condition", ...]

    def __str__(self) -> str:
        return " && ".join(map(_grouped, self.operands))


@dataclass(frozen=True, slots=True)
class AnyOf(Node):
    """`||`; two operands or more."""

    operands: tuple["Condition", ...]

    def __str__(self) -> str:
        return " || ".join(map(_grouped, self.operands))


Condition = Member | Unless | AllOf | AnyOf


def _grouped(condition: Condition) -> str:
    return f"({condition})" if isinstance(condition, AllOf | AnyOf) else str(condition)


@dataclass(frozen=True, slots=True)
class CompositeQuery(Node):
    """A condition of other monitors' states."""

    condition: Condition

    def __str__(self) -> str:
        return str(self.condition)


MonitorQuery = MetricQuery | CheckQuery | EventQuery | FormulaQuery | SloQuery | CompositeQuery


def members_of(condition: Condition) -> list[int]:
    """Return the ids of a condition's monitors, from left to right."""
    match condition:
        case Member(number):
            return [number]
        case Unless(operand):
            return members_of(operand)
        case AllOf(operands) | AnyOf(operands):
            return [each for operand in operands for each in members_of(operand)]


def argument(methods: Sequence[Method], name: str) -> str | None:
    """Return the first argument of a method in a chain, without quotation marks; None without the method."""
    for method in methods:
        if method.name == name and method.arguments:
            first = method.arguments[0]
            return first.plain if isinstance(first, Quoted) else str(first)
    return None


def _written(methods: Sequence[Method]) -> str:
    return "".join(map(str, methods))

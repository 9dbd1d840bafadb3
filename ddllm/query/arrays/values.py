"""The value of a metric monitor's query at each evaluation.

Two ways, as Datadog documents them (monitors/guide/as-count-in-monitor-evaluations):

- with `as_count()` anywhere in the query, each metric is aggregated over the window first, then come functions and arithmetic
- without it, functions and arithmetic run bucket by bucket, and their results are aggregated over the window

`percentile(window)` takes the percentile of all that the window holds. The buckets are the cells of the data, or those of
`.rollup()`, which lie on multiples of Unix time: one that begins before the window is left out whole, the last one is partial.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ddllm.errors import QueryError
from ddllm.query.arrays.anomalies import band, is_algorithm, settings_of, share_outside
from ddllm.query.arrays.columns import Held
from ddllm.query.arrays.frame import Axis, Frame, joined
from ddllm.query.arrays.functions import FUNCTIONS, Arguments, shift_of
from ddllm.query.arrays.leaves import leaf, percentile_of
from ddllm.query.arrays.sliding import aggregate, counts
from ddllm.query.arrays.windows import begins
from ddllm.query.ast import (
    Binary,
    Call,
    Expression,
    Keyword,
    Name,
    Negative,
    Number,
    Query,
    Quoted,
    Several,
    operands_of,
)
from ddllm.query.monitor import MetricQuery
from ddllm.query.reads import reads
from ddllm.query.series import Group, SeriesOf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Whole = NDArray[np.int64]

_OPERATORS: Mapping[str, Callable[["Numbers", "Numbers"], "Numbers"]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}
_INTERPOLATED = 300  # seconds over which a gauge is drawn on where another series has points
_AGGREGATORS = frozenset({"sum", "avg", "min", "max"})


@dataclass(frozen=True, slots=True)
class Values:
    """What a query gave: `values[group, evaluation]` at `times`, NaN where there was no data.

    `recovery` are the values that decide about leaving an alert, where these are others: of anomalies, the share of the
    recovery window.
    """

    by: tuple[str, ...]
    groups: tuple[Group, ...]
    times: "Whole"
    values: "Numbers"
    recovery: "Numbers | None" = None
    is_approximate: bool = False


def values_of(
    query: MetricQuery,
    data: SeriesOf | Held,
    evaluations: Axis,
    *,
    cell: int = 60,
    recovery_window: int | None = None,
    evaluation_window: Mapping[str, object] | None = None,
) -> Values:
    """Evaluate a query at each point of an axis.

    `cell` is how finely the data is looked at, in seconds; it divides the step of the evaluations. A value at time t is of the
    data before t. Queries that share `Held` data take it apart once. `recovery_window` is that of an anomaly monitor's options, in seconds, `evaluation_window` says when a
    `current_…` window begins. Raises QueryError for what is not evaluated here.
    """
    try:
        starts = begins(query.window, evaluation_window)
    except ValueError as error:
        raise _cannot(query, str(error)) from None
    held = data if isinstance(data, Held) else Held(data)
    return _Monitor(query, held, evaluations, cell, starts).values(recovery_window)


class _Monitor:
    def __init__(
        self,
        query: MetricQuery,
        held: Held,
        evaluations: Axis,
        cell: int,
        starts: Callable[["Whole"], "Whole"],
    ) -> None:
        self._query = query
        self._starts = starts
        self._held = held
        self._evaluations = evaluations
        self._window = query.window.seconds
        self._counts = any(read.query.method("as_count") for read in reads(query))
        back = self._window + lookback(query) + (query.change.shift.seconds if query.change else 0)
        columns = -(-back // evaluations.step)
        #: Evaluations before the first, for what looks back.
        self._longer = Axis(
            evaluations.start - columns * evaluations.step, evaluations.step, evaluations.count + columns
        )
        start = (self._longer.start - self._window) // cell * cell
        self._cells = Axis(start, cell, -(-(evaluations.end - start) // cell))

    def values(self, recovery_window: int | None) -> Values:
        anomalies = _anomalies_in(self._query.expression)
        try:
            if anomalies is None:
                return self._cut(self._changed(self._windowed()))
            return self._anomalies(anomalies, recovery_window)
        except ValueError as error:
            raise _cannot(self._query, str(error)) from None

    def _cut(self, frame: Frame, recovery: Frame | None = None, *, is_approximate: bool = False) -> Values:
        """Leave out the evaluations before the first."""
        columns = self._longer.count - self._evaluations.count
        left = None if recovery is None else recovery.values[:, columns:]
        return Values(
            frame.by,
            frame.groups,
            self._evaluations.times,
            frame.values[:, columns:],
            left,
            is_approximate=is_approximate,
        )

    def _windowed(self) -> Frame:
        """Return the query's value for the window before each evaluation."""
        if self._query.aggregator == "percentile":
            return self._expression(self._query.expression, self._percentile_leaf)
        if self._counts:
            return self._expression(self._query.expression, self._window_leaf)
        whole = self._expression(self._query.expression, self._bucket_leaf)
        return self._aggregated(whole, lambda: self._expression(self._query.expression, self._running_leaf))

    def _changed(self, frame: Frame) -> Frame:
        change = self._query.change
        if change is None:
            return frame
        before = FUNCTIONS["timeshift"](frame, (-change.shift.seconds,))
        if change.kind == "change":
            return joined(np.subtract, replace(frame, fills=False), replace(before, fills=False))
        return joined(
            lambda now, then: (now - then) / np.abs(then) * 100,
            replace(frame, fills=False),
            replace(before, fills=False),
        )

    def _anomalies(self, call: Call, recovery_window: int | None) -> Values:
        if self._query.expression != call:
            raise ValueError("anomalies() with arithmetic around it is not evaluated here")
        settings = settings_of(call, self._window)
        found = band(self._expression(_first(call), self._bucket_leaf), settings)
        alerts = share_outside(found, settings, self._longer, settings.alert_window)
        recovers = share_outside(found, settings, self._longer, recovery_window or settings.alert_window)
        return self._cut(alerts, recovers, is_approximate=True)

    # -- leaves: one metric, as each of the ways wants it

    def _cells_of(self, query: Query) -> Frame:
        return leaf(query, self._cells, self._held).cells()

    def _bucket_leaf(self, query: Query) -> Frame:
        """Return buckets that are whole."""
        return _rolled(query, self._cells_of(query))

    def _running_leaf(self, query: Query) -> Frame:
        """Return the bucket that is under way at the end of each cell, as far as it has come."""
        return _running(query, self._cells_of(query))

    def _window_leaf(self, query: Query) -> Frame:
        return self._aggregated(self._bucket_leaf(query), lambda: self._running_leaf(query))

    def _percentile_leaf(self, query: Query) -> Frame:
        share = percentile_of(query)
        if share is None:
            raise ValueError("percentile() takes a query by percentile, such as p95:…")
        first, ends = self._bounds(self._cells)
        found = leaf(query, self._cells, self._held).percentiles(share, first, ends)
        return replace(found, axis=self._longer)

    def _aggregated(self, frame: Frame, running: Callable[[], Frame]) -> Frame:
        """Aggregate buckets over the window before each evaluation; `running` gives the one that is under way."""
        name = self._query.aggregator
        if name not in _AGGREGATORS:
            raise ValueError(f"`{name}` over a window is not evaluated here")
        first, ends = self._bounds(frame.axis)
        values = aggregate(name, frame.values, first, ends)
        under_way = (self._longer.times - frame.axis.start) % frame.axis.step > 0
        if under_way.any():
            values = _with_last(name, frame, values, (first, ends), self._last(running(), frame, first, ends))
        return Frame(self._longer, frame.by, frame.groups, values, frame.fills)

    def _last(self, running: Frame, frame: Frame, first: "Whole", ends: "Whole") -> "Numbers":
        """Return the bucket under way at each evaluation, NaN where there is none or it began before the window."""
        times = self._longer.times
        cells = np.clip((times - running.axis.start) // running.axis.step - 1, 0, running.axis.count - 1)
        under_way = ((times - frame.axis.start) % frame.axis.step > 0) & (ends >= first)
        return np.where(under_way, running.rows(frame.groups)[:, cells], np.nan)

    def _bounds(self, axis: Axis) -> tuple["Whole", "Whole"]:
        """Return the first bucket that begins in the window before each evaluation, and the one after the last that is over."""
        times = self._longer.times
        first = -(-(self._starts(times) - axis.start) // axis.step)
        ends = (times - axis.start) // axis.step
        return np.clip(first, 0, axis.count), np.clip(np.maximum(ends, first), 0, axis.count)

    # -- expressions

    def _expression(self, expression: Expression | Several, leaf_of: Callable[[Query], Frame]) -> Frame:
        match expression:
            case Query():
                return leaf_of(expression)
            case Negative(operand):
                frame = self._expression(operand, leaf_of)
                return frame.with_values(-frame.values)
            case Binary(operator, left, right):
                return self._binary(operator, left, right, leaf_of)
            case Call(name, _):
                operate = FUNCTIONS.get(name)
                if operate is None:
                    raise ValueError(f"the function {name} is not evaluated here")
                return operate(self._expression(_first(expression), leaf_of), arguments(expression))
            case Name() | Number() | Several():
                raise ValueError(f"`{expression}` alone has no value")

    def _binary(self, operator: str, left: Expression, right: Expression, leaf_of: Callable[[Query], Frame]) -> Frame:
        operate = _OPERATORS[operator]
        one, other = constant(left), constant(right)
        if one is not None and other is not None:
            raise ValueError("numbers alone are no query")
        if other is not None:
            number = np.array(other)
            return _with_number(self._expression(left, leaf_of), lambda values: operate(values, number))
        if one is not None:
            number = np.array(one)
            return _with_number(self._expression(right, leaf_of), lambda values: operate(number, values))
        sides = [self._expression(each, leaf_of) for each in (left, right)]
        if not self._counts and self._query.aggregator != "percentile":
            sides = [side if side.fills else _interpolated(side) for side in sides]
        return joined(operate, *sides)


def lookback(query: MetricQuery) -> int:
    """Return how many seconds before its window a query reads: the shifts of its functions, one inside the other."""
    return _lookback(query.expression, query.window.seconds)


def _lookback(expression: Expression | Several, window: int) -> int:
    own = 0
    if isinstance(expression, Call):
        own = shift_of(expression.function, arguments(expression))
        own += settings_of(expression, window).history if is_algorithm(expression) else 0
    return own + max((_lookback(operand, window) for operand in operands_of(expression)), default=0)


def constant(expression: Expression) -> float | None:
    """Return the value of an expression of numbers alone."""
    match expression:
        case Number(number):
            return number
        case Negative(operand):
            inner = constant(operand)
            return None if inner is None else -inner
        case Binary(operator, left, right):
            one, other = constant(left), constant(right)
            if one is None or other is None or (operator == "/" and not other):
                return None
            return float(_OPERATORS[operator](np.array(one), np.array(other)))
    return None


def _with_number(frame: Frame, operate: Callable[["Numbers"], "Numbers"]) -> Frame:
    with np.errstate(divide="ignore", invalid="ignore"):
        values = operate(frame.values)
    return frame.with_values(np.where(np.isfinite(values), values, np.nan))


def _interpolated(frame: Frame) -> Frame:
    """Draw each row on between its points, over gaps of five minutes at most: what makes two gauges meet."""
    columns = np.arange(frame.axis.count)
    found = frame.values.copy()
    for place, row in enumerate(frame.values):
        there = ~np.isnan(row)
        if not there.any() or there.all():
            continue
        drawn = np.interp(columns, columns[there], row[there], left=np.nan, right=np.nan)
        last = np.maximum.accumulate(np.where(there, columns, -1))
        near = (columns - last) * frame.axis.step <= _INTERPOLATED
        found[place] = np.where(there, row, np.where(near & (last >= 0), drawn, np.nan))
    return frame.with_values(found)


def _with_last(
    name: str, frame: Frame, values: "Numbers", bounds: tuple["Whole", "Whole"], last: "Numbers"
) -> "Numbers":
    """Return the aggregates of windows with one bucket more, the one that is under way."""
    there = ~np.isnan(last)
    if name == "avg":
        number = counts(frame.values, *bounds)
        found = (np.nan_to_num(values) * number + np.nan_to_num(last)) / np.maximum(number + there, 1)
    elif name == "sum":
        found = np.nan_to_num(values) + np.nan_to_num(last)
    else:
        found = (np.fmax if name == "max" else np.fmin)(values, last)
    return np.where(there | ~np.isnan(values), found, np.nan)


def _rollup_of(query: Query, frame: Frame) -> tuple[str, int]:
    """Return the aggregator and the seconds of the buckets that a query wants."""
    method = query.method("rollup")
    arguments = [str(each) for each in method.arguments] if method else []
    seconds = next((int(each) for each in arguments if each.isdigit()), frame.axis.step)
    if seconds > frame.axis.step and seconds % frame.axis.step:
        raise ValueError(f"{method}: {seconds} s are no multiple of the data's {frame.axis.step} s")
    name = next((each for each in arguments if each in _AGGREGATORS), "sum" if frame.fills else "avg")
    return name, max(seconds, frame.axis.step)


def _rolled(query: Query, frame: Frame) -> Frame:
    """Return the buckets of `.rollup()`, which lie on multiples of their length."""
    name, seconds = _rollup_of(query, frame)
    if seconds == frame.axis.step:
        return frame
    first = frame.axis.start // seconds * seconds
    axis = Axis(first, seconds, -(-(frame.axis.end - first) // seconds))
    size, offset = seconds // frame.axis.step, (frame.axis.start - first) // frame.axis.step
    begins = np.arange(axis.count) * size - offset
    ends = np.clip(begins + size, 0, frame.axis.count)
    values = aggregate(name, frame.values, np.clip(begins, 0, frame.axis.count), ends)
    return Frame(axis, frame.by, frame.groups, values, frame.fills)


def _running(query: Query, frame: Frame) -> Frame:
    """Return, at the end of each cell, the bucket that it lies in so far."""
    name, seconds = _rollup_of(query, frame)
    starts = frame.axis.times // seconds * seconds
    begins = np.clip((starts - frame.axis.start) // frame.axis.step, 0, frame.axis.count)
    values = aggregate(name, frame.values, begins, np.arange(1, frame.axis.count + 1))
    return frame.with_values(values)


def _first(call: Call) -> Expression:
    return next(iter(operands_of(call)))


def arguments(call: Call) -> Arguments:
    """Return what a function has besides its query, keywords left out."""
    return tuple(_plain(each) for each in call.arguments[1:] if not isinstance(each, Keyword | Query | Call))


def _plain(argument: object) -> float | str:
    match argument:
        case Quoted():
            return argument.plain
        case Number(value):
            return value
        case Negative(Number(value)):
            return -value
    return str(argument)


def _anomalies_in(expression: Expression | Several) -> Call | None:
    return next((each for each in _calls(expression) if is_algorithm(each)), None)


def _calls(expression: Expression | Several) -> Iterator[Call]:
    if isinstance(expression, Call):
        yield expression
    for operand in operands_of(expression):
        yield from _calls(operand)


def _cannot(query: MetricQuery, reason: str) -> QueryError:
    return QueryError(f"this cannot be evaluated here: {reason}", query=str(query))


def groups_with_data(values: Values) -> Sequence[Group]:
    """Return the groups that had a value at any time."""
    return [group for group, row in zip(values.groups, values.values, strict=True) if not np.isnan(row).all()]

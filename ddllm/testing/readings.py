"""What to ask Datadog's query API so that monitors can be run over the answers.

The API gives numbers in buckets, never sketches, and a percentile of several numbers is no percentile of what they came from. So
each metric of a monitor's query becomes a reading, a query of its own, and the monitor reads its answer in the metric's place:

- sums, counts, minima and maxima are asked by every tag that a monitor filters or groups by, in the finest buckets; one reading
  serves all monitors of the metric, and gives exactly what the metric would
- averages are asked as the monitor asks them, bucket by bucket
- an alert on a burn rate reads what its SLO reads: sums, or percentiles of buckets as long as a slice
- `percentile(last_5m):p95:…` is asked as p95 of buckets as long as the window: right each time a window ends on a multiple of its length,
  and held until the next
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ddllm import catalog
from ddllm.alerting.burn import longest_seconds, rewritten, slice_seconds
from ddllm.alerting.watch import Watched
from ddllm.errors import QueryError
from ddllm.query.arrays.anomalies import is_algorithm, settings_of
from ddllm.query.arrays.leaves import percentile_of
from ddllm.query.arrays.values import lookback
from ddllm.query.ast import Binary, Both, Call, Everything, Expression, Method, Negative, Query, Scope, Tag
from ddllm.query.monitor import MetricQuery, SloQuery
from ddllm.query.parse import parse_monitor
from ddllm.query.reads import tags_of
from ddllm.query.series import Kind
from ddllm.testing.backtest import Probe

CELL = 60
_COMBINED = frozenset({"sum", "count", "min", "max"})


@dataclass(frozen=True, slots=True)
class Reading:
    """One query to ask. Its answer stands for the metric `name`, in buckets of `step` seconds.

    A number counts from `shown` seconds after its bucket's begin on. `back` is how many seconds before the first evaluation it is
    read.
    """

    name: str
    kind: Kind
    query: Query
    step: int
    shown: int
    back: int


@dataclass(frozen=True, slots=True)
class _Key:
    """What tells one reading from another; `scope` and `by` where it serves one query alone."""

    metric: str
    aggregator: str
    kind: Kind
    step: int
    window: int = 0
    scope: Scope | None = None
    by: tuple[str, ...] = ()


class Readings:
    """Takes monitors in, and gives them back as they read what is asked."""

    def __init__(self) -> None:
        self._names: dict[_Key, str] = {}
        self._leaves: dict[_Key, list[Query]] = {}
        self._back: dict[_Key, int] = {}

    def probe(self, probe: Probe) -> Probe:
        """Return a monitor that reads the answers."""
        return replace(probe, watched=self._watched(probe.watched), parts=tuple(map(self._watched, probe.parts)))

    def all(self) -> Iterator[Reading]:
        """Yield what to ask."""
        for key, name in self._names.items():
            leaves = self._leaves[key]
            if key.scope is None:
                scope = _common([each.scope for each in leaves])
                by = tuple(sorted({tag for each in leaves for tag in (*each.by, *_keys(each.scope))}))
            else:
                scope, by = key.scope, key.by
            step = key.window or key.step
            query = Query(key.aggregator, key.metric, scope, by, _methods(key, step))
            yield Reading(name, key.kind, query, step, step - CELL if key.window else 0, self._back[key])

    def _watched(self, watched: Watched) -> Watched:
        try:
            query = parse_monitor(watched.query, watched.type)
        except QueryError:
            return watched  # it says so itself where it is run
        if isinstance(query, SloQuery) and watched.slo is not None:
            return replace(watched, slo=self._slo(query, watched.slo))
        if not isinstance(query, MetricQuery):
            return watched
        back = query.window.seconds + lookback(query) + (query.change.shift.seconds if query.change else 0)
        back += int(watched.options.get("evaluation_delay") or 0)
        whole = query.aggregator == "percentile"
        window = query.window.seconds if whole and query.window.which == "last" else 0
        expression = self._expression(query.expression, CELL, window, back)
        again = replace(query, aggregator="avg" if whole else query.aggregator, expression=expression)
        return replace(watched, query=str(again))

    def _slo(self, query: SloQuery, slo: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an SLO that reads the answers. A slice has the length of a bucket, and begins with it."""
        try:
            size, back = slice_seconds(slo), longest_seconds(query)
            return rewritten(slo, lambda expression: self._expression(expression, CELL, size, back + size))
        except QueryError:
            return slo  # as above

    def _expression(self, expression: Expression, step: int, window: int, back: int) -> Expression:
        match expression:
            case Query():
                return self._leaf(expression, step, window, back)
            case Negative(operand):
                return Negative(self._expression(operand, step, window, back))
            case Binary(operator, left, right):
                sides = (self._expression(each, step, window, back) for each in (left, right))
                return Binary(operator, *sides)
            case Call(function, arguments):
                inner = max(CELL, settings_of(expression, 0).interval) if is_algorithm(expression) else step
                return Call(
                    function,
                    tuple(
                        self._expression(each, inner, window, back)
                        if isinstance(each, Query | Negative | Binary | Call)
                        else each
                        for each in arguments
                    ),
                )
        return expression

    def _leaf(self, query: Query, step: int, window: int, back: int) -> Query:
        aggregator = query.aggregator or "avg"
        counts = query.method("as_count") is not None
        shared = aggregator in _COMBINED and not any(
            isinstance(tag, Tag) and tag.value is None for tag in tags_of(query.scope)
        )
        key = _Key(
            query.metric,
            aggregator,
            "count" if counts else "gauge",
            step,
            window if percentile_of(query) is not None else 0,
            None if shared else query.scope,
            () if shared else query.by,
        )
        name = self._names.setdefault(key, f"{query.metric}.reading_{len(self._names)}")
        self._leaves.setdefault(key, []).append(query)
        self._back[key] = max(back, self._back.get(key, 0))
        outer = aggregator if aggregator in {"min", "max"} else "sum" if shared else "avg"
        return Query(outer, name, query.scope if shared else Everything(), query.by, query.methods)


def _methods(key: _Key, step: int) -> tuple[Method, ...]:
    if percentile_of(Query(key.aggregator, key.metric)) is not None:
        return (Method("rollup", (str(step),)),)
    adds = key.kind == "count" or (key.aggregator in {"sum", "count"} and _is_distribution(key.metric))
    over_time = "sum" if adds else key.aggregator if key.aggregator in {"min", "max"} else "avg"
    rollup = Method("rollup", (over_time, str(step)))
    return (Method("as_count"), rollup) if adds else (rollup,)


def _is_distribution(metric: str) -> bool:
    known = catalog.BY_NAME.get(metric)
    return known is not None and known.kind == "distribution"


def _common(scopes: Sequence[Scope]) -> Scope:
    """Return the tags that every scope asks for: what none of them takes need not be asked."""
    shared = set[Tag]().union(*map(_required, scopes)).intersection(*map(_required, scopes))
    tags = tuple(sorted(shared, key=str))
    return tags[0] if len(tags) == 1 else Both(tags) if tags else Everything()


def _required(scope: Scope) -> set[Tag]:
    match scope:
        case Tag():
            return {scope}
        case Both(operands):
            return {each for each in operands if isinstance(each, Tag)}
    return set()


def _keys(scope: Scope) -> Iterator[str]:
    yield from (tag.key for tag in tags_of(scope))


def readings_of(probes: Sequence[Probe]) -> tuple[list[Probe], list[Reading], Mapping[str, int]]:
    """Return monitors that read the answers, what to ask, and the length of the windows asked as percentiles, by monitor."""
    held = Readings()
    found = [held.probe(each) for each in probes]
    windows = {each.key: window for each in probes if (window := _window_of_percentile(each))}
    return found, list(held.all()), windows


def _window_of_percentile(probe: Probe) -> int:
    found = 0
    for watched in (probe.watched, *probe.parts):
        try:
            query = parse_monitor(watched.query, watched.type)
        except QueryError:
            continue
        if isinstance(query, MetricQuery) and query.aggregator == "percentile":
            found = max(found, query.window.seconds)
    return found

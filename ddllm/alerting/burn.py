"""How fast an SLO's error budget burns: `burn_rate("id").over("30d").long_window("1h").short_window("5m") > 14.4`.

The burn rate of a window is its error rate over the error rate that the target leaves (Datadog, service_level_objectives/
burn_rate). Both windows must be above the threshold, so what is compared is the smaller of the two. A window in which nothing
happened burns nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ddllm.errors import QueryError
from ddllm.query.arrays.columns import Held
from ddllm.query.arrays.frame import Axis
from ddllm.query.arrays.sliding import aggregate
from ddllm.query.arrays.values import Values, values_of
from ddllm.query.ast import Binary, Expression, Query, Several
from ddllm.query.monitor import Comparison, MetricQuery, SloQuery, Window, argument
from ddllm.query.parse import parse
from ddllm.query.series import SeriesOf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

_SECONDS = {"m": 60, "h": 3600, "d": 86_400}
_COMPARE = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
_WINDOWS = ("long_window", "short_window")
_SLICE = 300  # seconds, where nothing says so
_ANY = Comparison(">", 0.0)  # what is evaluated here is not compared


def burn_rates(
    query: SloQuery, slo: Mapping[str, Any], data: SeriesOf | Held, evaluations: Axis, *, cell: int
) -> Values:
    """Return the smaller burn rate of both windows at each evaluation, NaN before the first data.

    `slo` is the SLO as Datadog's API has it. Raises QueryError for one that is not evaluated here.
    """
    if query.measure != "burn_rate":
        raise QueryError("an error budget is of weeks, and is not evaluated here", query=str(query))
    budget = 1 - _target(query, slo) / 100
    windows = [_window(query, name) for name in _WINDOWS]
    rates = [_error_rate(query, slo, window, data, evaluations, cell) for window in windows]
    with np.errstate(invalid="ignore"):
        rows = np.minimum(*[np.nan_to_num(each) for each in rates]) / budget
    seen = np.maximum.accumulate(~np.isnan(rates[0]), axis=-1)
    return Values((), ((),), evaluations.times, np.where(seen, rows, np.nan).reshape(1, -1))


def expressions(slo: Mapping[str, Any]) -> Iterator[Expression]:
    """Yield what an SLO reads. Raises QueryError for one that is measured by something else than metrics."""
    if slo.get("type") == "metric" and slo.get("query"):
        yield from (_single(slo["query"][name]) for name in ("numerator", "denominator"))
    elif slo.get("type") == "time_slice":
        yield _sliced(slo)
    else:
        raise QueryError(f"a burn rate of the SLO `{slo.get('name')}` is not evaluated here", query="burn_rate")


def rewritten(slo: Mapping[str, Any], rewrite: Callable[[Expression], Expression]) -> dict[str, Any]:
    """Return an SLO that reads something else in the place of each of its expressions. Raises QueryError as `expressions` does."""
    texts = [str(rewrite(each)) for each in expressions(slo)]
    if slo["type"] == "metric":
        return {**slo, "query": dict(zip(("numerator", "denominator"), texts, strict=True))}
    slices = slo["sli_specification"]["time_slice"]
    query = {"formulas": [{"formula": "query1"}], "queries": [{"name": "query1", "query": texts[0]}]}
    return {**slo, "sli_specification": {"time_slice": {**slices, "query": query}}}


def slice_seconds(slo: Mapping[str, Any]) -> int:
    """Return how long a slice of a time-slice SLO is; 0 for one that has none."""
    specification = (slo.get("sli_specification") or {}).get("time_slice") or {}
    return int(specification.get("query_interval_seconds") or _SLICE) if slo.get("type") == "time_slice" else 0


def longest_seconds(query: SloQuery) -> int:
    """Return how long the longer of an alert's windows is."""
    return max(_window(query, name).seconds for name in _WINDOWS)


def _error_rate(
    query: SloQuery, slo: Mapping[str, Any], window: Window, data: SeriesOf | Held, evaluations: Axis, cell: int
) -> "Numbers":
    if slo.get("type") == "time_slice":
        return _bad_slices(query, slo, window, data, evaluations, cell)
    good, total = expressions(slo)
    ratio = MetricQuery("sum", window, None, Binary("/", good, total), _ANY)
    found = values_of(ratio, data, evaluations, cell=cell).values
    return 1 - found[0] if len(found) else np.full(evaluations.count, np.nan)


def _bad_slices(
    query: SloQuery, slo: Mapping[str, Any], window: Window, data: SeriesOf | Held, evaluations: Axis, cell: int
) -> "Numbers":
    """Return the share of slices in the window that missed the threshold. A slice without data counts as good."""
    specification = slo["sli_specification"]["time_slice"]
    size = slice_seconds(slo)
    compare = _COMPARE.get(specification["comparator"])
    if compare is None:
        raise QueryError(f"`{specification['comparator']}` compares no slices", query=str(query))
    first = (evaluations.start - window.seconds) // size * size + size  # the end of the first slice
    slices = Axis(first, size, max(0, (evaluations.end - first) // size + 1))
    expression = _sliced(slo)
    reading = MetricQuery(_over_time(expression), Window("last", size // 60, "m"), None, expression, _ANY)
    found = values_of(reading, data, slices, cell=cell).values
    if not len(found):
        return np.full(evaluations.count, np.nan)
    row = found[:1]
    bad = np.where(np.isnan(row), 0.0, ~compare(row, float(specification["threshold"])))
    ends = np.clip((evaluations.times - first) // size + 1, 0, slices.count)
    begins = np.clip(ends - window.seconds // size, 0, slices.count)
    rate = aggregate("avg", bad, begins, ends)[0]
    seen = np.maximum.accumulate(~np.isnan(row[0]))[np.maximum(ends - 1, 0)]
    return np.where(seen, rate, np.nan)


def _sliced(slo: Mapping[str, Any]) -> Expression:
    """Return the query of a time-slice SLO whose formula is one query."""
    written = slo["sli_specification"]["time_slice"]["query"]
    formulas = [each["formula"].strip() for each in written["formulas"]]
    by_name = {each["name"]: each["query"] for each in written["queries"]}
    if len(formulas) != 1 or formulas[0] not in by_name:
        raise QueryError("a formula of several queries is not evaluated here", query=", ".join(formulas))
    return _single(by_name[formulas[0]])


def _over_time(expression: Expression) -> str:
    if not isinstance(expression, Query):
        return "avg"
    if (expression.aggregator or "").startswith("p"):
        return "percentile"
    return "sum" if expression.method("as_count") else "avg"


def _single(text: str) -> Expression:
    expression = parse(text)
    if isinstance(expression, Several):
        raise QueryError("it is more than one query", query=text)
    return expression


def _target(query: SloQuery, slo: Mapping[str, Any]) -> float:
    timeframe = argument(query.methods, "over")
    for threshold in slo.get("thresholds") or ():
        if threshold.get("timeframe") == timeframe:
            return float(threshold["target"])
    raise QueryError(f"the SLO has no target over {timeframe}", query=str(query))


def _window(query: SloQuery, name: str) -> Window:
    text = argument(query.methods, name) or ""
    if text[-1:] not in _SECONDS or not text[:-1].isdigit():
        raise QueryError(f"`{name}` is missing", query=str(query))
    return Window("last", int(text[:-1]), text[-1])

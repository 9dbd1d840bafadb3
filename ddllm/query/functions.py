"""The functions of the query language: one line each, with its arguments and what it does in words.

Source: Datadog's documentation, dashboards/functions and metrics/nested_queries; `default` is not documented, but users have it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

AGGREGATORS = ("avg", "sum", "min", "max")
#: What a distribution can be aggregated by besides, percentiles aside.
MORE_AGGREGATORS = ("count", "stddev", "histogram")
#: The methods of a metric query, with the number of arguments: the least and the most.
METHODS = {"as_count": (0, 0), "as_rate": (0, 0), "rollup": (1, 4), "fill": (1, 2), "weighted": (0, 0)}


@dataclass(frozen=True, slots=True)
class Function:
    """A function. `says` is a phrase with `{0}` for its first argument, and so on; `[…]` goes where an argument of it is missing.

    `least` and `most` count the arguments that have no name. `words` has what some of them may be, by their index.
    """

    says: str
    least: int = 1
    most: int = 1
    words: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


_RANKS = ("max", "mean", "min", "sum", "last", "l2norm", "area")

FUNCTIONS: dict[str, Function] = {
    # arithmetic
    "abs": Function("the absolute value of {0}"),
    "pow": Function("{0} to the power of {1}", 2, 2),
    "log2": Function("the logarithm to base 2 of {0}"),
    "log10": Function("the logarithm to base 10 of {0}"),
    "cumsum": Function("the running total of {0}"),
    "integral": Function("the integral of {0} over time"),
    # rates
    "per_second": Function("the increase per second of {0}"),
    "per_minute": Function("the increase per minute of {0}"),
    "per_hour": Function("the increase per hour of {0}"),
    "dt": Function("the seconds between points of {0}"),
    "diff": Function("the step from point to point of {0}"),
    "monotonic_diff": Function("the step from point to point of {0}, falls left out"),
    "derivative": Function("the derivative of {0}"),
    "throughput": Function("the throughput of {0}"),
    # counts
    "count_nonzero": Function("the number of groups that are not zero in {0}"),
    "count_nonzero_finite": Function("the number of groups that are neither zero nor infinite in {0}"),
    "count_not_null": Function("the number of groups with data in {0}"),
    # exclusion and interpolation
    "exclude_null": Function("{0}, groups named N/A left out"),
    "clamp_min": Function("{0}, never below {1}", 2, 2),
    "clamp_max": Function("{0}, never above {1}", 2, 2),
    "cutoff_min": Function("{0}, points below {1} left out", 2, 2),
    "cutoff_max": Function("{0}, points above {1} left out", 2, 2),
    "default_zero": Function("{0}, 0 where there is no data"),
    "default": Function("{0}, {1} where there is no data", 2, 2),
    # smoothing and regression
    "autosmooth": Function("{0}, smoothed"),
    **{f"ewma_{n}": Function(f"{{0}}, smoothed by a weighted average of {n} points") for n in (3, 5, 7, 10, 20)},
    **{f"median_{n}": Function(f"{{0}}, smoothed by the median of {n} points") for n in (3, 5, 7, 9)},
    **{f"rollingavg_{n}": Function(f"{{0}}, smoothed by the average of {n} points") for n in (5, 13, 21, 29)},
    "robust_trend": Function("the trend of {0}, outliers aside"),
    "trend_line": Function("the straight trend of {0}"),
    "piecewise_constant": Function("{0} as a line of steps"),
    # other times
    "timeshift": Function("{0} at another time ({1} seconds)", 2, 2),
    "calendar_shift": Function("{0} at another time ({1})", 2, 3),
    **{f"{unit}_before": Function(f"{{0}} a {unit} before") for unit in ("day", "week", "month")},
    "hour_before": Function("{0} an hour before"),
    # ranks
    "top": Function("the[ {1}] groups of {0} that rank first[ by {2}][, {3}]", 1, 4, {2: _RANKS, 3: ("asc", "desc")}),
    **{
        f"{end}{n}{way}": Function(f"the {n} groups of {{0}} that rank {'first' if end == 'top' else 'last'}", 1, 2)
        for end in ("top", "bottom")
        for n in (5, 10, 15, 20)
        for way in ("", *(f"_{rank}" for rank in ("mean", "min", "max", "last", "area", "l2norm")))
    },
    # second aggregation
    "rollup": Function("{0}, rolled up by {1}[ over {2} seconds]", 2, 5),
    "moving_rollup": Function("[the {2} of ]{0} over the {1} seconds before each point", 2, 3),
    "reduce": Function("the {1} of all points of {0}", 2, 2),
    **{
        name: Function(f"the {name} over the groups of {{0}}[, grouped by {{1}}]", 1, 2)
        for name in (*AGGREGATORS, *MORE_AGGREGATORS[:2])
    },
    "percentile": Function("the {1} over the groups of {0}[, grouped by {2}]", 2, 3),
    "is_greater": Function("1 where {0} is above {1}, else 0", 2, 2),
    "is_less": Function("1 where {0} is below {1}, else 0", 2, 2),
    "is_between": Function("1 where {0} lies between {1} and {2}, else 0", 3, 3),
    # algorithms
    "anomalies": Function(
        "the share of anomalous points[, as the {1} algorithm finds them][ with bounds of {2}], in {0}",
        1,
        3,
        {1: ("basic", "agile", "robust", "adaptive")},
    ),
    "outliers": Function(
        "the groups that differ from the others[, as {1} finds them], in {0}",
        1,
        4,
        {1: ("DBSCAN", "MAD", "scaledDBSCAN", "scaledMAD")},
    ),
    "forecast": Function("the[ {1}] forecast of {0}", 1, 3, {1: ("linear", "seasonal")}),
}

"""Datadog's functions on frames, one entry each. `anomalies` stands in a module of its own.

Source: Datadog's documentation, dashboards/functions. A function that only makes sense on a screen (autosmooth), or whose
algorithm is not published and not approximated here (forecast, outliers, piecewise_constant), is not evaluated.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ddllm.query.arrays.frame import Frame
from ddllm.query.arrays.sliding import aggregate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

#: What a function has besides the frame: numbers and texts, in their order.
Arguments = Sequence[float | str]
Operate = Callable[[Frame, Arguments], Frame]

_DAY = 86_400
#: How far back a function looks, in seconds, by its name.
SHIFTS: Mapping[str, int] = {
    "hour_before": 3600,
    "day_before": _DAY,
    "week_before": 7 * _DAY,
    "month_before": 28 * _DAY,  # documented so
}
_CALENDAR = {"d": _DAY, "w": 7 * _DAY, "mo": 28 * _DAY, "h": 3600}


def shift_of(function: str, arguments: Arguments) -> int:
    """Return how many seconds back a function reads, 0 for one that reads the present."""
    if function in SHIFTS:
        return SHIFTS[function]
    if function == "timeshift":
        return -int(float(arguments[0]))
    if function == "calendar_shift":
        text = str(arguments[0]).lstrip("-")
        unit = text.lstrip("0123456789")
        return int(text[: len(text) - len(unit)]) * _CALENDAR[unit]
    if function == "moving_rollup":
        return int(float(arguments[0]))
    return 0


def shifted(frame: Frame, seconds: int) -> Frame:
    """Return what the frame was some seconds before."""
    columns = round(seconds / frame.axis.step)
    values = np.full_like(frame.values, np.nan)
    if columns <= 0:
        return frame
    if columns < frame.axis.count:
        values[:, columns:] = frame.values[:, :-columns]
    return frame.with_values(values)


def _each(operate: Callable[["Numbers", Arguments], "Numbers"]) -> Operate:
    def run(frame: Frame, arguments: Arguments) -> Frame:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = operate(frame.values, arguments)
        return frame.with_values(np.where(np.isinf(values), np.nan, values))

    return run


def _difference(frame: Frame) -> "Numbers":
    values = np.full_like(frame.values, np.nan)
    values[:, 1:] = np.diff(frame.values, axis=1)
    return values


def _differences(scale: Callable[[Frame], float], *, rises_only: bool = False) -> Operate:
    def run(frame: Frame, _arguments: Arguments) -> Frame:
        steps = _difference(frame)
        if rises_only:
            steps = np.where(steps < 0, np.nan, steps)
        return frame.with_values(steps * scale(frame))

    return run


def _rolling(size: int, fold: Callable[["Numbers"], "Numbers"]) -> Operate:
    """Fold each point with the ones before it; the first ones with as many as there are."""

    def run(frame: Frame, _arguments: Arguments) -> Frame:
        padded = np.concatenate([np.full((len(frame.values), size - 1), np.nan), frame.values], axis=1)
        windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)
        there = ~np.isnan(windows).all(axis=2)
        found = np.full_like(frame.values, np.nan)
        found[there] = fold(windows[there])
        return frame.with_values(found)

    return run


def _weighted(size: int) -> Operate:
    """Smooth exponentially, over a span of some points."""
    share = 2 / (size + 1)

    def run(frame: Frame, _arguments: Arguments) -> Frame:
        found = frame.values.copy()
        for column in range(1, frame.axis.count):
            before, now = found[:, column - 1], frame.values[:, column]
            mixed = share * now + (1 - share) * before
            found[:, column] = np.where(np.isnan(now), before, np.where(np.isnan(before), now, mixed))
        return frame.with_values(np.where(np.isnan(frame.values), np.nan, found))

    return run


def _default(frame: Frame, number: float) -> Frame:
    """Fill what is missing, in groups that exist."""
    return frame.with_values(np.where(np.isnan(frame.values), number, frame.values))


def _groups_counted(test: Callable[["Numbers"], "NDArray[np.bool_]"]) -> Operate:
    def run(frame: Frame, _arguments: Arguments) -> Frame:
        values = test(frame.values).sum(axis=0, keepdims=True).astype(np.float64)
        return Frame(frame.axis, (), ((),), values)

    return run


def _moving_rollup(frame: Frame, arguments: Arguments) -> Frame:
    name = str(arguments[1]) if len(arguments) > 1 else "avg"
    columns = max(1, round(float(arguments[0]) / frame.axis.step))
    if name == "median":
        return _rolling(columns, lambda windows: np.nanmedian(windows, axis=-1))(frame, ())
    ends = np.arange(1, frame.axis.count + 1)
    return frame.with_values(aggregate(name, frame.values, np.maximum(ends - columns, 0), ends))


_RANKS: Mapping[str, Callable[["Numbers"], float]] = {
    "mean": lambda row: float(row.mean()),
    "max": lambda row: float(row.max()),
    "min": lambda row: float(row.min()),
    "sum": lambda row: float(row.sum()),
    "area": lambda row: float(row.sum()),
    "last": lambda row: float(row[-1]),
    "l2norm": lambda row: float(np.sqrt((row**2).sum())),
}


def _top(frame: Frame, arguments: Arguments) -> Frame:
    """Keep the groups that rank first over all that is looked at."""
    number = int(float(arguments[0])) if arguments else 10
    by = str(arguments[1]) if len(arguments) > 1 else "mean"
    rising = len(arguments) > 2 and arguments[2] == "asc"  # noqa: PLR2004 - the third argument
    ranked = [
        (_RANKS[by](row[~np.isnan(row)]), place) for place, row in enumerate(frame.values) if not np.isnan(row).all()
    ]
    kept = {place for _, place in sorted(ranked, reverse=not rising)[:number]}
    places = [place for place in range(len(frame.groups)) if place in kept]
    return Frame(frame.axis, frame.by, tuple(frame.groups[each] for each in places), frame.values[places], frame.fills)


def _trend(frame: Frame, _arguments: Arguments) -> Frame:
    found = np.full_like(frame.values, np.nan)
    columns = np.arange(frame.axis.count)
    for place, row in enumerate(frame.values):
        there = ~np.isnan(row)
        if there.sum() > 1:
            found[place] = np.polyval(np.polyfit(columns[there], row[there], 1), columns)
    return frame.with_values(found)


def _compared(test: Callable[["Numbers", Arguments], "NDArray[np.bool_]"]) -> Operate:
    return _each(
        lambda values, arguments: np.where(np.isnan(values), np.nan, test(values, arguments).astype(np.float64))
    )


FUNCTIONS: Mapping[str, Operate] = {
    "abs": _each(lambda values, _: np.abs(values)),
    "log2": _each(lambda values, _: np.log2(values)),
    "log10": _each(lambda values, _: np.log10(values)),
    "pow": _each(lambda values, arguments: np.power(values, float(arguments[0]))),
    "cumsum": _each(lambda values, _: np.where(np.isnan(values), np.nan, np.nancumsum(values, axis=1))),
    "integral": lambda frame, _: frame.with_values(np.nancumsum(frame.values, axis=1) * frame.axis.step),
    "per_second": _differences(lambda frame: 1 / frame.axis.step, rises_only=True),
    "per_minute": _differences(lambda frame: 60 / frame.axis.step, rises_only=True),
    "per_hour": _differences(lambda frame: 3600 / frame.axis.step, rises_only=True),
    "derivative": _differences(lambda frame: 1 / frame.axis.step),
    "diff": _differences(lambda _: 1.0),
    "monotonic_diff": _differences(lambda _: 1.0, rises_only=True),
    "clamp_min": _each(lambda values, arguments: np.maximum(values, float(arguments[0]))),
    "clamp_max": _each(lambda values, arguments: np.minimum(values, float(arguments[0]))),
    "cutoff_min": _each(lambda values, arguments: np.where(values < float(arguments[0]), np.nan, values)),
    "cutoff_max": _each(lambda values, arguments: np.where(values > float(arguments[0]), np.nan, values)),
    "default_zero": lambda frame, _: _default(frame, 0.0),
    "default": lambda frame, arguments: _default(frame, float(arguments[0])),
    "exclude_null": lambda frame, _: frame,  # groups without a tag are left out anyway
    "count_nonzero": _groups_counted(lambda values: ~np.isnan(values) & (values != 0)),
    "count_nonzero_finite": _groups_counted(lambda values: np.isfinite(values) & (values != 0)),
    "count_not_null": _groups_counted(lambda values: ~np.isnan(values)),
    "is_greater": _compared(lambda values, arguments: values > float(arguments[0])),
    "is_less": _compared(lambda values, arguments: values < float(arguments[0])),
    "is_between": _compared(lambda values, arguments: (values > float(arguments[0])) & (values < float(arguments[1]))),
    "trend_line": _trend,
    "robust_trend": _trend,
    "moving_rollup": _moving_rollup,
    "top": _top,
    "timeshift": lambda frame, arguments: shifted(frame, shift_of("timeshift", arguments)),
    "calendar_shift": lambda frame, arguments: shifted(frame, shift_of("calendar_shift", arguments)),
    **{name: lambda frame, _, seconds=seconds: shifted(frame, seconds) for name, seconds in SHIFTS.items()},  # type: ignore[misc]
    **{f"ewma_{size}": _weighted(size) for size in (3, 5, 7, 10, 20)},
    **{f"median_{size}": _rolling(size, lambda windows: np.nanmedian(windows, axis=-1)) for size in (3, 5, 7, 9)},
    **{f"rollingavg_{size}": _rolling(size, lambda windows: np.nanmean(windows, axis=-1)) for size in (5, 13, 21, 29)},
    **{
        f"{end}{number}{by}": lambda frame, _, number=number, by=by, end=end: _top(  # type: ignore[misc]
            frame, (number, by[1:] or "mean", "desc" if end == "top" else "asc")
        )
        for end in ("top", "bottom")
        for number in (5, 10, 15, 20)
        for by in ("", "_mean", "_min", "_max", "_last", "_area")
    },
}

"""Anomalies: how much of a window lies outside the band in which values are expected. An approximation, and so called.

Datadog publishes what its algorithms are like, not what they compute (monitors/types/anomaly). What is taken from there: the
families of algorithm, how much history they need and use, the direction, the interval, and that the threshold is a share of
points. What is ours:

- basic: quantiles of the hours before. No season; it soon takes an anomaly for normal.
- agile: the median of the last seasons at the same time, moved by how the last hour lay to it. It follows a new level at once.
- robust: the median of up to six seasons at the same time, moved by how the last day lay to it. Long anomalies stay anomalies.

The band is `bounds` times the usual distance between value and expectation to both sides. That distance is taken from the far
values, nine of ten of which lie nearer, and scaled to a standard deviation: the tails of real traffic are heavier than those
that a median would promise.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ddllm.query.arrays.frame import Axis, Frame
from ddllm.query.arrays.sliding import aggregate
from ddllm.query.ast import Call, Keyword, Number, Quoted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

#: Said wherever a result may differ from Datadog's.
APPROXIMATE = "approximate: Datadog does not publish how it computes anomalies, and its bounds will differ"

_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_SEASONS = {"hourly": 3600, "daily": 86_400, "weekly": 7 * 86_400}
_NEEDED = 3  # seasons before there is a band
_USED = 42 * 86_400  # of history at most
_FAR = 0.9  # the share of values that lie nearer than what the band is made of
_FAR_SIGMAS = 1.645  # ... and how many standard deviations of normal noise that is
_BASIC_HOURS = 12
_LEAST_POINTS = 12  # before there is a band
_DAY_POINTS = 288  # of five minutes
_SORTED_AT_ONCE = 2048  # windows: a few megabytes


@dataclass(frozen=True, slots=True)
class Settings:
    """The arguments of `anomalies(query, algorithm, bounds, …)`; times in seconds."""

    algorithm: str
    bounds: float
    direction: str
    alert_window: int
    interval: int
    season: int
    zero_default: bool

    @property
    def history(self) -> int:
        """How far back it reads."""
        if self.algorithm == "basic":
            return _BASIC_HOURS * 3600
        return min(_USED, 6 * self.season)


def is_algorithm(call: Call) -> bool:
    """Whether a function is `anomalies`."""
    return call.function == "anomalies"


def settings_of(call: Call, window: int) -> Settings:
    """Read the arguments; what is left out has Datadog's defaults, `window` that of the monitor."""
    named = {each.name: each.value for each in call.arguments if isinstance(each, Keyword)}
    words = {name: value.plain if isinstance(value, Quoted) else str(value) for name, value in named.items()}
    texts = [each.plain for each in call.arguments if isinstance(each, Quoted)]
    numbers = [each.value for each in call.arguments[1:] if isinstance(each, Number)]
    algorithm = texts[0] if texts else "basic"
    alert_window = _seconds(words.get("alert_window")) or window
    return Settings(
        algorithm="agile" if algorithm == "adaptive" else algorithm,
        bounds=float(numbers[0]) if numbers else 2.0,
        direction=words.get("direction", "both"),
        alert_window=alert_window,
        interval=int(words.get("interval", max(60, alert_window // 15 // 60 * 60))),
        season=_SEASONS[words.get("seasonality", "weekly")],
        zero_default=words.get("count_default_zero", "true") == "true",
    )


def _seconds(window: str | None) -> int | None:
    if not window:
        return None
    text = window.removeprefix("last_")
    return int(text[:-1]) * _UNITS[text[-1]]


@dataclass(frozen=True, slots=True)
class Band:
    """What was expected: rows of the lower and upper edge, NaN where there is not enough history."""

    points: Frame
    lower: "Numbers"
    upper: "Numbers"

    def outside(self, direction: str) -> "Numbers":
        """Return 1 for each point outside of the band, 0 inside, NaN where there is no band or no point."""
        values = self.points.values
        with np.errstate(invalid="ignore"):
            above, below = values > self.upper, values < self.lower
        out = {"above": above, "below": below}.get(direction, above | below)
        known = ~(np.isnan(values) | np.isnan(self.lower))
        return np.where(known, out.astype(np.float64), np.nan)


def band(frame: Frame, settings: Settings) -> Band:
    """Compute the band around a query's values."""
    points = _points(frame, settings)
    lower, upper = np.full_like(points.values, np.nan), np.full_like(points.values, np.nan)
    for place, row in enumerate(points.values):
        lower[place], upper[place] = _ALGORITHMS[settings.algorithm](row, settings)
    return Band(points, lower, upper)


def share_outside(found: Band, settings: Settings, evaluations: Axis, window: int) -> Frame:
    """Return the share of points outside of the band in the window before each evaluation."""
    points = found.points
    times = evaluations.times
    ends = np.clip((times - points.axis.start) // points.axis.step, 0, points.axis.count)
    begins = np.clip(ends - max(1, window // points.axis.step), 0, points.axis.count)
    values = aggregate("avg", found.outside(settings.direction), begins, ends)
    return Frame(evaluations, points.by, points.groups, values)


def _points(frame: Frame, settings: Settings) -> Frame:
    """Return values at the algorithm's interval."""
    step = max(settings.interval, frame.axis.step)
    size = step // frame.axis.step
    first = frame.axis.start // step * step
    offset = (frame.axis.start - first) // frame.axis.step
    axis = Axis(first, step, -(-(frame.axis.end - first) // step))
    begins = np.arange(axis.count) * size - offset
    ends = np.clip(begins + size, 0, frame.axis.count)
    name = "sum" if frame.fills else "avg"
    values = aggregate(name, frame.values, np.clip(begins, 0, frame.axis.count), ends)
    if frame.fills and settings.zero_default:
        seen = np.maximum.accumulate(~np.isnan(values), axis=1)
        values = np.where(seen & np.isnan(values), 0.0, values)
    return Frame(axis, frame.by, frame.groups, values, frame.fills)


def _basic(row: "Numbers", settings: Settings) -> tuple["Numbers", "Numbers"]:
    size = max(_LEAST_POINTS, _BASIC_HOURS * 3600 // settings.interval)
    low, middle, high = _quantiles(row, size, ((1 - _FAR) / 2, 0.5, (1 + _FAR) / 2))
    spread = settings.bounds * np.maximum((high - low) / 2 / _FAR_SIGMAS, _least(middle))
    return middle - spread, middle + spread


def _seasonal(level_seconds: int, seasons: int) -> Callable[["Numbers", Settings], tuple["Numbers", "Numbers"]]:
    def expected(row: "Numbers", settings: Settings) -> tuple["Numbers", "Numbers"]:
        period = settings.season // settings.interval
        number = min(seasons, _USED // settings.season)
        past = np.array([_moved(row, period * season) for season in range(1, number + 1)])
        enough = (~np.isnan(past)).sum(axis=0) >= min(_NEEDED, number)
        [median] = _in_order(past.T, (0.5,), least=1)
        base = np.where(enough, median, np.nan)
        level = _rolling_median(row - base, max(3, level_seconds // settings.interval))
        centre = base + np.nan_to_num(level)
        spread = settings.bounds * _scale(row - centre, period, _least(centre))
        return centre - spread, centre + spread

    return expected


_ALGORITHMS: Mapping[str, Callable[["Numbers", Settings], tuple["Numbers", "Numbers"]]] = {
    "basic": _basic,
    "agile": _seasonal(3600, 3),
    "robust": _seasonal(86_400, 6),
}


def _least(centre: "Numbers") -> "Numbers":
    """Return the narrowest spread: what never varies would have a band of no width."""
    return np.abs(centre) * 0.01 + 1e-9


def _scale(residuals: "Numbers", period: int, least: "Numbers") -> "Numbers":
    """Return the usual distance from what was expected, over the season before but a day at most."""
    [far] = _quantiles(np.abs(residuals), max(_LEAST_POINTS, min(period, _DAY_POINTS)), (_FAR,))
    return np.maximum(far / _FAR_SIGMAS, least)


def _moved(row: "Numbers", columns: int) -> "Numbers":
    found = np.full_like(row, np.nan)
    if columns < len(row):
        found[columns:] = row[: len(row) - columns]
    return found


def _rolling_median(row: "Numbers", size: int) -> "Numbers":
    """Return the median of the points before each point."""
    return _quantiles(row, size, (0.5,), least=1)[0]


def _quantiles(row: "Numbers", size: int, shares: Sequence[float], least: int = _LEAST_POINTS) -> list["Numbers"]:
    """Return quantiles of the `size` points before each point, NaN where there are too few."""
    found = [np.full(len(row), np.nan) for _ in shares]
    if not len(row):
        return found
    windows = sliding_window_view(np.concatenate([np.full(size, np.nan), row[:-1]]), size)
    for start in range(0, len(row), _SORTED_AT_ONCE):
        some = slice(start, start + _SORTED_AT_ONCE)
        for values, quantile in zip(found, _in_order(windows[some], shares, least), strict=True):
            values[some] = quantile
    return found


def _in_order(windows: "Numbers", shares: Sequence[float], least: int) -> list["Numbers"]:
    """Return quantiles of each row as `np.nanquantile` does, which takes fifteen times as long: it takes rows with a NaN one by one."""
    ordered = np.sort(windows, axis=1)  # NaN last
    number = windows.shape[1] - np.isnan(ordered).sum(axis=1)
    last, rows = np.maximum(number - 1, 0), np.arange(len(ordered))
    found = []
    for share in shares:
        place = share * last
        below = place.astype(np.int64)
        low, high = ordered[rows, below], ordered[rows, np.minimum(below + 1, last)]
        found.append(np.where(number >= least, low + (high - low) * (place - below), np.nan))
    return found

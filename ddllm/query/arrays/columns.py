"""Series as arrays: each is taken apart once, however many queries read it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ddllm.query.series import Kind, Series, SeriesOf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bins:
    """The bins of a series' sketches, one after the other: the sketch that each belongs to, its key, and its count."""

    places: "Whole"
    keys: "Whole"
    counts: "Whole"


@dataclass(frozen=True, slots=True)
class Columns:
    """One series: `times` at which intervals with data begin, ascending or not, and what they hold.

    Counts and gauges have `numbers` under "points". Distributions have "count", "sum", "min" and "max", and `bins`.
    """

    metric: str
    kind: Kind
    tags: tuple[str, ...]
    times: "Whole"
    numbers: Mapping[str, "Numbers"]
    bins: Bins | None = None


class Held:
    """The series of a source, taken apart when they are asked for, and kept."""

    def __init__(self, series_of: SeriesOf) -> None:
        self._series_of = series_of
        self._by_metric: dict[str, tuple[Columns, ...]] = {}

    def of(self, metric: str) -> Iterable[Columns]:
        """Return the series of a metric."""
        if metric not in self._by_metric:
            self._by_metric[metric] = tuple(map(columns, self._series_of(metric)))
        return self._by_metric[metric]


def columns(series: Series) -> Columns:
    """Take a series apart. Sketches that hold nothing are left out."""
    if series.kind != "distribution":
        times = np.fromiter(series.points.keys(), np.int64, len(series.points))
        numbers = np.fromiter(series.points.values(), np.float64, len(series.points))
        return Columns(series.metric, series.kind, series.tags, times, {"points": numbers})
    held = [(at, sketch) for at, sketch in series.sketches.items() if sketch.count]
    table = np.array([(sketch.count, sketch.sum, sketch.min, sketch.max) for _, sketch in held]).reshape(-1, 4)
    sizes = np.array([len(sketch.bins) for _, sketch in held], np.int64)
    total = int(sizes.sum())
    bins = Bins(
        np.repeat(np.arange(len(held)), sizes),
        np.fromiter(chain.from_iterable(sketch.bins.keys() for _, sketch in held), np.int64, total),
        np.fromiter(chain.from_iterable(sketch.bins.values() for _, sketch in held), np.int64, total),
    )
    return Columns(
        series.metric,
        series.kind,
        series.tags,
        np.array([at for at, _ in held], np.int64),
        dict(zip(("count", "sum", "min", "max"), table.T, strict=True)),
        bins,
    )

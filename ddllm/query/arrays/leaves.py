"""A query's series as arrays: space aggregation by group, in cells of one step.

Counts and gauges of a group are aggregated over its series as the query's aggregator says; sketches of a distribution merge,
and any number that the query asks of them is taken from the merged one (Datadog, metrics/distributions).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ddllm.errors import QueryError
from ddllm.query.arrays.columns import Columns, Held
from ddllm.query.arrays.frame import Axis, Frame
from ddllm.query.ast import Query
from ddllm.query.evaluate import matches
from ddllm.query.series import ABSENT, Group, groups_of
from ddllm.query.sketch import bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Whole = NDArray[np.int64]

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,2})?)")
_CHUNK = 4_000_000  # numbers of one table of bins


def percentile_of(query: Query) -> float | None:
    """Return the share (0 to 1) of a percentile query, None for any other."""
    found = _PERCENTILE.fullmatch(query.aggregator or "")
    return float(found[1]) / 100 if found else None


@dataclass(frozen=True)
class Leaf:
    """One query's series, by group. `kind` is that of its metric, None where nothing matches."""

    query: Query
    axis: Axis
    kind: str | None
    series: Mapping[Group, tuple[Columns, ...]]

    def cells(self) -> Frame:
        """Return the number that the query asks for, for each group and cell."""
        groups = tuple(sorted(self.series))
        rows = [self._row(self.series[group]) for group in groups]
        values = np.array(rows) if rows else np.zeros((0, self.axis.count))
        return Frame(self.axis, self.query.by, groups, values, fills=self.query.method("as_count") is not None)

    def percentiles(self, share: float, begins: "Whole", ends: "Whole") -> Frame:
        """Return a percentile of all values in each window of cells `begins[i]:ends[i]`."""
        groups = tuple(sorted(self.series))
        rows = [_Bins(self.axis, self.series[group]).quantiles(share, begins, ends) for group in groups]
        values = np.array(rows) if rows else np.zeros((0, len(begins)))
        axis = Axis(self.axis.start, self.axis.step, len(begins))
        return Frame(axis, self.query.by, groups, values)

    def _row(self, series: Iterable[Columns]) -> "Numbers":
        if self.kind == "distribution":
            return self._of_sketches(series)
        rows = np.array([_points(self.axis, each, add=self.kind == "count") for each in series])
        row = _over_series(self.query, rows)
        if self.kind == "count" and self.query.method("as_count") is None:
            return row / self.axis.step  # a count without as_count is a rate a second
        return row

    def _of_sketches(self, series: Iterable[Columns]) -> "Numbers":
        share = percentile_of(self.query)
        if share is not None:
            places = np.arange(self.axis.count)
            return _Bins(self.axis, series).quantiles(share, places, places + 1)
        read = _OF_SKETCHES.get(self.query.aggregator or "")
        if read is None:
            raise QueryError(
                f"`{self.query.aggregator}` of a distribution is not evaluated here", query=str(self.query)
            )
        return read(self.axis, series)


def leaf(query: Query, axis: Axis, held: Held) -> Leaf:
    """Take the series that a query means. Those that lack a tag that it groups by are left out, as monitors leave them out."""
    taken = [each for each in held.of(query.metric) if matches(query.scope, each.tags)]
    kinds = {each.kind for each in taken}
    if len(kinds) > 1:
        raise QueryError(f"{query.metric} is a {' and a '.join(sorted(kinds))}", query=str(query))
    by_group: dict[Group, list[Columns]] = {}
    for each in taken:
        for group in groups_of(each.tags, query.by):
            if ABSENT not in group:
                by_group.setdefault(group, []).append(each)
    return Leaf(query, axis, next(iter(kinds), None), {group: tuple(found) for group, found in by_group.items()})


def _cells(axis: Axis, series: Columns) -> tuple["Whole", "NDArray[np.bool_]"]:
    """Return the cell of each interval of a series, and which of them are on the axis."""
    cells = (series.times - axis.start) // axis.step
    return cells, (cells >= 0) & (cells < axis.count)


def _points(axis: Axis, series: Columns, *, add: bool) -> "Numbers":
    """Return the points of a series by cell: added up, or their mean."""
    row = np.full(axis.count, np.nan)
    cells, inside = _cells(axis, series)
    cells, numbers = cells[inside], series.numbers["points"][inside]
    held = np.bincount(cells, minlength=axis.count)
    total = np.bincount(cells, numbers, minlength=axis.count)
    row[held > 0] = total[held > 0] if add else total[held > 0] / held[held > 0]
    return row


def _over_series(query: Query, rows: "Numbers") -> "Numbers":
    aggregator = query.aggregator or "avg"
    if aggregator not in _OVER_SERIES:
        raise QueryError(f"`{aggregator}` over series is not evaluated here", query=str(query))
    there = ~np.isnan(rows)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = _OVER_SERIES[aggregator](rows, there)
    return np.where(there.any(axis=0), found, np.nan)


_OVER_SERIES: Mapping[str, Callable[["Numbers", "NDArray[np.bool_]"], "Numbers"]] = {
    "sum": lambda rows, there: np.where(there, rows, 0).sum(axis=0),
    "avg": lambda rows, there: np.where(there, rows, 0).sum(axis=0) / there.sum(axis=0),
    "min": lambda rows, there: np.where(there, rows, np.inf).min(axis=0),
    "max": lambda rows, there: np.where(there, rows, -np.inf).max(axis=0),
    "count": lambda _rows, there: there.sum(axis=0).astype(np.float64),
}


def _sketched(axis: Axis, series: Iterable[Columns], name: str, fold: "np.ufunc") -> "Numbers":
    """Return one number of the sketches of several series by cell."""
    row = np.full(axis.count, np.nan)
    for each in series:
        cells, inside = _cells(axis, each)
        fold.at(row, cells[inside], each.numbers[name][inside])
    return row


def _total(axis: Axis, series: Iterable[Columns], name: str) -> "Numbers":
    row, seen = np.zeros(axis.count), np.zeros(axis.count, bool)
    for each in series:
        cells, inside = _cells(axis, each)
        row += np.bincount(cells[inside], each.numbers[name][inside], minlength=axis.count)
        seen[cells[inside]] = True
    return np.where(seen, row, np.nan)


def _mean(axis: Axis, series: Iterable[Columns]) -> "Numbers":
    held = tuple(series)
    return _total(axis, held, "sum") / _total(axis, held, "count")


_OF_SKETCHES: Mapping[str, Callable[[Axis, Iterable[Columns]], "Numbers"]] = {
    "count": lambda axis, series: _total(axis, series, "count"),
    "sum": lambda axis, series: _total(axis, series, "sum"),
    "min": lambda axis, series: _sketched(axis, series, "min", np.fmin),
    "max": lambda axis, series: _sketched(axis, series, "max", np.fmax),
    "avg": _mean,
}


class _Bins:
    """The sketches of a group as one table of counts: a row a cell, a column a bin."""

    def __init__(self, axis: Axis, series: Iterable[Columns]) -> None:
        parts = [part for each in series if (part := _binned(axis, each)) is not None]
        cells, keys, numbers = (
            (np.concatenate(each) for each in zip(*parts, strict=True)) if parts else [np.zeros(0, np.int64)] * 3
        )
        self._keys, columns = np.unique(keys, return_inverse=True)
        width = max(len(self._keys), 1)
        size = (axis.count + 1) * width
        held = np.bincount((cells + 1) * width + columns, numbers, minlength=size).astype(np.int64)
        self._totals = held.reshape(axis.count + 1, width)
        np.cumsum(self._totals, axis=0, out=self._totals)
        ends = np.array([bounds(int(each)) for each in self._keys]).reshape(-1, 2)
        self._low, self._width = ends[:, 0], ends[:, 1] - ends[:, 0]

    def quantiles(self, share: float, begins: "Whole", ends: "Whole") -> "Numbers":
        """Return the quantile of each window, as `Sketch.quantile` takes it."""
        if not len(self._keys):
            return np.full(len(begins), np.nan)
        size = max(1, _CHUNK // len(self._keys))
        parts = [self._of(share, begins[at : at + size], ends[at : at + size]) for at in range(0, len(begins), size)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _of(self, share: float, begins: "Whole", ends: "Whole") -> "Numbers":
        held = self._totals[ends] - self._totals[begins]
        upto = np.cumsum(held, axis=1)
        number = upto[:, -1]
        rank = np.rint(share * (number - 1)).astype(np.int64)
        column = np.argmax(upto > rank[:, None], axis=1)
        places = np.arange(len(held))
        inside = held[places, column]
        before = upto[places, column] - inside
        with np.errstate(invalid="ignore", divide="ignore"):
            part = (rank - before + 0.5) / inside
        found: Numbers = np.where(number > 0, self._low[column] + self._width[column] * part, np.nan)
        return found


def _binned(axis: Axis, series: Columns) -> tuple["Whole", "Whole", "Whole"] | None:
    """Return the cell, key and count of each bin of a series that is on the axis."""
    if series.bins is None:
        return None
    cells, inside = _cells(axis, series)
    taken = inside[series.bins.places]
    return cells[series.bins.places[taken]], series.bins.keys[taken], series.bins.counts[taken]

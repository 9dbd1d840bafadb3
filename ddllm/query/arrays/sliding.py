"""Aggregates over a window that moves along the rows of an array, NaN left out. None of them loops over time."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Whole = NDArray[np.int64]


def counts(values: "Numbers", begins: "Whole", ends: "Whole") -> "Numbers":
    """Return how many numbers lie in each window `begins[i]:ends[i]` of each row."""
    return _differences(~np.isnan(values), begins, ends).astype(np.float64)


def aggregate(name: str, values: "Numbers", begins: "Whole", ends: "Whole") -> "Numbers":
    """Return sum, avg, min or max of each window of each row; NaN where a window holds nothing."""
    number = counts(values, begins, ends)
    if name in {"sum", "avg"}:
        total = _differences(np.nan_to_num(values), begins, ends)
        found = total if name == "sum" else np.divide(total, number, out=np.zeros_like(total), where=number > 0)
    else:
        found = _extremes(values, begins, ends, largest=name == "max")
    return np.where(number > 0, found, np.nan)


def _differences(values: "NDArray[np.generic]", begins: "Whole", ends: "Whole") -> "Numbers":
    total = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=total[:, 1:])
    found: Numbers = total[:, ends] - total[:, begins]
    return found


def _extremes(values: "Numbers", begins: "Whole", ends: "Whole", *, largest: bool) -> "Numbers":
    """Return the largest or smallest number of each window, from tables of windows that double in length."""
    neutral = -np.inf if largest else np.inf
    choose = np.maximum if largest else np.minimum
    level = np.where(np.isnan(values), neutral, values)
    level = np.concatenate([level, np.full((len(level), 1), neutral)], axis=1)  # what an empty window reads
    found = np.full((len(values), len(begins)), neutral)
    lengths = np.maximum(ends - begins, 1)
    width = 1
    while width <= lengths.max(initial=1):
        # Two windows of the largest power of two that fits cover the whole one.
        fits = (lengths >= width) & (lengths < 2 * width)
        if fits.any():
            found[:, fits] = choose(level[:, begins[fits]], level[:, np.maximum(ends[fits] - width, begins[fits])])
        moved = np.full_like(level, neutral)
        moved[:, : level.shape[1] - width] = level[:, width:]
        level = choose(level, moved)
        width *= 2
    return found

"""`require_full_window`: an evaluation whose window is not full is cancelled, and the state stays (Datadog, monitors/types/metric).

A window is looked at in buckets of a minute where it is in minutes, of ten minutes, an hour or four hours where it is in hours,
days (or weeks) or months. It is full where the first bucket holds data and three at most are empty.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ddllm.query.arrays.columns import Held
from ddllm.query.arrays.frame import Axis
from ddllm.query.arrays.leaves import leaf
from ddllm.query.arrays.sliding import counts
from ddllm.query.monitor import MetricQuery
from ddllm.query.reads import reads
from ddllm.query.series import Group

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BUCKETS = {"m": 60, "h": 600, "d": 3600, "w": 3600, "mo": 4 * 3600}
_EMPTY = 3  # buckets that may be


def not_full(
    query: MetricQuery, held: Held, evaluations: Axis, groups: Sequence[Group], *, cell: int = 60
) -> "NDArray[np.bool_]":
    """Return, for each group and evaluation, whether its window is not full: no query of it has the data."""
    window, size = query.window.seconds, _BUCKETS[query.window.unit]
    start = (evaluations.start - window) // cell * cell
    axis = Axis(start, cell, -(-(evaluations.end - start) // cell))
    frames = [leaf(read.query, axis, held).cells() for read in reads(query)]
    there = np.any([~np.isnan(frame.rows(groups)) for frame in frames], axis=0).reshape(len(groups), axis.count)
    points = np.where(there, 1.0, np.nan)
    begins = (evaluations.times - window - start) // cell
    buckets = max(1, window // size)
    holds = [  # a bucket of every window at once
        counts(points, begins + place * size // cell, begins + (place + 1) * size // cell) > 0
        for place in range(buckets)
    ]
    found: NDArray[np.bool_] = ~holds[0] | (buckets - np.sum(holds, axis=0) > _EMPTY)
    return found

"""When an evaluation looks at less than its windows will hold, because the data begins inside one of them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ddllm.query.arrays.functions import shift_of
from ddllm.query.arrays.values import arguments
from ddllm.query.arrays.windows import begins
from ddllm.query.ast import Call, Expression, Several, operands_of
from ddllm.query.monitor import MetricQuery

if TYPE_CHECKING:
    from numpy.typing import NDArray


def is_partial(
    query: MetricQuery,
    times: "NDArray[np.int64]",
    since: int,
    evaluation_window: Mapping[str, Any] | None = None,
) -> "NDArray[np.bool_]":
    """Return at which times a window of the query, or one that it compares with, reaches before `since` but not wholly."""
    begin = begins(query.window, evaluation_window)
    found = np.zeros(len(times), bool)
    for shift in {0, query.change.shift.seconds if query.change else 0, *_shifts(query.expression, 0)}:
        moved = times - shift
        found |= (moved > since) & (begin(moved) < since)
    return found


def _shifts(expression: Expression | Several, outer: int) -> Iterator[int]:
    """Yield how far back each metric is read, in seconds."""
    own = outer + (shift_of(expression.function, arguments(expression)) if isinstance(expression, Call) else 0)
    inner = tuple(operands_of(expression))
    if not inner:
        yield own
    for each in inner:
        yield from _shifts(each, own)

"""The number that a monitor's query compares with: Datadog wants it a second time, as the critical threshold."""

import re
from typing import NamedTuple

_COMPARISON = re.compile(r"(>=|<=|==|!=|>|<)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*\Z")


class Comparison(NamedTuple):
    """How a query ends: `> 2`."""

    operator: str
    value: int | float


def trailing_comparison(query: str) -> Comparison | None:
    """Read the comparison that ends a query; None where it ends otherwise (composites, service checks, dynamic thresholds)."""
    match = _COMPARISON.search(query)
    if match is None:
        return None
    number = float(match.group(2))
    return Comparison(match.group(1), int(number) if number.is_integer() else number)

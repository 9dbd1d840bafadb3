"""When the window of an evaluation begins.

`last_5m` begins five minutes before. `current_1h`, `current_1d` and `current_1mo` grow from a start and begin anew at the next:
the monitor's `evaluation_window` says when (`hour_starts`, `day_starts`, `month_starts`, `timezone`), by default at the full hour, at
midnight UTC, on the first (Datadog, monitors/configuration, cumulative time windows).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from ddllm.query.monitor import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

_HOUR, _DAY = 3600, 86_400


def begins(window: Window, evaluation_window: Mapping[str, Any] | None = None) -> Callable[["Whole"], "Whole"]:
    """Return when the windows of evaluations begin. Raises ValueError for a window that lies ahead, or a zone that there is not."""
    if window.which == "last":
        return lambda times: times - window.seconds
    start_of = _STARTS.get((window.which, window.count, window.unit))
    if start_of is None:
        raise ValueError(f"a window such as `{window}` is not evaluated here")
    said = evaluation_window or {}
    zone = _zone(said.get("timezone"))
    return lambda times: np.array([_start(int(at), start_of, said, zone) for at in times], np.int64)


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"there is no timezone `{name}`") from None


_StartOf = Callable[[datetime, Mapping[str, Any]], datetime]


def _start(at: int, start_of: _StartOf, said: Mapping[str, Any], zone: ZoneInfo | None) -> int:
    # An evaluation at the start itself still looks at the window that ends there.
    last = datetime.fromtimestamp(at - 1, zone or UTC)
    return int(start_of(last, said).timestamp())


def _hour(last: datetime, said: Mapping[str, Any]) -> datetime:
    start = last.replace(minute=int(said.get("hour_starts") or 0), second=0, microsecond=0)
    return start if start <= last else start - timedelta(hours=1)


def _day(last: datetime, said: Mapping[str, Any]) -> datetime:
    hour, _, minute = str(said.get("day_starts") or "00:00").partition(":")
    start = last.replace(hour=int(hour), minute=int(minute or 0), second=0, microsecond=0)
    return start if start <= last else start - timedelta(days=1)


def _month(last: datetime, said: Mapping[str, Any]) -> datetime:
    start = _day(last, said).replace(day=int(said.get("month_starts") or 1))
    if start <= last:
        return start
    before = start.replace(day=1) - timedelta(days=1)
    return before.replace(day=start.day)


_STARTS: Mapping[tuple[str, int, str], _StartOf] = {
    ("current", 1, "h"): _hour,
    ("current", 1, "d"): _day,
    ("current", 1, "mo"): _month,
}

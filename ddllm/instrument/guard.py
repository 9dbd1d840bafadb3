"""Our own faults: caught where they happen, counted, logged once a place, never raised into the application.

Anything here may run in a finalizer or a signal handler, at any moment and in any thread, so nothing takes a lock and
nothing logs: the worker does that when it collects.
"""

import traceback
from collections import deque
from typing import NamedTuple

#: Names of places whose first fault was described already.
_described: set[str] = set()
#: Faults since the last collection. Bounded: what matters after a thousand is that there are very many.
_faults: deque[str] = deque(maxlen=1000)
_descriptions: deque[tuple[str, str]] = deque(maxlen=50)


class Faults(NamedTuple):
    """What was caught since the last collection: how often by place, and the traceback of each place's first fault."""

    counts: dict[str, int]
    descriptions: list[tuple[str, str]]


def caught(place: str) -> None:
    """Note the exception that is being handled. `place` becomes the `reason` tag of ddllm.telemetry.errors."""
    try:
        _faults.append(place)
        if place not in _described:
            _described.add(place)
            _descriptions.append((place, traceback.format_exc()))
    except Exception:  # noqa: BLE001, S110 - there is nobody left to tell
        pass


def count(reason: str) -> None:
    """Count a fault that was described elsewhere."""
    _faults.append(reason)


def collect() -> Faults:
    """Take what was noted since the last call."""
    counts: dict[str, int] = {}
    while _faults:
        place = _faults.popleft()
        counts[place] = counts.get(place, 0) + 1
    descriptions = []
    while _descriptions:
        descriptions.append(_descriptions.popleft())
    return Faults(counts, descriptions)

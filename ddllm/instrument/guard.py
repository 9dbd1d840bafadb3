"""Our own faults: caught where they happen, counted, logged once a place, never raised into the application.

Anything here may run in a finalizer or a signal handler, at any moment and in any thread, so nothing takes a lock and
nothing logs: the worker does that when it collects.
"""

import sys
import traceback
from collections import deque
from typing import NamedTuple

#: Names of places whose first fault was described already.
_described: set[str] = set()
#: Faults since the last collection. Bounded: what matters after a thousand is that there are very many.
_faults: deque[str] = deque(maxlen=1000)
_descriptions: deque["Fault"] = deque(maxlen=50)


class Fault(NamedTuple):
    """The first fault of a place: the frames that it went through, the exception's class, and its text.

    The text may hold what a prompt or an answer said: a JSON parser quotes, and so does a callable of the application.
    """

    place: str
    frames: str
    kind: str
    text: str

    def shown(self, capture: str) -> str:
        """Return it for a log, the text as far as content may be shown (DDLLM_CAPTURE)."""
        if capture == "full":
            return f"{self.frames}{self.kind}: {self.text}"
        if capture == "redacted":
            from ddllm.quality.redact import redact  # noqa: PLC0415 - patterns that a process without faults never needs

            return f"{self.frames}{self.kind}: {redact(self.text)}"
        return f"{self.frames}{self.kind}"


class Faults(NamedTuple):
    """What was caught since the last collection: how often by place, and each place's first fault."""

    counts: dict[str, int]
    descriptions: list[Fault]


def caught(place: str) -> None:
    """Note the exception that is being handled. `place` becomes the `reason` tag of ddllm.telemetry.errors."""
    try:
        _faults.append(place)
        if place not in _described:
            _described.add(place)
            kind, error, trace = sys.exc_info()
            frames = "".join(traceback.format_tb(trace))
            _descriptions.append(Fault(place, frames, kind.__name__ if kind else "", str(error)))
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

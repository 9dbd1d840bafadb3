"""Faults on demand: what a real API does on a bad day, some requests long."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Fault:
    """An answer in place of the right one, `times` times.

    `status` 0 closes the connection without an answer. `after` lets the request have its effect first. `method` and `path`
    (its end) choose requests; empty ones choose all.
    """

    times: int
    status: int
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    after: bool = False
    method: str = ""
    path: str = ""

    def concerns(self, method: str, path: str) -> bool:
        """Whether it is meant for a request."""
        return self.times > 0 and self.method in {"", method} and path.endswith(self.path)


class Dials:
    """The faults that are due, the oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def rate_limit(self, times: int = 1, *, reset: int = 1, method: str = "", path: str = "") -> None:
        """Answer 429 with the headers of Datadog's rate limits; `reset` is in seconds."""
        headers = {
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Period": "10",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(reset),
            "X-RateLimit-Name": "monitors",
        }
        text = "Rate limit of 100 requests in 10 seconds reached. Please try again later."
        self._faults.append(Fault(times, 429, text, headers, method=method, path=path))

    def fail(self, status: int = 503, times: int = 1, *, after: bool = False, method: str = "", path: str = "") -> None:
        """Answer with an error of the server; `after` it did what was asked, where that is set."""
        self._faults.append(Fault(times, status, "Service unavailable", after=after, method=method, path=path))

    def hang_up(self, times: int = 1, *, after: bool = True, method: str = "", path: str = "") -> None:
        """Close the connection without an answer, by default after doing what was asked: what a time-out looks like."""
        self._faults.append(Fault(times, 0, after=after, method=method, path=path))

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that is due for a request."""
        fault = next((fault for fault in self._faults if fault.concerns(method, path)), None)
        if fault is not None:
            fault.times -= 1
        return fault

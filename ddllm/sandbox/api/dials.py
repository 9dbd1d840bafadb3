"""Faults on demand: what a real API does on a bad day, some requests long."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event

from ddllm.sandbox.api.http import Answer, Request

#: Does what a request asks for, and returns the right answer.
Proceed = Callable[[], Answer]

#: Answers in place of that; None closes the connection without a word.
Reply = Callable[[Proceed], Answer | None]

_TOO_MANY = "Rate limit of {limit} requests in {period} seconds reached. Please try again later."
_SIGN_IN = "<!DOCTYPE html><html><head><title>Datadog: Log In</title></head><body></body></html>"


@dataclass(slots=True)
class Fault:
    """A reply to the next `times` requests with this method and this end of the path; empty ones mean all."""

    times: int
    reply: Reply
    method: str
    path: str

    def concerns(self, request: Request) -> bool:
        """Whether it is meant for a request."""
        return self.times > 0 and self.method in {"", request.method} and request.path.endswith(self.path)


@dataclass(slots=True)
class Limit:
    """A rate limit on writes: `limit` of them in each `period` of the clock, in seconds."""

    limit: int
    period: int
    now: Callable[[], float]
    current: int = -1
    used: int = 0

    def reply(self, request: Request, proceed: Proceed) -> Answer:
        """Answer a write, with what is left in the headers, or refuse it."""
        if not request.writes:
            return proceed()
        now = self.now()
        if int(now // self.period) != self.current:
            self.current, self.used = int(now // self.period), 0
        refused = self.used >= self.limit
        self.used += not refused
        reset = max(1, int(self.period - now % self.period + 0.999))
        headers = _headers(self.limit, self.period, self.limit - self.used, reset, "writes")
        if refused:
            text = _TOO_MANY.format(limit=self.limit, period=self.period)
            return Answer(429, {"errors": [text]}, headers)
        answer = proceed()
        return replace(answer, headers={**answer.headers, **headers})


class Held:
    """A request that is not answered before `release`; `arrived` is set when it is there."""

    def __init__(self) -> None:
        self.arrived = Event()
        self._released = Event()

    def release(self) -> None:
        """Let the request go on."""
        self._released.set()

    def wait(self) -> None:
        """Wait for the release."""
        self.arrived.set()
        self._released.wait()


class Dials:
    """The faults that are due, the oldest first. `now` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._faults: list[Fault] = []
        self._limit: Limit | None = None
        self._held: list[tuple[str, str, Held]] = []

    # -- faults

    def rate_limit(self, times: int = 1, *, reset: int = 1, method: str = "", path: str = "") -> None:
        """Answer 429 with the headers of Datadog's rate limits; `reset` is in seconds."""
        answer = Answer(
            429, {"errors": [_TOO_MANY.format(limit=100, period=10)]}, _headers(100, 10, 0, reset, "monitors")
        )
        self._add(times, lambda _proceed: answer, method, path)

    def limit_writes(self, limit: int, period: int) -> None:
        """Take no more than `limit` writes in each period of so many seconds, for good."""
        self._limit = Limit(limit, period, self._now)

    def fail(
        self,
        status: int = 503,
        times: int = 1,
        *,
        after: bool = False,
        text: str = "Service unavailable",
        method: str = "",
        path: str = "",
    ) -> None:
        """Answer with an error, of the server (503, 512) or another; `after` it did what was asked, where that is set."""
        self._add(times, _instead(Answer(status, {"errors": [text]}), after=after), method, path)

    def hang_up(self, times: int = 1, *, after: bool = True, method: str = "", path: str = "") -> None:
        """Close the connection without an answer, by default after doing what was asked: what a time-out looks like."""
        self._add(times, _instead(None, after=after), method, path)

    def sign_in(self, times: int = 1, *, method: str = "", path: str = "") -> None:
        """Answer with a page for people, as a wrong site does."""
        self._add(times, _instead(Answer(200, _SIGN_IN, {"Content-Type": "text/html"}), after=False), method, path)

    def cut_listing(self, keep: int = 0, times: int = 1, *, method: str = "GET", path: str = "") -> None:
        """Leave out of a listing all but its first objects, and say nothing of it."""
        self._add(times, lambda proceed: _shortened(proceed(), keep), method, path)

    def cut_body(self, times: int = 1, *, method: str = "", path: str = "") -> None:
        """Send half of an answer, after doing what was asked, and close the connection."""
        self._add(times, lambda proceed: replace(proceed(), half=True), method, path)

    @contextmanager
    def hold(self, *, method: str = "", path: str = "") -> Iterator[Held]:
        """Do not answer the next such request before it is released, at the latest at the end of the block."""
        held = Held()
        self._held.append((method, path, held))
        try:
            yield held
        finally:
            held.release()

    def _add(self, times: int, reply: Reply, method: str, path: str) -> None:
        self._faults.append(Fault(times, reply, method, path))

    # -- for the server

    def gate(self, request: Request) -> None:
        """Wait where a request is to be held."""
        for entry in self._held:
            method, path, held = entry
            if method in {"", request.method} and request.path.endswith(path):
                self._held.remove(entry)
                held.wait()
                return

    def reply(self, request: Request, proceed: Proceed) -> Answer | None:
        """Answer a request, as it should be or as a fault that is due has it."""
        fault = next((fault for fault in self._faults if fault.concerns(request)), None)
        if fault is not None:
            fault.times -= 1
            return fault.reply(proceed)
        return self._limit.reply(request, proceed) if self._limit else proceed()


def _headers(limit: int, period: int, remaining: int, reset: int, name: str) -> Mapping[str, str]:
    values = {"Limit": limit, "Period": period, "Remaining": remaining, "Reset": reset, "Name": name}
    return {f"X-RateLimit-{header}": str(value) for header, value in values.items()}


def _instead(answer: Answer | None, *, after: bool) -> Reply:
    def reply(proceed: Proceed) -> Answer | None:
        if after:
            proceed()
        return answer

    return reply


def _shortened(answer: Answer, keep: int) -> Answer:
    """Cut the list that an answer is, or the one below the first key that holds one."""
    if isinstance(answer.body, list):
        return replace(answer, body=answer.body[:keep])
    name = next((name for name, value in answer.body.items() if isinstance(value, list)), None)
    return replace(answer, body={**answer.body, name: answer.body[name][:keep]}) if name else answer

"""Keeps requests within Datadog's rate limits, which every answer tells: what is left, until when, and in which bucket.

Several endpoints may share a bucket, so what an answer says holds for all that were answered with the same name. Nothing is
known of a bucket before its first answer, and nothing is slowed down while something is left in it.

    X-RateLimit-Name         the bucket
    X-RateLimit-Limit        requests a period
    X-RateLimit-Remaining    what is left of them
    X-RateLimit-Reset        seconds until the period ends
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from ddllm.errors import ApiError

#: What of a path says which bucket it is: /api/v1/monitor, and how much follows.
_FAMILY_PARTS = 4


@dataclass(slots=True)
class _Bucket:
    """A period of one limit; `period` tells it from the next."""

    name: str
    limit: int = 1
    left: int = 1
    resets: float = 0.0
    period: int = 0
    under_way: int = 0


class Pace:
    """The limits of one connection, shared by its threads.

    `longest` bounds one wait and `most` all of them together, in seconds; beyond them a person should decide. `clock` gives
    seconds that never go back, and `sleep` waits for some.
    """

    def __init__(
        self, sleep: Callable[[float], None], clock: Callable[[], float], *, longest: float = 60.0, most: float = 1800.0
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._longest = longest
        self._most = most
        self._waited = 0.0
        self._lock = Lock()
        self._buckets: dict[str, _Bucket] = {}
        self._of: dict[tuple[str, ...], _Bucket] = {}

    def __repr__(self) -> str:
        return f"<Pace: {len(self._buckets)} limits, {self._waited:g} s waited>"

    def wait(self, method: str, path: str) -> None:
        """Return when a request may be sent, and count it. Raises ApiError where that would take too long."""
        while True:
            with self._lock:
                bucket = self._of.get(_family(method, path))
                if bucket is None:
                    return
                if bucket.left > 0:
                    bucket.left -= 1
                    bucket.under_way += 1
                    return
                period, seconds = bucket.period, max(0.0, bucket.resets - self._clock())
                self._account(bucket, seconds)
            self._sleep(seconds)
            with self._lock:
                if bucket.period == period:  # the first that wakes begins the next one
                    _begin(bucket)

    def learn(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        """Note what an answer says; an answer without these headers, or none at all, says nothing."""
        told = {name.lower(): value for name, value in headers.items()}
        family = _family(method, path)
        with self._lock:
            known = self._of.get(family)
            if known and known.under_way:
                known.under_way -= 1
            try:
                left, resets = (int(told[f"x-ratelimit-{name}"]) for name in ("remaining", "reset"))
            except (KeyError, ValueError):
                return
            name = told.get("x-ratelimit-name") or "/".join(family)
            bucket = self._of[family] = self._buckets.setdefault(name, _Bucket(name))
            limit = told.get("x-ratelimit-limit", "")
            bucket.limit = max(1, int(limit) if limit.isdigit() else 1)
            bucket.left = max(0, left - bucket.under_way)
            bucket.resets = self._clock() + resets

    def waited(self, method: str, path: str) -> None:
        """Note that a refused request was waited for until the end of its period."""
        with self._lock:
            bucket = self._of.get(_family(method, path))
            if bucket:
                _begin(bucket)

    def _account(self, bucket: _Bucket, seconds: float) -> None:
        self._waited += seconds
        if seconds > self._longest or self._waited > self._most:
            raise ApiError(
                f"Datadog's rate limit `{bucket.name}` is used up for {seconds:.0f} s",
                hint="Others use it too: run the command again later",
            )


def _begin(bucket: _Bucket) -> None:
    bucket.period += 1
    bucket.left = max(1, bucket.limit - bucket.under_way)


def _family(method: str, path: str) -> tuple[str, ...]:
    parts = path.split("/")
    return (method, *parts[:_FAMILY_PARTS], str(len(parts)))

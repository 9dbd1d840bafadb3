"""When a request that failed is sent again, and after how long. Pure: sleeping is the caller's.

Reads and complete replacements (GET, PUT, DELETE) may be repeated whatever happened to them. A create may only be repeated
when it certainly had no effect: the connection was never made, or Datadog answered 429. Everything else is for the caller,
who can look whether the object exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_FREE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
#: The status of a request that came too soon.
TOO_MANY = 429

_TEMPORARY = frozenset({408, 500, 502, 503, 504, 512})  # 512: Datadog's own, under many parallel writes


@dataclass(frozen=True, slots=True)
class Failure:
    """How a request failed. `status` 0: no answer came. `sent` is False where no byte of it can have arrived."""

    status: int
    headers: Mapping[str, str]
    sent: bool = True


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long: times are seconds, `jitter` the share of a wait that varies.

    `tries` is for requests that arrived, `connects` for an address at which nobody listens.
    """

    tries: int = 5
    connects: int = 3
    first_wait: float = 0.5
    longest_wait: float = 60.0
    jitter: float = 0.25

    def wait(self, method: str, failure: Failure, attempt: int, *, repeatable: bool, random: float) -> float | None:
        """Return the seconds to wait before try `attempt` + 1, or None where the failure stands.

        `attempt` counts from 1, `random` is in [0, 1). `repeatable` marks a POST that writes nothing.
        """
        tries = self.tries if failure.sent else self.connects
        if attempt >= tries or not self._may_repeat(method, failure, repeatable=repeatable):
            return None
        asked = _asked_wait(failure.headers)
        if asked is not None:
            # Later than this, a person rather than a program should decide.
            return None if asked > self.longest_wait else asked + self.jitter * random
        wait = min(self.first_wait * 2.0 ** (attempt - 1), self.longest_wait)
        return wait * (1 + self.jitter * random)

    def _may_repeat(self, method: str, failure: Failure, *, repeatable: bool) -> bool:
        if failure.status == TOO_MANY or not failure.sent:
            return True
        if method not in _FREE and not repeatable:
            return False
        return failure.status == 0 or failure.status in _TEMPORARY


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """Read what the server asks for: seconds, in Datadog's own header or the standard one."""
    lower = {name.lower(): value for name, value in headers.items()}
    for name in ("x-ratelimit-reset", "retry-after"):
        try:
            return max(0.0, float(lower[name]))
        except (KeyError, ValueError):  # absent, or a date
            continue
    return None

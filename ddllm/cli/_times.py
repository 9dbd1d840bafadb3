"""Spans of time as people write them on a command line: `7d`, `2026-01-31`, `2026-01-31T09:00Z`."""

import re
from datetime import UTC, datetime

from ddllm.errors import ConfigError

_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_AGO = re.compile(r"(\d{1,6})([mhdw])")


def moment(text: str, now: float, option: str) -> float:
    """Return Unix seconds: so long before `now`, or a date and time, in UTC where it names no zone. Raises ConfigError."""
    ago = _AGO.fullmatch(text.strip())
    if ago:
        return now - int(ago[1]) * _UNITS[ago[2]]
    if text.strip() == "now":
        return now
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(
            f"{option} is {text!r}, which is no time",
            hint="Write 30m, 12h, 7d, 2w, or a date such as 2026-01-31T09:00Z",
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def span(start: float, end: float) -> str:
    """Write a span for people, in UTC."""
    first, last = (datetime.fromtimestamp(at, UTC) for at in (start, end))
    return f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"

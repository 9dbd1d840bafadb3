"""Reading JSON that somebody else wrote: whatever is there, these functions return what they promise and raise nothing."""

import json
import math
from collections.abc import Mapping
from typing import Any

Body = Mapping[str, Any]

_scan = json.JSONDecoder().raw_decode

#: More tokens than this in one call are no count.
_MOST_TOKENS = 10**9
#: Nor is a day a provider's latency.
_MOST_MILLISECONDS = 86_400_000
#: A word of a vocabulary is shorter; what is longer is content in the wrong place.
_LONGEST_WORD = 64


def parse(data: Any) -> Body:
    """Parse a JSON object; empty where the bytes are cut, are no JSON, or are another kind of value."""
    if not isinstance(data, (bytes, str)):
        return {}
    try:
        value = loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def loads(data: bytes | str) -> Any:
    """Parse JSON as `json.loads` does, which first asks which Unicode bytes are in, and twice whether there are spaces.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is too deep.
    """
    text = (data if isinstance(data, str) else data.decode()).strip()
    value, end = _scan(text)
    if end != len(text):
        raise ValueError(f"there is more after the value, at {end}")
    return value


def mapping(value: Any) -> Body:
    """Return a value that is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def child(body: Body, key: str) -> Body:
    """Return the object under a key; empty where there is none."""
    return mapping(body.get(key))


def items(body: Body, key: str) -> list[Body]:
    """Return the objects of the list under a key."""
    value = body.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(body: Body, key: str) -> str:
    """Return the text under a key; empty where there is none."""
    value = body.get(key)
    return value if isinstance(value, str) else ""


def word(body: Body, key: str) -> str | None:
    """Return the word of a vocabulary under a key."""
    value = body.get(key)
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_WORD else None


def tokens(value: Any) -> int | None:
    """Return a count of tokens: a whole number that is not negative, also where it was written `28.0` or "28"."""
    if value is None:
        return None
    if type(value) is int:
        return value if 0 <= value <= _MOST_TOKENS else None
    number = _number(value, _MOST_TOKENS)
    return int(number) if number is not None and number == int(number) else None


def seconds(milliseconds: Any) -> float | None:
    """Return a time that was given in milliseconds, in seconds."""
    number = _number(milliseconds, _MOST_MILLISECONDS)
    return None if number is None else number / 1000


def _number(value: Any, most: int) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and 0 <= number <= most else None

"""JSON in a model's answer: RFC 8259 and nothing more, where it lies in the text around it, and whether it was cut off."""

import json
import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

#: Levels of nesting that are read. The parser of CPython 3.11 stops about here by itself, later ones do at ten times as many.
DEEPEST = 1000
#: Fences of a text that are looked into: each that holds no JSON may cost a pass over the text.
_MOST_FENCES = 100
#: Characters from a value's beginning in which its nesting is looked for, since that is done for each fence.
_MOST_LOOKED_AT = 200_000


class Found(NamedTuple):
    """A JSON value in a text, and the index of the first character after it."""

    value: Any
    end: int


class Nesting(NamedTuple):
    """How many levels of brackets a text has at most, and whether it ends inside one."""

    deepest: int
    open: bool


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _finite(number: str) -> float:
    return max(-sys.float_info.max, min(float(number), sys.float_info.max))


_STRICT = json.JSONDecoder(parse_constant=_refuse)
_FINITE = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
# What may be a number beyond the range of floats: 1e400, or 309 digits before a fraction.
_VAST = re.compile(r"[eE]\+?\d{3}|\d{309}")
_SPACE = re.compile(r"[ \t\r\n]*")
_OPENING = re.compile(r"[\[{]")
# A string, whose closing quote is missing where it was cut off, or a bracket.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_TOKEN = re.compile(_STRING.pattern + r"|[\[\]{}]", re.DOTALL)
_FENCE = re.compile(r"`{3,}|~{3,}")
# Where a fence's content begins: after a line that says what it is, after one word that does, at once.
_BEGINNINGS = (re.compile(r"[^\n`{\[]*\n\s*"), re.compile(r"[ \t]*[\w+#.-]*\s*"), re.compile(r"\s*"))


def parse(text: str) -> Found | None:
    """Parse a whole text; None where it is not one JSON document.

    Numbers beyond the range of floats are infinite, and the last of duplicate keys counts. What has more digits than the
    interpreter makes an integer of (4,300 by default) or is nested below `DEEPEST` levels cannot be read.
    """
    found = _read(text, _after_space(text, 0))
    return found if found and _after_space(text, found.end) == len(text) else None


def parse_finite(text: str) -> Found | None:
    """Parse what `parse` parses, the largest float in place of an infinite one; None where there can be none of those."""
    return Found(_FINITE.decode(text), len(text)) if _VAST.search(text) else None


def wrapped(text: str) -> str | None:
    """Return the complete JSON value that a text wraps, None where there is none or more than one.

    It is the content of a Markdown fence, closed or not, or what the first bracket opens, no other bracket following it.
    """
    first = _first_value(text)
    begin, end = first or (len(text), len(text))
    for fence, start in _fences(text):
        if begin <= fence.start() < end:  # inside a string of the value
            continue
        found = _read(text, start)
        if found and _closes(text, found.end, fence[0]):
            return text[start : found.end]
    return None if first is None or _OPENING.search(text, end) else text[begin:end]


def fenced(text: str) -> Iterator[str]:
    """Yield what may be the content of a Markdown fence, whatever it is, without the white space around it."""
    for fence, start in _fences(text):
        end = text.find(fence[0], start)
        content = text[start : len(text) if end < 0 else end].rstrip()
        if content:
            yield content


def nesting(text: str) -> Nesting:
    """Count brackets outside of strings, quotes outside of brackets being prose.

    A bracket that closes what another kind opened ends the value: it is no JSON, so nothing was cut off.
    """
    deepest, at = 0, _STRING.match(text).end() if text.startswith('"') else 0  # type: ignore[union-attr]  # a quote matches
    while opening := _OPENING.search(text, at):
        expected: list[str] = []
        at = len(text)
        for token in _TOKEN.finditer(text, opening.start()):
            mark = token[0]
            if mark == "{":
                expected.append("}")
            elif mark == "[":
                expected.append("]")
            elif mark in "]}":
                if expected.pop() != mark:
                    expected.clear()
                if not expected:
                    at = token.end()
                    break
            deepest = max(deepest, len(expected))
        if expected:
            return Nesting(deepest, open=True)
    return Nesting(deepest, open=False)


def _read(text: str, start: int) -> Found | None:
    """Read the value that begins at an index."""
    if _too_deep(text, start):
        return None
    try:
        return Found(*_STRICT.raw_decode(text, start))
    except (ValueError, RecursionError):
        return None


def _too_deep(text: str, start: int) -> bool:
    """Tell nesting that the parser would not refuse: later versions read more of it, and a raised limit lets 3.11 crash."""
    if sys.version_info < (3, 12) and sys.getrecursionlimit() <= DEEPEST:
        return False
    if text.count("[", start) + text.count("{", start) <= DEEPEST:
        return False
    return nesting(text[start : start + _MOST_LOOKED_AT]).deepest > DEEPEST


def _first_value(text: str) -> tuple[int, int] | None:
    opening = _OPENING.search(text)
    found = _read(text, opening.start()) if opening else None
    return (opening.start(), found.end) if opening and found else None


def _fences(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield each opening fence with each index where its content may begin."""
    at = 0
    for _ in range(_MOST_FENCES):
        fence = _FENCE.search(text, at)
        if fence is None:
            return
        for start in dict.fromkeys(found.end() for one in _BEGINNINGS if (found := one.match(text, fence.end()))):
            yield fence, start
        closing = text.find(fence[0], fence.end())
        at = len(text) if closing < 0 else closing + len(fence[0])


def _closes(text: str, end: int, fence: str) -> bool:
    rest = _after_space(text, end)
    return rest == len(text) or text.startswith(fence, rest)


def _after_space(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # no space matches too

"""Did the answer keep its promised format?"""

from typing import Any, NamedTuple


class StructuredResult(NamedTuple):
    """Whether an answer kept its format; `reason` says how it did not (None where it did), `format` which one was expected."""

    ok: bool
    reason: str | None
    format: str


def check_structured(
    text: str, expected: Any, *, finish_reason: str | None = None, allow_wrapped: bool = False
) -> StructuredResult:
    """Check a text against an expected format."""
    raise NotImplementedError(text, expected, finish_reason, allow_wrapped)

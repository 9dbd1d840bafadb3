"""Did the model decline?"""

from typing import NamedTuple


class Refusal(NamedTuple):
    """A refusal that was found in a text. `reason` is the value of the metric's tag, `lang` the language (ISO 639-1)."""

    reason: str = "text"
    lang: str = "en"


def detect_refusal(text: str) -> Refusal | None:
    """Return the refusal that a text is, or None."""
    raise NotImplementedError(text)

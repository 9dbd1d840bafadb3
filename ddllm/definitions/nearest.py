"""The name that somebody probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

_LISTED = 12  # more names than that are no help on one line


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a sentence that proposes the nearest known name, else one that lists them where they are few."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"Known here: {', '.join(f'`{each}`' for each in names)}" if 0 < len(names) <= _LISTED else ""

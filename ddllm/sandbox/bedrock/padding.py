"""The `p` of every streamed event: letters that hide the length of what was said from whoever watches the network."""

from string import ascii_letters, digits
from zlib import crc32

_LETTERS = ascii_letters.lower()[:26] + ascii_letters[26:] + digits


def pad(*content: str) -> str:
    """Return 1 to 60 letters; how many depends on the content alone, so that a run can be repeated byte for byte."""
    return _LETTERS[: 1 + crc32("".join(content).encode()) % 60]

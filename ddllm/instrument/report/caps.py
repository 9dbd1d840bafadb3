"""Tag values that an application can invent, kept to a bounded number: every distinct one is a series that costs money."""

from collections.abc import Mapping

from ddllm.catalog import OTHER, UNKNOWN

#: Bytes of a value. Datadog cuts tags at 200 characters, key included, and a packet has room for one line at least.
MAX_LENGTH = 160

# What would end a tag, or a line, in the DogStatsD protocol.
_UNSAFE = str.maketrans({",": "_", "|": "_", "\n": "_", "\r": "_"})


def clean(value: str) -> str:
    """Make any text a tag value: never empty, never long, nothing in it that the protocol reads or UTF-8 cannot say."""
    text = value.translate(_UNSAFE).strip()[:MAX_LENGTH]
    if not text.isascii():
        text = text.encode("utf-8", "replace")[:MAX_LENGTH].decode("utf-8", "ignore")
    return text.strip() or UNKNOWN


class Caps:
    """The first values of each tag, up to its cap; the rest becomes `other`, and is counted by tag in `capped`."""

    def __init__(self, caps: Mapping[str, int]) -> None:
        self._caps = caps
        self._seen: dict[str, dict[str, str]] = {tag: {} for tag in caps}
        self.capped: dict[str, int] = {}

    def __repr__(self) -> str:
        used = ", ".join(f"{tag} {len(seen)}/{self._caps[tag]}" for tag, seen in self._seen.items())
        return f"Caps({used})"

    def admit(self, tag: str, value: str | None) -> str:
        """Return the value to send. None is `unknown` and `unknown` and `other` are always admitted."""
        if value is None:
            return UNKNOWN
        seen = self._seen.get(tag)
        if seen is None:
            return clean(value)
        known = seen.get(value)
        if known is not None:
            return known
        cleaned = clean(value)
        if cleaned in (UNKNOWN, OTHER):
            return cleaned
        if len(seen) >= self._caps[tag]:
            self.capped[tag] = self.capped.get(tag, 0) + 1
            return OTHER
        seen[value] = cleaned
        return cleaned

    def take_capped(self) -> dict[str, int]:
        """Take the counts since the last call."""
        capped, self.capped = self.capped, {}
        return capped

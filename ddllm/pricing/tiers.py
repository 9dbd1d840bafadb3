"""The names of service tiers. A tier has a price of its own; the standard one has none of these names."""

#: The words by which providers and people name the standard tier.
_STANDARD = frozenset({"", "auto", "default", "on_demand", "standard"})
_LONGEST = 64


def of(*said: object) -> str | None:
    """Return the first tier that is named and is not the standard one, None where there is none."""
    for word in said:
        if isinstance(word, str) and word.lower() not in _STANDARD:
            return word.lower()[:_LONGEST]
    return None

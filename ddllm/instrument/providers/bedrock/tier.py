"""Which service tier answered. A tier has a price of its own."""

from typing import Any

#: The words for the standard tier.
_STANDARD = frozenset({"", "auto", "default", "on_demand", "standard"})


def of(service_tier: Any, latency: Any = None) -> str | None:
    """Return the tier's name, None for the standard one. Latency-optimised inference is a tier as far as money goes."""
    for said in (service_tier, latency):
        if isinstance(said, str) and said.lower() not in _STANDARD:
            return said.lower()[:64]
    return None

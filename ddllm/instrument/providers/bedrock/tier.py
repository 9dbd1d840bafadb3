"""Which service tier answered. A tier has a price of its own."""

from typing import Any

from ddllm.pricing import tiers


def of(service_tier: Any, latency: Any = None) -> str | None:
    """Return the tier's name, None for the standard one. Latency-optimised inference is a tier as far as money goes."""
    return tiers.of(service_tier, latency)

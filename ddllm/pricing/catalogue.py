"""The prices that hold in this process: ddllm.yaml before the catalogue, each looked up once and then remembered."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from ddllm.call import Usage
from ddllm.pricing import bedrock_ids, bedrock_prices, table, tiers
from ddllm.pricing.tariff import Entry, Rates, catalogued, dollars, stated
from ddllm.settings import Prices

__all__ = ["Catalogue", "Cost", "Rates", "Source", "Usage"]

log = logging.getLogger("ddllm")

#: Where a price came from.
Source = Literal["catalogue", "override", "provider"]

#: The metrics' provider -> the catalogue's. A provider that is not here is asked for by its own name.
_PROVIDERS = {
    "aws.bedrock": "aws",
    "azure.ai.openai": "azure",
    "gcp.gemini": "google",
    "gcp.vertex_ai": "google",
    "mistral_ai": "mistral",
    "x_ai": "x-ai",
}
#: Seconds after which prices are looked up anew: some change on a day, some at a time of day.
_FRESH = 900
_MOST = 1024


class Cost(NamedTuple):
    """The price of one call in dollars, and where it came from."""

    usd: float
    source: Source


class _Known(NamedTuple):
    """What holds for a model. Calls of more input tokens than `limit` have no price."""

    rates: tuple[Rates, ...]
    source: Source
    context_window: int | None
    limit: int | None = None


class Catalogue:
    """Prices of models, with the overrides, aliases and discounts of ddllm.yaml.

    The first look-up takes some milliseconds where the table of prices holds (`ddllm.pricing.table`), else some 0.5 s.
    An override is what the user pays: it holds for every service tier, and no discount is taken off it.
    """

    def __init__(self, prices: Prices | None = None, clock: Callable[[], float] = time.time) -> None:
        self._prices = prices or Prices()
        self._clock = clock
        self._known: dict[tuple[str, str, str | None], _Known] = {}
        self._stale = 0.0

    def __repr__(self) -> str:
        return f"Catalogue({len(self._prices.models)} overrides, {len(self._known)} models known)"

    def load(self) -> None:
        """Load the catalogue now, so that the first price is not the one that waits for it."""
        _entry("aws", "", None, datetime.fromtimestamp(self._clock(), UTC))

    def cost(self, provider: str, model: str, usage: Usage, *, tier: str | None = None) -> Cost | None:
        """Price one call; None where no price is known. See `ddllm.pricing.cost`."""
        known = self._lookup(provider, model, tier)
        if known.limit is not None and (usage.input or 0) > known.limit:
            return None
        usd = dollars(known.rates, usage)
        return None if usd is None else Cost(usd, known.source)

    def rates(self, provider: str, model: str, *, tier: str | None = None) -> tuple[Rates, ...]:
        """Return what a token costs; empty where no price is known. See `ddllm.pricing.rates`."""
        return self._lookup(provider, model, tier).rates

    def context_window(self, provider: str, model: str) -> int | None:
        """Return how many tokens the model can be sent at most, None where that is not known."""
        return self._lookup(provider, model, None).context_window

    def _lookup(self, provider: str, model: str, tier: str | None) -> _Known:
        now = self._clock()
        if now >= self._stale or len(self._known) >= _MOST:
            self._known.clear()
            self._stale = (now // _FRESH + 1) * _FRESH
        key = (provider, model, tier)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._find(provider, model, tier, datetime.fromtimestamp(now, UTC))
        return known

    def _find(self, provider: str, model: str, tier: str | None, now: datetime) -> _Known:
        model = self._prices.aliases.get(model, model)
        entry = _entry(provider, model, tiers.of(tier), now)
        override = self._override(model, now)
        if override is not None:
            return _Known(override, "override", entry.context_window)
        share = 1 - self._prices.discounts.get(provider, 0) / 100
        rates = tuple(step.discounted(share) for step in entry.rates)
        return _Known(rates, "catalogue", entry.context_window, entry.limit)

    def _override(self, model: str, now: datetime) -> tuple[Rates, ...] | None:
        for spelling in (model, *bedrock_ids.parse(model).spellings):
            price = self._prices.models.get(spelling)
            if price is not None and (price.since is None or price.since <= now.date()):
                return stated(price)
        return None


def _entry(provider: str, model: str, tier: str | None, now: datetime) -> Entry:
    try:
        return _bedrock(model, tier, now) if provider == "aws.bedrock" else _other(provider, model, tier, now)
    except Exception:
        # Another version of the catalogue, or of what it needs, in the user's environment: calls are unpriced, not lost.
        log.warning("ddllm: the price catalogue failed on %s of %s; it has no price", model, provider, exc_info=True)
    return Entry()


def _bedrock(model: str, tier: str | None, now: datetime) -> Entry:
    asked = bedrock_ids.parse(model)
    for reference in bedrock_prices.references(asked):
        found = _catalogued(_PROVIDERS["aws.bedrock"], reference, tier, now)
        if found is not None and bedrock_prices.is_model(asked, found.model):
            if not bedrock_prices.is_priced(asked, found.model):
                return found._replace(rates=())
            return found._replace(limit=bedrock_prices.limit(asked, found.rates))
    return Entry()


def _other(provider: str, model: str, tier: str | None, now: datetime) -> Entry:
    return _catalogued(_PROVIDERS.get(provider, provider), model, tier, now) or Entry()


def _catalogued(provider_id: str, model_ref: str, tier: str | None, now: datetime) -> Entry | None:
    rows = table.usable() if provider_id == _PROVIDERS["aws.bedrock"] else None
    return catalogued(provider_id, model_ref, tier, now) if rows is None else table.find(rows, model_ref, tier, now)

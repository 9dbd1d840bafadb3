"""What a token costs: rates in dollars per token, and the arithmetic on them.

genai-prices needs 300 µs to price a call; its rates, read once, need 1 µs.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from ddllm.call import Usage
from ddllm.settings import Price

_MILLION = 1e6
#: Units of the catalogue, in the order of `Rates`, without `_mtok`.
_UNITS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
#: Prices of what `Usage` does not count: a model that has one cannot be priced by tokens alone.
_BEYOND_TOKENS = ("requests_kcount", "output_reasoning_mtok", "output_citation_mtok")


class Rates(NamedTuple):
    """Dollars per token for calls that send more than `above` tokens; None where there is no price."""

    above: int
    input: float
    output: float | None
    cache_read: float
    cache_write: float
    cache_write_1h: float | None

    def discounted(self, share: float) -> "Rates":
        """Return these rates times `share`."""
        return _rates(self.above, *(None if rate is None else rate * share for rate in self[1:]))


def _rates(
    above: int,
    sent: float | None,
    made: float | None,
    read: float | None = None,
    written: float | None = None,
    hour: float | None = None,
) -> Rates:
    """Fill what has no price of its own.

    Cached tokens then cost what other input costs, as in the catalogue. The one exception is a write that is kept for an
    hour: it costs more than any other input, so without its price there is none for the call.
    """
    whole = sent or 0.0
    return Rates(above, whole, made, whole if read is None else read, whole if written is None else written, hour)


class Entry(NamedTuple):
    """What the catalogue says of a model: rates (the highest `above` first, none where unpriced) and its context window."""

    rates: tuple[Rates, ...] = ()
    context_window: int | None = None


def stated(price: Price) -> tuple[Rates, ...]:
    """Return the rates of a price that a person wrote; writes cost the same however long they are kept."""
    written = price.input_per_million if price.cache_write_per_million is None else price.cache_write_per_million
    millions = (price.input_per_million, price.output_per_million, price.cache_read_per_million, written, written)
    return (_rates(-1, *(None if rate is None else rate / _MILLION for rate in millions)),)


def catalogued(provider_id: str, model_ref: str, tier: str | None, now: datetime) -> Entry | None:
    """Look a model up in the catalogue by the catalogue's own provider id; None where it has no such model.

    A tier is priced only where the catalogue states its price: it would otherwise give the standard one.
    """
    from genai_prices import Usage as Tokens  # noqa: PLC0415 - 200 to 350 ms, on the worker alone
    from genai_prices import calc_price  # noqa: PLC0415

    more: dict[str, Any] = {"provider_id": provider_id, "genai_request_timestamp": now}
    nothing = Tokens(input_tokens=0, output_tokens=0)
    try:
        found = calc_price(nothing, model_ref, **more)
    except LookupError:
        return None
    window = found.model.context_window
    if tier is not None:
        context = {"service_tier": tier}
        if not _states(found.model, context, now):
            return Entry((), window)
        found = calc_price(nothing, model_ref, price_context=context, **more)
    return Entry(tuple(_steps(found.model_price)), window)


def _states(model: Any, context: dict[str, str], now: datetime) -> bool:
    variants = (variant for variant in getattr(model, "price_variants", None) or () if variant.when == context)
    return any(variant.constraint is None or variant.constraint.active(now) for variant in variants)


def _steps(price: Any) -> Iterator[Rates]:
    units = [getattr(price, f"{unit}_mtok", None) for unit in _UNITS]
    if units[0] is None or any(getattr(price, key, None) is not None for key in _BEYOND_TOKENS):
        return
    starts = {tier.start for unit in units for tier in getattr(unit, "tiers", ())}
    for above in (*sorted(starts, reverse=True), -1):
        yield _rates(above, *(_at(unit, above) for unit in units))


def _at(unit: Any, above: int) -> float | None:
    """Return the rate of one unit for calls that send more than `above` tokens; a tier prices all tokens of the call."""
    if unit is None:
        return None
    tiers = getattr(unit, "tiers", None)
    if tiers is None:
        return float(unit) / _MILLION
    reached = [tier.price for tier in tiers if tier.start <= above]
    return float(reached[-1] if reached else unit.base) / _MILLION


def dollars(rates: tuple[Rates, ...], usage: Usage) -> float | None:
    """Price the tokens that are known; None where a rate is missing, nothing is known, or the figures contradict each other."""
    if usage.input is None and usage.output is None:
        return None
    sent, made, read = usage.input or 0, usage.output or 0, usage.cache_read or 0
    written, hour = usage.cache_write or 0, usage.cache_write_1h or 0
    if sent < read + written or made < 0 or read < 0 or written < hour or hour < 0:
        return None
    for above, for_input, for_output, for_read, for_write, for_hour in rates:
        if sent > above:
            if (for_output is None and made) or (for_hour is None and hour):
                return None
            return (
                (sent - read - written) * for_input
                + made * (for_output or 0.0)
                + read * for_read
                + (written - hour) * for_write
                + hour * (for_hour or 0.0)
            )
    return None

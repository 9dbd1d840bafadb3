"""What a call costs: rates in dollars per token and per request, and the arithmetic on them.

genai-prices needs 40 µs and more to price a call; its rates, read once, need 1 µs.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from math import isclose
from typing import Any, NamedTuple

from ddllm.call import Usage
from ddllm.settings import Price

_MILLION = 1e6
#: Prices of the catalogue that are those of tokens that `Usage` counts, in the order of `Rates`.
_COUNTED = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok")
#: The price of writes that are kept for five minutes, where it is told apart from that of all writes.
_SHORT_WRITE = "cache_write_5m_mtok"
#: Prices of what a call of text does not use: what else a model can be sent, tools that are paid for by the use. Any other price
#: that a model has (by request, for reasoning, images or speech that it makes) stands for something that `Usage` does not count.
_UNUSED = re.compile(r"(input|cache)_(audio|image|video)_(\w+_)?mtok|\w+_searches_kcount|code_executions_kcount")


class Rates(NamedTuple):
    """What a call costs that sends more than `above` tokens.

    Dollars per token, and per request whatever it holds; None where there is no price. `input` is the rate of the tokens that
    are neither read from nor written to the cache, `cache_write` that of tokens written for five minutes.
    """

    above: int
    input: float
    output: float | None
    cache_read: float
    cache_write: float
    cache_write_1h: float | None
    request: float = 0.0

    def discounted(self, share: float) -> "Rates":
        """Return these rates times `share`."""
        scaled = [None if rate is None else rate * share for rate in self[1:]]
        return Rates(self.above, *scaled)  # type: ignore[arg-type]  # None only where it was

    @property
    def by_request(self) -> bool:
        """Whether the request is all that is paid for, so that tokens need not be known."""
        return self.request > 0 and not (self.input or self.output or self.cache_read or self.cache_write)


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
    """What the catalogue says of a model.

    rates           the highest `above` first, none where it has no price that can be used
    context_window  how many tokens the model takes at most, None where the catalogue does not say
    model           the catalogue's own id of what it found
    limit           up to how many input tokens the rates hold, None where that has no end
    """

    rates: tuple[Rates, ...] = ()
    context_window: int | None = None
    model: str = ""
    limit: int | None = None


def stated(price: Price) -> tuple[Rates, ...]:
    """Return the rates of a price that a person wrote.

    Writes cost the same however long they are kept. What a price by the request does not say of tokens costs nothing.
    """
    sent, made = price.input_per_million or 0.0, price.output_per_million or 0.0
    written = sent if price.cache_write_per_million is None else price.cache_write_per_million
    millions = (sent, made, price.cache_read_per_million, written, written)
    rates = _rates(-1, *(None if rate is None else rate / _MILLION for rate in millions))
    return (rates._replace(request=(price.per_thousand_requests or 0.0) / 1000),)


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
    unpriced = Entry((), found.model.context_window, found.model.id)
    if tier is not None:
        context = {"service_tier": tier}
        if not _states(found.model, context, now):
            return unpriced
        more["price_context"] = context
        found = calc_price(nothing, model_ref, **more)
    rates = tuple(_steps(found.model_price))

    def theirs(**counts: int) -> float:
        return float(calc_price(Tokens(**counts), model_ref, **more).total_price)

    return unpriced._replace(rates=rates) if all(_agrees(step, rates, theirs) for step in rates) else unpriced


def _states(model: Any, context: dict[str, str], now: datetime) -> bool:
    variants = (variant for variant in getattr(model, "price_variants", None) or () if variant.when == context)
    return any(variant.constraint is None or variant.constraint.active(now) for variant in variants)


def _steps(price: Any) -> Iterator[Rates]:
    prices = {key: value for key, value in vars(price).items() if value is not None}
    if "input_mtok" not in prices or not all(map(_is_understood, prices)):
        return
    if _SHORT_WRITE in prices:
        prices["cache_write_mtok"] = prices[_SHORT_WRITE]
    units = [prices.get(key) for key in _COUNTED]
    starts = {tier.start for unit in units for tier in getattr(unit, "tiers", ())}
    for above in (*sorted(starts, reverse=True), -1):
        yield _rates(above, *(_at(unit, above) for unit in units))


def _is_understood(key: str) -> bool:
    return key in _COUNTED or key == _SHORT_WRITE or _UNUSED.fullmatch(key) is not None


def _at(unit: Any, above: int) -> float | None:
    """Return the rate of one unit for calls that send more than `above` tokens; a tier prices all tokens of the call."""
    if unit is None:
        return None
    tiers = getattr(unit, "tiers", None)
    if tiers is None:
        return float(unit) / _MILLION
    reached = [tier.price for tier in tiers if tier.start <= above]
    return float(reached[-1] if reached else unit.base) / _MILLION


def _agrees(step: Rates, rates: tuple[Rates, ...], theirs: Callable[..., float]) -> bool:
    """Whether the catalogue itself computes the same for a call of the step that has tokens of each kind with a price of its own.

    The arithmetic here repeats the catalogue's; another version of it may know a rule that this one does not. What has no price of
    its own is left out: releases differ in what they make of it, and in some it costs nothing.
    """
    made = 0 if step.output is None else 100
    read = 0 if step.cache_read == step.input else 200
    hour = 0 if step.cache_write_1h is None else 30
    written = hour + (0 if step.cache_write == step.input else 50)
    usage = Usage(step.above + 1_000, made, read, written, hour)
    counts = {
        "input_tokens": usage.input,
        "output_tokens": made,
        "cache_read_tokens": read,
        "cache_write_tokens": written,
    }
    if hour:
        counts |= {"cache_write_1h_tokens": hour, "cache_write_5m_tokens": written - hour}
    ours = dollars(rates, usage)
    return ours is not None and isclose(ours, theirs(**counts), rel_tol=1e-9)


def dollars(rates: tuple[Rates, ...], usage: Usage) -> float | None:
    """Price what is known of a call; None where a rate is missing, nothing is known, or the figures contradict each other."""
    sent, made, read = usage.input or 0, usage.output or 0, usage.cache_read or 0
    written, hour = usage.cache_write or 0, usage.cache_write_1h or 0
    if sent < read + written or made < 0 or read < 0 or written < hour or hour < 0:
        return None
    for step in rates:
        above, for_input, for_output, for_read, for_write, for_hour, for_request = step
        if sent > above:
            if usage.input is None and usage.output is None and not step.by_request:
                return None
            if (for_output is None and made) or (for_hour is None and hour):
                return None
            return (
                (sent - read - written) * for_input
                + made * (for_output or 0.0)
                + read * for_read
                + (written - hour) * for_write
                + hour * (for_hour or 0.0)
                + for_request
            )
    return None

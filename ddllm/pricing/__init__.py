"""Usage -> dollars.

    from ddllm import pricing
    pricing.cost("aws.bedrock", "us.amazon.nova-lite-v1:0", pricing.Usage(input=1200, output=300))

Prices come from ddllm.yaml where it names the model, else from the catalogue that genai-prices carries. A model, or a service
tier of it, whose price is not known has none: it never costs zero, and it is never guessed from a similar one.
docs/pricing.md says how a price is found and where it can differ from the bill.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ddllm.call import Usage
    from ddllm.pricing.catalogue import Catalogue, Cost, Rates, Source

__all__ = ["Catalogue", "Cost", "Rates", "Source", "Usage", "context_window", "cost", "rates"]


def cost(provider: str, model: str, usage: "Usage", *, tier: str | None = None) -> "Cost | None":
    """Price one call: `Cost.usd` in dollars and `Cost.source`, `catalogue` or `override`; None where no price is known.

    provider  a value of the metrics' tag: `aws.bedrock`, `openai`, …
    model     the id as it was requested, region prefix and ARN included; its aliases in ddllm.yaml are followed
    usage     tokens of the whole call: `input` holds those read from and written to the cache, `output` the reasoning
    tier      the service tier that answered (`flex`, `priority`, `optimized`, …); None or `default` for the standard one

    Overrides, aliases and discounts are those of the process's ddllm.yaml. A discount is taken off the catalogue's prices, not
    off an override. None means: an unknown model or provider; an id that does not tell its model (application inference
    profiles, provisioned and imported models: give them an alias or a price); a tier, a geography or a context length for
    which no price is stated; a count that has no rate; a usage without counts, or with parts greater than their whole.

    Raises nothing: where the catalogue cannot be loaded, only overrides have prices, and one warning is logged.
    """
    return _catalogue().cost(provider, model, usage, tier=tier)


def rates(provider: str, model: str, *, tier: str | None = None) -> "tuple[Rates, ...]":
    """Return what a call of the model costs: dollars per token of each kind, and per request. Empty where no price is known.

    Arguments are those of `cost`. There is one `Rates` for each step of context length, the longest first: the first one whose
    `above` is less than the call's input tokens prices all of its tokens. What a token read from the cache saves is
    `input - cache_read`.
    """
    return _catalogue().rates(provider, model, tier=tier)


def context_window(provider: str, model: str) -> int | None:
    """Return how many tokens the model can be sent at most, None where that is not known."""
    return _catalogue().context_window(provider, model)


@cache
def _catalogue() -> "Catalogue":
    # Here, and not above: reading model ids, which a process does as it starts, imports this package (10 ms).
    from logging import getLogger  # noqa: PLC0415

    from ddllm.errors import ConfigError  # noqa: PLC0415
    from ddllm.pricing.catalogue import Catalogue  # noqa: PLC0415
    from ddllm.settings import Settings, file_path, load_file  # noqa: PLC0415

    try:
        path = file_path(Settings.from_environ())
        return Catalogue(load_file(path).prices) if path is not None else Catalogue()
    except ConfigError as error:
        getLogger("ddllm").warning("ddllm: %s (defaults apply)", error)
        return Catalogue()


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ddllm.pricing import catalogue  # noqa: PLC0415 - as above

    return getattr(catalogue, name)

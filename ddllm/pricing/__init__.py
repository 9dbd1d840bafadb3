"""Usage -> dollars.

Prices come from ddllm.yaml where it names the model, else from the catalogue that genai-prices carries. A model, or a service
tier of it, whose price is not known has none: it never costs zero, and it is never guessed from a similar one.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ddllm.call import Usage
    from ddllm.pricing.catalogue import Catalogue, Cost, Source

__all__ = ["Catalogue", "Cost", "Source", "context_window", "cost"]


def cost(provider: str, model: str, usage: "Usage", *, tier: str | None = None) -> "Cost | None":
    """Price one call: dollars and where the price came from, None where no price is known.

    `provider` takes the values of the metrics' tag (`aws.bedrock`, `openai`, …), `model` the id as it was requested, region
    prefix and ARN included, `tier` the service tier that answered where it was not the standard one. Overrides, aliases and
    discounts are those of the process's ddllm.yaml.
    """
    return _catalogue().cost(provider, model, usage, tier=tier)


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

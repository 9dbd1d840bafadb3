"""InvokeModel: every model family has a request and answer of its own. One file a family, found by its place, each with a `FAMILY`."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol

from ddllm.sandbox.bedrock.ask import Ask
from ddllm.sandbox.bedrock.failures import UNKNOWN_MODEL, Refused
from ddllm.sandbox.bedrock.reply import Reply


class Family(Protocol):
    """How the models of one maker are spoken to by InvokeModel.

    `marker` is what the model ids have in common, `context_window` is in tokens, `min_cacheable` the tokens below which
    a cache point does nothing (None: these models have no prompt cache).
    """

    marker: str
    context_window: int
    min_cacheable: int | None

    def read(self, body: Mapping[str, Any]) -> Ask:
        """Read a request. Raises `Refused`."""

    def body(self, reply: Reply) -> dict[str, Any]:
        """Return an answer."""

    def chunks(self, reply: Reply) -> Iterator[tuple[float, dict[str, Any]]]:
        """Return what the chunks of a streamed answer hold, each with the second at which it is sent."""


@cache
def families() -> tuple[Family, ...]:
    """Load every family."""
    modules = (import_module(f"{__name__}.{name}") for _, name, _ in iter_modules(__path__))
    return tuple(module.FAMILY for module in modules)


def family_of(model_id: str) -> Family:
    """Return the family of a model id of any shape. Raises `Refused` where there is none."""
    for family in families():
        if family.marker in model_id:
            return family
    raise Refused(UNKNOWN_MODEL)


def metrics(reply: Reply) -> dict[str, Any]:
    """Return what Bedrock adds to the last chunk of a stream."""
    usage = reply.usage
    counted = {"inputTokenCount": usage.input, "outputTokenCount": usage.output}
    timed = {"invocationLatency": reply.latency_ms, "firstByteLatency": reply.first_byte_ms}
    cached = {"cacheReadInputTokenCount": usage.cache_read, "cacheWriteInputTokenCount": usage.cache_write}
    used = cached if usage.cache_read or usage.cache_write else {}
    return {"amazon-bedrock-invocationMetrics": counted | timed | used}

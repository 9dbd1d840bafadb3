"""ddllm: Datadog metrics for LLM applications, and the monitors on them as code."""

from typing import TYPE_CHECKING, Any

from ddllm.version import VERSION as __version__  # noqa: N811 - the name that Python tools read

if TYPE_CHECKING:
    from ddllm import pricing, quality
    from ddllm.instrument.attribution import action, context
    from ddllm.instrument.bootstrap import feedback, patch, unpatch
    from ddllm.instrument.feedback import CallRef, last_call

__all__ = [
    "CallRef",
    "__version__",
    "action",
    "context",
    "feedback",
    "last_call",
    "patch",
    "pricing",
    "quality",
    "unpatch",
]

# Where each public name lives: importing ddllm loads none of them.
_HOMES = {
    "CallRef": "ddllm.instrument.feedback",
    "action": "ddllm.instrument.attribution",
    "context": "ddllm.instrument.attribution",
    "feedback": "ddllm.instrument.bootstrap",
    "last_call": "ddllm.instrument.feedback",
    "patch": "ddllm.instrument.bootstrap",
    "unpatch": "ddllm.instrument.bootstrap",
    "pricing": "ddllm.pricing",
    "quality": "ddllm.quality",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'ddllm' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - lazy, as the whole function

    module = import_module(home)
    value = module if home == f"ddllm.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

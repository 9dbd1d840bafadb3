"""The quality of an answer, judged by its text alone: did the model decline, did the answer keep its promised format.

Nothing here knows providers, and nothing of a text leaves the process: what comes out is a word of a small vocabulary.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ddllm.quality.refusal import Refusal, detect_refusal
    from ddllm.quality.structured import StructuredResult, check_structured

__all__ = ["Refusal", "StructuredResult", "check_structured", "detect_refusal"]

#: Where each public name lives: patterns and parsers load when they are used.
_HOMES = {
    "Refusal": "ddllm.quality.refusal",
    "detect_refusal": "ddllm.quality.refusal",
    "StructuredResult": "ddllm.quality.structured",
    "check_structured": "ddllm.quality.structured",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - lazy, as the whole function

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value

"""What an InvokeModel call asked for, in OpenTelemetry's words for operations."""

import re
from functools import lru_cache

from ddllm.instrument.providers.bedrock import unknown
from ddllm.instrument.providers.bedrock.model_id import Model

#: By parts of the model's name, where the name tells.
_BY_NAME = (
    ("embed", "embeddings"),
    ("rerank", "rerank"),
    ("canvas", "generate_content"),
    ("reel", "generate_content"),
    ("image", "generate_content"),
)
_IMAGE_MAKERS = frozenset({"luma", "stability"})

#: By the request's keys, the most telling first: a chat may have tools with properties of the other names.
_BY_KEY = (
    (b'"messages"', "chat"),
    (b'"message"', "chat"),
    (b'"prompt"', "text_completion"),
    (b'"inputText"', "text_completion"),
)
_COLON = re.compile(rb"\s*:")


def of(model: Model, request: bytes | None) -> str:
    """Return the operation: by the model's name, else by the request, else what the family mostly does."""
    named = _named(model)
    if named:
        return named
    if request:
        asked = next((operation for key, operation in _BY_KEY if _has_key(request, key)), None)
        if asked:
            return asked
    return unknown.named(model.family).operation


@lru_cache(maxsize=256)
def _named(model: Model) -> str | None:
    named = next((operation for part, operation in _BY_NAME if part in model.name), None)
    return named or ("generate_content" if model.vendor in _IMAGE_MAKERS else None)


def _has_key(request: bytes, key: bytes) -> bool:
    """Whether a key occurs, without parsing: images make requests of megabytes, and within a text its quotes are escaped."""
    at = request.find(key)
    while at >= 0:
        if _COLON.match(request, at + len(key)):
            return True
        at = request.find(key, at + 1)
    return False

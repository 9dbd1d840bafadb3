"""JSON Schemas, compiled once: draft 2020-12 unless `$schema` says otherwise, `format` not checked, nothing ever fetched."""

import json
import logging
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Protocol

log = logging.getLogger("ddllm")

#: Compiled schemas that are kept. An application expects a handful; tools of many agents may be some dozens.
_MOST = 128


class Schema(Protocol):
    """A compiled schema."""

    def is_valid(self, instance: Any) -> bool:
        """Tell whether a parsed JSON value keeps the schema."""


#: By the identity of what a schema was read from, which is kept so that no other object gets its identity.
_by_identity: dict[int, tuple[Any, Schema | None]] = {}


def compiled(source: Any) -> Schema | None:
    """Compile a JSON Schema, its JSON text or a pydantic model; None where it cannot be used, which is logged once.

    A schema is read when it is first seen: one that is changed in place later is still what it was.
    """
    known = _by_identity.get(id(source))
    if known is None:
        if len(_by_identity) >= _MOST:
            _by_identity.clear()
        known = _by_identity[id(source)] = (source, _read(source))
    return known[1]


def keeps(schema: Schema, value: Any) -> bool:
    """Tell whether a value keeps a schema. What the validator cannot look at is not held against the value."""
    try:
        return schema.is_valid(value)
    except Exception as error:  # noqa: BLE001 - the validator's own limits
        tell(
            f"an answer could not be compared with its JSON Schema ({type(error).__name__}); it was only checked to be JSON"
        )
        return True


def is_model(source: Any) -> bool:
    """Tell a pydantic model class, without importing pydantic (50 ms)."""
    return isinstance(source, type) and callable(getattr(source, "model_json_schema", None))


@lru_cache(_MOST)
def tell(problem: str) -> None:
    """Log a problem with what the application expects, once."""
    log.warning("ddllm: %s", problem)


def _read(source: Any) -> Schema | None:
    try:
        if is_model(source):
            source = source.model_json_schema()
        if isinstance(source, str):
            source = json.loads(source)
        return _compiled(json.dumps(source, sort_keys=True, default=_plain))
    except Exception as error:  # noqa: BLE001 - whatever a user's object does when it is read
        tell(
            f"a {type(source).__name__} is no usable JSON Schema ({type(error).__name__}); answers are only checked to be JSON"
        )
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in a JSON Schema")


@lru_cache(_MOST)
def _compiled(text: str) -> Schema | None:
    try:
        from jsonschema_rs import validator_for  # noqa: PLC0415 - 20 ms, on the worker and only when a schema is expected
    except ImportError as error:
        tell(f"answers are only checked to be JSON: {error}")
        return None
    try:
        # Drafts before 2019-09 would check formats.
        schema: Schema = validator_for(text, validate_formats=False, retriever=_never)
    except Exception as error:  # noqa: BLE001 - not installed, not a schema, points elsewhere: all the same to the answer
        digest = blake2b(text.encode(), digest_size=4).hexdigest()  # what it says may be content of a request
        tell(
            f"a JSON Schema (digest {digest}) cannot be used ({type(error).__name__}); answers are only checked to be JSON"
        )
        return None
    return schema


def _never(uri: str) -> Any:
    raise LookupError(f"schemas are never fetched: {uri}")


def short(thing: object) -> str:
    """Name anything in a line of a log, a thing that cannot be printed too."""
    try:
        line = " ".join(str(thing).split())
    except Exception:  # noqa: BLE001 - it is only to be named
        line = type(thing).__name__
    return line if len(line) <= 120 else f"{line[:119]}…"  # noqa: PLR2004 - a readable line

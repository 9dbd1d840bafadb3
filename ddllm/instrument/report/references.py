"""References to calls: short texts that say which model, feature and prompt a call had, and that nobody else can make up.

A reference is its format (one byte), its fields, and a checksum; with a key, a signature. All of it as base64 for URLs.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

_PLAIN, _SIGNED = b"\x01", b"\x02"
_CHECKSUM, _SIGNATURE = 4, 12
_SEPARATOR = "\x1f"
#: Bytes of a field, and characters of a whole reference. A reference is mostly the model's name, about 120 in all.
_LONGEST_FIELD = 160
LONGEST = 2_400


class ReferenceRefusedError(ValueError):
    """A reference that counts for nothing; its text is the reason: `missing`, `damaged`, `forged`."""


class Reference(NamedTuple):
    """What a reference says of its call. `feature` is what the code said; without it, the rest tells as it does for a call.

    `span_id` and `trace_id` are those of LLM Observability, where it was on.
    """

    provider: str
    model_vendor: str
    model_name: str
    feature: str
    route: str
    resource: str
    service: str
    prompt_template: str
    prompt_version: str
    span_id: str
    trace_id: str


def encode(reference: Reference, keys: Sequence[str] = ()) -> str:
    """Make the text of a reference, signed with the first key."""
    fields = (field.replace(_SEPARATOR, " ").encode("utf-8", "replace")[:_LONGEST_FIELD] for field in reference)
    body = (_SIGNED if keys else _PLAIN) + _SEPARATOR.encode().join(fields)
    seal = _signature(body, keys[0]) if keys else _checksum(body)
    return _text(body + seal)


def decode(text: str, keys: Sequence[str] = ()) -> Reference:
    """Read a reference. Raises `ReferenceRefusedError`, where it is damaged, or where it is not signed with one of the keys that there are."""
    if not text:
        raise ReferenceRefusedError("missing")
    if len(text) > LONGEST or not text.isascii():
        raise ReferenceRefusedError("damaged")
    try:
        data = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ReferenceRefusedError("damaged") from None
    form = data[:1]
    if form not in (_PLAIN, _SIGNED) or _text(data) != text:  # no two texts are the same reference
        raise ReferenceRefusedError("damaged")
    return _open(data, form, keys)


def _open(data: bytes, form: bytes, keys: Sequence[str]) -> Reference:
    size = _SIGNATURE if form == _SIGNED else _CHECKSUM
    body, seal = data[:-size], data[-size:]
    if form == _SIGNED:
        if not any(hmac.compare_digest(seal, _signature(body, key)) for key in keys):
            raise ReferenceRefusedError("forged")
    elif seal != _checksum(body):
        raise ReferenceRefusedError("damaged")
    elif keys:
        raise ReferenceRefusedError("forged")
    fields = body[1:].decode("utf-8", "ignore").split(_SEPARATOR)
    if len(fields) != len(Reference._fields):
        raise ReferenceRefusedError("damaged")
    return Reference(*fields)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signature(body: bytes, key: str) -> bytes:
    # blake2b takes keys of at most 64 bytes, and any of the user's may be longer.
    return blake2b(body, key=blake2b(key.encode()).digest(), digest_size=_SIGNATURE).digest()


def _checksum(body: bytes) -> bytes:
    return blake2b(body, digest_size=_CHECKSUM).digest()

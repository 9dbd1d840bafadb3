"""The framing of `application/vnd.amazon.eventstream`: messages to bytes and back, checksums included."""

import base64
import json
import struct
from binascii import crc32
from collections.abc import Iterable, Iterator
from typing import Any

_STRING = 7  # the one type of header value that Bedrock uses


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """Frame one message."""
    head = b"".join(map(_header, headers.items()))
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack(">I", crc32(prelude)) + head + payload
    return message + struct.pack(">I", crc32(message))


def _header(header: tuple[str, str]) -> bytes:
    name, value = (part.encode() for part in header)
    return bytes([len(name)]) + name + bytes([_STRING]) + struct.pack(">H", len(value)) + value


def unframe(stream: bytes) -> Iterator[tuple[dict[str, str], bytes]]:
    """Take a stream apart into headers and payloads. Raises ValueError where a length or a checksum is wrong."""
    while stream:
        if len(stream) < 16:
            raise ValueError("a message is cut")
        total, size, prelude_crc = struct.unpack(">III", stream[:12])
        if crc32(stream[:8]) != prelude_crc or not 16 + size <= total <= len(stream):
            raise ValueError("a prelude is wrong")
        if crc32(stream[: total - 4]) != struct.unpack(">I", stream[total - 4 : total])[0]:
            raise ValueError("a message is wrong")
        yield dict(_headers(stream[12 : 12 + size])), stream[12 + size : total - 4]
        stream = stream[total:]


def _headers(head: bytes) -> Iterator[tuple[str, str]]:
    while head:
        name, head = head[1 : 1 + head[0]].decode(), head[1 + head[0] :]
        if head[0] != _STRING:
            raise ValueError("a header is no string")
        (size,) = struct.unpack(">H", head[1:3])
        yield name, head[3 : 3 + size].decode()
        head = head[3 + size :]


def event(kind: str, payload: Any) -> bytes:
    """Frame an event whose payload is JSON."""
    return frame(
        {":event-type": kind, ":content-type": "application/json", ":message-type": "event"},
        json.dumps(payload).encode(),
    )


def chunks(payloads: Iterable[bytes]) -> bytes:
    """Frame the model's own bytes as InvokeModelWithResponseStream does."""
    return b"".join(event("chunk", {"bytes": base64.b64encode(payload).decode()}) for payload in payloads)


def events_of(stream: bytes) -> list[tuple[str, Any]]:
    """Read a stream's events: type and JSON payload; of chunks the bytes inside."""
    found = []
    for headers, payload in unframe(stream):
        kind, value = headers[":event-type"], json.loads(payload)
        found.append((kind, base64.b64decode(value["bytes"]) if kind == "chunk" else value))
    return found

"""AWS's event-stream framing: messages of typed headers and a payload, guarded by two CRC32 checksums.

A message is its length and its headers' length (big-endian, 4 bytes each), the CRC32 of these 8 bytes, the headers, the
payload, and the CRC32 of all before. A header is its name (length in 1 byte), a type (7: text), and its value (length in
2 bytes).
"""

import json
import struct
from collections.abc import Mapping
from typing import Any
from zlib import crc32

_TEXT = 7
#: Bytes of a message that are neither headers nor payload: two lengths and two checksums.
_FRAME = 16


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Return one message."""
    head = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    lengths = struct.pack(">II", _FRAME + len(head) + len(payload), len(head))
    message = lengths + struct.pack(">I", crc32(lengths)) + head + payload
    return message + struct.pack(">I", crc32(message))


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack(">B", len(name)) + name + struct.pack(">BH", _TEXT, len(value)) + value


def event(kind: str, body: Mapping[str, Any]) -> bytes:
    """Return an event of the stream."""
    return frame({":event-type": kind, ":content-type": "application/json", ":message-type": "event"}, dump(body))


def exception(kind: str, body: Mapping[str, Any]) -> bytes:
    """Return an exception that ends the stream; `kind` is the name of the stream's member, `throttlingException`."""
    head = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return frame(head, dump(body))


def damaged(message: bytes) -> bytes:
    """Return a message whose last byte of payload no longer fits its checksum."""
    return message[:-5] + bytes([message[-5] ^ 1]) + message[-4:]


def dump(body: Any) -> bytes:
    """Return JSON as Bedrock writes it, without spaces."""
    return json.dumps(body, separators=(",", ":")).encode()

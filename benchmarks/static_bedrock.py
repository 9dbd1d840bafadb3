"""A Bedrock runtime that answers at once with bytes made beforehand: what is left to measure is the client.

`python static_bedrock.py` prints its port. The model id says what to answer: `anthropic.claude-bench-<tokens>-<chunks>`.
"""

import asyncio
import base64
import json
import os
import re
import struct
import zlib
from functools import lru_cache

REQUEST = re.compile(rb"POST /model/([^/]+)/(converse-stream|converse|invoke-with-response-stream|invoke) ")
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
INPUT_TOKENS = 1_200
TIMINGS = {"invocationLatency": 900, "firstByteLatency": 200}


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """Frame one event-stream message (the encoding of `application/vnd.amazon.eventstream`)."""
    encoded = b"".join(
        struct.pack("B", len(name)) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(encoded) + len(payload), len(encoded))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + encoded + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def event(kind: str, body: dict) -> bytes:
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return message(headers, json.dumps(body).encode())


def converse(text: str, tokens: int) -> bytes:
    return json.dumps({
        "metrics": {"latencyMs": 900},
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": INPUT_TOKENS, "outputTokens": tokens, "totalTokens": INPUT_TOKENS + tokens},
    }).encode()  # fmt: skip


def invoke(text: str, tokens: int) -> bytes:
    usage = {"input_tokens": INPUT_TOKENS, "output_tokens": tokens}
    content = [{"type": "text", "text": text}]
    return json.dumps(
        {"type": "message", "role": "assistant", "content": content, "stop_reason": "end_turn", "usage": usage}
    ).encode()


def converse_stream(pieces: list[str], tokens: int) -> list[bytes]:
    usage = {"inputTokens": INPUT_TOKENS, "outputTokens": tokens, "totalTokens": INPUT_TOKENS + tokens}
    return [
        event("messageStart", {"role": "assistant"}),
        *(
            event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}, "p": "abcdefgh"})
            for piece in pieces
        ),
        event("contentBlockStop", {"contentBlockIndex": 0}),
        event("messageStop", {"stopReason": "end_turn"}),
        event("metadata", {"usage": usage, "metrics": {"latencyMs": 900}}),
    ]


def invoke_stream(pieces: list[str], tokens: int) -> list[bytes]:
    def chunk(body: dict) -> bytes:
        return event("chunk", {"bytes": base64.b64encode(json.dumps(body).encode()).decode(), "p": "abcdefgh"})

    started = {"role": "assistant", "content": [], "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": 1}}
    metrics = {"inputTokenCount": INPUT_TOKENS, "outputTokenCount": tokens, **TIMINGS}
    return [
        chunk({"type": "message_start", "message": started}),
        chunk({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        *(
            chunk({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}})
            for piece in pieces
        ),
        chunk({"type": "content_block_stop", "index": 0}),
        chunk({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": tokens}}),
        chunk({"type": "message_stop", "amazon-bedrock-invocationMetrics": metrics}),
    ]


@lru_cache
def answer(model: str, operation: str) -> bytes:
    """Return the whole HTTP answer of one model and operation."""
    tokens, chunks = map(int, model.rsplit("-", 2)[1:])
    word = "quite "
    head = "HTTP/1.1 200 OK\r\nx-amzn-RequestId: 6b1c3a52-0000-4000-8000-bench00000000\r\n"
    if operation.endswith("stream"):
        pieces = [word * (tokens // chunks)] * chunks
        events = (converse_stream if operation == "converse-stream" else invoke_stream)(pieces, tokens)
        body = b"".join(f"{len(item):x}\r\n".encode() + item + b"\r\n" for item in events) + b"0\r\n\r\n"
        return (
            head + "Content-Type: application/vnd.amazon.eventstream\r\nTransfer-Encoding: chunked\r\n\r\n"
        ).encode() + body
    body = (converse if operation == "converse" else invoke)(word * tokens, tokens)
    counts = {"Input-Token-Count": INPUT_TOKENS, "Output-Token-Count": tokens, "Invocation-Latency": 900}
    usage = (
        "".join(f"X-Amzn-Bedrock-{name}: {count}\r\n" for name, count in counts.items())
        if operation == "invoke"
        else ""
    )
    return f"{head}Content-Type: application/json\r\n{usage}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests come one after another."""

    def connection_made(self, transport):
        self.transport = transport
        self.buffer = b""

    def data_received(self, data):
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = LENGTH.search(self.buffer, 0, end)
        total = end + 4 + (int(length[1]) if length else 0)
        if len(self.buffer) < total:
            return
        request = REQUEST.match(self.buffer)
        self.buffer = self.buffer[total:]
        self.transport.write(answer(request[1].decode().replace("%3A", ":"), request[2].decode()))


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - ends with the benchmark, however that ends
        await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main())

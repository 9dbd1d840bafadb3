"""HTTP exchanges with the Bedrock runtime: what was asked, what came back, and what ddllm has to make of it.

Two sources, one shape: our own fixtures (`fixtures/*.jsonl`, readable, one exchange a line) and recorded traffic (elsewhere,
byte for byte). Nothing here knows ddllm: what is expected is derived from the provider's bytes by rules of its own.
"""

import base64
import binascii
import gzip
import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

FIXTURES = Path(__file__).parent / "fixtures"
SHARED = Path(os.environ.get("DDLLM_SHARED") or Path(__file__).parents[3] / "shared")
RECORDINGS = SHARED / "data" / "bedrock-recordings" / "interactions.jsonl.gz"

STREAMS = {"converse_stream": "stream", "invoke_model_with_response_stream": "body"}


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. `events` are the framed messages of an event stream, None for a plain body."""

    id: str
    operation: str
    model_id: str
    request: dict[str, Any]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    events: tuple[bytes, ...] | None = None
    expect: dict[str, Any] = field(default_factory=dict)


# --- event stream framing -----------------------------------------------------------------------------------------------


def message(headers: dict[str, str], payload: bytes) -> bytes:
    """Frame one message of `application/vnd.amazon.eventstream`; every header is a string (type 7)."""
    head = b"".join(
        struct.pack(">B", len(name)) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", len(head) + len(payload) + 16, len(head))
    framed = prelude + struct.pack(">I", binascii.crc32(prelude)) + head + payload
    return framed + struct.pack(">I", binascii.crc32(framed))


def event(kind: str, payload: Any) -> bytes:
    """Frame an event; a payload of bytes goes out as it is, anything else as JSON."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return message({":event-type": kind, ":content-type": "application/json", ":message-type": "event"}, raw)


def chunk(payload: Any) -> bytes:
    """Frame a chunk of InvokeModelWithResponseStream: the model's own bytes, in base64."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload, separators=(",", ":")).encode()
    return event("chunk", {"bytes": base64.b64encode(raw).decode(), "p": "abcdefgh"})


def exception(kind: str, payload: dict[str, Any]) -> bytes:
    """Frame an exception that ends a stream."""
    head = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return message(head, json.dumps(payload).encode())


def split(stream: bytes) -> tuple[bytes, ...]:
    """Cut a recorded stream into its messages; a damaged end goes out as it was recorded."""
    messages = []
    while len(stream) >= 4:
        (size,) = struct.unpack(">I", stream[:4])
        if not 16 <= size <= len(stream):
            break
        messages.append(stream[:size])
        stream = stream[size:]
    return (*messages, stream) if stream else tuple(messages)


def unframe(framed: bytes) -> tuple[dict[str, str], bytes]:
    """Take a message apart into its headers (strings all) and its payload."""
    total, size = struct.unpack(">II", framed[:8])
    rest, headers = framed[12 : 12 + size], {}
    while rest:
        name, rest = rest[1 : 1 + rest[0]].decode(), rest[1 + rest[0] :]
        (size_of_value,) = struct.unpack(">H", rest[1:3])
        headers[name], rest = rest[3 : 3 + size_of_value].decode(), rest[3 + size_of_value :]
    return headers, framed[12 + size : total - 4]


def payloads(events: tuple[bytes, ...]) -> Iterator[tuple[str, Any]]:
    """Read the (event type, JSON payload) of framed messages; of chunks, the model's own JSON."""
    for headers, raw in map(unframe, events):
        kind, payload = headers[":event-type"], json.loads(raw)
        yield kind, json.loads(base64.b64decode(payload["bytes"])) if kind == "chunk" else payload


# --- our own fixtures ---------------------------------------------------------------------------------------------------


def fixtures() -> list[Exchange]:
    """Read `fixtures/*.jsonl`."""
    return [
        _fixture(json.loads(line))
        for path in sorted(FIXTURES.glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]


def fixture(exchange_id: str) -> Exchange:
    """Read one of our own fixtures."""
    return next(one for one in fixtures() if one.id == exchange_id)


def _fixture(row: dict[str, Any]) -> Exchange:
    events: tuple[bytes, ...] | None = None
    if "events" in row:
        events = tuple(event(kind, payload) for kind, payload in row["events"])
    elif "chunks" in row:
        events = tuple(chunk(one.encode() if isinstance(one, str) else one) for one in row["chunks"])
    if events is not None and "exception" in row:
        events = (*events, exception(*row["exception"]))
    request = dict(row["request"])
    if isinstance(request.get("body"), dict):
        request["body"] = json.dumps(request["body"]).encode()
    body = row.get("body", {})
    return Exchange(
        id=row["id"],
        operation=row["operation"],
        model_id=row["model_id"],
        request=request,
        status=row.get("status", 200),
        headers={"Content-Type": "application/json", **row.get("headers", {})},
        body=body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode(),
        events=events,
        expect=row["expect"],
    )


# --- recorded traffic ---------------------------------------------------------------------------------------------------


def recordings() -> list[Exchange]:
    """Read the recorded exchanges of the bedrock runtime, with what is expected derived from their bytes."""
    rows = [json.loads(line) for line in gzip.decompress(RECORDINGS.read_bytes()).splitlines()]
    return [_recording(row) for row in rows if not row["operation"].startswith("agent:")]


def _recording(row: dict[str, Any]) -> Exchange:
    body = base64.b64decode(row["body"])
    events = split(body) if row["eventstream"] else None
    sent = base64.b64decode(row["req_body"])
    request = {"body": sent} if row["operation"].startswith("invoke") else json.loads(sent)
    return Exchange(
        id=row["id"],
        operation=row["operation"],
        model_id=row["model_id"],
        request=request,
        status=row["status"],
        headers=row["headers"],
        body=body,
        events=events,
        expect=_derive(row, body, events, sent),
    )


#: The providers' words for the end of an answer, as ddllm's vocabulary has them (both sides from the documents).
FINISH = {
    "end_turn": "stop",
    "endoftext": "stop",
    "finish": "stop",
    "complete": "stop",
    "stop": "stop",
    "tool_use": "tool_use",
    "max_tokens": "length",
    "length": "length",
    "stop_sequence": "stop_sequence",
    "guardrail_intervened": "guardrail",
    "content_filtered": "content_filter",
}
MAKERS = {"anthropic", "meta", "amazon", "cohere", "mistral", "ai21"}


def _derive(row: dict[str, Any], body: bytes, events: tuple[bytes, ...] | None, sent: bytes) -> dict[str, Any]:
    vendor, model = _identity(row["model_id"])
    expect: dict[str, Any] = {
        "operation": _operation(row["operation"], row["model_id"], sent),
        "vendor": vendor,
        "model": model,
        "stream": row["operation"] in STREAMS,
        "status": "ok" if row["status"] == 200 else "error",
        "error_type": "none" if row["status"] == 200 else _error_type(row),
    }
    if row["status"] != 200:
        return expect | {"finish_reason": "error"}
    expect["finish_reason"] = FINISH[row["stop_reason"].lower()] if row["stop_reason"] else _finish_unsaid(events)
    return expect | _usage(row, body, events)


def _error_type(row: dict[str, Any]) -> str:
    headers = {name.lower(): value for name, value in row["headers"].items()}
    return str(headers.get("x-amzn-errortype", row["status"])).partition(":")[0]


def _finish_unsaid(events: tuple[bytes, ...] | None) -> str:
    """Where the model said nothing: a guardrail that blocks the input answers in its place."""
    blocked = any("Guardrail blocked" in json.dumps(payload) for _, payload in payloads(events or ()))
    return "guardrail" if blocked else "unknown"


def _usage(row: dict[str, Any], body: bytes, events: tuple[bytes, ...] | None) -> dict[str, Any]:
    if row["operation"] == "invoke_model":
        counts = row["usage_headers"]
        names = {
            "input": "x-amzn-bedrock-input-token-count",
            "output": "x-amzn-bedrock-output-token-count",
            "cache_read": "x-amzn-bedrock-cache-read-input-token-count",
            "cache_write": "x-amzn-bedrock-cache-write-input-token-count",
        }
    elif row["operation"] == "invoke_model_with_response_stream":
        found = [payload for _, payload in payloads(events or ()) if "amazon-bedrock-invocationMetrics" in payload]
        counts = found[-1]["amazon-bedrock-invocationMetrics"] if found else {}
        names = {
            "input": "inputTokenCount",
            "output": "outputTokenCount",
            "cache_read": "cacheReadInputTokenCount",
            "cache_write": "cacheWriteInputTokenCount",
        }
    else:
        if events is None:
            counts = json.loads(body)["usage"]
        else:
            counts = next(payload["usage"] for kind, payload in payloads(events) if kind == "metadata")
        names = {
            "input": "inputTokens",
            "output": "outputTokens",
            "cache_read": "cacheReadInputTokens",
            "cache_write": "cacheWriteInputTokens",
        }
    usage = {key: int(float(counts[name])) for key, name in names.items() if name in counts}
    if not usage:
        return {"usage_missing": 1}
    usage["input"] = usage.get("input", 0) + usage.get("cache_read", 0) + usage.get("cache_write", 0)
    return usage


def _identity(model_id: str) -> tuple[str, str]:
    resource = model_id.split(":", 5)[5] if model_id.startswith("arn:") else model_id
    parts = resource.removeprefix("inference-profile/").removeprefix("foundation-model/").split(".")
    if parts[0] in {"us", "eu", "apac", "global"}:
        parts = parts[1:]
    if parts[0] not in MAKERS:
        return "unknown", ".".join(parts)
    return parts[0], ".".join(parts[1:]).removesuffix(":0")


def _operation(operation: str, model_id: str, sent: bytes) -> str:
    if operation.startswith("converse"):
        return "chat"
    if ".titan-embed" in model_id or "cohere.embed" in model_id:
        return "embeddings"
    if "rerank" in model_id:
        return "rerank"
    try:
        asked = json.loads(sent)
    except ValueError:
        return "chat"
    return "chat" if "messages" in asked or "message" in asked else "text_completion"


# --- what the installed botocore takes


@cache
def _service() -> ServiceModel:
    return boto3.client("bedrock-runtime", region_name="us-east-1").meta.service_model


def is_known(exchange: Exchange) -> bool:
    """Tell whether the installed botocore knows every parameter: it refuses others before they are sent."""
    operation = "".join(word.capitalize() for word in exchange.operation.split("_"))
    shape = _service().operation_model(operation).input_shape
    return not ParamValidator().validate({"modelId": exchange.model_id, **exchange.request}, shape).has_errors()

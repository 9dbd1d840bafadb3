"""Finished calls as the worker gets them, made of an answer's bytes."""

import json
from typing import Any

from ddllm.call import Answer, Call, Status
from ddllm.instrument.providers import bedrock

STREAMS = frozenset({"ConverseStream", "InvokeModelWithResponseStream"})


def compact(value: Any) -> bytes:
    """Write JSON as Bedrock's services do."""
    return json.dumps(value, separators=(",", ":")).encode()


def finished(
    api: str,
    model_id: str,
    response: Any,
    *,
    request: Any = None,
    headers: dict[str, str] | None = None,
    status: Status = "ok",
) -> Call:
    """Make a call that was answered. A mapping is a body; of a list, mappings are the chunks of an InvokeModel stream."""
    call = Call("aws.bedrock", api, model_id, "us-east-1", stream=api in STREAMS, started=0.0)
    call.request = compact(request) if request is not None else None
    call.headers = headers or {}
    call.status = status
    if isinstance(response, dict):
        response = compact(response)
    elif api == "InvokeModelWithResponseStream":
        response = [one if isinstance(one, bytes) else compact(one) for one in response]
    call.response = response
    return call


def invoke(model_id: str, body: Any, **facts: Any) -> Answer:
    """Read an InvokeModel answer."""
    return bedrock.read(finished("InvokeModel", model_id, body, **facts), model_id)


def invoke_stream(model_id: str, *chunks: Any, **facts: Any) -> Answer:
    """Read an InvokeModelWithResponseStream answer."""
    return bedrock.read(finished("InvokeModelWithResponseStream", model_id, list(chunks), **facts), model_id)


def metrics(sent: int, made: int, **more: int) -> dict[str, Any]:
    """Make what Bedrock adds to a stream's last chunk."""
    return {
        "amazon-bedrock-invocationMetrics": {
            "inputTokenCount": sent,
            "outputTokenCount": made,
            "invocationLatency": 1500,
            "firstByteLatency": 250,
            **more,
        }
    }

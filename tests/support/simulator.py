"""Real boto3 clients of the Bedrock simulator, and what its tests ask of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from ddllm.sandbox.bedrock import Bedrock, Dials

SONNET = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
HAIKU = "us.anthropic.claude-3-5-haiku-20241022-v1:0"
LLAMA = "us.meta.llama3-2-90b-instruct-v1:0"

#: As fast as the tests have patience.
FAST = Dials(ttft_p50=1, ttft_p95=1, tokens_per_second=50_000)

TOOLS = {
    "tools": [
        {
            "toolSpec": {
                "name": "find_order",
                "description": "Finds an order.",
                "inputSchema": {"json": {"type": "object", "properties": {"number": {"type": "integer"}}}},
            }
        }
    ]
}


@cache
def _session() -> boto3.Session:
    """Make one session for all: it reads the service's description once."""
    return boto3.Session()


@contextmanager
def client_of(bedrock: Bedrock, *, attempts: int = 1, **config: Any) -> Iterator[Any]:
    """A client of the simulator, closed at the end; it tries each call so many times."""
    made = _session().client(
        "bedrock-runtime",
        endpoint_url=bedrock.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}, **config),
    )
    try:
        yield made
    finally:
        made.close()


def user(*content: str | dict[str, Any]) -> dict[str, Any]:
    """A user's turn of Converse."""
    return {"role": "user", "content": [{"text": one} if isinstance(one, str) else one for one in content]}


def claude(text: str = "How long does a delivery take?", **more: Any) -> str:
    """A request body of Claude's messages API."""
    turn = {"role": "user", "content": [{"type": "text", "text": text}]}
    return json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 500, "messages": [turn], **more})


def llama(text: str = "How long does a delivery take?", **more: Any) -> str:
    """A request body of Llama."""
    return json.dumps({"prompt": text, "max_gen_len": 500, **more})


def chunks(response: dict[str, Any]) -> list[dict[str, Any]]:
    """What the chunks of a streamed InvokeModel answer hold."""
    return [json.loads(one["chunk"]["bytes"]) for one in response["body"]]


def streamed_text(events: list[dict[str, Any]]) -> str:
    """The text of a ConverseStream."""
    deltas = (one["contentBlockDelta"]["delta"] for one in events if "contentBlockDelta" in one)
    return "".join(delta.get("text", "") for delta in deltas)

"""Converse and ConverseStream: one shape for every model family."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ddllm.sandbox.bedrock.ask import Ask, Tool, wanted_json
from ddllm.sandbox.bedrock.eventstream import event
from ddllm.sandbox.bedrock.failures import invalid
from ddllm.sandbox.bedrock.padding import pad
from ddllm.sandbox.bedrock.reply import Block, Reply, Text

#: The token limit where a request names none.
_DEFAULT_LENGTH = 2_048
_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_use": "tool_use"}


def read(body: Mapping[str, Any]) -> Ask:
    """Read a request. Raises `Refused`."""
    messages = body.get("messages")
    if not messages:
        raise invalid(
            "A conversation must start with a user message. Try again with a conversation that starts with a user message."
        )
    ask = Ask(max_tokens=body.get("inferenceConfig", {}).get("maxTokens", _DEFAULT_LENGTH))
    _read_tools(ask, body.get("toolConfig", {}))
    _read_content(ask, body.get("system", ()))
    for message in messages:
        _read_content(ask, message["content"])
    ask.tool_answered = any("toolResult" in block for block in messages[-1]["content"])
    ask.schema = _schema(body) or wanted_json(ask.parts)
    return ask


def _read_tools(ask: Ask, config: Mapping[str, Any]) -> None:
    for entry in config.get("tools", ()):
        if "cachePoint" in entry:
            ask.cache()
            continue
        spec = entry["toolSpec"]
        ask.say(json.dumps(spec))
        ask.tools.append(Tool(spec["name"], spec["inputSchema"]["json"]))
    choice = config.get("toolChoice", {})
    ask.tool_required = "any" in choice or "tool" in choice
    if forced := choice.get("tool"):
        ask.tools = [tool for tool in ask.tools if tool.name == forced["name"]]


def _read_content(ask: Ask, blocks: Sequence[Mapping[str, Any]]) -> None:
    for block in blocks:
        for kind, content in block.items():
            match kind:
                case "text":
                    ask.say(content)
                case "cachePoint":
                    ask.cache()
                case "toolUse" | "toolResult" | "reasoningContent" | "guardContent":
                    ask.say(json.dumps(content))
                case _:
                    ask.show()


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    wanted = body.get("outputConfig", {}).get("textFormat", {}).get("structure", {}).get("jsonSchema")
    schema: Mapping[str, Any] | None = json.loads(wanted["schema"]) if wanted else None
    return schema


def body(reply: Reply) -> dict[str, Any]:
    """Return the answer of Converse."""
    content = [_content(block) for block in reply.blocks]
    return {
        "metrics": {"latencyMs": reply.latency_ms},
        "output": {"message": {"content": content, "role": "assistant"}},
        "stopReason": _STOPS[reply.stop],
        "usage": _usage(reply),
    }


def _content(block: Block) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"text": block.text}
    return {"toolUse": {"input": block.input, "name": block.name, "toolUseId": f"tooluse_{block.id}"}}


def _usage(reply: Reply) -> dict[str, Any]:
    usage = reply.usage
    return {
        "cacheReadInputTokenCount": usage.cache_read,
        "cacheReadInputTokens": usage.cache_read,
        "cacheWriteInputTokenCount": usage.cache_write,
        "cacheWriteInputTokens": usage.cache_write,
        "inputTokens": usage.input,
        "outputTokens": usage.output,
        "serverToolUsage": {},
        "totalTokens": usage.total,
    }


def events(reply: Reply) -> Iterator[tuple[float, bytes]]:
    """Return the events of ConverseStream, each with the second at which it is sent. Usage comes last, after the stop."""
    yield reply.timing.first_byte, _event("messageStart", {"role": "assistant"})
    for index, block in enumerate(reply.blocks):
        yield from _block(reply, block, index)
    yield reply.end, _event("messageStop", {"stopReason": _STOPS[reply.stop]})
    yield reply.end, _event("metadata", {"metrics": {"latencyMs": reply.latency_ms}, "usage": _usage(reply)})


def _block(reply: Reply, block: Block, index: int) -> Iterator[tuple[float, bytes]]:
    place = {"contentBlockIndex": index}
    pieces = list(reply.pieces(block, index))
    if not isinstance(block, Text):  # a block of text has no start event
        start = {"toolUse": {"name": block.name, "toolUseId": f"tooluse_{block.id}"}}
        yield pieces[0][0], _event("contentBlockStart", {**place, "start": start})
    for at, piece in pieces:
        delta = {"text": piece} if isinstance(block, Text) else {"toolUse": {"input": piece}}
        yield at, _event("contentBlockDelta", {**place, "delta": delta})
    yield pieces[-1][0], _event("contentBlockStop", place)


def _event(kind: str, content: Mapping[str, Any]) -> bytes:
    return event(kind, {**content, "p": pad(kind, str(content))})

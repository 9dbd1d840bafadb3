"""Anthropic's Claude: the messages API."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ddllm.sandbox.bedrock.ask import Ask, Tool, wanted_json
from ddllm.sandbox.bedrock.failures import invalid
from ddllm.sandbox.bedrock.families import metrics
from ddllm.sandbox.bedrock.reply import Block, Reply, Text

_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_use": "tool_use"}
_NAME = re.compile(r"anthropic\.(claude-[a-z0-9-]+?)(?:-v\d+)?(?::|$)")
_REQUIRED = ("anthropic_version", "max_tokens", "messages")


class _Claude:
    marker = "anthropic.claude"
    context_window = 200_000
    min_cacheable: int | None = 1_024

    def read(self, body: Mapping[str, Any]) -> Ask:
        for name in _REQUIRED:
            if not body.get(name):
                raise invalid(f"{name}: Field required")
        ask = Ask(max_tokens=body["max_tokens"])
        _read_tools(ask, body)
        _read_content(ask, body.get("system", ()))
        for message in body["messages"]:
            _read_content(ask, message["content"])
        last = body["messages"][-1]["content"]
        ask.tool_answered = not isinstance(last, str) and any(block["type"] == "tool_result" for block in last)
        ask.schema = wanted_json(ask.parts)
        return ask

    def body(self, reply: Reply) -> dict[str, Any]:
        return {
            **_message(reply),
            "content": [_content(block) for block in reply.blocks],
            "stop_reason": _STOPS[reply.stop],
            "stop_sequence": None,
            "usage": _usage(reply, reply.usage.output),
        }

    def chunks(self, reply: Reply) -> Iterator[tuple[float, dict[str, Any]]]:
        opening: dict[str, Any] = {"content": [], "stop_reason": None, "stop_sequence": None, "usage": _usage(reply, 1)}
        yield reply.timing.first_byte, {"type": "message_start", "message": {**_message(reply), **opening}}
        for index, block in enumerate(reply.blocks):
            yield from _block(reply, block, index)
        ending = {"stop_reason": _STOPS[reply.stop], "stop_sequence": None}
        yield (
            reply.end,
            {"type": "message_delta", "delta": ending, "usage": {"output_tokens": reply.usage.output}},
        )
        yield reply.end, {"type": "message_stop", **metrics(reply)}


FAMILY = _Claude()


def _read_tools(ask: Ask, body: Mapping[str, Any]) -> None:
    for tool in body.get("tools", ()):
        ask.say(json.dumps(tool))
        ask.tools.append(Tool(tool["name"], tool.get("input_schema", {})))
        if "cache_control" in tool:
            ask.cache()
    choice = body.get("tool_choice", {})
    ask.tool_required = choice.get("type") in {"any", "tool"}
    if choice.get("type") == "tool":
        ask.tools = [tool for tool in ask.tools if tool.name == choice["name"]]


def _read_content(ask: Ask, content: str | Sequence[Mapping[str, Any]]) -> None:
    for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
        match block["type"]:
            case "text":
                ask.say(block["text"])
            case "tool_use" | "tool_result" | "thinking":
                ask.say(json.dumps(block))
            case _:
                ask.show()
        if "cache_control" in block:
            ask.cache()


def _message(reply: Reply) -> dict[str, Any]:
    named = _NAME.search(reply.model_id)
    return {
        "id": f"msg_bdrk_{reply.message_id}",
        "type": "message",
        "role": "assistant",
        "model": named[1] if named else reply.model_id,
    }


def _usage(reply: Reply, output: int) -> dict[str, int]:
    return {
        "input_tokens": reply.usage.input,
        "cache_creation_input_tokens": reply.usage.cache_write,
        "cache_read_input_tokens": reply.usage.cache_read,
        "output_tokens": output,
    }


def _content(block: Block, *, begun: bool = False) -> dict[str, Any]:
    """Return a block of content; of one that has just begun, all but what will be streamed."""
    if isinstance(block, Text):
        return {"type": "text", "text": "" if begun else block.text}
    given = {} if begun else block.input
    return {"type": "tool_use", "id": f"toolu_bdrk_{block.id}", "name": block.name, "input": given}


def _block(reply: Reply, block: Block, index: int) -> Iterator[tuple[float, dict[str, Any]]]:
    pieces = list(reply.pieces(block, index))
    start = {"type": "content_block_start", "index": index, "content_block": _content(block, begun=True)}
    yield (pieces[0][0] if index else reply.timing.first_byte), start
    for at, piece in pieces:
        is_text = isinstance(block, Text)
        delta = (
            {"type": "text_delta", "text": piece} if is_text else {"type": "input_json_delta", "partial_json": piece}
        )
        yield at, {"type": "content_block_delta", "index": index, "delta": delta}
    yield pieces[-1][0], {"type": "content_block_stop", "index": index}

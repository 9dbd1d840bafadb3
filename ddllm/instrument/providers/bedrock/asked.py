"""What a request asked for: the format of the answer, the tools that it may call, and the conversation so far.

Converse and the makers' own bodies say it with different keys that do not collide, so one reader serves all.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple

from ddllm.instrument.providers.bedrock import fields
from ddllm.instrument.providers.bedrock.fields import Body

#: A request in which none of these keys occurs asks for no format: a look that is cheaper than parsing. In a text their quotes
#: would be escaped.
_HINT = re.compile(rb'"(?:tool(?:s|Config)|output(?:Config|_config|_format)|response_format)"')
_SYSTEM_ROLES = frozenset({"system", "developer"})


class Tools(NamedTuple):
    """Tools that were offered: the schema of each one's arguments by name (None where it has none), and whether one must be called."""

    schemas: Mapping[str, Any]
    forced: bool


class Message(NamedTuple):
    """One message of a conversation: its role, its text, and what else it holds (images, documents) as a digest.

    The text is None where there is no question in it, such as a tool's result.
    """

    role: str
    text: str | None
    rest: str = ""


class Request:
    """A request's body, parsed when it is needed: most ask for no format, name their prompt, and belong to no conversation."""

    def __init__(self, body: bytes | None) -> None:
        self._bytes = body
        if body is None or _HINT.search(body) is None:
            # In the place of what the properties would find: each takes a lock when it is first asked for.
            self.__dict__.update(output_format=None, tools=None)

    def __repr__(self) -> str:
        return f"Request({len(self._bytes or b'')} bytes)"

    @cached_property
    def body(self) -> Body:
        """The body; empty where it is none, or was not kept."""
        return fields.parse(self._bytes)

    @cached_property
    def output_format(self) -> Any:
        """The format that the answer's text must have, as `check_structured` takes it; None without any."""
        return output_format(self.body)

    @cached_property
    def tools(self) -> Tools | None:
        """The tools that were offered; None without any."""
        return tools(self.body)


def output_format(body: Body) -> Any:
    """Return the format that the answer's text must have, as `check_structured` takes it; None without any."""
    wanted = fields.child(fields.child(body, "outputConfig"), "textFormat")
    schema: Any = fields.child(fields.child(wanted, "structure"), "jsonSchema").get("schema")
    if schema is None:
        # Anthropic's two spellings, then OpenAI's.
        wanted = fields.child(fields.child(body, "output_config"), "format") or fields.child(body, "output_format")
        wanted = wanted or fields.child(body, "response_format")
        schema = wanted.get("schema") or fields.child(wanted, "json_schema").get("schema")
    if isinstance(schema, str):
        schema = fields.parse(schema) or None  # Converse takes the schema as text
    if isinstance(schema, Mapping):
        return {"kind": "json_schema", "schema": schema}
    return {"kind": "json"} if fields.text(wanted, "type") in {"json_object", "json_schema"} else None


def tools(body: Body) -> Tools | None:
    """Return the tools that were offered; None without any."""
    schemas = dict(_tools(body))
    if not schemas:
        return None
    choice: Any = body.get("tool_choice") or fields.child(body, "toolConfig").get("toolChoice")
    forced = choice in ("any", "required")
    if isinstance(choice, dict):
        # Anthropic names the type, Converse the kind by its key; OpenAI's type is a function.
        forced = fields.text(choice, "type") in {"any", "tool", "function"} or "any" in choice or "tool" in choice
    return Tools(schemas, forced)


def _tools(body: Body) -> Iterator[tuple[str, Any]]:
    for tool in fields.items(fields.child(body, "toolConfig"), "tools"):
        spec = fields.child(tool, "toolSpec")
        if spec:
            yield fields.text(spec, "name"), fields.child(spec, "inputSchema").get("json")
    more = fields.items(fields.child(body, "additionalModelRequestFields"), "tools")
    for tool in (*fields.items(body, "tools"), *more):
        function = fields.child(tool, "function")
        if function:
            yield fields.text(function, "name"), function.get("parameters")
        elif "name" in tool:  # Anthropic's own tools (bash, computer, …) have a type, and no schema in the request
            yield fields.text(tool, "name"), tool.get("input_schema")


def messages(body: Body) -> list[Message]:
    """Return the conversation, without the system prompt. A body with a prompt in place of messages is one message."""
    if "messages" not in body:
        prompt = fields.text(body, "prompt") or fields.text(body, "inputText") or fields.text(body, "message")
        return [Message("user", prompt)] if prompt else []
    found = (Message(fields.text(item, "role"), _text(item), _rest(item)) for item in fields.items(body, "messages"))
    return [message for message in found if message.role not in _SYSTEM_ROLES]


def _text(message: Body) -> str | None:
    content = message.get("content")
    if isinstance(content, str):
        return content
    blocks = fields.items(message, "content")
    if any("toolResult" in block or block.get("type") == "tool_result" for block in blocks):
        return None
    return "\n".join(filter(None, (fields.text(block, "text") for block in blocks))) or None


def _rest(message: Body) -> str:
    """Return a digest of the blocks that are no text."""
    others = [block for block in fields.items(message, "content") if "text" not in block]
    return blake2b(json.dumps(others).encode(), digest_size=16).hexdigest() if others else ""


def system_prompt(body: Body) -> str:
    """Return the system prompt; empty without one."""
    system = body.get("system")
    if isinstance(system, str):
        return system
    texts = [fields.text(block, "text") for block in fields.items(body, "system")]
    texts += [
        _text(item) or "" for item in fields.items(body, "messages") if fields.text(item, "role") in _SYSTEM_ROLES
    ]
    return "\n".join(filter(None, texts)) or _llama_system(fields.text(body, "prompt"))


def _llama_system(prompt: str) -> str:
    """Read the system turn of a prompt in Llama's own format."""
    _, begun, rest = prompt.partition("<|start_header_id|>system<|end_header_id|>")
    return rest.partition("<|eot_id|>")[0].strip() if begun else ""

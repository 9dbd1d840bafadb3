"""What a request asks of a model, whichever operation and model family it came by."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Characters of a token: the usual rule of thumb for English text.
_TOKEN = 4
#: Tokens of an image, a document, a video: what is not text costs something, and this is the order of it.
_OPAQUE = 1_000

#: `"total": number`, as prompts describe the JSON that they want.
_FIELD = re.compile(r'"(\w+)"\s*:\s*(string|number|integer|boolean)\b')


def count_tokens(text: str) -> int:
    """Return the tokens of a text, as these models count them."""
    return -(-len(text) // _TOKEN)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the model is offered; `schema` is the JSON Schema of its input."""

    name: str
    schema: Mapping[str, Any]


@dataclass(slots=True)
class Ask:
    """A request, filled by whoever reads its wire shape.

    `parts` is the text of the request in the order in which the model reads it; `cached_parts` of them, and
    `cached_opaque` of the parts that are not text, stand before the last cache point.
    `tool_answered` says that the last turn is a tool's result. `schema` says which JSON is wanted, None where none is.
    """

    max_tokens: int
    parts: list[str] = field(default_factory=list)
    opaque: int = 0
    cached_parts: int = 0
    cached_opaque: int = 0
    tools: list[Tool] = field(default_factory=list)
    tool_required: bool = False
    tool_answered: bool = False
    schema: Mapping[str, Any] | None = None

    def say(self, text: str) -> None:
        """Add text to the prompt."""
        self.parts.append(text)

    def show(self) -> None:
        """Add something that is not text."""
        self.opaque += 1

    def cache(self) -> None:
        """Note a cache point: what was said so far may be cached."""
        self.cached_parts = len(self.parts)
        self.cached_opaque = self.opaque

    @property
    def tokens(self) -> int:
        """The tokens of the whole prompt."""
        return sum(map(count_tokens, self.parts)) + _OPAQUE * self.opaque

    @property
    def cacheable_tokens(self) -> int:
        """The tokens before the last cache point."""
        return sum(map(count_tokens, self.parts[: self.cached_parts])) + _OPAQUE * self.cached_opaque

    @property
    def cacheable_prompt(self) -> tuple[str, ...]:
        """The text before the last cache point."""
        return tuple(self.parts[: self.cached_parts])


def wanted_json(prompt: Iterable[str]) -> Mapping[str, Any] | None:
    """Return the JSON Schema of the object that a prompt describes in words, None where it asks for no JSON.

    `Answer in JSON: {"vendor": string, "total": number}` asks for an object with two properties.
    """
    text = "\n".join(prompt)
    if "JSON" not in text:
        return None
    properties = {name: {"type": kind} for name, kind in _FIELD.findall(text)}
    return {"type": "object", "properties": properties or {"answer": {"type": "string"}}}

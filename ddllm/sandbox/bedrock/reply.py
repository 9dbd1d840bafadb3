"""What a model answers, whichever operation and model family carries it: blocks, why it ended, what it cost, and when each part is there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ddllm.sandbox.bedrock.ask import count_tokens

Stop = Literal["stop", "length", "tool_use"]

#: One streamed piece: two words, which is three tokens or so.
_PIECE = re.compile(r"(?:\s*\S+){1,2}(?:\s+$)?")


@dataclass(frozen=True, slots=True)
class Text:
    """A block of text."""

    text: str

    @property
    def streamed(self) -> str:
        """What is streamed of it, in pieces."""
        return self.text


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The wish to use a tool; `input` is its input, `streamed` the same as JSON."""

    id: str
    name: str
    input: Any
    streamed: str


Block = Text | ToolUse


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as Bedrock counts them: `input` is without those that were read from or written to the prompt cache."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0

    @property
    def total(self) -> int:
        """All tokens."""
        return self.input + self.output + self.cache_read + self.cache_write


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. `queued` passes before the model begins, and no latency that Bedrock reports includes it; the others begin after it.

    `speed` is in tokens per second.
    """

    queued: float
    first_byte: float
    first_token: float
    speed: float

    def after(self, tokens: int) -> float:
        """Return when so many tokens are there."""
        return self.first_token + max(0, tokens - 1) / self.speed


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `request_id` is Bedrock's, `message_id` the part of the model's own ids that differs."""

    request_id: str
    message_id: str
    model_id: str
    blocks: tuple[Block, ...]
    stop: Stop
    usage: Usage
    timing: Timing

    @property
    def end(self) -> float:
        """When the answer is complete, in seconds."""
        return self.timing.after(self.usage.output)

    @property
    def latency_ms(self) -> int:
        """The same as Bedrock reports it, in whole milliseconds."""
        return round(self.end * 1_000)

    @property
    def first_byte_ms(self) -> int:
        """When the answer began, in whole milliseconds."""
        return round(self.timing.first_byte * 1_000)

    def pieces(self, block: Block, index: int) -> Iterator[tuple[float, str]]:
        """Return the pieces in which a block is streamed, each with the second at which it is there."""
        before = sum(count_tokens(earlier.streamed) for earlier in self.blocks[:index])
        for piece in _PIECE.finditer(block.streamed):
            yield self.timing.after(before + count_tokens(block.streamed[: piece.start()]) + 1), piece.group()

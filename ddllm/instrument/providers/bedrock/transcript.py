"""What an answer said, put together from its body or from the chunks of its stream."""

from collections.abc import Mapping
from typing import Any

from ddllm.call import Answer, ToolCall

#: Characters that tell how an answer begins: whether the model declined shows in its first sentences. `ddllm.quality.opening` reads
#: 480 of them, where they are not white space for the most part.
OPENING = 512
#: Some models write their reasoning into the text, in front of the answer.
_REASONING = ("<reasoning>", "<think>", "<thinking>")


class _Pieces(list[str]):
    """Arguments that come in pieces."""


class Transcript:
    """Takes pieces in the order in which they came."""

    __slots__ = ("_argued", "_calls", "_keys", "_length", "_text", "declined")

    def __init__(self) -> None:
        self._text: list[str] = []
        self._length = 0
        self._calls: list[tuple[str, Any]] = []
        self._argued = False
        self._keys: dict[Any, int] = {}
        self.declined = False

    def __repr__(self) -> str:
        return f"Transcript({self._length} characters, {len(self._calls)} tool calls)"

    def __bool__(self) -> bool:
        """Whether anything was said."""
        return bool(self._text or self._calls or self._argued or self.declined)

    def say(self, text: str) -> None:
        """Add to the text."""
        if text:
            self._text.append(text)
            self._length += len(text)

    def call(self, name: str, arguments: Any = None, key: Any = None) -> None:
        """Begin a tool call. Its arguments are whole, an object or text, or come in pieces.

        Where calls come side by side, each has a key, by which its pieces find it; one that began already goes on.
        """
        if key is not None and self._keys.setdefault(key, len(self._calls)) != len(self._calls):
            return
        self._calls.append((name, arguments or _Pieces()))

    def argue(self, piece: str, key: Any = None) -> None:
        """Add to the arguments of the tool call with that key, else of the last one."""
        if piece:
            self._argued = True
            at = self._keys.get(key, -1)
            if self._calls and isinstance(self._calls[at][1], _Pieces):
                self._calls[at][1].append(piece)

    @property
    def opened(self) -> bool:
        """Whether the text is long enough to tell how the answer begins; reasoning is not the answer."""
        return self._length >= OPENING and not "".join(self._text[:8]).lstrip().startswith(_REASONING)

    def close(self, answer: Answer, *, complete: bool) -> None:
        """Put down what was said."""
        answer.text = "".join(self._text)
        answer.tool_calls = tuple(ToolCall(name, _whole(arguments)) for name, arguments in self._calls)
        answer.declined = self.declined
        answer.complete = complete


def _whole(arguments: Any) -> str | Mapping[str, Any]:
    if isinstance(arguments, _Pieces):
        return "".join(arguments)
    return arguments if isinstance(arguments, (str, Mapping)) else str(arguments)

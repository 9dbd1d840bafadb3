"""What is kept of Bedrock's event streams, as botocore parses them: of ConverseStream, and of InvokeModelWithResponseStream.

`follow` passes the application's events on. What it costs, each chunk costs.
"""

from collections.abc import Iterator
from time import perf_counter
from typing import Any

from ddllm.call import Call
from ddllm.instrument import guard
from ddllm.instrument.patch.reading import LAST_PIECES, StreamReading
from ddllm.instrument.providers.bedrock import content_marker
from ddllm.instrument.queue import Queue

#: In place of a part that an event of another year may lack.
_NOTHING: dict[str, Any] = {}
#: All that is to be known of an event that ends a block.
_STOP: dict[str, Any] = {"contentBlockStop": {}}


class ConverseReading(StreamReading):
    """A ConverseStream: pieces of text and of tools' input, and the events that say what they belong to, how it ended, what it used."""

    __slots__ = ("_text_at",)

    def __init__(self, queue: Queue, call: Call) -> None:
        super().__init__(queue, call)
        #: Where in the pieces the text begins that follows the last event.
        self._text_at = 0

    def look(self, event: dict[str, Any]) -> bool:
        """Keep an event before the first content; whether it is that."""
        call = self.call
        if call.first_event is None:
            call.first_event = perf_counter()
        block = event.get("contentBlockDelta")
        if block is None:
            self.note(event)
            return False
        delta = block.get("delta", _NOTHING)
        content = delta.get("text") or delta.get("toolUse") or delta.get("reasoningContent")
        # A tool's input and reasoning are parts by name; Claude's first part of an input is an empty one.
        if not (any(content.values()) if isinstance(content, dict) else content):
            return False
        call.reasoning_streamed = "reasoningContent" in delta
        self.keep(delta)
        self.content_began()
        return True

    def follow(self, events: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Pass events after the first content on, each kept before the application has it."""
        add, keep = self._pieces.append, self.keep
        for event in events:
            try:
                # Most are texts, and cost no call. A text is immutable: a reference to it is all that is kept of the event.
                delta = event["contentBlockDelta"]["delta"]
                if "text" in delta:
                    add(delta["text"])
                else:
                    keep(delta)
            except KeyError:
                try:
                    self.note(event)
                except Exception:  # noqa: BLE001 - counted
                    guard.caught("events.note")
            except Exception:  # noqa: BLE001 - counted
                guard.caught("events.follow")
            yield event

    def keep(self, delta: dict[str, Any]) -> None:
        """Keep a part of a text, or of a tool's input."""
        if "text" in delta:
            self._pieces.append(delta["text"])
        elif "toolUse" in delta:
            self._pieces.append(delta["toolUse"].get("input", ""))

    def keep_last(self, event: dict[str, Any]) -> None:
        """Keep an event of a stream that is too long to keep whole."""
        if "contentBlockDelta" in event:
            self.call.truncated = True
        elif "messageStop" in event or "metadata" in event:
            self._last.append(_copy(event))

    def note(self, event: dict[str, Any]) -> None:
        """Keep an event that begins or ends something, or says what was used."""
        if "contentBlockStop" in event:
            kept = _STOP
        elif "messageStop" in event or "metadata" in event or "contentBlockStart" in event:
            kept = _copy(event)
        else:
            return
        self._join()
        self._pieces.append(kept)
        self._text_at = len(self._pieces)

    def collect(self) -> None:
        """Join what was kept, in order."""
        self._join()
        super().collect()

    def _join(self) -> None:
        """Make one text of the pieces since the last event.

        Here they lie in the processor's cache still. The worker would fetch each from memory three times, to tell it from an event,
        to join it and to free it, which costs more than all else that it does about a long stream.
        """
        texts = self._pieces[self._text_at :]
        if len(texts) > 1:
            try:
                self._pieces[self._text_at :] = ["".join(texts)]
            except TypeError:  # a text that is none: the worker passes over it
                return


class ChunkReading(StreamReading):
    """An InvokeModelWithResponseStream: chunks of the model's own format, kept as they came."""

    __slots__ = ("_is_content",)

    def __init__(self, queue: Queue, call: Call) -> None:
        super().__init__(queue, call)
        self._is_content = content_marker(call.model_id)

    def look(self, event: dict[str, Any]) -> bool:
        """Keep an event before the first content; whether it is that."""
        call = self.call
        if call.first_event is None:
            call.first_event = perf_counter()
        chunk = event["chunk"]["bytes"]
        self._pieces.append(chunk)
        if not self._is_content(chunk):
            return False
        self.content_began()
        return True

    def follow(self, events: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Pass events after the first content on, each kept before the application has it."""
        add = self._pieces.append
        for event in events:
            try:
                add(event["chunk"]["bytes"])
            except Exception:  # noqa: BLE001 - counted
                guard.caught("events.follow")
            yield event

    def keep_last(self, event: dict[str, Any]) -> None:
        """Keep an event of a stream that is too long to keep whole."""
        self.call.truncated = len(self._last) == LAST_PIECES
        self._last.append(event["chunk"]["bytes"])


def _copy(value: Any) -> Any:
    """Copy what a parsed event is made of: the event itself is the application's."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value

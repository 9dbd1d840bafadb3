"""What is kept of Bedrock's event streams, as botocore parses them: of ConverseStream, and of InvokeModelWithResponseStream.

`follow` passes the application's events on. What it costs, each chunk costs.
"""

from collections.abc import Iterator
from time import perf_counter
from typing import Any

from ddllm.call import Call
from ddllm.instrument import guard
from ddllm.instrument.patch.reading import StreamReading
from ddllm.instrument.providers.bedrock import content_marker
from ddllm.instrument.queue import Queue

#: In place of a part that an event of another year may lack.
_NOTHING: dict[str, Any] = {}
#: What of an event can change, as parsers of JSON make it. Most of what it holds cannot, and is not copied.
_CONTAINERS = (dict, list)
#: All that is to be known of an event that ends a block.
_STOP: dict[str, Any] = {"contentBlockStop": {}}


class ConverseReading(StreamReading):
    """A ConverseStream: pieces of text and of tools' input, and the events that say what they belong to, how it ended, what it used."""

    __slots__ = ("_texts",)

    def __init__(self, queue: Queue, call: Call) -> None:
        super().__init__(queue, call)
        #: What follows the last of the pieces, and will be one.
        self._texts: list[str] = []

    @property
    def room(self) -> int:
        """How many pieces more are kept from the start on."""
        return max(0, super().room - len(self._texts))

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
        add, keep = self._texts.append, self.keep
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
            self._texts.append(delta["text"])
        elif "toolUse" in delta:
            self._texts.append(delta["toolUse"].get("input", ""))

    def keep_last(self, event: dict[str, Any]) -> None:
        """Keep an event of a stream that is too long to keep whole."""
        if "contentBlockDelta" in event:
            self.call.truncated = True
        elif "messageStop" in event or "metadata" in event:
            self.add_last(_copy(event))

    def note(self, event: dict[str, Any]) -> None:
        """Keep an event that begins or ends something, or says what was used."""
        if "contentBlockStop" in event:
            kept = _STOP
        elif "messageStop" in event or "metadata" in event or "contentBlockStart" in event:
            kept = _copy(event)
        else:
            return
        if self._texts:
            self._join()
        self._pieces.append(kept)

    def collect(self) -> None:
        """Join what was kept, in order."""
        if self._texts:
            self._join()
        super().collect()

    def _join(self) -> None:
        """Make one piece of the texts since the last event.

        Here they lie in the processor's cache still. The worker would fetch each from memory three times, to tell it from an event,
        to join it and to free it, which costs more than all else that it does about a long stream.
        """
        texts = self._texts
        try:
            self._pieces.append("".join(texts))
        except TypeError:  # a text that is none: the worker passes over it
            self._pieces.extend(texts)
        texts.clear()


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
        self.call.truncated = self.add_last(event["chunk"]["bytes"])


def _copy(value: Any) -> Any:
    """Copy an object or a list that a parsed event is made of: the event itself is the application's."""
    if type(value) is list:
        return [_copy(item) if type(item) in _CONTAINERS else item for item in value]
    copy = value.copy()
    for key, item in value.items():
        if type(item) in _CONTAINERS:
            copy[key] = _copy(item)
    return copy

"""Repeated and further questions of a conversation, recognised by hashes: no text is kept.

Rules: a question that is asked again, after the same messages and once it was answered, is a `regenerate`; a new question after an
answer is a `follow_up`. An attempt that the SDK repeats is neither, nor is a tool's result, nor what is asked several times at once.
"""

import os
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Literal, NamedTuple

from ddllm.call import Call
from ddllm.instrument.providers.bedrock.asked import Message

#: Conversations that are remembered, and the seconds after which one is forgotten.
MOST = 10_000
MEMORY = 1_800.0

#: Makes the hashes worth nothing to anybody who gets hold of them.
_SECRET = os.urandom(32)


class _Turn(NamedTuple):
    """The last question of a conversation that was answered: what came before it, the question, and when the answer ended."""

    before: bytes
    question: bytes
    ended: float


class Conversations:
    """What was asked last, by conversation; the least recently used is forgotten first, and counted by `forget`."""

    def __init__(self, forget: Callable[[], None]) -> None:
        self._turns: OrderedDict[bytes, _Turn] = OrderedDict()
        self._forget = forget

    def __repr__(self) -> str:
        return f"Conversations({len(self._turns)})"

    def follow(
        self, conversation: str, call: Call, messages: Sequence[Message]
    ) -> Literal["regenerate", "follow_up"] | None:
        """Say what a call is to its conversation, and remember it where it was answered."""
        if not messages or messages[-1].role != "user" or messages[-1].text is None:
            return None  # a tool's result, or a beginning that the model is to go on with
        key = blake2b(conversation.encode("utf-8", "replace"), key=_SECRET, digest_size=16).digest()
        before = _hash(*(f"{message.role}:{message.text}\0{message.rest}" for message in messages[:-1]))
        question = _hash(messages[-1].text, messages[-1].rest)
        known = self._turns.get(key)
        if known is not None and call.started - known.ended > MEMORY:
            known = None
        found = None if known is None else _compare(known, call, before, question, messages)
        if call.status == "ok" and call.ended is not None:
            self._remember(key, _Turn(before, question, call.ended))
        return found

    def _remember(self, key: bytes, turn: _Turn) -> None:
        self._turns[key] = turn
        self._turns.move_to_end(key)
        if len(self._turns) > MOST:
            self._turns.popitem(last=False)
            self._forget()


def _compare(
    known: _Turn, call: Call, before: bytes, question: bytes, messages: Sequence[Message]
) -> Literal["regenerate", "follow_up"] | None:
    if call.started < known.ended:
        return None  # side by side: it was not asked because of the answer
    if before == known.before:
        if question == known.question:
            return "regenerate"
        # The same beginning and another question is the question put differently, unless nobody keeps the beginning here.
        return "follow_up" if len(messages) == 1 else None
    return "follow_up" if any(message.role == "assistant" for message in messages[:-1]) else None


def _hash(*texts: str) -> bytes:
    digest = blake2b(key=_SECRET, digest_size=16)
    for text in texts:
        digest.update(" ".join(unicodedata.normalize("NFC", text).casefold().split()).encode("utf-8", "replace"))
        digest.update(b"\0")
    return digest.digest()

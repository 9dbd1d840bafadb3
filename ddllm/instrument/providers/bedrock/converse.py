"""Converse and ConverseStream: one shape for every model. Nova's own bodies have it too."""

from collections.abc import Callable
from typing import Any

from ddllm.call import Answer, Call, Usage
from ddllm.instrument.providers.bedrock import fields, guardrail, tier, tokens
from ddllm.instrument.providers.bedrock.family import Content
from ddllm.instrument.providers.bedrock.fields import Body
from ddllm.instrument.providers.bedrock.transcript import Transcript

_INTERVENED = "guardrail_intervened"


def read(call: Call) -> Answer:
    """Read a Converse answer."""
    answer = Answer("chat")
    body = fields.parse(call.response)
    answer.finish = fields.word(body, "stopReason")
    _metadata(body, answer)
    transcript = Transcript()
    tell(body, transcript)
    transcript.close(answer, complete=bool(body) and not call.truncated)
    return answer


def read_stream(call: Call) -> Answer:
    """Read what a ConverseStream consists of: pieces of text and of tools' input, and the events around them."""
    answer = Answer("chat")
    answer.reasoning_streamed = call.reasoning_streamed
    pieces = call.response if isinstance(call.response, list) else []
    events = [fields.mapping(piece) for piece in pieces if type(piece) is not str]
    for event in events:
        answer.finish = fields.word(fields.child(event, "messageStop"), "stopReason") or answer.finish
        if "metadata" in event:
            _metadata(fields.child(event, "metadata"), answer)
    if answer.finish == _INTERVENED and answer.guardrail is None:
        answer.guardrail = "intervened"  # whoever stops at the last word sees no trace
    transcript = Transcript()
    if any("contentBlockStart" in event for event in events):
        _tell_in_turn(pieces, transcript)
    else:
        transcript.say("".join([piece for piece in pieces if type(piece) is str]))
    transcript.close(answer, complete=bool(pieces) and not call.truncated)
    return answer


def _tell_in_turn(pieces: list[Any], transcript: Transcript) -> None:
    """Tell a stream with tool calls: the pieces that follow a block's start are of its kind, those after its stop are text."""
    take: Callable[[str], None] = transcript.say
    for piece in pieces:
        if type(piece) is str:
            take(piece)
        else:
            event = fields.mapping(piece)
            begun = fields.child(fields.child(event, "contentBlockStart"), "start")
            take = transcript.argue if "toolUse" in begun else transcript.say
            tell(event, transcript)


def _metadata(body: Body, answer: Answer) -> None:
    answer.usage = tokens.consistent(usage(fields.child(body, "usage")))
    answer.latency = fields.seconds(fields.child(body, "metrics").get("latencyMs"))
    answer.tier = tier.of(
        fields.child(body, "serviceTier").get("type"), fields.child(body, "performanceConfig").get("latency")
    )
    if answer.finish == _INTERVENED:
        answer.guardrail = guardrail.did(fields.child(body, "trace"))


def usage(counts: Body) -> Usage | None:
    """Read a `usage` object. Its input is without cached tokens: totalTokens is the sum of all four counts."""
    return tokens.apart(
        counts.get("inputTokens"),
        counts.get("outputTokens"),
        counts.get("cacheReadInputTokens", counts.get("cacheReadInputTokenCount")),
        counts.get("cacheWriteInputTokens", counts.get("cacheWriteInputTokenCount")),
        next(
            (part.get("inputTokens") for part in fields.items(counts, "cacheDetails") if part.get("ttl") == "1h"), None
        ),
    )


def tell(event: Body, transcript: Transcript) -> None:
    """Tell what a body, or an event of a stream, says."""
    for block in fields.items(fields.child(fields.child(event, "output"), "message"), "content"):
        transcript.say(fields.text(block, "text"))
        for cited in fields.items(fields.child(block, "citationsContent"), "content"):
            transcript.say(fields.text(cited, "text"))
        called = fields.child(block, "toolUse")
        if called:
            transcript.call(fields.text(called, "name"), called.get("input"))
    delta = fields.child(fields.child(event, "contentBlockDelta"), "delta")
    if delta:
        transcript.say(fields.text(delta, "text"))
        transcript.argue(fields.text(fields.child(delta, "toolUse"), "input"))
    begun = fields.child(fields.child(fields.child(event, "contentBlockStart"), "start"), "toolUse")
    if begun:
        transcript.call(fields.text(begun, "name"))


def content(delta: Body) -> Content | None:
    """Name the content of a `contentBlockDelta`'s delta."""
    if fields.text(delta, "text"):
        return "text"
    if fields.text(fields.child(delta, "reasoningContent"), "text"):
        return "reasoning"
    return "tool" if fields.text(fields.child(delta, "toolUse"), "input") else None

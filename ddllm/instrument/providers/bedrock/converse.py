"""Converse and ConverseStream: one shape for every model. Nova's own bodies have it too."""

from ddllm.call import Answer, Call, Usage
from ddllm.instrument.providers.bedrock import fields, tier, tokens
from ddllm.instrument.providers.bedrock.family import Content
from ddllm.instrument.providers.bedrock.fields import Body


def read(call: Call) -> Answer:
    """Read a Converse answer."""
    answer = Answer("chat")
    body = fields.parse(call.response)
    answer.finish = fields.word(body, "stopReason")
    _metadata(body, answer)
    return answer


def read_stream(call: Call) -> Answer:
    """Read the events of a ConverseStream that are not content."""
    answer = Answer("chat")
    answer.reasoning_streamed = call.reasoning_streamed
    events = call.response if isinstance(call.response, list) else []
    for event in map(fields.mapping, events):
        answer.finish = fields.word(fields.child(event, "messageStop"), "stopReason") or answer.finish
        if "metadata" in event:
            _metadata(fields.child(event, "metadata"), answer)
    return answer


def _metadata(body: Body, answer: Answer) -> None:
    answer.usage = tokens.consistent(usage(fields.child(body, "usage")))
    answer.latency = fields.seconds(fields.child(body, "metrics").get("latencyMs"))
    answer.tier = tier.of(
        fields.child(body, "serviceTier").get("type"), fields.child(body, "performanceConfig").get("latency")
    )


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


def content(delta: Body) -> Content | None:
    """Name the content of a `contentBlockDelta`'s delta."""
    if fields.text(delta, "text"):
        return "text"
    if fields.text(fields.child(delta, "reasoningContent"), "text"):
        return "reasoning"
    return "tool" if fields.text(fields.child(delta, "toolUse"), "input") else None

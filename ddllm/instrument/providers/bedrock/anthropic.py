"""Claude: the Messages API, and the text completions of Claude 2 and Instant."""

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock import fields, tokens
from ddllm.instrument.providers.bedrock.family import Content, Family
from ddllm.instrument.providers.bedrock.fields import Body


def _finish(event: Body) -> str | None:
    return fields.word(event, "stop_reason") or fields.word(fields.child(event, "delta"), "stop_reason")


def _usage(event: Body) -> Usage | None:
    """Read a message's usage, or the halves of a stream's: input when it starts, output with its last delta."""
    if event.get("type") == "message_start":
        usage = _counts(fields.child(fields.child(event, "message"), "usage"))
        if usage is not None:
            usage.output = None  # the first tokens, not all
        return usage
    return _counts(fields.child(event, "usage"))


def _counts(usage: Body) -> Usage | None:
    return tokens.apart(
        usage.get("input_tokens"),
        usage.get("output_tokens"),
        usage.get("cache_read_input_tokens"),
        usage.get("cache_creation_input_tokens"),
        fields.child(usage, "cache_creation").get("ephemeral_1h_input_tokens"),
    )


def _content(event: Body) -> Content | None:
    delta = fields.child(event, "delta")
    if fields.text(delta, "text") or fields.text(event, "completion"):
        return "text"
    if fields.text(delta, "thinking"):
        return "reasoning"
    return "tool" if fields.text(delta, "partial_json") else None


FAMILY = Family(
    name="anthropic",
    ids=("anthropic.",),
    operation="chat",
    finish=_finish,
    usage=_usage,
    content=_content,
    hints=(b"content_block_delta", b'"completion"'),
)

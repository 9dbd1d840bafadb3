"""Claude: the Messages API, and the text completions of Claude 2 and Instant."""

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock import fields, tokens
from ddllm.instrument.providers.bedrock.family import Content, Family
from ddllm.instrument.providers.bedrock.fields import Body
from ddllm.instrument.providers.bedrock.transcript import Transcript


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
    if not usage:
        return None
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


def _tell(event: Body, transcript: Transcript) -> None:
    kind = event.get("type")
    if kind == "content_block_delta":
        delta = event.get("delta")
        text = delta.get("text") if isinstance(delta, dict) else None  # of most chunks all that there is
        if isinstance(text, str):
            transcript.say(text)
        else:
            transcript.argue(fields.text(fields.mapping(delta), "partial_json"))
    elif kind == "content_block_start":
        _tell_block(fields.child(event, "content_block"), transcript)
    elif "completion" in event:
        transcript.say(fields.text(event, "completion"))
    else:
        for block in fields.items(event, "content"):
            _tell_block(block, transcript)


def _tell_block(block: Body, transcript: Transcript) -> None:
    if block.get("type") == "tool_use":
        transcript.call(fields.text(block, "name"), block.get("input"))
    elif block.get("type") == "text":
        transcript.say(fields.text(block, "text"))


FAMILY = Family(
    name="anthropic",
    ids=("anthropic.",),
    operation="chat",
    finish=_finish,
    usage=_usage,
    content=_content,
    tell=_tell,
    hints=(b"content_block_delta", b'"completion"'),
)

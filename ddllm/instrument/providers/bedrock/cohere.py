"""Cohere: Command and Command R; Embed and Rerank say nothing beyond Bedrock's headers."""

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock import fields
from ddllm.instrument.providers.bedrock.family import Content, Family
from ddllm.instrument.providers.bedrock.fields import Body
from ddllm.instrument.providers.bedrock.transcript import Transcript


def _finish(event: Body) -> str | None:
    said = (fields.word(part, "finish_reason") for part in (event, *fields.items(event, "generations")))
    return next(filter(None, said), None)


def _usage(event: Body) -> Usage | None:
    """Read the counts of Command R's `meta`; its billed units are no tokens."""
    counts = fields.child(fields.child(event, "meta"), "tokens")
    sent, made = fields.tokens(counts.get("input_tokens")), fields.tokens(counts.get("output_tokens"))
    return None if sent is None and made is None else Usage(sent, made)


def _content(event: Body) -> Content | None:
    if fields.text(event, "text"):
        return "text"
    called = fields.text(fields.child(event, "tool_call_delta"), "parameters") or fields.items(event, "tool_calls")
    return "tool" if called else None


def _tell(event: Body, transcript: Transcript) -> None:
    generations = fields.items(event, "generations")
    transcript.say(fields.text(generations[0] if generations else event, "text"))
    for call in fields.items(event, "tool_calls"):
        transcript.call(fields.text(call, "name"), call.get("parameters"))


FAMILY = Family(
    name="cohere",
    ids=("cohere.",),
    operation="text_completion",
    finish=_finish,
    usage=_usage,
    content=_content,
    tell=_tell,
    hints=(b'"text"', b'"tool_call'),
)

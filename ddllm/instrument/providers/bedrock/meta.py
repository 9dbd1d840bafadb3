"""Llama."""

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock import fields
from ddllm.instrument.providers.bedrock.family import Content, Family
from ddllm.instrument.providers.bedrock.fields import Body
from ddllm.instrument.providers.bedrock.transcript import Transcript


def _finish(event: Body) -> str | None:
    return fields.word(event, "stop_reason") if "generation" in event else None


def _usage(event: Body) -> Usage | None:
    """Read both counts of a body. A stream's first chunk has the prompt's; the other count grows until the stop reason."""
    sent = fields.tokens(event.get("prompt_token_count"))
    made = fields.tokens(event.get("generation_token_count")) if _finish(event) else None
    return None if sent is None and made is None else Usage(sent, made)


def _content(event: Body) -> Content | None:
    return "text" if fields.text(event, "generation") else None


def _tell(event: Body, transcript: Transcript) -> None:
    transcript.say(fields.text(event, "generation"))


FAMILY = Family(
    name="meta",
    ids=("meta.",),
    operation="text_completion",
    finish=_finish,
    usage=_usage,
    content=_content,
    tell=_tell,
    hints=(b'"generation"',),
)

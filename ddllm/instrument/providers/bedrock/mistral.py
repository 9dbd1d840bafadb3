"""Mistral: its text completions; its chat models speak like OpenAI."""

from ddllm.instrument.providers.bedrock import fields, openai
from ddllm.instrument.providers.bedrock.family import Content, Family
from ddllm.instrument.providers.bedrock.fields import Body


def _finish(event: Body) -> str | None:
    said = (fields.word(output, "stop_reason") for output in fields.items(event, "outputs"))
    return next(filter(None, said), None) or openai.finish(event)


def _content(event: Body) -> Content | None:
    if any(fields.text(output, "text") for output in fields.items(event, "outputs")):
        return "text"
    return openai.content(event)


FAMILY = Family(
    name="mistral",
    ids=("mistral.",),
    operation="text_completion",
    finish=_finish,
    usage=openai.usage,
    content=_content,
    hints=(b'"outputs"', b'"choices"'),
)

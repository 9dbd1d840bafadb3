"""Mistral: its text completions; its chat models speak like OpenAI."""

from ddllm.instrument.providers.bedrock import fields, openai
from ddllm.instrument.providers.bedrock.family import Content, Family
from ddllm.instrument.providers.bedrock.fields import Body
from ddllm.instrument.providers.bedrock.transcript import Transcript


def _finish(event: Body) -> str | None:
    said = (fields.word(output, "stop_reason") for output in fields.items(event, "outputs"))
    return next(filter(None, said), None) or openai.finish(event)


def _content(event: Body) -> Content | None:
    if any(fields.text(output, "text") for output in fields.items(event, "outputs")):
        return "text"
    return openai.content(event)


def _tell(event: Body, transcript: Transcript) -> None:
    outputs = fields.items(event, "outputs")
    if outputs:
        transcript.say(fields.text(outputs[0], "text"))
    else:
        openai.tell(event, transcript)


FAMILY = Family(
    name="mistral",
    ids=("mistral.",),
    operation="text_completion",
    finish=_finish,
    usage=openai.usage,
    content=_content,
    tell=_tell,
    hints=(b'"outputs"', b'"choices"'),
)

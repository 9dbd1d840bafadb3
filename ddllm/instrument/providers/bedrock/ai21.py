"""AI21: Jurassic-2's text completions; Jamba speaks like OpenAI."""

from ddllm.instrument.providers.bedrock import fields, openai
from ddllm.instrument.providers.bedrock.family import Family
from ddllm.instrument.providers.bedrock.fields import Body
from ddllm.instrument.providers.bedrock.transcript import Transcript


def _finish(event: Body) -> str | None:
    said = (fields.word(fields.child(one, "finishReason"), "reason") for one in fields.items(event, "completions"))
    return next(filter(None, said), None) or openai.finish(event)


def _tell(event: Body, transcript: Transcript) -> None:
    completions = fields.items(event, "completions")
    if completions:
        transcript.say(fields.text(fields.child(completions[0], "data"), "text"))
    else:
        openai.tell(event, transcript)


FAMILY = Family(
    name="ai21",
    ids=("ai21.",),
    operation="text_completion",
    finish=_finish,
    usage=openai.usage,
    content=openai.content,
    tell=_tell,
    hints=(b'"choices"',),
)

"""AI21: Jurassic-2's text completions; Jamba speaks like OpenAI."""

from ddllm.instrument.providers.bedrock import fields, openai
from ddllm.instrument.providers.bedrock.family import Family
from ddllm.instrument.providers.bedrock.fields import Body


def _finish(event: Body) -> str | None:
    said = (fields.word(fields.child(one, "finishReason"), "reason") for one in fields.items(event, "completions"))
    return next(filter(None, said), None) or openai.finish(event)


FAMILY = Family(
    name="ai21",
    ids=("ai21.",),
    operation="text_completion",
    finish=_finish,
    usage=openai.usage,
    content=openai.content,
    hints=(b'"choices"',),
)

"""Titan: text and embeddings."""

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock import fields
from ddllm.instrument.providers.bedrock.family import Content, Family
from ddllm.instrument.providers.bedrock.fields import Body
from ddllm.instrument.providers.bedrock.transcript import Transcript


def _results(event: Body) -> list[Body]:
    return fields.items(event, "results") or [event]


def _finish(event: Body) -> str | None:
    return next((said for result in _results(event) if (said := fields.word(result, "completionReason"))), None)


def _usage(event: Body) -> Usage | None:
    """Read both counts: a stream has the prompt's in its first chunk, the answer's in its last."""
    sent = fields.tokens(event.get("inputTextTokenCount"))
    made = [fields.tokens(result.get("tokenCount")) for result in fields.items(event, "results")]
    made.append(fields.tokens(event.get("totalOutputTextTokenCount")))
    known = [count for count in made if count is not None]
    return Usage(sent, sum(known) if known else None) if known or sent is not None else None


def _content(event: Body) -> Content | None:
    return "text" if fields.text(event, "outputText") else None


def _tell(event: Body, transcript: Transcript) -> None:
    transcript.say(fields.text(_results(event)[0], "outputText"))


FAMILY = Family(
    name="amazon_titan",
    ids=("amazon.titan",),
    operation="text_completion",
    finish=_finish,
    usage=_usage,
    content=_content,
    tell=_tell,
    hints=(b'"outputText"',),
)

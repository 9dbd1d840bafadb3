"""Nova: its bodies and chunks are Converse's, events under their names."""

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock import converse, fields
from ddllm.instrument.providers.bedrock.family import Content, Family
from ddllm.instrument.providers.bedrock.fields import Body


def _finish(event: Body) -> str | None:
    return fields.word(event, "stopReason") or fields.word(fields.child(event, "messageStop"), "stopReason")


def _usage(event: Body) -> Usage | None:
    return converse.usage(fields.child(fields.child(event, "metadata") or event, "usage"))


def _content(event: Body) -> Content | None:
    return converse.content(fields.child(fields.child(event, "contentBlockDelta"), "delta"))


FAMILY = Family(
    name="amazon_nova",
    ids=("amazon.nova",),
    operation="chat",
    finish=_finish,
    usage=_usage,
    content=_content,
    tell=converse.tell,
    hints=(b"contentBlockDelta",),
)

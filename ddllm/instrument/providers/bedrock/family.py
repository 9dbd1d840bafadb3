"""What differs between the makers' InvokeModel bodies: one `Family` a file, in a file of its name."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock.fields import Body
from ddllm.instrument.providers.bedrock.transcript import Transcript

#: What a stream's chunk carries to the user.
Content = Literal["reasoning", "text", "tool"]


class Family(NamedTuple):
    """How the bodies and stream chunks of one family of models read.

    name        the family's, which is its file's
    ids         how the ids of its models begin, without a region (`anthropic.`)
    operation   what its calls are where the request does not tell
    finish      a body or a chunk -> the provider's own word for why the answer ended, None where it does not say
    usage       a body or a chunk -> the tokens that are final in it: a running count is none
    content     a chunk -> the kind of content that it carries, None without any
    tell        a body or a chunk, and the transcript that takes what it says to the user and to tools
    hints       a chunk in which none of these occurs carries no content: a look that is cheaper than parsing
    """

    name: str
    ids: tuple[str, ...]
    operation: Literal["chat", "text_completion"]
    finish: Callable[[Body], str | None]
    usage: Callable[[Body], Usage | None]
    content: Callable[[Body], Content | None]
    tell: Callable[[Body, Transcript], None]
    hints: tuple[bytes, ...]

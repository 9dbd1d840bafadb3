"""InvokeModel, with and without a stream: Bedrock's own counts and times around a body in the maker's shape.

Bedrock's counts go first. Without a stream they are in headers, so they are there however much of the body was read; of a
stream they are in its last chunk, under a key that no other part of a chunk has at its top.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from ddllm.call import Answer, Call, Usage
from ddllm.instrument.providers.bedrock import fields, tier, tokens, unknown
from ddllm.instrument.providers.bedrock.family import Content, Family
from ddllm.instrument.providers.bedrock.fields import Body
from ddllm.instrument.providers.bedrock.model_id import Model, identify
from ddllm.instrument.providers.bedrock.tokens import Counts

#: Where Bedrock's own counts are, in the order of `Counts`: headers of InvokeModel, metrics of a stream.
_HEADERS = (
    "x-amzn-bedrock-input-token-count",
    "x-amzn-bedrock-output-token-count",
    "x-amzn-bedrock-cache-read-input-token-count",
    "x-amzn-bedrock-cache-write-input-token-count",
)
_METRICS = ("inputTokenCount", "outputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")

_LATENCY_HEADER = "x-amzn-bedrock-invocation-latency"
_TIER_HEADER = "x-amzn-bedrock-service-tier"
_SPEED_HEADER = "x-amzn-bedrock-performanceconfig-latency"
_METRICS_KEY = "amazon-bedrock-invocationMetrics"
_GUARDRAIL_KEY = "amazon-bedrock-guardrailAction"

#: Chunks from a stream's end among which the reason why it ended, its usage and its metrics are looked for.
_TAIL = 32
#: Chunks from its start among which the first content is looked for.
_HEAD = 8
#: What a chunk that is worth parsing holds: a reason that is given, counts. Escaped quotes keep an answer's text out.
_TELLING = re.compile(
    rb'"(?:stop_?[rR]eason|finish_?[rR]eason|completionReason|usage|amazon-bedrock-invocationMetrics)"\s*:\s*["{]'
)


def read(call: Call, model: Model, answer: Answer) -> None:
    """Read the headers and the body of an InvokeModel answer."""
    headers = call.headers
    counts = _counts(headers, _HEADERS)
    answer.latency = fields.seconds(headers.get(_LATENCY_HEADER))
    if answer.operation == "embeddings" and counts.known:
        body: Body = {}  # vectors, which say nothing that the headers have not said
    else:
        body = fields.parse(call.response)
    usage: Usage | None = None
    for family in _families(model) if body else ():
        answer.finish, usage = family.finish(body), family.usage(body)
        if answer.finish is not None or usage is not None:
            break
    _close(call, answer, counts, usage, body)


def read_stream(call: Call, model: Model, answer: Answer) -> None:
    """Read a stream from its end, where it tells most, and from its start, where it tells the rest."""
    chunks = call.response if isinstance(call.response, list) else []
    for family in _families(model):
        ending = _end(chunks, family)
        beginning = _begin(chunks, family)
        usage = tokens.complete(ending.usage, beginning.usage)
        if ending.finish is not None or usage is not None or beginning.content is not None:
            break
    answer.finish = ending.finish
    answer.latency = fields.seconds(ending.metrics.get("invocationLatency"))
    answer.first_byte = fields.seconds(ending.metrics.get("firstByteLatency"))
    answer.reasoning_streamed = beginning.content == "reasoning"
    _close(call, answer, _counts(ending.metrics, _METRICS), usage, ending.last)


def _families(model: Model) -> tuple[Family, ...]:
    """Return the ways to read a model's bodies: its family's and, where that finds nothing, by shape."""
    family = unknown.named(model.family)
    return (family,) if family is unknown.FAMILY else (family, unknown.FAMILY)


def _counts(source: Mapping[str, Any], names: tuple[str, ...]) -> Counts:
    return Counts(*[fields.tokens(source[name]) if name in source else None for name in names])


class _End(NamedTuple):
    """How a stream ended: Bedrock's metrics, the model's reason and usage, and the last chunk that tells of it, else the last."""

    metrics: Body
    finish: str | None
    usage: Usage | None
    last: Body


def _end(chunks: list[Any], family: Family) -> _End:
    metrics: Body = {}
    last: Body = {}
    finish: str | None = None
    usage: Usage | None = None
    for event in _telling(chunks):
        last = last or event
        metrics = metrics or fields.child(event, _METRICS_KEY)
        finish = finish or family.finish(event)
        usage = tokens.complete(usage, family.usage(event))
        if metrics and finish:
            break
    return _End(metrics, finish, usage, last or fields.parse(chunks[-1] if chunks else None))


def _telling(chunks: list[Any]) -> Iterator[Body]:
    """Parse the chunks that tell how a stream ended, the last one first."""
    for chunk in reversed(chunks[-_TAIL:]):
        if isinstance(chunk, bytes) and _TELLING.search(chunk):
            yield fields.parse(chunk)


class _Beginning(NamedTuple):
    """How a stream began: the prompt's count, and its first content."""

    usage: Usage | None
    content: Content | None


def _begin(chunks: list[Any], family: Family) -> _Beginning:
    usage: Usage | None = None
    for event in map(fields.parse, islice(chunks, _HEAD)):
        usage = tokens.complete(usage, family.usage(event))
        content = family.content(event)
        if content is not None:
            return _Beginning(usage, content)
    return _Beginning(usage, None)


def _close(call: Call, answer: Answer, counts: Counts, usage: Usage | None, body: Body) -> None:
    """Settle what the parts say.

    An answer without a reason of the model's own, in which a guardrail intervened, ended by the guardrail. Where Bedrock
    counted nothing either, the request was kept from the model, and the body's counts are those of the guardrail's text.
    """
    stopped = answer.finish is None and call.status == "ok" and body.get(_GUARDRAIL_KEY) == "INTERVENED"
    if stopped:
        answer.finish_reason = "guardrail"
    answer.usage = tokens.consistent(tokens.settle(counts, None if stopped else usage))
    said = call.headers.get(_TIER_HEADER) or body.get("service_tier") or fields.child(body, "usage").get("service_tier")
    answer.tier = tier.of(said, call.headers.get(_SPEED_HEADER))


@lru_cache(maxsize=256)
def content_marker(model_id: str) -> Callable[[bytes], bool]:
    """Return a function that says whether a stream's chunk carries content: text, a tool's input or reasoning, not empty.

    It runs on the caller's thread, on each chunk until it says yes: a chunk without a hint of content is not parsed.
    """
    family = unknown.named(identify(model_id).family)
    hints, content = family.hints, family.content

    def carries_content(chunk: bytes) -> bool:
        for hint in hints:
            if chunk.find(hint) >= 0:
                return content(fields.parse(chunk)) is not None
        return False

    return carries_content

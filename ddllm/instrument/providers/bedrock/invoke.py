"""InvokeModel, with and without a stream: Bedrock's own counts and times around a body in the maker's shape.

Bedrock's counts go first. Without a stream they are in headers, so they are there however much of the body was read; of a
stream they are in its last chunk, under a key that no other part of a chunk has at its top.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ddllm.call import Answer, Call, Usage
from ddllm.instrument.providers.bedrock import fields, guardrail, tier, tokens, unknown
from ddllm.instrument.providers.bedrock.family import Content, Family
from ddllm.instrument.providers.bedrock.fields import Body
from ddllm.instrument.providers.bedrock.model_id import Model, identify
from ddllm.instrument.providers.bedrock.tokens import Counts
from ddllm.instrument.providers.bedrock.transcript import Transcript

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
_TRACE_KEY = "amazon-bedrock-trace"

#: Chunks from a stream's end among which the reason why it ended, its usage and its metrics are looked for.
_TAIL = 32
#: Chunks that are parsed at a time from its start, until it is known how the answer begins.
_BATCH = 8
#: Chunks from its start among which the first content is looked for.
_HEAD = 8
#: What a chunk that is worth parsing holds: a reason that is given, counts. Escaped quotes keep an answer's text out.
_TELLING = re.compile(
    rb'"(?:stop_?[rR]eason|finish_?[rR]eason|completionReason|usage|amazon-bedrock-(?:invocationMetrics|trace))"\s*:\s*["{]'
)
_INTERVENED = re.compile(rb'"amazon-bedrock-guardrailAction"\s*:\s*"INTERVENED"')


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
    transcript = Transcript()
    for family in _families(model) if body else ():
        answer.finish, usage = family.finish(body), family.usage(body)
        family.tell(body, transcript)
        if answer.finish is not None or usage is not None or transcript:
            break
    transcript.close(answer, complete=bool(body))
    if body.get(_GUARDRAIL_KEY) == "INTERVENED":
        answer.guardrail = guardrail.did(fields.child(body, _TRACE_KEY))
    _close(call, answer, counts, usage, body)


def read_stream(call: Call, model: Model, answer: Answer, *, whole: bool) -> None:
    """Read a stream from its end, where it tells most, and from its start, where it tells the rest.

    What it says to the user is read as far as it takes to know how it begins, or `whole`.
    """
    chunks = [chunk for chunk in call.response if isinstance(chunk, bytes)] if isinstance(call.response, list) else []
    parsed = _parse(chunks[:_BATCH])
    for family in _families(model):
        ending = _end(chunks, parsed, family)
        beginning = _begin(parsed, family)
        usage = tokens.complete(ending.usage, beginning.usage)
        if ending.finish is not None or usage is not None or beginning.content is not None:
            break
    answer.finish = ending.finish
    answer.latency = fields.seconds(ending.metrics.get("invocationLatency"))
    answer.first_byte = fields.seconds(ending.metrics.get("firstByteLatency"))
    answer.reasoning_streamed = beginning.content == "reasoning"
    said_all = _listen(chunks, parsed, family, answer, whole=whole)
    answer.complete = said_all and not call.truncated
    if ending.intervened:
        answer.guardrail = guardrail.did(ending.trace)
    _close(call, answer, _counts(ending.metrics, _METRICS), usage, ending.last)


def _families(model: Model) -> tuple[Family, ...]:
    """Return the ways to read a model's bodies: its family's and, where that finds nothing, by shape."""
    family = unknown.named(model.family)
    return (family,) if family is unknown.FAMILY else (family, unknown.FAMILY)


def _counts(source: Mapping[str, Any], names: tuple[str, ...]) -> Counts:
    return Counts(*[fields.tokens(source.get(name)) for name in names])


def _parse(chunks: list[bytes]) -> list[Body]:
    """Parse chunks, all at once where each is JSON: one by one they cost three times as much."""
    try:
        values = fields.loads(b"[" + b",".join(chunks) + b"]")
    except (ValueError, RecursionError):
        values = ()
    if len(values) != len(chunks):
        return [fields.parse(chunk) for chunk in chunks]
    return [fields.mapping(value) for value in values]


class _End(NamedTuple):
    """How a stream ended: Bedrock's metrics, the model's reason and usage, what a guardrail did, and the last chunk that tells
    of it, else the last."""  # noqa: D205, D209 - one sentence

    metrics: Body
    finish: str | None
    usage: Usage | None
    intervened: bool
    trace: Body
    last: Body


def _end(chunks: list[bytes], parsed: list[Body], family: Family) -> _End:
    metrics: Body = {}
    last: Body = {}
    trace: Body = {}
    finish: str | None = None
    usage: Usage | None = None
    tail = b"\n".join(chunks[-_TAIL:])
    intervened = b"INTERVENED" in tail and _INTERVENED.search(tail) is not None
    for event in _telling(chunks, parsed):
        last = last or event
        metrics = metrics or fields.child(event, _METRICS_KEY)
        trace = trace or fields.child(event, _TRACE_KEY)
        finish = finish or family.finish(event)
        usage = tokens.complete(usage, family.usage(event))
        if metrics and finish and (trace or not intervened):
            break
    return _End(metrics, finish, usage, intervened, trace, last or fields.parse(chunks[-1] if chunks else None))


def _telling(chunks: list[bytes], parsed: list[Body]) -> Iterator[Body]:
    """Give the chunks that tell how a stream ended, the last one first."""
    for at in range(len(chunks) - 1, max(-1, len(chunks) - 1 - _TAIL), -1):
        chunk = chunks[at]
        if _TELLING.search(chunk):
            yield parsed[at] if at < len(parsed) else fields.parse(chunk)


class _Beginning(NamedTuple):
    """How a stream began: the prompt's count, and its first content."""

    usage: Usage | None
    content: Content | None


def _begin(parsed: list[Body], family: Family) -> _Beginning:
    usage: Usage | None = None
    for event in parsed[:_HEAD]:
        usage = tokens.complete(usage, family.usage(event))
        content = family.content(event)
        if content is not None:
            return _Beginning(usage, content)
    return _Beginning(usage, None)


def _listen(chunks: list[bytes], parsed: list[Body], family: Family, answer: Answer, *, whole: bool) -> bool:
    """Put what a stream says into `answer`. Return whether it was heard to its end."""
    transcript = Transcript()
    at = 0
    while True:
        for event in parsed:
            family.tell(event, transcript)
        at += _BATCH
        if at >= len(chunks) or (transcript.opened and not whole):
            break
        parsed = _parse(chunks[at : at + _BATCH])
    transcript.close(answer, complete=False)
    return at >= len(chunks)


def _close(call: Call, answer: Answer, counts: Counts, usage: Usage | None, body: Body) -> None:
    """Settle what the parts say.

    An answer without a reason of the model's own, in which a guardrail intervened, ended by the guardrail. Where Bedrock
    counted nothing either, the request was kept from the model, and the body's counts are those of the guardrail's text.
    """
    stopped = answer.finish is None and call.status == "ok" and answer.guardrail is not None
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

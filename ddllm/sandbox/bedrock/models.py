"""The simulated models: from a request to an answer or a failure, decided by the dials and a seeded generator.

What happens to a request depends on the seed, the request itself, and how many equal ones came before; never on the clock
or on the order in which threads got their turn. So a run can be repeated, and a retry can end otherwise than the first try.
"""

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import Any, Literal, get_args
from uuid import UUID

from ddllm.sandbox.bedrock import answers, converse
from ddllm.sandbox.bedrock.ask import Ask, count_tokens
from ddllm.sandbox.bedrock.dials import Board, Dials
from ddllm.sandbox.bedrock.failures import INTERNAL, UNAVAILABLE, Failure, Refused, invalid, throttled
from ddllm.sandbox.bedrock.families import Family, family_of
from ddllm.sandbox.bedrock.reply import Block, Reply, Stop, Text, Timing, ToolUse, Usage

Operation = Literal["converse", "converse-stream", "invoke", "invoke-with-response-stream"]
OPERATIONS: tuple[str, ...] = get_args(Operation)
STREAMED = frozenset({"converse-stream", "invoke-with-response-stream"})

#: The quantile of the standard normal distribution that makes a 95th percentile.
_Z95 = 1.6449
#: How much answers to equal dials differ in length and speed, as the sigma of a log-normal factor.
_LENGTH_SPREAD = 0.45
_SPEED_SPREAD = 0.12
#: The part of the time to first token after which the first byte is there.
_FIRST_BYTE = 0.9
#: Seconds for which a cached prompt lives after its last use, as Bedrock documents it.
_CACHE_SECONDS = 300.0
#: Characters of the ids that Anthropic makes.
_ID_LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Fault:
    """A stream that breaks: how, and after which part (0 to 1) of its events."""

    kind: str
    at: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a request: an answer and perhaps its fault, or a failure."""

    request_id: str
    reply: Reply | None = None
    fault: Fault | None = None
    failure: Failure | None = None


class Models:
    """All models. Not safe across threads, but for `board`."""

    def __init__(self, board: Board, seed: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.board = board
        self._seed = seed
        self._clock = clock
        self._seen: Counter[bytes] = Counter()
        self._cached: dict[bytes, float] = {}

    def outcome(self, operation: str, model_id: str, body: bytes) -> Outcome:
        """Decide about one request."""
        rng = self._generator(operation, model_id, body)
        request_id = str(UUID(int=rng.getrandbits(128), version=4))
        dials = self.board.of(model_id)
        try:
            family = family_of(model_id)
            ask = _read(operation, family, body)
            _turn_away(dials, rng)
            reply = self._reply(request_id, model_id, family, ask, dials, rng)
        except Refused as refused:
            return Outcome(request_id, failure=refused.failure)
        broken = rng.random() < dials.stream_fault
        fault = Fault(dials.stream_fault_kind, rng.uniform(0.2, 0.9))
        return Outcome(request_id, reply, fault if broken and operation in STREAMED else None)

    def _generator(self, operation: str, model_id: str, body: bytes) -> Random:
        request = blake2b(f"{operation} {model_id} ".encode() + body, digest_size=16).digest()
        nth = self._seen[request]
        self._seen[request] += 1
        return Random(f"{self._seed} {nth} {request.hex()}")  # noqa: S311 - to be repeated, not to be secret

    def _reply(self, request_id: str, model_id: str, family: Family, ask: Ask, dials: Dials, rng: Random) -> Reply:
        if ask.tokens > family.context_window:
            raise invalid("Input is too long for requested model.")
        timing = _timing(dials, rng)
        blocks, stop = _limited(*_blocks(ask, dials, rng), ask, dials, rng)
        output = sum(count_tokens(block.streamed) for block in blocks)
        usage = self._usage(model_id, family, ask, output)
        return Reply(request_id, _id(rng), model_id, blocks, stop, usage, timing)

    def _usage(self, model_id: str, family: Family, ask: Ask, output: int) -> Usage:
        cacheable = ask.cacheable_tokens
        if family.min_cacheable is None or cacheable < family.min_cacheable:
            return Usage(ask.tokens, output)
        fresh = ask.tokens - cacheable
        key = blake2b(repr((model_id, ask.cacheable_prompt)).encode(), digest_size=16).digest()
        now = self._clock()
        hit = self._cached.get(key, -math.inf) > now
        self._cached[key] = now + _CACHE_SECONDS
        return Usage(fresh, output, cache_read=cacheable) if hit else Usage(fresh, output, cache_write=cacheable)


def _read(operation: str, family: Family, body: bytes) -> Ask:
    try:
        request: Mapping[str, Any] = json.loads(body)
        return converse.read(request) if operation.startswith("converse") else family.read(request)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"Malformed input request: {error}, please reformat your input and try again."
        raise invalid(message) from None


def _turn_away(dials: Dials, rng: Random) -> None:
    """Raise what comes in place of an answer. Every roll is made each time, so that a turned dial moves no other."""
    throttle, fail, which = rng.random(), rng.random(), rng.random()
    if throttle < dials.throttle:
        raise Refused(throttled(dials.retry_after))
    if fail < dials.server_error:
        raise Refused(INTERNAL if which < 0.5 else UNAVAILABLE)  # noqa: PLR2004 - as likely as not


def _timing(dials: Dials, rng: Random) -> Timing:
    sigma = max(0.0, math.log(dials.ttft_p95 / dials.ttft_p50) / _Z95)
    first_token = dials.ttft_p50 / 1_000 * rng.lognormvariate(0, sigma)
    queued = -dials.queue / 1_000 * math.log(1 - rng.random())
    speed = dials.tokens_per_second * rng.lognormvariate(0, _SPEED_SPREAD)
    return Timing(queued, first_token * _FIRST_BYTE, first_token, speed)


def _blocks(ask: Ask, dials: Dials, rng: Random) -> tuple[tuple[Block, ...], Stop]:
    refused, malformed, uses_tool = (
        roll < dial
        for roll, dial in (
            (rng.random(), dials.refuse),
            (rng.random(), dials.malformed_json),
            (rng.random(), dials.tool_use),
        )
    )
    length = round(dials.answer_tokens * dials.drift * rng.lognormvariate(0, _LENGTH_SPREAD))
    if refused:
        return (Text(answers.refusal(rng)),), "stop"
    if ask.tools and (ask.tool_required or (uses_tool and not ask.tool_answered)):
        return _tool_use(ask, rng), "tool_use"
    if ask.schema is not None:
        document = answers.document(rng, ask.schema)
        return (Text(answers.broken(rng, document) if malformed else document),), "stop"
    return (Text(answers.prose(rng, length)),), "stop"


def _tool_use(ask: Ask, rng: Random) -> tuple[Block, ...]:
    tool = rng.choice(ask.tools)
    said = answers.preamble(rng)
    given = answers.value(rng, {"type": "object", **tool.schema})
    use = ToolUse(_id(rng), tool.name, given, json.dumps(given))
    return (Text(said), use) if said else (use,)


def _limited(
    blocks: tuple[Block, ...], stop: Stop, ask: Ask, dials: Dials, rng: Random
) -> tuple[tuple[Block, ...], Stop]:
    """Cut an answer at the token limit; the dial for truncation lowers the limit to a part of what there was to say."""
    length = sum(count_tokens(block.streamed) for block in blocks)
    short, part = rng.random() < dials.truncate, rng.uniform(0.3, 0.9)
    limit = min(ask.max_tokens, max(1, round(length * part)) if short else length)
    if length <= limit:
        return blocks, stop
    kept: list[Block] = []
    for block in blocks:
        size = count_tokens(block.streamed)
        if size <= limit:
            kept.append(block)
        elif isinstance(block, Text):  # a tool's input is whole or absent: half of it would be no document
            kept.append(Text(block.text[: 4 * limit]))
        limit = max(0, limit - size)
        if not limit:
            break
    return tuple(kept) or (Text("I"),), "length"


def _id(rng: Random) -> str:
    return "01" + "".join(rng.choices(_ID_LETTERS, k=22))

"""What one LLM call was: plain slotted objects that hold facts and know nothing of SDKs, queues or metrics.

Times are readings of `time.perf_counter()` in seconds; differences between them are all that is ever reported.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Status = Literal["ok", "error", "abandoned"]
Guardrail = Literal["blocked", "masked", "intervened"]

#: One HTTP attempt: when it began, when its request left (after the SDK's own rate limiter), when the head of its answer
#: was there, the HTTP status (0 without an answer), and the error: the provider's code or the exception's class.
Attempt = tuple[float, float, float, int, str | None]


class Usage:
    """Tokens of one call, as the provider counted them; None where it did not say.

    `input` counts every token sent: those read from and written to the prompt cache are part of it, as `cache_write_1h`
    is part of `cache_write` and `reasoning` of `output`.
    """

    __slots__ = ("cache_read", "cache_write", "cache_write_1h", "input", "output", "reasoning")

    def __init__(
        self,
        input: int | None = None,  # noqa: A002 - the metric's own word
        output: int | None = None,
        cache_read: int | None = None,
        cache_write: int | None = None,
        cache_write_1h: int | None = None,
        reasoning: int | None = None,
    ) -> None:
        self.input = input
        self.output = output
        self.cache_read = cache_read
        self.cache_write = cache_write
        self.cache_write_1h = cache_write_1h
        self.reasoning = reasoning

    def __repr__(self) -> str:
        known = (f"{name}={value}" for name in self.__slots__ if (value := getattr(self, name)) is not None)
        return f"Usage({', '.join(known)})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Usage):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]  # mutable


class ToolCall(NamedTuple):
    """One call of a tool that the model asked for: the tool's name, and its arguments as text or as the object that they were."""

    name: str
    arguments: str | Mapping[str, Any]


class Answer:
    """What the provider and the model said in one call, read from the bytes that passed by.

    `operation` is the catalogue's word; `finish` the provider's own word for why the answer ended, None where it gave none;
    `finish_reason` the catalogue's word for it. `latency` and `first_byte` are the provider's own timings in seconds, where
    it reports them. `tier` is the service tier that answered (`flex`, `priority`, …), None for the standard one.
    `reasoning_streamed` says that reasoning was part of what was streamed.

    `text` is what the model wrote to the user, without its reasoning, and `tool_calls` what it asked of tools; `complete` says that
    both are whole, and not just how the answer begins. `declined`: a field of the model's own says that it refused.
    `guardrail` is what a guardrail that intervened did: it blocked, it at most masked, or no trace tells (`intervened`).
    """

    __slots__ = (
        "complete",
        "declined",
        "finish",
        "finish_reason",
        "first_byte",
        "guardrail",
        "latency",
        "operation",
        "reasoning_streamed",
        "text",
        "tier",
        "tool_calls",
        "usage",
    )

    def __init__(self, operation: str = "chat") -> None:
        self.operation = operation
        self.usage: Usage | None = None
        self.finish: str | None = None
        self.finish_reason = "unknown"
        self.latency: float | None = None
        self.first_byte: float | None = None
        self.tier: str | None = None
        self.reasoning_streamed = False
        self.text = ""
        self.tool_calls: tuple[ToolCall, ...] = ()
        self.complete = False
        self.declined = False
        self.guardrail: Guardrail | None = None

    def __repr__(self) -> str:
        return f"Answer({self.operation}, {self.finish_reason}, {self.usage})"


class Call:
    """One LLM call, as the application's thread saw it.

    That thread writes times and references to bytes that were already read, and nothing else; what the bytes mean is
    read later, elsewhere.

    api           the SDK's name of the operation (`Converse`, `InvokeModel`, …)
    request       the request body as it was sent, None where it could not be kept (a file, a mutable buffer, too large)
    headers       of the last answer, names in lower case; empty without an answer
    response      the answer's body (bytes), or of a stream what it consists of, in order and as far as it was read: the payloads of its
                  chunks (bytes); for ConverseStream the text or tool's input between two events (str), and copies of the events around it
    truncated     whether a part of `response` was left out because it was too large to keep
    reasoning_streamed    whether the first content of a ConverseStream was reasoning
    started       when the application called; `first_event`, `first_content` and `ended` are later points, None before them
    scope         what the code around the call said about it, opaque here
    actions       the users' actions that the call is part of, from the outside in; `late_for` counts those that were over by then
    observed      the ids by which LLM Observability knows the call's span, once the span is let go
    trace, root, span    the trace context around the call, its local root span, and ddtrace's span of the call; opaque here,
                  None without one
    """

    __slots__ = (
        "actions",
        "api",
        "attempts",
        "ended",
        "error_type",
        "first_content",
        "first_event",
        "headers",
        "late_for",
        "model_id",
        "observed",
        "provider",
        "reasoning_streamed",
        "region",
        "request",
        "response",
        "root",
        "scope",
        "span",
        "started",
        "status",
        "stream",
        "trace",
        "truncated",
    )

    def __init__(self, provider: str, api: str, model_id: str, region: str, *, stream: bool, started: float) -> None:
        self.provider = provider
        self.api = api
        self.model_id = model_id
        self.region = region
        self.stream = stream
        self.started = started
        self.attempts: list[Attempt] = []
        self.request: bytes | None = None
        self.headers: Mapping[str, str] = {}
        self.response: bytes | list[Any] | None = None
        self.truncated = False
        self.reasoning_streamed = False
        self.first_event: float | None = None
        self.first_content: float | None = None
        self.ended: float | None = None
        self.status: Status = "ok"
        self.error_type: str | None = None
        self.scope: Any = None
        self.actions: tuple[Action, ...] = ()
        self.late_for = 0
        self.span: Any = None
        self.observed: tuple[str, str] = ("", "")
        self.root: Any = None
        self.trace: Any = None

    def __repr__(self) -> str:
        return f"Call({self.api} {self.model_id}, {len(self.attempts)} attempts, {self.status}, error_type={self.error_type})"


class Action:
    """One user action: the calls that it took, added up.

    The application's threads note that a call of it began (`begun`), and when and how it ended; the worker adds up what the calls
    turn out to be. A call may end after its action: a stream that is still read when its request has been answered.

    started, ended   readings of the clock; `ended` is None while it lasts
    begun            one entry a call: appending is all that several threads can do without a lock
    reported, usd    calls that the worker has seen, and what they cost; `unpriced` of them have no known price
    generation       of the process in which it began: a fork counts them
    scope, root, trace    as those of a `Call`
    """

    __slots__ = (
        "begun",
        "ended",
        "generation",
        "name",
        "reported",
        "root",
        "scope",
        "started",
        "status",
        "trace",
        "unpriced",
        "usd",
    )

    def __init__(self, name: str, started: float) -> None:
        self.name = name
        self.started = started
        self.ended: float | None = None
        self.status: Status = "ok"
        self.generation = 0
        self.begun: list[None] = []
        self.reported = 0
        self.usd = 0.0
        self.unpriced = 0
        self.scope: Any = None
        self.root: Any = None
        self.trace: Any = None

    def __repr__(self) -> str:
        return f"Action({self.name}, {self.reported} of {len(self.begun)} calls reported, {self.status})"


class Feedback(NamedTuple):
    """What a user did with an answer. `kind` is the catalogue's word, `reference` names the call, `at` is in seconds since the epoch."""

    kind: str
    reference: str
    at: float

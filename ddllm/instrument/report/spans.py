"""What a call takes from the active trace, and the tags that it leaves on ddtrace's own span of the call.

Only ddtrace's public API. Tags are set when their fact is known: ddtrace finishes its span of a stream before the stream's
end reaches us, and a tag that comes after that is lost.
"""

import sys
from contextvars import ContextVar, Token
from typing import Any

from ddtrace.trace import tracer

from ddllm.call import Call

#: The span that ddtrace's botocore integration opens around a Bedrock runtime call.
PROVIDER_SPAN = "bedrock-runtime.command"

TTFT = "ddllm.ttft"
STATUS = "ddllm.status"
ATTEMPTS = "ddllm.attempts"


#: The root span of the thread that gave this one its work: a pool's threads see the trace's context, and no span of it.
_inherited: ContextVar[Any] = ContextVar("ddllm_root", default=None)


def root() -> Any:
    """Return the root span of the work at hand, across the threads of pools; None without one."""
    inherited = _inherited.get()
    local = tracer.current_root_span()
    if local is None or (inherited is not None and inherited.trace_id == local.trace_id):
        return inherited
    return local if local.name != PROVIDER_SPAN else inherited


def inherit(span: Any) -> Token[Any]:
    """Take a root span over from another thread, until `disinherit` is given what this returns."""
    return _inherited.set(span)


def disinherit(token: Token[Any]) -> None:
    """End what `inherit` began."""
    _inherited.reset(token)


def trace() -> Any:
    """Return the trace's context, None without one."""
    return tracer.current_trace_context()


def attach(call: Call) -> None:
    """Remember the trace around a call: its context, its root, and ddtrace's span of the call itself, if there is one."""
    call.trace = tracer.current_trace_context()
    if call.trace is None:  # nor is there a span, then
        call.root = _inherited.get()
        return
    call.root = root()
    span = tracer.current_span()
    if span is not None and span.name == PROVIDER_SPAN:
        call.span = span


def observed(span: Any) -> tuple[str, str]:
    """Return the span's and the trace's id by which LLM Observability knows a call, empty where it is off."""
    llmobs = getattr(sys.modules.get("ddtrace.llmobs"), "LLMObs", None)
    if span is None or llmobs is None or not llmobs.enabled or getattr(span, "span_type", None) != "llm":
        return "", ""
    exported = llmobs.export_span(span=span)
    return (str(exported["span_id"]), str(exported["trace_id"])) if exported else ("", "")


def let_go(call: Call) -> None:
    """Keep what names a call's span, and not the span: the application's thread holds on to its last call."""
    if call.span is not None:
        call.observed = observed(call.span)
        call.span = None


def first_content(call: Call) -> None:
    """Tag the span with the time to first token, in seconds, at the moment of the first token."""
    if call.span is not None and call.first_content is not None:
        call.span.set_tag(TTFT, call.first_content - call.started)


def finished(call: Call) -> None:
    """Tag the span with the call's status and its number of attempts, unless the span is over."""
    span: Any = call.span
    if span is not None and not span.finished:
        span.set_tag(STATUS, call.status)
        span.set_tag(ATTEMPTS, len(call.attempts))

"""What a call takes from the active trace, and the tags that it leaves on ddtrace's own span of the call.

Only ddtrace's public API. Tags are set when their fact is known: ddtrace finishes its span of a stream before the stream's
end reaches us, and a tag that comes after that is lost.
"""

from typing import Any

from ddtrace.trace import tracer

from ddllm.call import Call

#: The span that ddtrace's botocore integration opens around a Bedrock runtime call.
PROVIDER_SPAN = "bedrock-runtime.command"

TTFT = "ddllm.ttft"
STATUS = "ddllm.status"
ATTEMPTS = "ddllm.attempts"


def attach(call: Call) -> None:
    """Remember the trace around a call: its context, its local root, and ddtrace's span of the call itself, if there is one."""
    call.trace = tracer.current_trace_context()
    if call.trace is None:
        return
    root = tracer.current_root_span()
    if root is not None and root.name != PROVIDER_SPAN:
        call.root = root
    span = tracer.current_span()
    if span is not None and span.name == PROVIDER_SPAN:
        call.span = span


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

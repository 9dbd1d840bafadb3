from collections.abc import Iterator

import pytest
from ddtrace.trace import Span, tracer

from ddllm.call import Call
from ddllm.instrument.report import spans


@pytest.fixture
def tracing(monkeypatch) -> Iterator[None]:
    """Real spans, which go nowhere."""
    monkeypatch.setattr(tracer, "enabled", False)
    yield
    tracer.context_provider.activate(None)


@pytest.fixture
def call() -> Call:
    return Call("aws.bedrock", "ConverseStream", "m", "eu-central-1", stream=True, started=100.0)


def test_without_a_trace_a_call_has_none(call, tracing):
    spans.attach(call)
    assert (call.trace, call.root, call.span) == (None, None, None)


def test_a_call_remembers_its_trace_its_root_and_ddtraces_span(call, tracing):
    with tracer.trace("web.request") as root, tracer.trace(spans.PROVIDER_SPAN) as own:
        spans.attach(call)
        assert (call.root, call.span) == (root, own)
        assert call.trace.trace_id == root.trace_id


def test_a_call_without_ddtraces_integration_has_no_span_of_its_own(call, tracing):
    with tracer.trace("web.request") as root, tracer.trace("handler"):
        spans.attach(call)
        assert (call.root, call.span) == (root, None)


def test_ddtraces_span_of_the_call_is_no_root(call, tracing):
    with tracer.trace(spans.PROVIDER_SPAN) as own:
        spans.attach(call)
        assert (call.root, call.span) == (None, own)


def test_the_time_to_first_token_is_tagged_at_the_first_token(call):
    call.span = Span(spans.PROVIDER_SPAN)
    call.first_content = 100.75
    spans.first_content(call)
    assert call.span.get_metric("ddllm.ttft") == 0.75
    assert call.span.get_tag("ddllm.status") is None


def test_the_rest_is_tagged_at_the_end(call):
    call.span = Span(spans.PROVIDER_SPAN)
    call.status = "abandoned"
    call.attempts = [(0.0, 0.0, 0.0, 429, "T"), (0.0, 0.0, 0.0, 200, None)]
    spans.finished(call)
    assert call.span.get_tag("ddllm.status") == "abandoned"
    assert call.span.get_metric("ddllm.attempts") == 2


def test_a_span_that_is_over_is_left_alone(call):
    call.span = Span(spans.PROVIDER_SPAN)
    call.span.finish()
    spans.finished(call)
    assert call.span.get_tag("ddllm.status") is None


def test_a_call_without_a_span_is_no_fault(call):
    call.first_content = 101.0
    spans.first_content(call)
    spans.finished(call)


def test_the_root_is_the_applications_own(tracing):
    assert spans.root() is None
    with tracer.trace("web.request") as root, tracer.trace(spans.PROVIDER_SPAN):
        assert spans.root() is root


def test_a_root_is_inherited_and_given_back(tracing):
    root = Span("web.request")
    token = spans.inherit(root)
    assert spans.root() is root
    spans.disinherit(token)
    assert spans.root() is None


def test_what_was_inherited_goes_before_a_root_of_the_same_trace(tracing):
    with tracer.trace("web.request") as root:
        pass
    token = spans.inherit(root)
    with tracer.start_span("handler", child_of=root.context, activate=True):
        assert spans.root() is root
    with tracer.start_span("another", child_of=None, activate=True) as own:
        assert spans.root() is own
    spans.disinherit(token)

from collections.abc import Iterator
from typing import Any

import pytest
from ddtrace.llmobs import LLMObs
from ddtrace.trace import tracer

import ddllm
from ddllm.call import Call
from ddllm.instrument import attribution
from ddllm.instrument.report import feature, spans
from ddllm.settings import FeatureRule


@pytest.fixture(autouse=True)
def tracing(monkeypatch) -> Iterator[None]:
    """Real spans, which go nowhere, and LLM Observability's real class, followed."""
    monkeypatch.setattr(tracer, "enabled", False)
    monkeypatch.setattr(LLMObs, "annotation_context", LLMObs.__dict__["annotation_context"])
    from ddtrace import llmobs

    attribution.watch_annotations(llmobs)
    yield
    tracer.context_provider.activate(None)


def called() -> Call:
    """Make a call as it is noted on the application's thread, here and now."""
    call = Call("aws.bedrock", "Converse", "m", "eu-central-1", stream=False, started=0.0)
    call.scope = attribution.current()
    spans.attach(call)
    return call


def resolved(call: Call, *rules: FeatureRule) -> str:
    return feature.resolve(call, rules, "shop")


def test_the_service_is_the_last_resort():
    assert resolved(called()) == "shop"


def test_a_root_span_names_its_resource():
    with tracer.trace("web.request", resource="GET /chat"):
        assert resolved(called()) == "GET /chat"


def test_a_root_span_without_a_resource_names_itself():
    with tracer.trace("consume"):
        assert resolved(called()) == "consume"


def test_a_route_goes_before_a_resource():
    with tracer.trace("web.request", resource="GET") as root:
        root.set_tag("http.route", "/chat/{id}")
        assert resolved(called()) == "/chat/{id}"


def test_a_route_that_the_framework_names_after_the_call_counts():
    with tracer.trace("web.request") as root, tracer.trace("handler"):
        call = called()
        root.resource = "POST /chat"
    assert resolved(call) == "POST /chat"


def test_an_annotation_goes_before_the_root_span():
    with tracer.trace("web.request"), LLMObs.annotation_context(tags={"feature": "annotated"}):
        assert resolved(called()) == "annotated"


def test_an_annotation_counts_while_llm_observability_is_off():
    assert not LLMObs.enabled
    with LLMObs.annotation_context(tags={"feature": "annotated"}, prompt={"id": "qa", "version": "v2"}):
        explicit, annotated = called().scope
    assert explicit is None
    assert (annotated.feature, annotated.prompt_template, annotated.prompt_version) == ("annotated", "qa", "v2")
    assert attribution.current() == (None, None)


def test_baggage_goes_before_an_annotation():
    with tracer.trace("web.request") as root, LLMObs.annotation_context(tags={"feature": "annotated"}):
        root.context.set_baggage_item("ddllm.feature", "upstream")
        assert resolved(called()) == "upstream"


def test_explicit_context_goes_before_all():
    with tracer.trace("web.request") as root, LLMObs.annotation_context(tags={"feature": "annotated"}):
        root.context.set_baggage_item("ddllm.feature", "upstream")
        with ddllm.context(feature="explicit"):
            assert resolved(called()) == "explicit"


def test_a_context_that_names_no_feature_leaves_it_to_the_others():
    with tracer.trace("web.request", resource="GET /chat"), ddllm.context(action="answer"):
        assert resolved(called()) == "GET /chat"


def rule(name: str, **match: str) -> FeatureRule:
    return FeatureRule(name, match)


@pytest.mark.parametrize(
    ("resource", "route", "rules", "expected"),
    [
        ("GET /chat/7", None, [rule("chat", route="/chat*")], "chat"),
        ("GET", "/chat/{id}", [rule("chat", route="/chat*")], "chat"),
        ("tasks.summarise", None, [rule("summary", resource="tasks.*")], "summary"),
        ("tasks.summarise", None, [rule("summary", route="tasks.*")], "summary"),
        ("GET /chat", None, [rule("all", service="shop"), rule("chat", route="/chat")], "all"),
        ("GET /chat", None, [rule("both", service="shop", route="/other")], "GET /chat"),
        ("GET /chat", None, [rule("other", service="another")], "GET /chat"),
    ],
)
def test_a_rule_of_the_configuration_goes_before_the_root_span(resource, route, rules, expected):
    with tracer.trace("web.request", resource=resource) as root:
        if route:
            root.set_tag("http.route", route)
        assert resolved(called(), *rules) == expected


def test_a_rule_holds_where_there_is_no_trace():
    assert resolved(called(), rule("batch", service="sh*")) == "batch"
    assert resolved(called(), rule("chat", route="/chat")) == "shop"


def test_a_rule_is_for_calls_whose_code_names_no_feature():
    with ddllm.context(feature="explicit"):
        assert resolved(called(), rule("batch", service="shop")) == "explicit"


def test_a_feature_is_a_text_whatever_the_code_gives():
    feature_of_another_type: Any = 7
    with ddllm.context(feature=feature_of_another_type):
        assert resolved(called()) == "7"

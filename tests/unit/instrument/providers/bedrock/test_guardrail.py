import json

import pytest

from ddllm.call import Call
from ddllm.instrument.providers import bedrock
from ddllm.instrument.providers.bedrock import guardrail

BLOCKED = {
    "guardrail": {"inputAssessment": {"g1": {"topicPolicy": {"topics": [{"name": "tax", "action": "BLOCKED"}]}}}}
}
MASKED = {
    "guardrail": {
        "modelOutput": ['{"action": "BLOCKED"}'],
        "outputAssessments": {
            "g1": [{"sensitiveInformationPolicy": {"piiEntities": [{"match": "x", "action": "ANONYMIZED"}]}}]
        },
    }
}
NOVA = "amazon.nova-lite-v1:0"


@pytest.mark.parametrize(
    ("trace", "did"), [(BLOCKED, "blocked"), (MASKED, "masked"), ({}, "intervened"), ({"guardrail": {}}, "intervened")]
)
def test_the_trace_tells_what_it_did(trace, did):
    assert guardrail.did(trace) == did


def test_a_trace_of_any_depth_is_read():
    trace: dict = {"action": "BLOCKED"}
    for _ in range(100_000):
        trace = {"x": trace}
    assert guardrail.did({"guardrail": trace}) == "masked"


def call(api: str, response: object, model: str = NOVA) -> Call:
    made = Call("aws.bedrock", api, model, "us-east-1", stream="Stream" in api, started=0.0)
    made.response = response  # type: ignore[assignment]
    return made


@pytest.mark.parametrize(("trace", "did"), [(BLOCKED, "blocked"), (MASKED, "masked"), ({}, "intervened")])
def test_every_operation_tells(trace, did):
    stop = {"stopReason": "guardrail_intervened"}
    converse = call("Converse", json.dumps({**stop, "trace": trace}).encode())
    stream = call("ConverseStream", ["x", {"messageStop": stop}, {"metadata": {"trace": trace}}])
    keys = {"amazon-bedrock-guardrailAction": "INTERVENED", "amazon-bedrock-trace": trace}
    invoke = call("InvokeModel", json.dumps({"stopReason": "end_turn", **keys}).encode())
    chunks = call(
        "InvokeModelWithResponseStream",
        [
            json.dumps(one).encode()
            for one in (
                {"contentBlockDelta": {"delta": {"text": "x"}}, "amazon-bedrock-guardrailAction": "INTERVENED"},
                {"messageStop": {"stopReason": "end_turn"}},
                {"metadata": {"usage": {"inputTokens": 1, "outputTokens": 1}}, **keys},
            )
        ],
    )
    for made in (converse, stream, invoke, chunks):
        assert bedrock.read(made, NOVA).guardrail == did, made.api


def test_a_guardrail_that_let_all_pass_did_nothing():
    body = {"stopReason": "end_turn", "amazon-bedrock-guardrailAction": "NONE", "amazon-bedrock-trace": BLOCKED}
    assert bedrock.read(call("InvokeModel", json.dumps(body).encode()), NOVA).guardrail is None
    assert (
        bedrock.read(call("Converse", json.dumps({"stopReason": "end_turn", "trace": MASKED}).encode()), NOVA).guardrail
        is None
    )


def test_whoever_stops_at_the_last_word_of_a_stream_sees_no_trace():
    stream = call("ConverseStream", ["No.", {"messageStop": {"stopReason": "guardrail_intervened"}}])
    assert bedrock.read(stream, NOVA).guardrail == "intervened"

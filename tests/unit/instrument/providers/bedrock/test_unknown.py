import pytest

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock import unknown
from ddllm.instrument.providers.bedrock.families import KNOWN
from tests.support.calls import invoke, invoke_stream, metrics

PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/1arbu5hu2sjr"
BODIES = [
    (
        {"type": "message", "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 4}},
        "stop",
        Usage(3, 4),
    ),
    (
        {"generation": "x", "prompt_token_count": 3, "generation_token_count": 4, "stop_reason": "length"},
        "length",
        Usage(3, 4),
    ),
    ({"stopReason": "tool_use", "usage": {"inputTokens": 3, "outputTokens": 4}}, "tool_use", Usage(3, 4)),
    ({"inputTextTokenCount": 3, "results": [{"tokenCount": 4, "completionReason": "FINISH"}]}, "stop", Usage(3, 4)),
    ({"outputs": [{"text": "x", "stop_reason": "stop"}]}, "stop", None),
    ({"generations": [{"text": "x", "finish_reason": "COMPLETE"}]}, "stop", None),
    ({"completions": [{"finishReason": {"reason": "length"}}]}, "length", None),
    (
        {"choices": [{"finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 4}},
        "stop",
        Usage(3, 4),
    ),
]


@pytest.mark.parametrize(("body", "reason", "usage"), BODIES)
def test_a_body_is_read_by_its_shape(body, reason, usage):
    answer = invoke(PROFILE, body)
    assert (answer.finish_reason, answer.usage) == (reason, usage)


def test_a_model_that_speaks_another_familys_language_is_understood():
    body = {"choices": [{"finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}
    assert invoke("meta.llama9-chat-v1:0", body).usage == Usage(3, 4)
    chunks = [{"choices": [{"delta": {"content": "Hi"}}]}, {"choices": [{"delta": {}, "finish_reason": "stop"}]}]
    assert invoke_stream("meta.llama9-chat-v1:0", *chunks).finish_reason == "stop"


def test_everything_that_bedrock_says_itself_is_reported_of_a_shape_never_seen():
    counted = {
        "x-amzn-bedrock-input-token-count": "6",
        "x-amzn-bedrock-output-token-count": "100",
        "x-amzn-bedrock-invocation-latency": "7123",
    }
    answer = invoke(PROFILE, {"answer": {"of": "tomorrow"}}, headers=counted)
    assert (answer.usage, answer.latency, answer.finish_reason) == (Usage(6, 100), 7.123, "unknown")
    streamed = invoke_stream(PROFILE, {"answer": "of tomorrow"}, {"done": True} | metrics(6, 100))
    assert (streamed.usage, streamed.first_byte) == (Usage(6, 100), 0.25)


def test_its_hints_are_those_of_all_families():
    assert set(unknown.FAMILY.hints) == {hint for family in KNOWN for hint in family.hints}


def test_a_family_is_found_by_its_name_and_an_unknown_name_is_this_one():
    assert all(unknown.named(family.name) is family for family in KNOWN)
    assert unknown.named("nobody's") is unknown.FAMILY

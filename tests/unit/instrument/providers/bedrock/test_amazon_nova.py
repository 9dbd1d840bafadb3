from ddllm.call import Usage
from ddllm.instrument.providers.bedrock.amazon_nova import FAMILY
from tests.support.calls import invoke, invoke_stream, metrics

NOVA = "amazon.nova-lite-v1:0"
USED = {"inputTokens": 5, "outputTokens": 10, "cacheReadInputTokenCount": 2, "cacheWriteInputTokenCount": 1}
DELTA = {"contentBlockDelta": {"delta": {"text": "It"}, "contentBlockIndex": 0}}
STOP = {"messageStop": {"stopReason": "max_tokens"}}
METADATA = {"metadata": {"usage": USED, "metrics": {}, "trace": {}}}


def test_a_body_says_how_it_ended_and_what_it_used():
    answer = invoke(
        NOVA, {"output": {"message": {}}, "stopReason": "tool_use", "usage": USED}, request={"messages": []}
    )
    assert (answer.operation, answer.finish_reason, answer.usage) == ("chat", "tool_use", Usage(8, 10, 2, 1))


def test_a_stream_says_it_in_its_last_two_chunks():
    counts = metrics(5, 10, cacheReadInputTokenCount=2, cacheWriteInputTokenCount=1)
    answer = invoke_stream(NOVA, {"messageStart": {"role": "assistant"}}, DELTA, STOP, METADATA | counts)
    assert (answer.finish_reason, answer.usage, answer.first_byte) == ("length", Usage(8, 10, 2, 1), 0.25)


def test_without_metrics_the_metadata_holds():
    assert invoke_stream(NOVA, DELTA, STOP, METADATA).usage == Usage(8, 10, 2, 1)


def test_a_masked_answer_ended_as_the_model_ended_it():
    masked = {"amazon-bedrock-guardrailAction": "INTERVENED"}
    answer = invoke_stream(NOVA, DELTA | masked, STOP | masked, METADATA | metrics(5, 10) | masked)
    assert (answer.finish_reason, answer.usage) == ("length", Usage(8, 10, 2, 1))


def test_content_is_converses():
    assert FAMILY.content(DELTA) == "text"
    assert FAMILY.content({"contentBlockDelta": {"delta": {"toolUse": {"input": "{"}}}}) == "tool"
    assert FAMILY.content({"contentBlockStart": {"start": {"toolUse": {"name": "f"}}}}) is None

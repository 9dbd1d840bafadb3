import pytest

from ddllm.call import Usage
from ddllm.instrument.providers import bedrock
from ddllm.instrument.providers.bedrock import converse
from tests.support.calls import finished

MODEL = "us.anthropic.claude-3-7-sonnet-20250219-v1:0"
ANSWER = {
    "metrics": {"latencyMs": 1300},
    "output": {"message": {"role": "assistant", "content": [{"text": "Paris."}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 11, "outputTokens": 3, "totalTokens": 14},
}


def read(body, **facts):
    return bedrock.read(finished("Converse", MODEL, body, **facts), MODEL)


def read_stream(*events, reasoning=False, **facts):
    call = finished("ConverseStream", MODEL, list(events), **facts)
    call.reasoning_streamed = reasoning
    return bedrock.read(call, MODEL)


def test_an_answer_says_how_it_ended_what_it_used_and_how_long_it_took():
    answer = read(ANSWER)
    assert (answer.operation, answer.finish, answer.finish_reason) == ("chat", "end_turn", "stop")
    assert answer.usage == Usage(11, 3)
    assert (answer.latency, answer.first_byte, answer.tier) == (1.3, None, None)


def test_input_includes_cached_tokens_which_converse_counts_apart():
    used = {
        "inputTokens": 11,
        "outputTokens": 264,
        "cacheReadInputTokens": 500,
        "cacheWriteInputTokens": 1028,
        "cacheDetails": [{"ttl": "5m", "inputTokens": 28}, {"ttl": "1h", "inputTokens": 1000}],
        "totalTokens": 1803,
    }
    assert read(ANSWER | {"usage": used}).usage == Usage(1539, 264, 500, 1028, 1000)


def test_the_older_names_of_cached_tokens_are_read():
    used = {"inputTokens": 1, "outputTokens": 1, "cacheReadInputTokenCount": 5, "cacheWriteInputTokenCount": 0}
    assert read(ANSWER | {"usage": used}).usage == Usage(6, 1, 5, 0)


@pytest.mark.parametrize(
    ("more", "tier"),
    [
        ({"serviceTier": {"type": "flex"}}, "flex"),
        ({"serviceTier": {"type": "default"}}, None),
        ({"performanceConfig": {"latency": "optimized"}}, "optimized"),
    ],
)
def test_the_tier_that_answered_is_known(more, tier):
    assert read(ANSWER | more).tier == tier


@pytest.mark.parametrize("body", [b"", b'{"message": "Too many requests"}', b"<html>", None])
def test_what_is_no_answer_says_nothing(body):
    answer = read(body, status="error")
    assert (answer.usage, answer.finish, answer.finish_reason, answer.latency) == (None, None, "unknown", None)


def test_a_stream_says_it_in_its_last_two_events():
    answer = read_stream(
        {"messageStart": {"role": "assistant"}},
        {"messageStop": {"stopReason": "max_tokens"}},
        {"metadata": {"usage": {"inputTokens": 8, "outputTokens": 10}, "metrics": {"latencyMs": 625}}},
    )
    assert (answer.finish_reason, answer.usage, answer.latency) == ("length", Usage(8, 10), 0.625)


def test_a_stream_left_at_its_stop_has_a_reason_and_no_usage():
    answer = read_stream({"messageStop": {"stopReason": "end_turn"}}, status="abandoned")
    assert (answer.finish_reason, answer.usage) == ("stop", None)


def test_a_stream_that_began_with_reasoning_says_so():
    assert read_stream(reasoning=True).reasoning_streamed
    assert not read_stream().reasoning_streamed


@pytest.mark.parametrize(
    "events", [(None, 5, "x", []), ({"metadata": None},), ({"messageStop": 5}, {"metadata": {"usage": 7}})]
)
def test_events_of_any_shape_are_survived(events):
    assert read_stream(*events).usage is None


@pytest.mark.parametrize(
    ("delta", "kind"),
    [
        ({"text": "Hi"}, "text"),
        ({"text": ""}, None),
        ({"reasoningContent": {"text": "Hm"}}, "reasoning"),
        ({"reasoningContent": {"signature": "abc"}}, None),
        ({"toolUse": {"input": '{"city"'}}, "tool"),
        ({"toolUse": {"input": ""}}, None),
        ({}, None),
    ],
)
def test_a_delta_is_content_when_there_is_something_in_it(delta, kind):
    assert converse.content(delta) == kind

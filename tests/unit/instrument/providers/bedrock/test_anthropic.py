import pytest

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock.anthropic import FAMILY
from tests.support.calls import invoke, invoke_stream, metrics

SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
MESSAGE = {
    "type": "message",
    "content": [{"type": "text", "text": "Paris."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 21, "output_tokens": 22},
}
START = {"type": "message_start", "message": {"stop_reason": None, "usage": {"input_tokens": 14, "output_tokens": 1}}}
BLOCK = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
TEXT = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Okay"}}
THOUGHT = {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "Hm"}}
DELTA = {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 133}}
STOP = {"type": "message_stop"}


def test_a_message_says_how_it_ended_and_what_it_used():
    answer = invoke(SONNET, MESSAGE)
    assert (answer.operation, answer.finish, answer.finish_reason) == ("chat", "end_turn", "stop")
    assert answer.usage == Usage(21, 22)


def test_input_includes_what_was_read_from_and_written_to_the_cache():
    used = {
        "input_tokens": 4,
        "output_tokens": 50,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 18_131,
        "cache_creation": {"ephemeral_5m_input_tokens": 131, "ephemeral_1h_input_tokens": 18_000},
    }
    assert invoke(SONNET, MESSAGE | {"usage": used}).usage == Usage(18_235, 50, 100, 18_131, 18_000)


def test_a_refusal_is_named():
    assert invoke(SONNET, MESSAGE | {"stop_reason": "refusal"}).finish_reason == "refusal"


def test_a_text_completion_is_read_too():
    answer = invoke(
        "anthropic.claude-v2:1",
        {"completion": " Hi", "stop_reason": "stop_sequence"},
        request={"prompt": "\n\nHuman: Hi"},
    )
    assert (answer.operation, answer.finish_reason, answer.usage) == ("text_completion", "stop_sequence", None)


def test_a_streams_counts_are_bedrocks_and_not_the_models():
    answer = invoke_stream(SONNET, START, BLOCK, TEXT, DELTA, STOP | metrics(14, 97))
    assert (answer.finish_reason, answer.usage) == ("length", Usage(14, 97))
    assert (answer.latency, answer.first_byte) == (1.5, 0.25)


def test_a_streams_hour_long_writes_are_read_from_its_start():
    used = {
        "input_tokens": 4,
        "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_1h_input_tokens": 30},
        "output_tokens": 1,
    }
    counts = metrics(4, 9, cacheReadInputTokenCount=0, cacheWriteInputTokenCount=30)
    answer = invoke_stream(SONNET, {"type": "message_start", "message": {"usage": used}}, TEXT, DELTA, STOP | counts)
    assert answer.usage == Usage(34, 9, 0, 30, 30)


def test_without_metrics_the_streams_own_counts_hold():
    assert invoke_stream(SONNET, START, BLOCK, TEXT, DELTA, STOP).usage == Usage(14, 133)


def test_a_stream_that_broke_off_has_its_input_alone():
    answer = invoke_stream(SONNET, START, BLOCK, TEXT, TEXT, status="abandoned")
    assert (answer.usage, answer.finish, answer.finish_reason) == (Usage(14), None, "unknown")


def test_a_stream_that_begins_with_thinking_streams_its_reasoning():
    assert invoke_stream(SONNET, START, THOUGHT, TEXT, DELTA, STOP).reasoning_streamed
    assert not invoke_stream(SONNET, START, BLOCK, TEXT, DELTA, STOP).reasoning_streamed


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (TEXT, "text"),
        (THOUGHT, "reasoning"),
        ({"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": '{"a"'}}, "tool"),
        ({"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": ""}}, None),
        ({"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "c2ln"}}, None),
        ({"completion": " Hi", "stop_reason": None}, "text"),
        ({"completion": "", "stop_reason": "stop_sequence"}, None),
        (START, None),
        (BLOCK, None),
        (DELTA, None),
        ({"type": "ping"}, None),
    ],
)
def test_a_chunk_is_content_when_there_is_something_in_it(event, kind):
    assert FAMILY.content(event) == kind

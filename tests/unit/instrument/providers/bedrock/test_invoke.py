import pytest

from ddllm.call import Usage
from tests.support.calls import compact, invoke, invoke_stream, metrics

HAIKU, LLAMA, TITAN = (
    "anthropic.claude-3-haiku-20240307-v1:0",
    "meta.llama3-8b-instruct-v1:0",
    "amazon.titan-text-express-v1",
)
HEADERS = {
    "x-amzn-bedrock-input-token-count": "4",
    "x-amzn-bedrock-output-token-count": "50",
    "x-amzn-bedrock-cache-read-input-token-count": "0",
    "x-amzn-bedrock-cache-write-input-token-count": "18131",
    "x-amzn-bedrock-invocation-latency": "7275",
}
MESSAGE = {
    "type": "message",
    "stop_reason": "max_tokens",
    "usage": {
        "input_tokens": 4,
        "cache_creation_input_tokens": 18_131,
        "cache_read_input_tokens": 0,
        "output_tokens": 50,
    },
}


def test_headers_count_cached_tokens_apart_as_bodies_do():
    answer = invoke(HAIKU, MESSAGE, headers=HEADERS)
    assert (answer.usage, answer.latency) == (Usage(18_135, 50, 0, 18_131), 7.275)


@pytest.mark.parametrize("body", [None, b"", compact(MESSAGE)[:60], b"not json"])
def test_headers_tell_the_usage_of_a_body_that_was_not_read_to_its_end(body):
    answer = invoke(HAIKU, body, headers=HEADERS)
    assert (answer.usage, answer.finish, answer.finish_reason) == (Usage(18_135, 50, 0, 18_131), None, "unknown")


def test_headers_without_cache_counts_leave_the_bodys_sum():
    headers = {name: value for name, value in HEADERS.items() if "cache" not in name}
    assert invoke(HAIKU, MESSAGE, headers=headers).usage == Usage(18_135, 50, 0, 18_131)


def test_without_headers_the_body_holds():
    assert invoke(HAIKU, MESSAGE).usage == Usage(18_135, 50, 0, 18_131)


def test_a_count_may_be_written_as_a_fraction_and_nonsense_is_none():
    headers = {"x-amzn-bedrock-input-token-count": "28.0", "x-amzn-bedrock-output-token-count": "many"}
    assert invoke(LLAMA, b"", headers=headers).usage == Usage(28)


def test_optimised_latency_is_another_tier():
    headers = HEADERS | {"x-amzn-bedrock-performanceconfig-latency": "optimized"}
    assert invoke(HAIKU, MESSAGE, headers=headers).tier == "optimized"


def test_an_error_says_nothing():
    answer = invoke(HAIKU, {"message": "The security token is expired"}, status="error")
    assert (answer.usage, answer.finish, answer.finish_reason) == (None, None, "unknown")


BLOCKED = {
    "outputText": "Input blocked",
    "totalOutputTextTokenCount": 3.0,
    "inputTextTokenCount": 6.0,
    "amazon-bedrock-guardrailAction": "INTERVENED",
    "amazon-bedrock-trace": {"guardrail": {"input": {"g": {"invocationMetrics": {"usage": {"topicPolicyUnits": 1}}}}}},
}


@pytest.mark.parametrize("trace", [BLOCKED["amazon-bedrock-trace"], None])
def test_a_request_that_a_guardrail_blocked_never_reached_the_model_and_used_no_tokens(trace):
    answer = invoke_stream(TITAN, BLOCKED | {"amazon-bedrock-trace": trace})
    assert (answer.finish, answer.finish_reason, answer.usage) == (None, "guardrail", None)
    assert (answer.latency, answer.first_byte) == (None, None)


def test_what_bedrock_counted_holds_where_a_guardrail_ended_the_answer():
    answer = invoke_stream(TITAN, BLOCKED | metrics(6, 12))
    assert (answer.finish_reason, answer.usage) == ("guardrail", Usage(6, 12))


def test_a_guardrail_says_nothing_of_a_stream_that_was_left():
    answer = invoke_stream(TITAN, BLOCKED, status="abandoned")
    assert (answer.finish_reason, answer.usage) == ("unknown", Usage(6, 3))


def test_metrics_within_an_answers_text_are_text():
    text = '{"amazon-bedrock-invocationMetrics":{"inputTokenCount":9,"outputTokenCount":9},"stop_reason":"stop"}'
    chunk = {"generation": text, "prompt_token_count": 3, "generation_token_count": 1, "stop_reason": None}
    answer = invoke_stream(LLAMA, chunk, status="abandoned")
    assert (answer.usage, answer.finish, answer.latency) == (Usage(3), None, None)


def test_chunks_that_are_no_json_are_survived():
    last = {"generation": "", "generation_token_count": 5, "stop_reason": "stop"} | metrics(3, 5)
    answer = invoke_stream(LLAMA, b'{"generation": "cut', b"\xff\x00", last, b"[]")
    assert (answer.finish_reason, answer.usage) == ("stop", Usage(3, 5))


def test_a_stream_whose_middle_is_missing_has_both_its_ends():
    start = {"type": "message_start", "message": {"usage": {"input_tokens": 12, "output_tokens": 1}}}
    stop = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 700}}
    delta = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x"}}
    answer = invoke_stream(HAIKU, start, *[delta] * 100, stop)
    assert (answer.finish_reason, answer.usage) == ("stop", Usage(12, 700))


def test_a_stream_without_events_says_nothing():
    answer = invoke_stream(HAIKU, status="abandoned")
    assert (answer.usage, answer.finish_reason) == (None, "unknown")


def test_spaces_in_chunks_do_not_matter():
    chunk = b'{ "generation": "", "stop_reason" : "stop", "amazon-bedrock-invocationMetrics" : {"inputTokenCount": 3, "outputTokenCount": 5} }'
    assert invoke_stream(LLAMA, chunk).usage == Usage(3, 5)

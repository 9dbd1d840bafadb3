import pytest

from ddllm.call import Usage
from ddllm.instrument.providers.bedrock.openai import FAMILY
from tests.support.calls import invoke, invoke_stream, metrics

GPT = "openai.gpt-oss-120b-1:0"
USED = {
    "prompt_tokens": 70,
    "completion_tokens": 30,
    "prompt_tokens_details": {"cached_tokens": 20},
    "completion_tokens_details": {"reasoning_tokens": 12},
}


def delta(finish=None, **said):
    return {"choices": [{"index": 0, "delta": said, "finish_reason": finish}]}


def test_a_body_says_how_it_ended_and_what_it_used():
    answer = invoke(GPT, {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}], "usage": USED})
    assert (answer.operation, answer.finish_reason) == ("chat", "stop")
    assert answer.usage == Usage(70, 30, cache_read=20, reasoning=12)


def test_deepseek_calls_it_a_stop_reason():
    answer = invoke(
        "us.deepseek.r1-v1:0", {"choices": [{"text": "Hi", "stop_reason": "length"}]}, request={"prompt": "Hi"}
    )
    assert (answer.operation, answer.finish_reason) == ("text_completion", "length")


def test_a_stream_has_its_usage_behind_its_reason():
    answer = invoke_stream(
        GPT, delta(role="assistant"), delta(content="Hi"), delta("stop"), {"choices": [], "usage": USED}
    )
    assert (answer.finish_reason, answer.usage) == ("stop", Usage(70, 30, cache_read=20, reasoning=12))


def test_bedrocks_metrics_go_first_and_reasoning_is_added():
    last = {"choices": [], "usage": USED} | metrics(70, 31)
    assert invoke_stream(GPT, delta(content="Hi"), delta("stop"), last).usage == Usage(
        70, 31, cache_read=20, reasoning=12
    )


def test_a_running_count_is_no_count():
    running = delta(content="Hi") | {"usage": {"prompt_tokens": 70, "completion_tokens": 1}}
    assert invoke_stream(GPT, running, running, status="abandoned").usage == Usage(70)


def test_the_tier_is_read_from_the_body_where_no_header_tells():
    body = {"choices": [{"finish_reason": "stop"}], "usage": USED}
    assert invoke(GPT, body | {"service_tier": "flex"}).tier == "flex"
    assert invoke(GPT, body | {"service_tier": "default"}).tier is None
    assert invoke(GPT, body, headers={"x-amzn-bedrock-service-tier": "priority"}).tier == "priority"


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (delta(content="Hi"), "text"),
        (delta(content="<reasoning>We"), "reasoning"),
        (delta(reasoning_content="We"), "reasoning"),
        (delta(reasoning="We"), "reasoning"),
        (delta(tool_calls=[{"function": {"name": "f", "arguments": '{"a"'}}]), "tool"),
        (delta(tool_calls=[{"function": {"name": "f", "arguments": ""}}]), None),
        ({"choices": [{"text": "Hi"}]}, "text"),
        (delta(role="assistant", content=""), None),
        (delta("stop"), None),
        ({"choices": [], "usage": USED}, None),
    ],
)
def test_a_chunk_is_content_when_there_is_something_in_it(event, kind):
    assert FAMILY.content(event) == kind


def test_a_stream_that_begins_with_reasoning_says_so():
    assert invoke_stream(GPT, delta(role="assistant"), delta(reasoning="We"), delta(content="Hi")).reasoning_streamed

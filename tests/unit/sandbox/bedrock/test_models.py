import json
import statistics

import pytest

from ddllm.sandbox.bedrock.dials import Board, Dials
from ddllm.sandbox.bedrock.models import Models
from ddllm.sandbox.bedrock.reply import Text, ToolUse
from tests.support.simulator import HAIKU, LLAMA, SONNET, TOOLS, claude, llama, user

ROUNDS = 300


def models(seed=1, clock=lambda: 0.0, **dials):
    return Models(Board(Dials(**dials)), seed, clock)


def body(text="How long does a delivery take?", **more):
    return json.dumps({"messages": [user(text)], **more}).encode()


def outcomes(count=ROUNDS, operation="converse", model_id=SONNET, request=None, **dials):
    made = models(**dials)
    return [made.outcome(operation, model_id, request or body()) for _ in range(count)]


def replies(*arguments, **dials):
    return [one.reply for one in outcomes(*arguments, **dials)]


def share(rolled):
    rolled = list(rolled)
    return sum(rolled) / len(rolled)


def test_the_same_seed_decides_the_same():
    assert outcomes(20, throttle=0.3, stream_fault=0.3) == outcomes(20, throttle=0.3, stream_fault=0.3)


def test_another_seed_decides_otherwise():
    assert outcomes(20, seed=1) != outcomes(20, seed=2)


def test_the_order_of_different_requests_changes_nothing():
    one, other = models(), models()
    first = [one.outcome("converse", SONNET, body(text)) for text in ("a", "b", "c")]
    second = [other.outcome("converse", SONNET, body(text)) for text in ("c", "b", "a")]
    assert first == second[::-1]


def test_a_repeated_request_is_answered_anew():
    one, other = replies(2)
    assert one.blocks != other.blocks
    assert one.request_id != other.request_id


def test_a_turned_dial_moves_no_other():
    plain, throttled = outcomes(50), outcomes(50, throttle=0.5)
    answered = [(one, other) for one, other in zip(plain, throttled, strict=True) if other.reply]
    assert 0 < len(answered) < 50
    assert all(one == other for one, other in answered)


@pytest.mark.parametrize(
    ("dial", "status", "codes"),
    [
        ("throttle", {429}, {"ThrottlingException"}),
        ("server_error", {500, 503}, {"InternalServerException", "ServiceUnavailableException"}),
    ],
)
def test_failures_come_as_often_as_the_dial_says(dial, status, codes):
    failures = [one.failure for one in outcomes(**{dial: 0.3})]
    assert share(failure is not None for failure in failures) == pytest.approx(0.3, abs=0.1)
    assert {one.status for one in failures if one} == status
    assert {one.code for one in failures if one} == codes


def test_a_throttled_client_is_told_when_to_come_back():
    [one] = outcomes(1, throttle=1, retry_after=7)
    assert one.failure.headers == {"Retry-After": "7"}
    [one] = outcomes(1, throttle=1, retry_after=0)
    assert one.failure.headers == {}


def test_streams_break_as_often_and_in_the_way_that_the_dials_say():
    faults = [one.fault for one in outcomes(operation="converse-stream", stream_fault=0.3, stream_fault_kind="abort")]
    assert share(fault is not None for fault in faults) == pytest.approx(0.3, abs=0.1)
    assert {fault.kind for fault in faults if fault} == {"abort"}


def test_what_is_no_stream_does_not_break():
    assert not any(one.fault for one in outcomes(20, stream_fault=1))


def test_times_follow_the_percentiles_of_their_dials():
    times = sorted(one.timing.first_token for one in replies(1_000, ttft_p50=200, ttft_p95=1_000))
    assert statistics.median(times) == pytest.approx(0.2, rel=0.15)
    assert times[950] == pytest.approx(1.0, rel=0.3)


def test_times_are_all_the_same_without_a_spread():
    assert {one.timing.first_token for one in replies(20, ttft_p50=300, ttft_p95=100)} == {0.3}


def test_the_first_byte_comes_before_the_first_token():
    assert all(one.timing.first_byte < one.timing.first_token for one in replies(20))


def test_waiting_is_no_part_of_the_latency():
    queued, plain = replies(queue=400), replies()
    assert statistics.mean(one.timing.queued for one in queued) == pytest.approx(0.4, rel=0.2)
    assert [one.latency_ms for one in queued] == [one.latency_ms for one in plain]
    assert {one.timing.queued for one in plain} == {0}


def test_speed_follows_its_dial():
    speeds = [one.timing.speed for one in replies(tokens_per_second=50)]
    assert statistics.median(speeds) == pytest.approx(50, rel=0.1)


def test_answers_are_as_long_as_the_dials_say():
    def length(**dials):
        return statistics.median(one.usage.output for one in replies(answer_tokens=100, **dials))

    assert length() == pytest.approx(100, rel=0.2)
    assert length(drift=3) == pytest.approx(300, rel=0.2)


def test_an_answer_ends_at_the_limit_of_the_request():
    for one in replies(20, request=body(inferenceConfig={"maxTokens": 9})):
        assert (one.stop, one.usage.output) == ("length", 9)


def test_answers_are_truncated_as_often_as_the_dial_says():
    stops = [one.stop for one in replies(truncate=0.4)]
    assert share(stop == "length" for stop in stops) == pytest.approx(0.4, abs=0.1)


def test_models_decline_as_often_as_the_dial_says():
    said = [one.blocks[0].text for one in replies(refuse=0.4)]
    declined = share(text.startswith(("I'm sorry", "I'm not able", "I cannot")) for text in said)
    assert declined == pytest.approx(0.4, abs=0.1)


WANTS_JSON = body('Answer in JSON: {"vendor": string, "total": number}')


def test_json_is_answered_with_json():
    for one in replies(30, request=WANTS_JSON):
        assert json.loads(one.blocks[0].text).keys() == {"vendor", "total"}


def test_the_schema_of_a_request_goes_before_the_words_of_its_prompt():
    schema = {"type": "object", "properties": {"yes": {"type": "boolean"}}}
    text_format = {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(schema)}}}
    [one] = replies(1, request=body("Answer in JSON.", outputConfig={"textFormat": text_format}))
    assert type(json.loads(one.blocks[0].text)["yes"]) is bool


def test_json_is_broken_as_often_as_the_dial_says():
    def broken(text):
        try:
            json.loads(text)
        except ValueError:
            return True
        return False

    texts = [one.blocks[0].text for one in replies(request=WANTS_JSON, malformed_json=0.4)]
    assert share(map(broken, texts)) == pytest.approx(0.4, abs=0.1)


def test_tools_are_used_as_often_as_the_dial_says():
    made = replies(request=body(toolConfig=TOOLS), tool_use=0.4)
    assert share(one.stop == "tool_use" for one in made) == pytest.approx(0.4, abs=0.1)
    [use] = {type(one.blocks[-1]) for one in made if one.stop == "tool_use"}
    assert use is ToolUse


def test_a_tool_that_is_required_is_used():
    required = {**TOOLS, "toolChoice": {"any": {}}}
    [one] = replies(1, request=body(toolConfig=required), tool_use=0)
    assert one.stop == "tool_use"
    assert one.blocks[-1].input == json.loads(one.blocks[-1].streamed)


def test_after_a_tool_has_answered_the_model_speaks():
    result = {"toolResult": {"toolUseId": "1", "content": [{"text": "12 orders"}]}}
    request = json.dumps({"messages": [user("?"), user(result)], "toolConfig": TOOLS}).encode()
    [one] = replies(1, request=request, tool_use=1)
    assert [type(block) for block in one.blocks] == [Text]


def test_a_tools_input_is_never_cut():
    for one in replies(40, request=body(toolConfig=TOOLS, inferenceConfig={"maxTokens": 3}), tool_use=1):
        assert one.stop == "length"
        assert [type(block) for block in one.blocks] == [Text]
        assert one.usage.output <= 3


def cached(text):
    system = [{"text": text}, {"cachePoint": {"type": "default"}}]
    return json.dumps({"system": system, "messages": [user("four")]}).encode()


def test_a_prompt_is_written_to_the_cache_and_then_read_from_it():
    now = [0.0]
    made = models(clock=lambda: now[0])
    first, second = (made.outcome("converse", SONNET, cached("x" * 8_000)).reply.usage for _ in range(2))
    assert (first.input, first.cache_write, first.cache_read) == (1, 2_000, 0)
    assert (second.input, second.cache_write, second.cache_read) == (1, 0, 2_000)
    other = made.outcome("converse", HAIKU, cached("x" * 8_000)).reply.usage
    assert other.cache_write == 2_000
    now[0] = 301.0
    later = made.outcome("converse", SONNET, cached("x" * 8_000)).reply.usage
    assert later.cache_write == 2_000


@pytest.mark.parametrize(("model_id", "length"), [(SONNET, 1_000), (LLAMA, 8_000)])
def test_short_prompts_and_models_without_a_cache_are_not_cached(model_id, length):
    usage = models().outcome("converse", model_id, cached("x" * length)).reply.usage
    assert (usage.input, usage.cache_read, usage.cache_write) == (length // 4 + 1, 0, 0)


@pytest.mark.parametrize(
    ("operation", "model_id", "request_body", "message"),
    [
        ("converse", "amazon.nova-lite-v1:0", body(), "The provided model identifier is invalid."),
        ("converse", SONNET, b"{", "Malformed input request: "),
        ("converse", SONNET, b"[]", "Malformed input request: "),
        ("converse", SONNET, b'{"messages": [{}]}', "Malformed input request: 'content'"),
        ("converse", SONNET, b"{}", "A conversation must start with a user message."),
        ("invoke", SONNET, claude(max_tokens=0).encode(), "max_tokens: Field required"),
        ("invoke", LLAMA, b"{}", "Malformed input request: #: required key [prompt] not found"),
        ("invoke", LLAMA, llama("x" * 600_000).encode(), "Input is too long for requested model."),
    ],
)
def test_what_cannot_be_answered_is_refused(operation, model_id, request_body, message):
    failure = models().outcome(operation, model_id, request_body).failure
    assert (failure.status, failure.code) == (400, "ValidationException")
    assert failure.message.startswith(message)

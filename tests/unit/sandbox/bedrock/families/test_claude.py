import json

import pytest

from ddllm.sandbox.bedrock.failures import Refused
from ddllm.sandbox.bedrock.families.claude import FAMILY
from ddllm.sandbox.bedrock.reply import Reply, Text, Timing, ToolUse, Usage
from tests.support.simulator import SONNET, claude

USAGE = Usage(3, 11, cache_read=7)
TIMING = Timing(queued=0, first_byte=0.9, first_token=1.0, speed=10.0)
USE = ToolUse("01X", "find_order", {"number": 4}, '{"number": 4}')


def read(text="Hello?", **more):
    return FAMILY.read(json.loads(claude(text, **more)))


def reply(*blocks, stop="stop", usage=USAGE, model_id=SONNET):
    return Reply("request", "01ABC", model_id, blocks, stop, usage, TIMING)


@pytest.mark.parametrize("name", ["anthropic_version", "max_tokens", "messages"])
def test_what_the_messages_api_requires_is_required(name):
    body = json.loads(claude())
    del body[name]
    with pytest.raises(Refused, match=f"{name}: Field required"):
        FAMILY.read(body)


def test_system_and_messages_are_read():
    assert read("Hello?", system="Be brief.").parts == ["Be brief.", "Hello?"]
    assert read("Hello?", system=[{"type": "text", "text": "Be brief."}]).parts == ["Be brief.", "Hello?"]
    assert read(max_tokens=9).max_tokens == 9


def test_a_message_may_be_plain_text():
    assert read(messages=[{"role": "user", "content": "plain"}]).parts == ["plain"]


def test_cache_control_closes_the_part_that_may_be_cached():
    ephemeral = {"cache_control": {"type": "ephemeral"}}
    assert read(system=[{"type": "text", "text": "s", **ephemeral}]).cacheable_prompt == ("s",)
    tool = {"name": "f", "input_schema": {"type": "object"}, **ephemeral}
    assert len(read(tools=[tool]).cacheable_prompt) == 1


def test_images_count():
    image = {"type": "image", "source": {"type": "base64", "data": "AAAA"}}
    assert read(messages=[{"role": "user", "content": [image]}]).tokens == 1_000


@pytest.mark.parametrize(
    ("choice", "required"), [({"type": "auto"}, False), ({"type": "any"}, True), ({"type": "tool", "name": "f"}, True)]
)
def test_a_tool_may_be_required(choice, required):
    tools = [{"name": "f", "input_schema": {"type": "object"}}]
    ask = read(tools=tools, tool_choice=choice)
    assert (ask.tool_required, [tool.name for tool in ask.tools]) == (required, ["f"])


def test_a_tools_result_is_known():
    result = {"type": "tool_result", "tool_use_id": "1", "content": "12"}
    assert read(messages=[{"role": "user", "content": [result]}]).tool_answered


def test_an_answer_has_the_shape_of_the_messages_api():
    assert FAMILY.body(reply(Text("Let me see."), USE, stop="tool_use")) == {
        "id": "msg_bdrk_01ABC",
        "type": "message",
        "role": "assistant",
        "model": "claude-3-5-sonnet-20241022",
        "content": [
            {"type": "text", "text": "Let me see."},
            {"type": "tool_use", "id": "toolu_bdrk_01X", "name": "find_order", "input": {"number": 4}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 3,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 7,
            "output_tokens": 11,
        },
    }


def test_a_model_id_of_an_unknown_shape_is_the_models_name():
    assert FAMILY.body(reply(Text("x"), model_id="anthropic.claude"))["model"] == "anthropic.claude"


def test_a_stream_is_the_answer_in_pieces():
    sent = [content for _, content in FAMILY.chunks(reply(Text("Let me see that."), USE, stop="tool_use"))]
    kinds = [one["type"] for one in sent]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    deltas = [one["delta"] for one in sent if one["type"] == "content_block_delta"]
    assert "".join(one.get("text", "") for one in deltas) == "Let me see that."
    assert json.loads("".join(one.get("partial_json", "") for one in deltas)) == {"number": 4}
    assert sent[-2] == {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 11},
    }
    assert sent[-1]["amazon-bedrock-invocationMetrics"] == {
        "inputTokenCount": 3,
        "outputTokenCount": 11,
        "invocationLatency": 2_000,
        "firstByteLatency": 900,
        "cacheReadInputTokenCount": 7,
        "cacheWriteInputTokenCount": 0,
    }


def test_chunks_come_in_their_time():
    times = [at for at, _ in FAMILY.chunks(reply(Text("Let me see that."), USE))]
    assert times == sorted(times)
    assert (times[0], times[-1]) == (0.9, 2.0)

import json

import pytest

from ddllm.sandbox.bedrock import converse
from ddllm.sandbox.bedrock.reply import Reply, Text, Timing, ToolUse, Usage
from tests.support.simulator import TOOLS, user

USAGE = Usage(3, 11)
TIMING = Timing(queued=0, first_byte=0.9, first_token=1.0, speed=10.0)


def reply(*blocks, stop="stop", usage=USAGE):
    return Reply("request", "message", "model", blocks, stop, usage, TIMING)


def request(*turns, **more):
    return {"messages": list(turns), **more}


def test_the_text_of_a_request_is_read_in_the_order_of_the_model():
    ask = converse.read(request(user("one", "two"), user("three"), system=[{"text": "system"}], toolConfig=TOOLS))
    assert ask.parts[1:] == ["system", "one", "two", "three"]
    assert "find_order" in ask.parts[0]
    assert [tool.name for tool in ask.tools] == ["find_order"]


def test_what_is_not_text_counts():
    image = {"image": {"format": "png", "source": {"bytes": "AAAA"}}}
    assert converse.read(request(user("what is this?", image))).tokens == 1_004


def test_the_limit_is_the_requests_own():
    assert converse.read(request(user("?"), inferenceConfig={"maxTokens": 7})).max_tokens == 7
    assert converse.read(request(user("?"))).max_tokens > 1_000


def test_cache_points_stand_in_tools_system_and_messages():
    point = {"cachePoint": {"type": "default"}}
    tools = {"tools": [*TOOLS["tools"], point]}
    assert len(converse.read(request(user("a", point, "b"), toolConfig=tools)).cacheable_prompt) == 2
    assert len(converse.read(request(user("a"), toolConfig=tools)).cacheable_prompt) == 1
    assert converse.read(request(user("a"), system=[{"text": "s"}, point])).cacheable_prompt == ("s",)


@pytest.mark.parametrize(
    ("choice", "required"), [({"auto": {}}, False), ({"any": {}}, True), ({"tool": {"name": "find_order"}}, True)]
)
def test_a_tool_may_be_required(choice, required):
    ask = converse.read(request(user("?"), toolConfig={**TOOLS, "toolChoice": choice}))
    assert (ask.tool_required, len(ask.tools)) == (required, 1)


def test_an_answer_holds_its_blocks_usage_and_latency():
    use = ToolUse("01", "find_order", {"number": 4}, '{"number": 4}')
    body = converse.body(reply(Text("Let me see."), use, stop="tool_use", usage=Usage(3, 11, cache_read=5)))
    assert body["output"]["message"] == {
        "content": [
            {"text": "Let me see."},
            {"toolUse": {"input": {"number": 4}, "name": "find_order", "toolUseId": "tooluse_01"}},
        ],
        "role": "assistant",
    }
    assert body["stopReason"] == "tool_use"
    assert body["metrics"] == {"latencyMs": 2_000}
    assert (body["usage"]["inputTokens"], body["usage"]["cacheReadInputTokens"]) == (3, 5)
    assert body["usage"]["totalTokens"] == 19


@pytest.mark.parametrize(("stop", "word"), [("stop", "end_turn"), ("length", "max_tokens")])
def test_the_end_has_bedrocks_word(stop, word):
    assert converse.body(reply(Text("x"), stop=stop))["stopReason"] == word


def test_a_stream_tells_the_same_as_an_answer_with_usage_last():
    one = reply(Text("Let me see this now."), ToolUse("01", "f", {}, "{}"), stop="tool_use")
    events = [(at, raw) for at, raw in converse.events(one)]
    kinds = [raw.split(b":event-type")[1][3:].split(b"\r:")[0].decode() for _, raw in events]
    assert kinds[0] == "messageStart"
    assert kinds.count("contentBlockStart") == 1
    assert kinds[-3:] == ["contentBlockStop", "messageStop", "metadata"]
    assert [at for at, _ in events] == sorted(at for at, _ in events)
    metadata = json.loads(events[-1][1].split(b"application/json\r:message-type\x07\x00\x05event")[1][:-4])
    assert metadata["usage"] == converse.body(one)["usage"]

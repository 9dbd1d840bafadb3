"""What each family's bodies and chunks say, and how it is put together."""

import json

import pytest

from ddllm.call import Answer, Call, ToolCall
from ddllm.instrument.providers import bedrock
from ddllm.instrument.providers.bedrock import unknown
from ddllm.instrument.providers.bedrock.transcript import OPENING, Transcript

ARGUMENTS = {"city": "Turin"}
BODIES = {
    "anthropic": {
        "content": [{"type": "text", "text": "Two"}, {"type": "tool_use", "name": "find", "input": ARGUMENTS}]
    },
    "amazon_nova": {
        "output": {"message": {"content": [{"text": "Two"}, {"toolUse": {"name": "find", "input": ARGUMENTS}}]}}
    },
    "meta": {"generation": "Two", "stop_reason": "stop"},
    "amazon_titan": {"inputTextTokenCount": 1, "results": [{"outputText": "Two", "tokenCount": 1}]},
    "mistral": {"outputs": [{"text": "Two", "stop_reason": "stop"}]},
    "cohere": {"generations": [{"text": "Two"}], "tool_calls": [{"name": "find", "parameters": ARGUMENTS}]},
    "ai21": {"completions": [{"data": {"text": "Two"}}]},
    "openai": {
        "choices": [
            {
                "message": {
                    "content": "Two",
                    "tool_calls": [{"function": {"name": "find", "arguments": json.dumps(ARGUMENTS)}}],
                }
            },
            {"index": 1, "message": {"content": "another choice"}},
        ]
    },
}
CHUNKS = {
    "anthropic": [
        {"type": "message_start", "message": {"content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Tw"}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "o"}},
        {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "Hm"}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "name": "find", "input": {}}},
        {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": ""}},
        {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": '{"city": "Tu'}},
        {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": 'rin"}'}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
    ],
    "amazon_nova": [
        {"contentBlockDelta": {"delta": {"text": "Tw"}}},
        {"contentBlockDelta": {"delta": {"text": "o"}}},
        {"contentBlockStart": {"start": {"toolUse": {"name": "find"}}}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": '{"city": "Tu'}}}},
        {"contentBlockDelta": {"delta": {"toolUse": {"input": 'rin"}'}}}},
        {"messageStop": {"stopReason": "tool_use"}},
    ],
    "meta": [{"generation": "Tw"}, {"generation": "o", "stop_reason": "stop"}],
    "amazon_titan": [{"outputText": "Tw"}, {"outputText": "o", "completionReason": "FINISH"}],
    "mistral": [{"outputs": [{"text": "Tw"}]}, {"outputs": [{"text": "o", "stop_reason": "stop"}]}],
    "cohere": [{"text": "Tw", "is_finished": False}, {"text": "o"}, {"finish_reason": "COMPLETE", "is_finished": True}],
    "openai": [
        {"choices": [{"index": 0, "delta": {"content": "Tw"}}, {"index": 1, "delta": {"content": "no"}}]},
        {"choices": [{"index": 1, "delta": {"content": "no"}}]},
        {"choices": [{"index": 0, "delta": {"content": "o"}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"name": "find", "arguments": ""}}]}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"city": "Tu'}}]}}]},
        {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": 'rin"}'}}]}}]},
    ],
}
WITH_TOOLS = {"anthropic", "amazon_nova", "openai"}
MODELS = {
    "anthropic": "anthropic.claude-3-haiku-20240307-v1:0",
    "amazon_nova": "amazon.nova-lite-v1:0",
    "meta": "meta.llama3-8b-instruct-v1:0",
    "amazon_titan": "amazon.titan-text-express-v1",
    "mistral": "mistral.mistral-7b-instruct-v0:2",
    "cohere": "cohere.command-r-v1:0",
    "ai21": "ai21.j2-mid-v1",
    "openai": "openai.gpt-oss-20b-1:0",
    "unknown": "arn:aws:bedrock:us-east-1:123456789012:imported-model/abc",
}


def invoke(model: str, **facts: object) -> Call:
    call = Call("aws.bedrock", "InvokeModel", model, "eu-central-1", stream=False, started=0.0)
    for name, value in facts.items():
        setattr(call, name, value)
    return call


def streamed(model: str, chunks: list[dict], **facts: object) -> Call:
    payloads = [json.dumps(chunk).encode() for chunk in chunks]
    return invoke(model, api="InvokeModelWithResponseStream", stream=True, response=payloads, **facts)


@pytest.mark.parametrize("as_unknown", [False, True], ids=["known", "by shape"])
@pytest.mark.parametrize("family", BODIES)
def test_a_body_says_its_text_and_tool_calls(family, as_unknown):
    model = MODELS["unknown" if as_unknown else family]
    answer = bedrock.read(invoke(model, response=json.dumps(BODIES[family]).encode()), model)
    assert (answer.text, answer.complete) == ("Two", True)
    if family in WITH_TOOLS | {"cohere"}:
        [(name, arguments)] = answer.tool_calls
        assert name == "find"
        assert (json.loads(arguments) if isinstance(arguments, str) else arguments) == ARGUMENTS


@pytest.mark.parametrize("as_unknown", [False, True], ids=["known", "by shape"])
@pytest.mark.parametrize("family", CHUNKS)
def test_a_stream_says_the_same_in_pieces(family, as_unknown):
    model = MODELS["unknown" if as_unknown else family]
    answer = bedrock.read(streamed(model, CHUNKS[family]), model)
    assert (answer.text, answer.complete) == ("Two", True)
    assert answer.tool_calls == ((ToolCall("find", '{"city": "Turin"}'),) if family in WITH_TOOLS else ())


def test_every_family_is_among_the_cases():
    assert set(BODIES) == {family.name for family in unknown.KNOWN}


def test_of_a_long_stream_only_the_beginning_is_heard_unless_all_is_wanted():
    model = MODELS["meta"]
    chunks = [{"generation": f"{number:04} "} for number in range(1000)]
    opening = bedrock.read(streamed(model, chunks), model)
    assert OPENING <= len(opening.text) < 2 * OPENING
    assert not opening.complete
    whole = bedrock.read(streamed(model, chunks), model, whole=True)
    assert whole.text == "".join(chunk["generation"] for chunk in chunks)
    assert whole.complete


def test_reasoning_in_front_of_the_answer_is_not_how_it_begins():
    model = MODELS["amazon_nova"]
    chunks = [
        {"contentBlockDelta": {"delta": {"text": text}}}
        for text in ("<thinking>", *["hm " * 50] * 60, "</thinking>", "Two")
    ]
    assert bedrock.read(streamed(model, chunks), model).text.endswith("</thinking>Two")


def test_a_stream_whose_middle_was_left_out_is_not_complete():
    model = MODELS["meta"]
    assert not bedrock.read(streamed(model, CHUNKS["meta"], truncated=True), model).complete


def test_chunks_that_are_no_json_are_passed_over():
    model = MODELS["meta"]
    call = streamed(model, CHUNKS["meta"])
    call.response = [b"{", call.response[0], b"\xff\xfe", b"1,2", call.response[1]]
    assert bedrock.read(call, model).text == "Two"


def test_a_converse_stream_is_put_together_from_its_pieces():
    call = invoke(MODELS["anthropic"], api="ConverseStream", stream=True)
    call.response = [
        "Tw",
        "o",
        {"contentBlockStop": {}},
        {"contentBlockStart": {"start": {"toolUse": {"name": "find", "toolUseId": "1"}}}},
        "",
        '{"city": "Tu',
        'rin"}',
        {"contentBlockStop": {}},
        {"contentBlockStart": {"start": {"toolUse": {"name": "stop", "toolUseId": "2"}}}},
        {"contentBlockStop": {}},
        " and three",
        {"messageStop": {"stopReason": "tool_use"}},
    ]
    answer = bedrock.read(call, call.model_id)
    assert answer.text == "Two and three"
    assert answer.tool_calls == (ToolCall("find", '{"city": "Turin"}'), ToolCall("stop", ""))
    assert (answer.finish_reason, answer.complete) == ("tool_use", True)


def test_a_refusal_in_a_field_of_its_own_is_declined():
    model = MODELS["openai"]
    body = {"choices": [{"message": {"content": None, "refusal": "I can't."}}]}
    assert bedrock.read(invoke(model, response=json.dumps(body).encode()), model).declined
    chunks = [{"choices": [{"delta": {"refusal": "I "}}]}, {"choices": [{"delta": {"refusal": "can't."}}]}]
    assert bedrock.read(streamed(model, chunks), model).declined


def test_arguments_of_an_odd_kind_are_text():
    answer = Answer()
    transcript = Transcript()
    transcript.argue("before any call")
    transcript.call("find", [1])
    transcript.argue("not for a whole one")
    transcript.close(answer, complete=True)
    assert answer.tool_calls == (ToolCall("find", "[1]"),)


def test_calls_that_come_side_by_side_are_told_apart_by_their_index():
    model = MODELS["openai"]
    parts = [(0, "find", '{"a"'), (1, "stop", ""), (0, None, ":1}"), (1, None, '{"b":2}'), (0, "find", "")]
    chunks = [
        {"choices": [{"delta": {"tool_calls": [{"index": index, "function": {"name": name, "arguments": piece}}]}}]}
        for index, name, piece in parts
    ]
    answer = bedrock.read(streamed(model, chunks), model)
    assert answer.tool_calls == (ToolCall("find", '{"a":1}'), ToolCall("stop", '{"b":2}'))


def test_content_may_be_a_list_of_parts_and_cited():
    parts = {"choices": [{"message": {"content": [{"type": "text", "text": "Tw"}, {"type": "text", "text": "o"}]}}]}
    call = invoke(MODELS["openai"], response=json.dumps(parts).encode())
    assert bedrock.read(call, call.model_id).text == "Two"
    cited = {"output": {"message": {"content": [{"citationsContent": {"content": [{"text": "Two"}]}}]}}}
    call = invoke(MODELS["anthropic"], api="Converse", response=json.dumps(cited).encode())
    assert bedrock.read(call, call.model_id).text == "Two"


def test_where_nothing_was_seen_nothing_is_complete():
    for api, response in (("Converse", None), ("ConverseStream", []), ("InvokeModel", b"")):
        call = invoke(MODELS["anthropic"], api=api, stream="Stream" in api, response=response)
        assert not bedrock.read(call, call.model_id).complete


def test_a_block_that_is_no_tool_may_have_a_start():
    call = invoke(MODELS["anthropic"], api="ConverseStream", stream=True)
    call.response = [{"contentBlockStart": {"start": {}}}, "Two", {"contentBlockStop": {}}]
    assert bedrock.read(call, call.model_id).text == "Two"

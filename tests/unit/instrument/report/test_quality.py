import json
from typing import Any

import pytest

from ddllm.call import Answer, Call, ToolCall
from ddllm.instrument.providers.bedrock.asked import Tools
from ddllm.instrument.report import quality

DECLINED = "I'm sorry, but I can't help with that request."
SCHEMA = {"type": "object", "required": ["city"]}
CITY = {"kind": "json_schema", "schema": SCHEMA}
TOOLS = Tools({"find": SCHEMA}, forced=False)
FORCED = Tools({"find": SCHEMA}, forced=True)


def call(**facts: Any) -> Call:
    made = Call("aws.bedrock", "Converse", "m", "r", stream=False, started=0.0)
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def answer(text: str = "", **facts: Any) -> Answer:
    made = Answer()
    made.text, made.complete, made.finish, made.finish_reason = text, True, "end_turn", "stop"
    for name, value in facts.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (answer(DECLINED), "text"),
        (answer("Turin lies on the Po."), None),
        (answer(), None),
        (answer(DECLINED, guardrail="blocked"), "guardrail"),
        (answer(DECLINED, guardrail="intervened", finish_reason="guardrail"), "guardrail"),
        (answer("{NAME} lives in Turin.", guardrail="masked", finish_reason="guardrail"), None),
        (answer("", finish_reason="content_filter"), "content_filter"),
        (answer("", finish_reason="refusal"), "model"),
        (answer("", declined=True), "model"),
        (answer(DECLINED, guardrail="blocked", finish_reason="content_filter"), "guardrail"),
        (answer(DECLINED, finish_reason="content_filter", declined=True), "content_filter"),
        (answer(DECLINED, finish_reason="refusal"), "model"),
        (answer(DECLINED, operation="embeddings"), None),
        (answer(DECLINED, tool_calls=(ToolCall("find", "{}"),)), None),
        (answer(f"<thinking>They want a recipe. I cannot refuse.</thinking>{DECLINED}"), "text"),
        (answer(f"<thinking>{DECLINED} No, I can.</thinking>Here is the recipe: …"), None),
        (answer("<thinking>I can't decide"), None),
    ],
)
def test_one_reason_a_refusal_in_a_fixed_order(said, reason):
    assert quality.refusal(call(), said) == reason


def test_a_failed_call_declined_nothing_and_an_abandoned_one_may_have():
    assert quality.refusal(call(status="error"), answer(DECLINED)) is None
    assert quality.refusal(call(status="abandoned"), answer(DECLINED, complete=False)) == "text"


@pytest.mark.parametrize(
    ("said", "expected", "tools", "result"),
    [
        (answer('{"city": "Turin"}'), CITY, None, (True, None, "json_schema")),
        (answer('{"town": "Turin"}'), CITY, None, (False, "schema", "json_schema")),
        (answer("Turin"), CITY, None, (False, "not_json", "json_schema")),
        (answer(""), CITY, None, (False, "empty", "json_schema")),
        (answer('{"city": ', finish="max_tokens"), CITY, None, (False, "truncated", "json_schema")),
        (answer('```json\n{"city": "Turin"}\n```'), CITY, None, (False, "wrapped", "json_schema")),
        (answer("Turin"), None, None, None),
        (answer("Turin"), None, TOOLS, None),
        (answer("x", tool_calls=(ToolCall("find", {"city": "Turin"}),)), None, TOOLS, (True, None, "tool_arguments")),
        (
            answer("x", tool_calls=(ToolCall("find", '{"town": 1}'),)),
            None,
            TOOLS,
            (False, "tool_arguments", "tool_arguments"),
        ),
        (answer("x", tool_calls=(ToolCall("lose", "{}"),)), None, TOOLS, (False, "tool_arguments", "tool_arguments")),
        (answer("x", tool_calls=(ToolCall("find", "{}"),)), CITY, None, None),
        (answer("no call"), None, FORCED, (False, "tool_arguments", "tool_arguments")),
        (answer("", finish="max_tokens"), None, FORCED, (False, "empty", "tool_arguments")),
        (answer("", finish="malformed_tool_use"), None, None, (False, "tool_arguments", "tool_arguments")),
        (answer("", finish="malformed_model_output"), CITY, None, (False, "not_json", "json")),
        (answer('{"city": "Turin"}', operation="embeddings"), CITY, None, None),
        (answer('{"city"', complete=False), CITY, None, None),
        (answer("no", finish_reason="refusal"), CITY, None, None),
        (answer("no", finish_reason="content_filter"), CITY, None, None),
        (answer("no", guardrail="blocked"), CITY, None, None),
        (
            answer('{"city": "{NAME}"}', guardrail="masked", finish_reason="guardrail"),
            CITY,
            None,
            (True, None, "json_schema"),
        ),
        (answer(DECLINED), CITY, None, (False, "not_json", "json_schema")),
    ],
)
def test_what_was_expected_is_checked_once(said, expected, tools, result):
    assert quality.structured(call(), said, expected, tools) == result


def test_a_stream_that_broke_inside_the_json_is_truncated_and_one_that_was_left_is_nothing():
    half = answer('{"city": "Tu', finish=None, finish_reason="unknown")
    broke = call(status="error", stream=True, first_content=1.0)
    assert quality.structured(broke, half, CITY, None) == (False, "truncated", "json_schema")
    assert quality.structured(call(status="abandoned", stream=True, first_content=1.0), half, CITY, None) is None
    assert quality.structured(call(status="error"), answer(""), CITY, None) is None


def test_an_answer_that_was_too_large_to_keep_is_told_of():
    cut = answer("x", complete=False)
    assert quality.too_large(call(truncated=True), cut, CITY, None)
    assert quality.too_large(call(truncated=True), cut, None, TOOLS)
    assert not quality.too_large(call(truncated=True), cut, None, None)
    assert not quality.too_large(call(), cut, CITY, None)


def test_what_code_gives_may_be_anything():
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError

        __hash__ = None  # type: ignore[assignment]

    for expected in (Odd(), 5, "nonsense", lambda text: json.loads(text) and 1 / 0):
        result = quality.structured(call(), answer("{}"), expected, None)
        assert result is not None


def test_reasoning_in_front_of_the_answer_is_no_part_of_its_format():
    told = answer('<reasoning>We need {a}.</reasoning>{"city": "Turin"}')
    assert quality.structured(call(), told, CITY, None) == (True, None, "json_schema")
    cut = answer("<reasoning>We need", finish="max_tokens")
    assert quality.structured(call(), cut, CITY, None) == (False, "truncated", "json_schema")


def test_a_tool_call_that_the_limit_cut_before_its_first_argument_is_truncated():
    cut = answer("", tool_calls=(ToolCall("find", {}),), finish="max_tokens")
    assert quality.structured(call(), cut, None, TOOLS) == (False, "truncated", "tool_arguments")


def test_a_callable_may_even_ask_for_the_end_of_the_process():
    def leaves(text: str) -> bool:
        raise SystemExit(text)

    assert quality.structured(call(), answer("x"), leaves, None) == (False, "schema", "callable")

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.instrument.providers.bedrock import asked
from ddllm.instrument.providers.bedrock.asked import Message, Request, Tools

SCHEMA = {"type": "object", "required": ["city"]}


def request(**body: object) -> Request:
    return Request(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {
                "outputConfig": {
                    "textFormat": {
                        "type": "json_schema",
                        "structure": {"jsonSchema": {"schema": json.dumps(SCHEMA), "name": "city"}},
                    }
                }
            },
            {"kind": "json_schema", "schema": SCHEMA},
        ),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
            {"kind": "json_schema", "schema": SCHEMA},
        ),
        ({"output_format": {"type": "json_schema", "schema": SCHEMA}}, {"kind": "json_schema", "schema": SCHEMA}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}},
            {"kind": "json_schema", "schema": SCHEMA},
        ),
        ({"response_format": {"type": "json_object"}}, {"kind": "json"}),
        ({"response_format": {"type": "text"}}, None),
        (
            {"outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "{"}}}}},
            {"kind": "json"},
        ),
        ({"messages": [{"role": "user", "content": 'Use "response_format".'}]}, None),
    ],
)
def test_the_format_of_the_answer_is_read_from_the_request(body, expected):
    assert request(**body).output_format == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"toolConfig": {"tools": [{"toolSpec": {"name": "find", "inputSchema": {"json": SCHEMA}}}]}},
            Tools({"find": SCHEMA}, False),
        ),
        (
            {
                "toolConfig": {
                    "tools": [{"toolSpec": {"name": "find", "inputSchema": {"json": SCHEMA}}}, {"cachePoint": {}}],
                    "toolChoice": {"tool": {"name": "find"}},
                }
            },
            Tools({"find": SCHEMA}, True),
        ),
        (
            {"toolConfig": {"tools": [{"toolSpec": {"name": "find"}}], "toolChoice": {"any": {}}}},
            Tools({"find": None}, True),
        ),
        (
            {"toolConfig": {"tools": [{"toolSpec": {"name": "find"}}], "toolChoice": {"auto": {}}}},
            Tools({"find": None}, False),
        ),
        (
            {"tools": [{"name": "find", "input_schema": SCHEMA}], "tool_choice": {"type": "tool", "name": "find"}},
            Tools({"find": SCHEMA}, True),
        ),
        (
            {"tools": [{"name": "find", "input_schema": SCHEMA}], "tool_choice": {"type": "any"}},
            Tools({"find": SCHEMA}, True),
        ),
        (
            {"tools": [{"name": "find", "input_schema": SCHEMA}], "tool_choice": {"type": "auto"}},
            Tools({"find": SCHEMA}, False),
        ),
        ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, Tools({"bash": None}, forced=False)),
        (
            {"additionalModelRequestFields": {"tools": [{"type": "bash_20250124", "name": "bash"}]}},
            Tools({"bash": None}, forced=False),
        ),
        (
            {
                "tools": [{"type": "function", "function": {"name": "find", "parameters": SCHEMA}}],
                "tool_choice": "required",
            },
            Tools({"find": SCHEMA}, True),
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "find"}}], "tool_choice": "auto"},
            Tools({"find": None}, False),
        ),
        ({"tools": []}, None),
        ({"messages": []}, None),
    ],
)
def test_the_tools_are_read_from_the_request(body, expected):
    assert request(**body).tools == expected


def test_a_conversation_is_read_from_messages_of_any_maker():
    found = asked.messages(
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": [{"type": "text", "text": "Hello!"}]},
                {"role": "user", "content": [{"text": "One"}, {"image": {}}, {"text": "two"}]},
                {"role": "user", "content": [{"toolResult": {"content": [{"text": "ignored"}]}}]},
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "content": "ignored"}, {"type": "text", "text": "x"}],
                },
            ]
        }
    )
    assert [message[:2] for message in found] == [
        ("user", "Hello"),
        ("assistant", "Hello!"),
        ("user", "One\ntwo"),
        ("user", None),
        ("user", None),
    ]
    assert [bool(message.rest) for message in found] == [False, False, True, True, True]


@pytest.mark.parametrize("key", ["prompt", "inputText", "message"])
def test_a_prompt_is_one_message(key):
    assert asked.messages({key: "Say hi"}) == [Message("user", "Say hi")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"system": "Be brief."}, "Be brief."),
        (
            {"system": [{"text": "Be brief."}, {"cachePoint": {}}, {"type": "text", "text": "And kind."}]},
            "Be brief.\nAnd kind.",
        ),
        ({"messages": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "x"}]}, "Be brief."),
        (
            {
                "prompt": "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user"
            },
            "Be brief.",
        ),
        ({"prompt": "Say hi"}, ""),
        ({}, ""),
    ],
)
def test_the_system_prompt_is_found(body, expected):
    assert asked.system_prompt(body) == expected


def test_a_request_that_was_not_kept_asks_for_nothing():
    for kept in (None, b"", b"\xff", b'{"tools": '):
        nothing = Request(kept)
        assert (nothing.body, nothing.output_format, nothing.tools) == ({}, None, None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "tools",
                    "toolConfig",
                    "toolSpec",
                    "name",
                    "function",
                    "parameters",
                    "tool_choice",
                    "toolChoice",
                    "outputConfig",
                    "textFormat",
                    "structure",
                    "jsonSchema",
                    "schema",
                    "response_format",
                    "type",
                    "messages",
                    "role",
                    "content",
                    "text",
                    "system",
                    "prompt",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_any_request_is_read_without_a_fault(value):
    body = {
        "tools": value,
        "toolConfig": value,
        "response_format": value,
        "outputConfig": value,
        "messages": value,
        "system": value,
    }
    one = Request(json.dumps(body).encode())
    assert one.tools is None or all(isinstance(name, str) for name in one.tools.schemas)
    assert one.output_format is None or one.output_format["kind"] in {"json", "json_schema"}
    assert all(isinstance(message, Message) for message in asked.messages(one.body))
    assert isinstance(asked.system_prompt(one.body), str)

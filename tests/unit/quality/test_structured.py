"""The contract of check_structured: rules in order, what is JSON, every form of what may be expected."""

import json
import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from ddllm.instrument.providers.bedrock import finish
from ddllm.quality import check_structured, schemas
from ddllm.quality.structured import LENGTH, StructuredResult, check_tool_arguments

SHARED = Path(os.environ.get("DDLLM_SHARED") or Path(__file__).parents[4] / "shared")
CASES = SHARED / "data" / "structured" / "dev.jsonl"

BOOK = {
    "type": "object",
    "required": ["title", "pages"],
    "properties": {"title": {"type": "string"}, "pages": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
GOOD = '{"title": "Emma", "pages": 474}'
SEND = {"type": "object", "required": ["to"], "properties": {"to": {"type": "string"}}}


class Book(BaseModel):
    title: str
    pages: int = Field(ge=1)


@pytest.fixture(autouse=True)
def forgotten():
    """What was logged once is logged again in the next test."""
    schemas.tell.cache_clear()
    schemas._compiled.cache_clear()
    schemas._by_identity.clear()


def reason(text, expected="json", finish_reason="stop", **more):
    result = check_structured(text, expected, finish_reason=finish_reason, **more)
    assert result.ok == (result.reason is None)
    return result.reason


STRICT = [
    # values at the root
    ("{}", None),
    ("[]", None),
    ("0", None),
    ("-0.5e+3", None),
    ('"text"', None),
    ("true", None),
    ("null", None),
    ("\t[1,\r\n 2]\n", None),
    (" {} ", None),
    ('{"a": 1, "a": 2}', None),
    ('"\\ud800"', None),
    ('"\\u00e9 é 😀"', None),
    ('"\x7f"', None),
    ("1e400", None),
    ("-1E+999", None),
    ("9" * 4000, None),
    ('{"a": {"b": [[[{}]]]}}', None),
    ("[" * 500 + "]" * 500, None),
    ('"' + "[" * 5000 + '"', None),
    # not JSON
    ("{'a': 1}", "not_json"),
    ("{“a”: 1}", "not_json"),
    ('{"a": True}', "not_json"),
    ('{"a": None}', "not_json"),
    ('{"a": undefined}', "not_json"),
    ("NaN", "not_json"),
    ("[NaN]", "not_json"),
    ('{"a": -Infinity}', "not_json"),
    ("[Infinity]", "not_json"),
    ('{"a": 1,}', "not_json"),
    ("[1, 2,]", "not_json"),
    ("[1 2]", "not_json"),
    ('{"a" 1}', "not_json"),
    ('{"a": 1, /* one */ "b": 2}', "not_json"),
    ('{"a": 1 // one\n}', "not_json"),
    ("{a: 1}", "not_json"),
    ("{1: 1}", "not_json"),
    ('{"a": "one\ntwo"}', "not_json"),
    ('{"a": "one\ttwo"}', "not_json"),
    ('{"a": 01}', "not_json"),
    ("[+1]", "not_json"),
    ("[.5]", "not_json"),
    ("[5.]", "not_json"),
    ("[0x1F]", "not_json"),
    ("[1_000]", "not_json"),
    ("[\u0661]", "not_json"),
    ('["\\x41"]', "not_json"),
    ('["\\u12"]', "not_json"),
    ('["\\\'"]', "not_json"),
    ('{"a": 1', "not_json"),
    ('{"a": [1, 2}', "not_json"),
    ('["open', "not_json"),
    ("{}{}", "not_json"),
    ('{"a": 1}\n{"a": 2}', "not_json"),
    ("[1] [2]", "not_json"),
    ("1 2", "not_json"),
    ("true false", "not_json"),
    ("I would rather not.", "not_json"),
    ("9" * 5000, "not_json"),
    ("[" * 1500 + "]" * 1500, "not_json"),
    ("[" * 200_000 + "]" * 200_000, "not_json"),
    ('{"a":' * 50_000 + "1" + "}" * 50_000, "not_json"),
    ("\x00", "not_json"),
]
WRAPPED = [
    "```json\n{}\n```",
    "```\n[1]\n```",
    "```JSON\n{}\n```",
    '```json title="answer"\n{}\n```',
    "``` json\n42\n```",
    "```json\n\n  42  \n\n```",
    '```json {"a": 1}```',
    '```{"a": 1}```',
    "```42```",
    "```true\n```",
    "~~~json\n{}\n~~~",
    "````json\n{}\n````",
    '```json\n{"a": 1}',
    "```json\n42",
    "Here you are:\n```json\n{}\n```",
    "```json\n{}\n```\nAnything else?",
    "Use {braces}.\n```json\n[1]\n```",
    "```python\nprint([1])\n```\nprints\n```json\n[1]\n```",
    '```json\n{"a": "```"}\n```',
    '```json\n{"a": "x\\n```sh\\n```"}\n```',
    "```json\n{}\n```\n```json\n[]\n```",
    'Sure: {"a": 1}',
    '{"a": 1} is the answer.',
    'json\n{"a": 1}',
    'json {"a": 1}',
    "<answer>[1, 2]</answer>",
    '{"a": 1};',
    '{"a": 1} // done',
    '{"a": 1}}',
    '"{"a": 1}',
    "See [1].",
    "\ufeff{}",
    'x = {"a": [1, {"b": 2}]}',
    "Thoughts: it's short.\n\n[]",
    "`[1]`",
]
NOT_WRAPPED = [
    "```json\n{'a': 1}\n```",
    "```json\n[1,]\n```",
    "```json\n{}\n{}\n```",
    "```python\nx = None\n```",
    "```json\n```",
    "```",
    "```json\nNaN\n```",
    "The answer is 42",
    "answer: true",
    "`42`",
    'As in [1]: {"a": 1}',
    '{"a": 1} or {"a": 2}',
    '{"a": 1} [sic]',
    'Set {x} to {"a": 1}',
    "[Note] done [1]",
    'Sure: {"a": NaN}',
    'Sure: {"a": 1',
    '{{"a": 1}}',
    "[link](http://host)",
]
CUT = [
    '{"title": "Em',
    '{"title": "Emma", "pages',
    '{"title": "Emma", "pages": 4',
    "[",
    "{",
    '{"a": "x\\',
    '{"a": "}',
    '{"a": "}]", "b": [1',
    'Sure: {"a": [1, 2',
    '```json\n{"a": [1],',
    '{"a": 1}\n{"a": ',
    'They say "so": [1, "two',
    '"Well," it said: {"a": ',
    'He said "hi [1] and "then {"a": 1',
]
NOT_CUT = [
    "I would rat",
    '"a [string',
    '"a [string" and prose',
    "[1] and then",
    "{'a': 1}",
    "tru",
    "1.",
    "[1}, ",
]


@pytest.mark.parametrize(("text", "expected"), STRICT, ids=lambda value: repr(value)[:40])
def test_json_is_rfc_8259_and_one_document(text, expected):
    assert reason(text) == expected


@pytest.mark.parametrize("text", WRAPPED)
def test_a_complete_value_in_something_is_wrapped(text):
    assert reason(text) == "wrapped"
    assert reason(text, allow_wrapped=True) is None
    assert reason(text, {"kind": "json", "schema": None, "allow_wrapped": True}) is None
    assert reason(text, finish_reason=None) == "wrapped"
    assert reason(text, finish_reason="length") == "truncated"
    assert reason(text, finish_reason="length", allow_wrapped=True) is None
    assert reason(text, {"kind": "tool_arguments", "schema": None}) == "tool_arguments"


@pytest.mark.parametrize("text", NOT_WRAPPED)
def test_what_holds_no_value_or_several_is_not_wrapped(text):
    assert reason(text) == "not_json"
    assert reason(text, allow_wrapped=True) == "not_json"


@pytest.mark.parametrize("text", CUT)
def test_a_broken_stream_that_ends_inside_brackets_is_truncated(text):
    assert reason(text, finish_reason=None) == "truncated"
    assert reason(text, finish_reason="unknown") == "truncated"
    assert reason(text, finish_reason="end_turn") == "not_json"


@pytest.mark.parametrize("text", NOT_CUT)
def test_a_broken_stream_that_ends_elsewhere_is_not_json(text):
    assert reason(text, finish_reason=None) in {"not_json", "wrapped"}


@pytest.mark.parametrize(
    "word", ["max_tokens", "length", "MAX_TOKENS", "LENGTH", "max_output_tokens", "model_context_window_exceeded"]
)
def test_a_stop_by_length_is_truncated_whatever_the_text(word):
    assert reason("Well, to begin with", finish_reason=word) == "truncated"
    assert reason("```json\n{}\n```", finish_reason=word) == "truncated"
    assert reason("may", re.compile("yes|no"), finish_reason=word) == "truncated"
    assert reason('{"to', {"kind": "tool_arguments", "schema": None}, finish_reason=word) == "truncated"
    assert reason("{}", finish_reason=word) is None
    assert reason("{}", BOOK, finish_reason=word) == "schema"
    assert reason(" \n", finish_reason=word) == "empty"


def test_words_of_every_provider_for_length_are_known():
    assert {word for word, meaning in finish.REASONS.items() if meaning == "length"} <= LENGTH


@pytest.mark.parametrize("text", ["", " ", "\n\t \r", "\u00a0"])
@pytest.mark.parametrize("expected", ["json", BOOK, re.compile(".*"), lambda _: True, {"kind": "regex", "schema": ""}])
def test_nothing_is_empty_whatever_was_expected(text, expected):
    assert reason(text, expected) == "empty"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD, None),
        ('{"title": "Emma", "pages": 474.0}', None),
        ('{"pages": 1, "title": "", "pages": 2}', None),
        ('{"title": "Emma", "pages": true}', "schema"),
        ('{"title": "Emma", "pages": "474"}', "schema"),
        ('{"title": "Emma"}', "schema"),
        ('{"title": "Emma", "pages": 0}', "schema"),
        ('{"title": "Emma", "pages": 1, "author": "Austen"}', "schema"),
        ("[]", "schema"),
        ('"{}"', "schema"),
        (f"```json\n{GOOD}\n```", "wrapped"),
        ("```json\n{}\n```", "wrapped"),
        ("Emma has 474 pages", "not_json"),
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        BOOK,
        {"kind": "json_schema", "schema": BOOK},
        {"kind": "json_schema", "schema": json.dumps(BOOK)},
        json.dumps(BOOK),
        MappingProxyType({**BOOK, "required": ["title", "pages"]}),
    ],
    ids=["bare", "kind", "kind, text", "text", "proxy"],
)
def test_a_schema_decides_on_what_is_json(text, expected, form):
    assert check_structured(text, form, finish_reason="stop") == (expected is None, expected, "json_schema")


def test_with_allow_wrapped_the_inside_is_judged():
    assert reason(f"Here: {GOOD}", BOOK, allow_wrapped=True) is None
    assert reason("Here: {}", BOOK, allow_wrapped=True) == "schema"
    assert reason("Here: {}", {"kind": "tool_arguments", "schema": SEND}, allow_wrapped=True) == "tool_arguments"


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        ({"type": "string", "format": "date"}, '"soon"', None),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "format": "email"}, '"me"', None),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 5, "exclusiveMinimum": True}, "5", "schema"),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "number"}}}, "1", None),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "number"}}}, "true", "schema"),
        ({"prefixItems": [{"type": "integer"}], "items": False}, "[1, 2]", "schema"),
        ({"type": "number", "maximum": 5}, "1e400", "schema"),
        ({"type": "number", "minimum": 5}, "1e400", None),
        ({"type": "array", "items": {"type": "number"}}, "[-1e999]", None),
        ({"type": "integer", "maximum": 5}, "9" * 4000, "schema"),
        ({"type": "string"}, '"\\ud800"', None),
        ({"type": "object"}, "[" * 700 + "]" * 700, "schema"),
        ({"uniqueItems": True}, "[1, true]", None),
        ({"pattern": "^(a+)+$"}, json.dumps("a" * 60 + "!"), "schema"),
        ({"properties": {"kind": {"enum": ["json"]}}, "required": ["kind"]}, '{"kind": "xml"}', "schema"),
        ({"kind": "of no importance", "type": "array"}, "{}", "schema"),
        ({}, "[null]", None),
    ],
)
def test_schemas_mean_what_the_drafts_say(schema, text, expected):
    assert check_structured(text, schema, finish_reason="stop") == (expected is None, expected, "json_schema")


def test_a_pydantic_model_is_its_schema_made_once(monkeypatch):
    made = []
    original = Book.model_json_schema
    monkeypatch.setattr(Book, "model_json_schema", lambda: made.append(1) or original())
    assert check_structured(GOOD, Book) == (True, None, "json_schema")
    assert check_structured('{"title": "Emma", "pages": 0}', Book) == (False, "schema", "json_schema")
    assert reason(GOOD, {"kind": "json_schema", "schema": Book}) is None
    assert made == [1]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing"},
        {"$ref": "https://schemas.invalid/book.json"},
        {"$ref": "file:///etc/hostname"},
        {"$ref": "#/$defs/missing"},
        {"$schema": "https://schemas.invalid/own"},
        {"pattern": "("},
        {"enum": {1, 2}},
        {1: 2, "a": 3},
        {"kind": "json_schema", "schema": None},
        {"kind": "json_schema"},
        {"kind": "json_schema", "schema": 5},
        "no schema",
        None,
        42,
        object(),
    ],
    ids=lambda one: repr(one).partition(" at 0x")[0],
)
def test_a_schema_that_cannot_be_used_leaves_a_check_of_json_and_one_warning(schema, caplog, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the network was touched"))
    with caplog.at_level(logging.WARNING, "ddllm"):
        assert check_structured("[1]", schema) == (True, None, "json")
        assert check_structured("[1", schema, finish_reason="stop") == (False, "not_json", "json")
    assert len(caplog.records) == 1


def test_without_a_validator_there_is_a_check_of_json(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    assert check_structured("{}", BOOK) == (True, None, "json")
    assert "jsonschema_rs" in caplog.text


def test_what_the_validator_cannot_look_at_is_not_held_against_the_answer(caplog):
    class Old:
        def is_valid(self, instance):
            raise ValueError("too large for me")

    assert schemas.keeps(Old(), 1)
    assert "ValueError" in caplog.text
    assert "too large for me" not in caplog.text


def test_equal_schemas_are_compiled_once_and_few_are_kept():
    first = schemas.compiled({"type": "object", "title": "a"})
    assert schemas.compiled({"title": "a", "type": "object"}) is first
    for number in range(500):
        schemas.compiled({"const": number})
    assert len(schemas._by_identity) <= 128
    assert schemas._compiled.cache_info().currsize <= 128


def test_the_validator_is_loaded_when_a_schema_is_expected():
    script = (
        "import sys; from ddllm.quality import check_structured as c; c('{}', 'json'); a = 'jsonschema_rs' in sys.modules;"
        "c('{}', {'type': 'object'}); print(a, 'jsonschema_rs' in sys.modules, 'pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", None),
        (" no\n", None),
        ("yes.", "schema"),
        ("I say yes", "schema"),
        ("Yes", "schema"),
        ("<a>yes</a>", "schema"),
        ("```\nyes\n```", "wrapped"),
        ("```text\nno\n```", "wrapped"),
        ("```no```", "wrapped"),
        ("Well: ```\nyes", "wrapped"),
        ("```\nmaybe\n```", "schema"),
        ('{"a": "yes"}', "schema"),
        ("Sure: [1]", "schema"),
    ],
)
@pytest.mark.parametrize("form", [re.compile("yes|no"), {"kind": "regex", "schema": "yes|no"}], ids=["pattern", "kind"])
def test_a_pattern_matches_all_of_the_text(text, expected, form):
    assert check_structured(text, form, finish_reason="stop") == (expected is None, expected, "regex")
    if expected == "wrapped":
        assert reason(text, form, allow_wrapped=True) is None


def test_a_pattern_knows_its_flags_and_is_not_held_against_a_flood():
    assert reason("YES", re.compile("yes", re.IGNORECASE)) is None
    assert reason("y" * 1_000_001, re.compile("no")) is None


def test_a_broken_stream_in_brackets_is_truncated_for_a_pattern_too():
    assert reason("[1, 2", re.compile(r"\[.*\]"), finish_reason=None) == "truncated"


@pytest.mark.parametrize("pattern", ["(", None, 5, re.compile(b"x"), b"x"])
def test_a_pattern_that_cannot_be_used_holds_nothing_against_a_text(pattern, caplog):
    expected = {"kind": "regex", "schema": pattern}
    assert check_structured("x", expected) == check_structured("y", expected) == (True, None, "text")
    assert reason("", expected) == "empty"
    assert len(caplog.records) == 1


def test_a_callable_tells_or_raises():
    def even(text):
        return int(text) % 2 == 0

    assert check_structured("4", even) == (True, None, "callable")
    assert check_structured("5", even, finish_reason="stop") == (False, "schema", "callable")
    assert check_structured("five", even, finish_reason="stop") == (False, "schema", "callable")
    assert check_structured("```\n4\n```", even, finish_reason="stop") == (False, "wrapped", "callable")
    assert check_structured("```\n4\n```", even, allow_wrapped=True) == (True, None, "callable")


@pytest.mark.parametrize(
    ("text", "schema", "expected"),
    [
        ("", SEND, "tool_arguments"),
        ("", None, None),
        ("  ", {"type": "object"}, None),
        ("{}", None, None),
        ('{"to": "Ann"}', SEND, None),
        ('{"to": 5}', SEND, "tool_arguments"),
        ("[]", None, "tool_arguments"),
        ('"{}"', None, "tool_arguments"),
        ("null", None, "tool_arguments"),
        ('"{\\"to\\": \\"Ann\\"}"', SEND, "tool_arguments"),
        ("{}{}", None, "tool_arguments"),
        ("```json\n{}\n```", None, "tool_arguments"),
        ("{'to': 'Ann'}", SEND, "tool_arguments"),
        ('{"to": "An', SEND, "tool_arguments"),
        ('{"to": "Ann"}', {"type": "nothing"}, None),
        ("[]", {"type": "nothing"}, "tool_arguments"),
    ],
)
def test_tool_arguments_are_an_object_that_keeps_the_schema(text, schema, expected):
    form = {"kind": "tool_arguments", "schema": schema}
    assert check_structured(text, form, finish_reason="tool_use") == (expected is None, expected, "tool_arguments")


OFFERED = {"send": SEND, "now": None}


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([("now", "")], None),
        ([("now", None), ("now", {})], None),
        ([("send", '{"to": "Ann"}'), ("send", {"to": "Bob"})], None),
        ([("send", {"to": "Ann"}), ("send", {"to": 1})], "tool_arguments"),
        ([("send", "")], "tool_arguments"),
        ([("send", {})], "tool_arguments"),
        ([("now", [])], "tool_arguments"),
        ([("now", 1)], "tool_arguments"),
        ([("delete", "{}")], "tool_arguments"),
        ([("now", "{"), ("delete", "{}")], "tool_arguments"),
    ],
)
def test_of_several_tool_calls_the_first_failure_decides(calls, expected):
    result = check_tool_arguments(iter(calls), OFFERED, finish_reason="tool_use")
    assert result == (expected is None, expected, "tool_arguments")


def test_a_tool_call_that_was_cut_off_is_truncated():
    calls = [("now", "{}"), ("send", '{"to": "An')]
    assert check_tool_arguments(calls, OFFERED, finish_reason="max_tokens") == (False, "truncated", "tool_arguments")
    assert check_tool_arguments(calls, OFFERED) == (False, "truncated", "tool_arguments")


def test_tools_that_are_not_known_take_any_object():
    assert check_tool_arguments([("anything", {"a": 1})], None) == (True, None, "tool_arguments")
    assert check_tool_arguments([("anything", "1")], None) == (False, "tool_arguments", "tool_arguments")


@pytest.mark.parametrize(
    ("text", "finish_reason", "expected"),
    [
        ("", "stop", "empty"),
        (" ", "length", "empty"),
        ("Let me", "length", "truncated"),
        ("I will not", "stop", "tool_arguments"),
        ("I will", None, "tool_arguments"),
    ],
)
def test_a_call_that_was_demanded_and_did_not_come(text, finish_reason, expected):
    result = check_tool_arguments([], OFFERED, finish_reason=finish_reason, forced=True, text=text)
    assert result == (False, expected, "tool_arguments")


def test_an_answer_without_calls_that_needed_none_is_no_check():
    assert check_tool_arguments([], OFFERED, text="Hello") is None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.text(), values, max_size=5)
kinds = st.sampled_from(
    ["json", BOOK, {"kind": "tool_arguments", "schema": SEND}, Book, re.compile("[a-z]+"), str.isalpha]
)
words = st.none() | st.sampled_from(["stop", "length", "tool_use", "", "something new"])


@given(values, st.sampled_from([None, 2]), st.booleans())
def test_whatever_json_writes_is_json(value, indent, ascii_only):
    assert reason(json.dumps(value, indent=indent, ensure_ascii=ascii_only)) is None


@given(objects, st.data())
def test_a_prefix_of_an_object_is_truncated(value, data):
    text = json.dumps(value)
    prefix = text[: data.draw(st.integers(1, len(text) - 1))]
    assert reason(prefix, finish_reason="length") == "truncated"
    assert reason(prefix, finish_reason=None) == "truncated"
    assert reason(prefix, finish_reason="stop") == "not_json"


@given(values, st.sampled_from(["json", "", "JSON"]), st.booleans())
def test_a_fence_wraps_and_can_be_allowed(value, label, closed):
    text = f"```{label}\n{json.dumps(value)}" + "\n```" * closed
    assert reason(text) == "wrapped"
    assert reason(text, allow_wrapped=True) is None


@given(
    st.lists(values, max_size=3) | objects,
    st.text(st.characters(exclude_characters="[{`~")),
    st.text(st.characters(exclude_characters="[{`~")),
)
def test_prose_wraps_an_object_or_array(value, before, after):
    text = f"so{before}{json.dumps(value)}{after}so"
    assert reason(text) == "wrapped"
    assert reason(text, allow_wrapped=True) is None


awkward = st.text(st.sampled_from('{}[]"\\`~,:1e-tnN \n\ud800'))


@settings(max_examples=400)
@given(st.text() | awkward | st.none() | st.binary(), kinds, words, st.booleans())
def test_any_text_has_a_result(text, expected, word, allow):
    result = check_structured(text, expected, finish_reason=word, allow_wrapped=allow)
    assert isinstance(result, StructuredResult)
    assert result.ok == (result.reason is None)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.floats() | st.binary(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["kind", "schema", "type", "$ref", "items", "pattern", "properties", "const"])
                | st.text()
                | st.integers(),
                inner,
            )
        ),
    )
)
def test_any_expectation_has_a_result(expected):
    assert isinstance(check_structured("{}", expected), StructuredResult)


def test_an_object_that_fails_when_it_is_looked_at_has_a_result():
    class Hostile(Mapping):
        def __getitem__(self, key):
            raise RuntimeError("no")

        def __iter__(self):
            raise RuntimeError("no")

        def __len__(self):
            return 0

        def __repr__(self):
            raise RuntimeError("no")

    class Model(BaseModel):
        @classmethod
        def model_json_schema(cls):
            raise RuntimeError("no")

    assert check_structured("{}", Hostile()) == check_structured("{}", Model) == (True, None, "json")
    assert check_structured("x", {"kind": "regex", "schema": Hostile()}).format == "text"


@pytest.mark.skipif(not CASES.is_file(), reason=f"there are no cases in {CASES.parent}")
def test_the_labelled_cases():
    for line in CASES.read_text("utf-8").splitlines():
        case = json.loads(line)
        result = check_structured(case["text"], case["expected"], finish_reason=case["finish_reason"])
        assert result == (case["ok"], case["reason"], case["expected"]["kind"]), case


def test_nesting_is_bounded_where_the_interpreter_would_not():
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        assert reason("[" * 1000 + "]" * 1000) is None
        assert reason("[" * 1001 + "]" * 1001) == "not_json"
        assert reason("so: " + "[" * 300_000 + "]" * 300_000) == "not_json"
        assert reason(json.dumps([{"[": "{["}] * 5000)) is None
    finally:
        sys.setrecursionlimit(usual)

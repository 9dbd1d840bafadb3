import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.instrument.providers.bedrock import fields

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary() | st.none() | st.text() | st.integers() | json_values.map(lambda value: json.dumps(value).encode()))
def test_anything_parses_to_an_object(data):
    assert isinstance(fields.parse(data), dict)


@pytest.mark.parametrize("data", [b"[" * 100_000, b"1" * 5000, b"\xff\xfe{", b'{"a": 1} {"b": 2}', b"", None])
def test_what_is_no_object_is_an_empty_one(data):
    assert fields.parse(data) == {}


@pytest.mark.parametrize(
    ("value", "count"),
    [(28, 28), (28.0, 28), ("28", 28), ("28.0", 28), (0, 0), ("0", 0), (10**9, 10**9)],
)
def test_counts_are_read_however_they_are_written(value, count):
    assert fields.tokens(value) == count


@pytest.mark.parametrize(
    "value", [None, True, -1, "-1", 1.5, "nan", "inf", float("inf"), 10**9 + 1, 10**400, "", "many", [1], {"a": 1}]
)
def test_what_is_no_count_is_none(value):
    assert fields.tokens(value) is None


def test_milliseconds_become_seconds():
    assert fields.seconds("1835") == 1.835
    assert fields.seconds(0) == 0.0
    assert fields.seconds(-5) is None
    assert fields.seconds(10**12) is None


@given(json_values)
def test_counts_and_times_of_anything_are_none_or_not_negative(value):
    for read in (fields.tokens, fields.seconds):
        number = read(value)
        assert number is None or number >= 0


def test_the_wrong_kind_of_value_is_empty():
    body = {"object": [1], "list": {"a": 1}, "text": 5, "mixed": [1, {"a": 2}, None]}
    assert fields.child(body, "object") == fields.child(body, "missing") == {}
    assert fields.items(body, "list") == fields.items(body, "missing") == []
    assert fields.items(body, "mixed") == [{"a": 2}]
    assert fields.text(body, "text") == ""


def test_a_word_is_short():
    assert fields.word({"a": "end_turn"}, "a") == "end_turn"
    assert fields.word({"a": "x" * 65}, "a") is None
    assert fields.word({"a": ""}, "a") is None

"""Values as YAML: what is written is read as the same values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.definitions.document import parse
from ddllm.definitions.writing import block, inline

WORDS = st.sampled_from(
    [
        "yes",
        "no",
        "on",
        "1e5",
        "012",
        "1:30",
        "2026-01-01",
        "~",
        "null",
        "<<",
        "=",
        "0x1f",
        "1_000",
        "-",
        "a: b",
        "a #b",
    ]
)
TEXTS = WORDS | st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\t ${}[],:#&*!|>'\"%@`")
)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS.filter(bool), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_a_block_is_read_as_what_was_written(value: Any):
    assert parse(block({"key": value}), "a.yaml").value == {"key": value}


@given(VALUES, st.sampled_from([None, '"', "'"]))
def test_a_line_for_brackets_is_read_inside_of_them(value: Any, quote: str | None):
    line = inline(value, quote, bracketed=True)
    assert parse(f"other: [{line}, {{a: {line}}}]\n", "a.yaml").value == {"other": [value, {"a": value}]}


@given(VALUES, st.sampled_from([None, '"', "'"]))
def test_a_line_is_read_as_what_was_written(value: Any, quote: str | None):
    assert parse(f"key: {inline(value, quote)}\n", "a.yaml").value == {"key": value}


def test_a_text_of_several_lines_is_a_block():
    assert block({"message": "One.\n\nTwo: ${x}\n"}) == "message: |\n  One.\n\n  Two: ${x}\n"


@pytest.mark.parametrize("text", ["yes", "1e5", "true", "3", "2026-01-01"])
def test_text_that_looks_like_something_else_is_quoted(text: str):
    assert block({"a": text}) == f"a: '{text}'\n"

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.instrument.report import references
from ddllm.instrument.report.references import Reference, ReferenceRefusedError, decode, encode

ONE = Reference(
    "aws.bedrock",
    "anthropic",
    "claude-3-5-sonnet-20241022-v2",
    "search",
    "",
    "",
    "",
    "qa",
    "v12",
    "12345678901234567890",
    "a" * 32,
)


def refused(text: str, *keys: str) -> str:
    with pytest.raises(ReferenceRefusedError) as caught:
        decode(text, keys)
    return str(caught.value)


@pytest.mark.parametrize("keys", [(), ("a secret",), ("k" * 500,)])
def test_what_is_written_is_read(keys):
    assert decode(encode(ONE, keys), keys) == ONE


def test_a_reference_is_short_and_safe_in_a_url():
    text = encode(ONE._replace(span_id="", trace_id=""), ["key"])
    assert len(text) < 140
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def test_with_a_key_nothing_but_its_own_references_count():
    assert refused(encode(ONE), "key") == "forged"
    assert refused(encode(ONE, ["another"]), "key") == "forged"
    assert refused(encode(ONE, ["key"])) == "forged"
    assert decode(encode(ONE, ["old"]), ["new", "old"]) == ONE


@pytest.mark.parametrize(
    "text", ["x", "AQ", "not base64!", "a" * 5000, "ä" * 40, "AQ==", base64.urlsafe_b64encode(b"\x07" * 40).decode()]
)
def test_what_is_no_reference_is_damaged(text):
    assert refused(text) == "damaged"


def test_nothing_is_missing():
    assert refused("") == "missing"


@given(st.integers(0, 199), st.sampled_from("abcXYZ019-_"), st.booleans())
def test_no_change_of_a_character_goes_unseen(at, character, signed):
    keys = ["key"] if signed else []
    text = encode(ONE, keys)
    at %= len(text)
    changed = text[:at] + character + text[at + 1 :]
    if changed != text:
        assert refused(changed, *keys) in {"damaged", "forged"}


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=10), max_size=2))
def test_any_text_is_read_or_refused(text, keys):
    try:
        read: object = decode(text, keys)
    except ReferenceRefusedError as error:
        read = str(error)
    assert read in {"missing", "damaged", "forged"} or isinstance(read, Reference)


@given(st.lists(st.text(max_size=400), min_size=11, max_size=11))
def test_any_fields_make_a_reference_that_can_be_read(fields):
    text = encode(Reference(*fields), ["key"])
    assert len(text) <= references.LONGEST
    read = decode(text, ["key"])
    assert all(len(field.encode()) <= 160 for field in read)

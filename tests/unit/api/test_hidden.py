"""Secrets are hidden in every form in which a server may repeat them."""

import json
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from ddllm.api.hidden import hidden_forms, without


@given(st.text(min_size=6).filter(lambda text: len(text.strip()) >= 6 and "*" not in text))
def test_no_form_of_a_secret_is_left(secret: str):
    try:
        quoted = quote(secret, safe="")
    except UnicodeEncodeError:  # half of a surrogate pair cannot be sent either
        return
    forms = hidden_forms([secret])
    said = {"a": [f"<{secret}>", json.dumps({"key": secret})], secret: f"?key={quoted}&x=1"}
    left = str(without(said, forms))
    assert not any(form in left for form in forms)


def test_the_longest_goes_first():
    assert without("abcdef", hidden_forms(["abc", "abcdef"])) == "********"


def test_what_is_empty_hides_nothing():
    assert without("a b", hidden_forms(["", " "])) == "a b"


def test_what_is_no_text_stays():
    assert without([1, None, True, {"a": 1.5}], hidden_forms(["1"])) == [1, None, True, {"a": 1.5}]

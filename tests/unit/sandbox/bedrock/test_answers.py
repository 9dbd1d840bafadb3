import json
from random import Random

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.sandbox.bedrock import answers
from ddllm.sandbox.bedrock.ask import count_tokens

INVOICE = {
    "type": "object",
    "required": ["vendor", "lines"],
    "properties": {
        "vendor": {"type": "string"},
        "paid": {"type": "boolean"},
        "currency": {"enum": ["EUR", "USD"]},
        "version": {"const": 2},
        "due": {"type": ["string", "null"]},
        "note": {"type": "null"},
        "reference": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        "lines": {"type": "array", "items": {"properties": {"price": {"type": "number"}}, "required": ["price"]}},
    },
}


@given(st.integers(), st.integers(1, 400))
def test_prose_is_whole_sentences_of_about_the_length_asked_for(seed, tokens):
    said = answers.prose(Random(seed), tokens)
    assert said.endswith(".")
    assert count_tokens(said) <= max(tokens, 12) + 1


@given(st.integers())
def test_a_document_satisfies_its_schema(seed):
    document = json.loads(answers.document(Random(seed), INVOICE))
    jsonschema_rs.validate(INVOICE, document)
    assert document.keys() == INVOICE["properties"].keys()


@given(st.integers())
def test_a_broken_document_is_no_json(seed):
    rng = Random(seed)
    with pytest.raises(json.JSONDecodeError):
        json.loads(answers.broken(rng, answers.document(rng, INVOICE)))


def test_names_say_what_a_value_is():
    assert answers.value(Random(1), {"type": "string"}, "currency") in {"EUR", "USD", "GBP"}


def test_the_same_seed_says_the_same():
    assert answers.prose(Random(5), 80) == answers.prose(Random(5), 80)
    assert answers.refusal(Random(5)) == answers.refusal(Random(5))
    assert answers.preamble(Random(5)) == answers.preamble(Random(5))

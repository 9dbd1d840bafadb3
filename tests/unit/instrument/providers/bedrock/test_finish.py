import re

import pytest

from ddllm import catalog
from ddllm.instrument.providers.bedrock import finish

VOCABULARY = set(re.findall(r"`(\w+)`", catalog.TAG_DESCRIPTIONS["finish_reason"]))


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", "stop"),
        ("COMPLETE", "stop"),
        ("FINISH", "stop"),
        ("endoftext", "stop"),
        ("MAX_TOKENS", "length"),
        ("LENGTH", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_use"),
        ("tool_calls", "tool_use"),
        ("STOP_SEQUENCE", "stop_sequence"),
        ("content_filtered", "content_filter"),
        ("ERROR_TOXIC", "content_filter"),
        ("guardrail_intervened", "guardrail"),
        ("refusal", "refusal"),
        ("malformed_model_output", "malformed"),
        ("malformed_tool_use", "malformed"),
        ("a_word_of_tomorrow", "unknown"),
    ],
)
def test_a_providers_word_has_its_word_in_the_catalogue(word, reason):
    assert finish.reason(word) == reason


def test_every_reason_is_one_of_the_catalogue():
    assert set(finish.REASONS.values()) <= VOCABULARY


def test_words_are_kept_in_lower_case():
    assert all(word == word.lower() for word in finish.REASONS)

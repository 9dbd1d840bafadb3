"""What holds for every family by existing."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.call import Usage
from ddllm.instrument.providers import bedrock
from ddllm.instrument.providers.bedrock import families, unknown
from ddllm.instrument.providers.bedrock.family import Family
from tests.support.calls import compact

ALL = (*families.KNOWN, unknown.FAMILY)
CONTENT = {
    "anthropic": {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x"}},
    "meta": {"generation": "x"},
    "amazon_nova": {"contentBlockDelta": {"delta": {"text": "x"}}},
    "amazon_titan": {"outputText": "x"},
    "mistral": {"outputs": [{"text": "x"}]},
    "cohere": {"text": "x", "is_finished": False},
    "ai21": {"choices": [{"delta": {"content": "x"}}]},
    "openai": {"choices": [{"delta": {"content": "x"}}]},
    "unknown": {"generation": "x"},
}
#: Keys and words of real bodies, so that made-up ones come near to them.
KEYS = st.sampled_from(
    [
        "type",
        "message",
        "usage",
        "delta",
        "stop_reason",
        "stopReason",
        "finish_reason",
        "completionReason",
        "generation",
        "outputText",
        "choices",
        "outputs",
        "generations",
        "completions",
        "finishReason",
        "reason",
        "metadata",
        "messageStop",
        "contentBlockDelta",
        "text",
        "results",
        "tokenCount",
        "input_tokens",
        "output_tokens",
        "inputTokens",
        "outputTokens",
        "prompt_tokens",
        "completion_tokens",
        "tool_calls",
        "cacheDetails",
        "cache_creation",
        "cache_read_input_tokens",
        "inputTextTokenCount",
        "prompt_token_count",
        "meta",
        "tokens",
        "amazon-bedrock-invocationMetrics",
        "inputTokenCount",
        "outputTokenCount",
        "amazon-bedrock-guardrailAction",
        "service_tier",
    ]
)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 50)
    | st.floats()
    | st.sampled_from(["end_turn", "message_start", "1h", ""])
)
BODIES = st.dictionaries(
    KEYS,
    st.recursive(
        VALUES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
    ),
    max_size=5,
)


def test_every_family_is_one_file_of_its_name_with_a_test_file():
    modules = {name: import_module(f"{bedrock.__name__}.{name}") for _, name, _ in iter_modules(bedrock.__path__)}
    found = {name for name, module in modules.items() if isinstance(getattr(module, "FAMILY", None), Family)}
    assert {family.name for family in ALL} == found == set(CONTENT)
    assert {name for name in found if not Path(__file__).with_name(f"test_{name}.py").is_file()} == set()


@pytest.mark.parametrize("family", ALL, ids=lambda family: family.name)
def test_a_chunk_with_content_holds_a_hint(family):
    chunk = CONTENT[family.name]
    assert family.content(chunk) == "text"
    assert any(hint in compact(chunk) for hint in family.hints)


@pytest.mark.parametrize("family", ALL, ids=lambda family: family.name)
@settings(max_examples=60, deadline=None)
@given(body=BODIES)
def test_any_body_is_read_to_facts_of_the_right_kind(family, body):
    finish, usage, content = family.finish(body), family.usage(body), family.content(body)
    assert finish is None or (isinstance(finish, str) and finish)
    assert content in {None, "text", "tool", "reasoning"}
    assert usage is None or isinstance(usage, Usage)
    if usage is not None:
        counts = [getattr(usage, name) for name in Usage.__slots__]
        assert all(count is None or (isinstance(count, int) and count >= 0) for count in counts)


def test_no_two_families_claim_one_model():
    for family in families.KNOWN:
        for prefix in family.ids:
            assert families.of(f"{prefix}x") is family
    assert families.of("nobody.x") is None

import pytest

from ddllm.instrument.providers.bedrock import tier


@pytest.mark.parametrize("said", [None, "", "default", "standard", "on_demand", "auto", "DEFAULT", 5])
def test_the_standard_tier_is_none(said):
    assert tier.of(said) is None


@pytest.mark.parametrize("said", ["flex", "priority", "reserved", "batch", "a-new-one"])
def test_any_other_tier_is_named(said):
    assert tier.of(said.upper()) == said


def test_optimised_latency_is_a_tier_of_its_own():
    assert tier.of("default", "optimized") == "optimized"
    assert tier.of(None, "standard") is None

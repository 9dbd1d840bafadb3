import pytest

from ddllm.pricing import tiers


@pytest.mark.parametrize(
    ("said", "tier"),
    [
        ((), None),
        ((None,), None),
        (("default",), None),
        (("Standard", "optimized"), "optimized"),
        (("flex", "optimized"), "flex"),
        (("PRIORITY",), "priority"),
        (({"type": "flex"}, 3), None),
        (("x" * 100,), "x" * 64),
    ],
)
def test_the_first_tier_that_is_not_the_standard_one_is_named(said, tier):
    assert tiers.of(*said) == tier

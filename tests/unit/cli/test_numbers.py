"""Numbers as people read them."""

import pytest

from ddllm.cli._numbers import count, dollars, duration, things


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (9999, "9999"), (10_000, "10.0k"), (2_500_000, "2.5M"), (3e9, "3.0G")],
)
def test_counts(value: float, text: str):
    assert count(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 calls"), (1, "1 call"), (1.2, "1 call"), (2, "2 calls"), (1e6, "1.0M calls")]
)
def test_one_is_no_plural(value: float, text: str):
    assert things(value, "call") == text
    assert things(value, "entry", "entries").partition(" ")[2] == ("entry" if text == "1 call" else "entries")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "$0.00"), (0.00001, "<$0.0001"), (0.25, "$0.2500"), (1, "$1.00"), (1234.5, "$1,234.50")],
)
def test_dollars(value: float, text: str):
    assert dollars(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0.0 s"), (90, "90.0 s"), (150, "2.5 min"), (9000, "2.5 h"), (250_000, "2.9 days")]
)
def test_durations(value: float, text: str):
    assert duration(value) == text

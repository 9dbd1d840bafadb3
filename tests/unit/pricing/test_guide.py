"""docs/pricing.md: its examples print what it says they print, and its own prices are those that are used."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ddllm import pricing
from ddllm.pricing import Catalogue, Usage
from ddllm.settings import load_file

PAGE = (Path(__file__).parents[3] / "docs" / "pricing.md").read_text("utf-8")
DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


def block(language: str, number: int) -> str:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)[number]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DDLLM_CONFIG", raising=False)
    pricing._catalogue.cache_clear()
    yield
    pricing._catalogue.cache_clear()


def test_the_example_of_a_price_prints_what_the_page_says(capsys):
    exec(block("python", 0), {})
    assert f"prints `{capsys.readouterr().out.strip()}`" in PAGE


def test_the_example_of_rates_prints_what_the_page_says(capsys):
    exec(block("python", 1), {})
    assert capsys.readouterr().out == block("text", 0)


def test_the_example_of_a_file_prices_what_the_catalogue_lacks(tmp_path):
    file = tmp_path / "ddllm.yaml"
    file.write_text(block("yaml", 0))
    catalogue = Catalogue(load_file(file).prices, clock=DAY.timestamp)
    profile = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/k2j4"
    for model, usage, usd, source in (
        ("cohere.rerank-v3-5:0", Usage(), 0.002, "override"),
        ("eu.amazon.nova-lite-v1:0", Usage(1_000_000, 0, cache_read=500_000), 0.04875, "override"),
        (profile, Usage(100_000, 0), 0.33 * 0.915, "catalogue"),
    ):
        cost = catalogue.cost("aws.bedrock", model, usage)
        assert (cost.usd, cost.source) == (pytest.approx(usd), source)


@pytest.mark.parametrize("said", ["flex", "priority", "reserved", "optimized"])
def test_no_tier_has_a_price_yet_as_the_page_says(said):
    assert f"`{said}`" in PAGE
    assert Catalogue().rates("aws.bedrock", "us.anthropic.claude-sonnet-4-6", tier=said) == ()

import logging
import sys
from datetime import UTC, date, datetime

import genai_prices  # noqa: F401 - so that it is asked, whichever tests ran before; test_table.py compares the table with it
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ddllm.call import Usage
from ddllm.pricing import Catalogue, Cost
from ddllm.settings import Price, Prices

NOW = datetime(2026, 8, 30, 12, tzinfo=UTC).timestamp()
SONNET = "anthropic.claude-3-5-sonnet-20241022-v2:0"
MILLION = Usage(1_000_000, 1_000_000)
#: As many tokens as any model takes in one call.
HUNDRED = Usage(100_000, 100_000)
CATALOGUE = Catalogue(clock=lambda: NOW)
ACCOUNT = "arn:aws:bedrock:us-east-1:123456789012"
PROFILE = f"{ACCOUNT}:application-inference-profile/1arbu5hu2sjr"


def usd(model: str, usage: Usage = MILLION, *, tier: str | None = None, prices: Prices | None = None) -> float | None:
    cost = Catalogue(prices, clock=lambda: NOW).cost("aws.bedrock", model, usage, tier=tier)
    return None if cost is None else round(cost.usd, 6)


@pytest.mark.parametrize(
    ("model", "price"),
    [
        (SONNET, 18.0),
        (f"us.{SONNET}", 18.0),
        (f"arn:aws:bedrock:us-east-1::foundation-model/{SONNET}", 18.0),
        ("ca.anthropic.claude-haiku-4-5-20251001-v1:0", 6.6),
        ("us.meta.llama3-2-90b-instruct-v1:0", 1.44),
        ("amazon.nova-lite-v1:0", 0.3),
        ("openai.gpt-oss-120b-1:0", 0.75),
    ],
)
def test_every_shape_of_id_that_names_a_model_has_its_price(model, price):
    assert usd(model) == price


@pytest.mark.parametrize(
    ("model", "price"),
    [
        (f"{ACCOUNT}:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0", 1.98),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 1.98),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", 1.98),
        ("jp.anthropic.claude-sonnet-4-5-20250929-v1:0", 1.98),
        ("au.anthropic.claude-sonnet-4-5-20250929-v1:0", 1.98),
        ("apac.anthropic.claude-sonnet-4-5-20250929-v1:0", 1.98),
        ("US.Anthropic.Claude-Sonnet-4-5-20250929-v1:0 ", 1.98),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", 1.8),
        (f"{ACCOUNT}:inference-profile/global.anthropic.claude-sonnet-4-5-20250929-v1:0", 1.8),
    ],
)
def test_a_global_profile_costs_less_than_those_of_a_geography(model, price):
    assert usd(model, HUNDRED) == price


@pytest.mark.parametrize(
    "model",
    [
        PROFILE,
        f"{ACCOUNT}:custom-model/anthropic.claude-3-haiku-20240307-v1:0:200k/abcdefghij12",
        f"{ACCOUNT}:provisioned-model/abcdefghij12",
        f"{ACCOUNT}:imported-model/abcdefghij12",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/claude-3-haiku-20240307",
        "my-claude-3-haiku-20240307",
        "cohere.command-r-v1:0",
        "global.anthropic.claude-3-haiku-29990101",
        "",
        # Another cloud, with prices of its own.
        "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
        "arn:aws-cn:bedrock:cn-north-1::foundation-model/amazon.nova-lite-v1:0",
        # A geography where the model costs more than the catalogue says, or a profile that it does not know.
        "eu.amazon.nova-lite-v1:0",
        "apac.amazon.nova-pro-v1:0",
        "eu.meta.llama3-2-1b-instruct-v1:0",
        "global.amazon.nova-lite-v1:0",
        f"{ACCOUNT}:inference-profile/eu.amazon.nova-lite-v1:0",
        # Another model than the one that the catalogue finds by a part of the name.
        "amazon.nova-lite-v2:0",
        "amazon.nova-lite-extra-v1:0",
        "mistral.mistral-7b-instruct-v0:3",
        "us.anthropic.claude-opus-4-55-v1:0",
        # Provisioned throughput, routers, things by the hour.
        "anthropic.claude-3-haiku-20240307-v1:0:48k",
        "amazon.nova-lite-v1:0:24k",
        "amazon.nova-lite-v1:0:mm",
        f"{ACCOUNT}:default-prompt-router/anthropic.claude:1",
        f"{ACCOUNT}:custom-model-deployment/abcdefghij12",
        f"{ACCOUNT}:marketplace/model-endpoint/all-access",
        # Images, video, speech, searches.
        "amazon.nova-canvas-v1:0",
        "amazon.nova-reel-v1:0",
        "amazon.nova-sonic-v1:0",
        "amazon.titan-image-generator-v2:0",
        "stability.stable-image-core-v1:1",
        "cohere.rerank-v3-5:0",
        "amazon.rerank-v1:0",
    ],
)
def test_what_is_not_paid_by_the_token_or_not_known_has_no_price(model):
    assert usd(model, HUNDRED) is None
    assert Catalogue().rates("aws.bedrock", model) == ()


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("anthropic.claude-opus-4-5-20251101-v1:0", 3.3),  # the catalogue leaves out the day
        ("us.anthropic.claude-sonnet-4-6", 1.98),  # it has a version
        ("nvidia.nemotron-nano-9b-v2", 0.029),  # and a revision
        ("us.openai.gpt-5.4", 1.925),
    ],
)
def test_the_catalogue_may_write_an_id_in_another_way(model, price):
    assert usd(model, HUNDRED) == price


def test_a_context_longer_than_the_price_was_stated_for_has_no_price():
    for profile in ("us", "eu", "global"):
        model = f"{profile}.anthropic.claude-sonnet-4-5-20250929-v1:0"
        assert usd(model, Usage(200_000, 1)) is not None
        assert usd(model, Usage(200_001, 1)) is None
        assert usd(model, Usage(200_001, 1), prices=Prices({model: Price(1, 1)})) is not None
    assert usd("us.openai.gpt-5.5", Usage(272_001, 1)) is None
    assert usd("us.anthropic.claude-sonnet-4-6", Usage(900_000, 1)) is not None


def test_a_long_context_is_priced_by_its_step():
    short, long = (usd("us.anthropic.claude-haiku-5-5", Usage(tokens, 0)) for tokens in (100_000, 100_001))
    assert long == pytest.approx(5 * short, rel=1e-4)


def test_a_window_is_known_where_the_price_is_not():
    for model in ("eu.amazon.nova-lite-v1:0", "us-gov.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0:24k"):
        assert Catalogue().context_window("aws.bedrock", model) == 300_000


@pytest.mark.parametrize("tier", [None, "", "default", "Standard", "on_demand"])
def test_the_standard_tier_has_many_names(tier):
    assert usd("amazon.nova-lite-v1:0", tier=tier) == 0.3


def test_what_is_paid_for_by_the_request_needs_no_tokens():
    prices = Prices({"cohere.rerank-v3-5:0": Price(per_thousand_requests=2.0)})
    for usage in (Usage(), Usage(500), MILLION):
        assert usd("cohere.rerank-v3-5:0", usage, prices=prices) == 0.002


def test_a_price_by_the_request_adds_to_that_of_tokens():
    prices = Prices({"agent": Price(1.0, 2.0, per_thousand_requests=5.0)})
    assert usd("agent", Usage(1_000_000, 1_000_000), prices=prices) == 3.005
    assert usd("agent", Usage(), prices=prices) is None


def test_rates_tell_what_a_cached_token_saves():
    (rates,) = Catalogue().rates("aws.bedrock", "us.anthropic.claude-sonnet-4-6")
    assert (rates.input - rates.cache_read) * 1e6 == pytest.approx(2.97)
    assert Catalogue().rates("aws.bedrock", "us.anthropic.claude-sonnet-4-6", tier="flex") == ()


def test_rates_have_the_discount_and_the_override_in_them():
    prices = Prices({"custom": Price(1.0, 2.0)}, discounts={"aws.bedrock": 50})
    (rates,) = Catalogue(prices).rates("aws.bedrock", "amazon.nova-lite-v1:0")
    assert rates.input == pytest.approx(0.03e-6)
    (rates,) = Catalogue(prices).rates("aws.bedrock", "custom")
    assert rates[1:] == (1e-6, 2e-6, 1e-6, 1e-6, 1e-6, 0.0)


@pytest.mark.parametrize(
    ("usage", "price"),
    [
        (Usage(100_000, 0, cache_read=90_000), 0.0627),
        (Usage(100_000, 0, cache_write=90_000), 0.40425),
        (Usage(100_000, 0, cache_write=90_000, cache_write_1h=90_000), 0.627),
        (Usage(100_000, 0, cache_write=90_000, cache_write_1h=45_000), 0.515625),
    ],
)
def test_cached_tokens_have_their_own_price(usage, price):
    assert usd("us.anthropic.claude-sonnet-4-5-20250929-v1:0", usage) == price


def test_an_hour_in_the_cache_without_a_price_leaves_the_call_without_one():
    assert usd(SONNET, Usage(1000, 10, cache_write=500)) is not None
    assert usd(SONNET, Usage(1000, 10, cache_write=500, cache_write_1h=1)) is None


@pytest.mark.parametrize("tier", ["flex", "priority", "reserved", "batch", "optimized"])
def test_a_tier_that_the_catalogue_would_price_as_standard_is_refused(tier):
    assert usd("amazon.nova-lite-v1:0", tier=tier) is None


COUNTS = st.none() | st.integers(-5, 10**9)
IDS = st.text(max_size=60) | st.from_regex(
    r"(arn:aws:bedrock:[a-z-]{0,9}:\d{0,3}:[a-z-]{0,9}/)?([a-z]{2}\.)?(amazon\.nova|anthropic\.claude)[a-z0-9.:-]{0,20}",
    fullmatch=True,
)


@examples(max_examples=200, deadline=None)
@given(
    st.sampled_from(["aws.bedrock", "openai", "nobody", ""]),
    IDS,
    st.lists(COUNTS, min_size=5, max_size=5),
    st.none() | st.text(max_size=9),
)
def test_whatever_is_asked_the_answer_is_a_price_or_none(provider, model, counts, tier):
    cost = CATALOGUE.cost(provider, model, Usage(*counts), tier=tier)
    assert cost is None or (cost.usd >= 0 and cost.source == "catalogue")


def test_an_alias_stands_for_its_model():
    prices = Prices(aliases={PROFILE: SONNET})
    assert usd(PROFILE, prices=prices) == 18.0
    assert Catalogue(prices).context_window("aws.bedrock", PROFILE) == 200_000


def test_an_alias_may_lead_to_a_price_of_ones_own():
    arn = f"{ACCOUNT}:imported-model/abcdefghij12"
    prices = Prices({"imported-legal-7b": Price(0.4, 1.2)}, {arn: "imported-legal-7b"})
    assert Catalogue(prices).cost("aws.bedrock", arn, MILLION) == Cost(pytest.approx(1.6), "override")


@pytest.mark.parametrize("spelling", [f"us.{SONNET}", SONNET, "claude-3-5-sonnet-20241022-v2"])
def test_an_override_is_found_by_the_raw_and_by_the_normalised_id(spelling):
    assert usd(f"us.{SONNET}", prices=Prices({spelling: Price(1, 1)})) == 2.0


def test_the_most_particular_override_wins():
    assert usd(f"us.{SONNET}", prices=Prices({SONNET: Price(1, 1), f"us.{SONNET}": Price(2, 2)})) == 4.0


def test_an_override_holds_for_every_tier():
    assert usd(SONNET, tier="flex", prices=Prices({SONNET: Price(1, 1)})) == 2.0


def test_an_override_holds_from_its_day_on():
    assert usd(SONNET, prices=Prices({SONNET: Price(1, 1, since=date(2026, 8, 31))})) == 18.0
    assert usd(SONNET, prices=Prices({SONNET: Price(1, 1, since=date(2026, 8, 30))})) == 2.0


def test_a_discount_is_taken_off_the_catalogue_and_not_off_an_override():
    prices = Prices({SONNET: Price(1, 1)}, discounts={"aws.bedrock": 12})
    assert usd("amazon.nova-lite-v1:0", prices=prices) == 0.264
    assert usd(SONNET, prices=prices) == 2.0
    assert Catalogue(prices).cost("anthropic", "claude-3-5-haiku-latest", MILLION).usd == pytest.approx(4.8)


def test_prices_are_looked_up_anew_after_a_while():
    clock = [datetime(2026, 8, 20, 23, 59, tzinfo=UTC).timestamp()]
    catalogue = Catalogue(clock=lambda: clock[0])
    before = catalogue.cost("aws.bedrock", "us.openai.gpt-5.6-sol", MILLION)
    clock[0] += 60
    assert catalogue.cost("aws.bedrock", "us.openai.gpt-5.6-sol", MILLION).usd < before.usd


def test_what_is_remembered_is_bounded():
    catalogue = Catalogue()
    for number in range(3000):
        catalogue.cost("aws.bedrock", f"arn:aws:bedrock:us-east-1:1:imported-model/{number}", MILLION)
    assert "952 models known" in repr(catalogue)


def test_the_context_window_is_known_where_a_tier_has_no_price():
    assert Catalogue().context_window("aws.bedrock", "us.amazon.nova-lite-v1:0") == 300_000
    assert Catalogue().context_window("aws.bedrock", "amazon.titan-text-express-v1") is None
    assert Catalogue().context_window("aws.bedrock", "does-not-exist") is None


def test_a_catalogue_that_cannot_be_loaded_leaves_calls_unpriced(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    caplog.set_level(logging.WARNING, "ddllm")
    catalogue = Catalogue()
    assert [catalogue.cost("aws.bedrock", SONNET, MILLION) for _ in range(3)] == [None] * 3
    assert caplog.text.count("the price catalogue failed") == 1


def test_the_catalogue_can_be_loaded_ahead_of_its_first_price(monkeypatch, caplog):
    Catalogue().load()
    assert "genai_prices.data" in sys.modules
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    Catalogue().load()
    assert "the price catalogue failed" in caplog.text


def test_overrides_hold_without_the_catalogue(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    assert usd(SONNET, prices=Prices({SONNET: Price(1, 1)})) == 2.0
    assert "the price catalogue failed" in caplog.text

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import genai_prices
import pytest
from genai_prices import Usage as Tokens
from genai_prices import calc_price
from genai_prices.data import providers
from genai_prices.types import ModelPrice
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.call import Usage
from ddllm.pricing.tariff import Entry, Rates, catalogued, dollars, stated
from ddllm.settings import Price

NOW = datetime(2026, 8, 30, 12, tzinfo=UTC)
BEDROCK = [model.id for provider in providers if provider.id == "aws" for model in provider.models]
MODELS = ["us." + name.removeprefix("regional.") if name.startswith("regional.") else name for name in BEDROCK]
#: Speech, of which the price of the text in it is not the price.
SPEECH = {"amazon.nova-sonic-v1:0", "amazon.nova-2-sonic-v1:0"}
FLAT = (Rates(-1, 1e-6, 2e-6, 1e-7, 1.25e-6, None),)

counts = st.integers(min_value=0, max_value=2_000_000)
shares = st.floats(min_value=0, max_value=1)


@st.composite
def usages(draw):
    plain, made, read, written, hour = (draw(counts) for _ in range(5))
    return Usage(plain + read + written + hour, made, read, written + hour, hour)


@st.composite
def calls(draw):
    """A model, and a call of it that sends about as much as one of the borders between its prices, if it has any."""
    model = draw(st.sampled_from(sorted(set(MODELS) - SPEECH)))
    rates = catalogued("aws", model, None, NOW).rates
    border = draw(st.sampled_from([step.above for step in rates]))
    sent = max(0, border + draw(st.integers(-2, 2))) if border > 0 else draw(counts)
    read = int(sent * draw(shares))
    written = int((sent - read) * draw(shares))
    hour = int(written * draw(shares)) if rates[0].cache_write_1h is not None else 0
    made = draw(counts) if rates[0].output is not None else 0
    return model, rates, Usage(sent, made, read, written, hour)


def computed(model: str, usage: Usage) -> float:
    """Price a call with the catalogue's own arithmetic."""
    tokens = Tokens(
        input_tokens=usage.input,
        output_tokens=usage.output,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
        cache_write_1h_tokens=usage.cache_write_1h,
    )
    return float(calc_price(tokens, model, provider_id="aws", genai_request_timestamp=NOW).total_price)


@settings(max_examples=150, deadline=None)
@given(calls())
def test_a_price_is_what_the_catalogue_itself_computes(call):
    model, rates, usage = call
    assert dollars(rates, usage) == pytest.approx(computed(model, usage), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("model", sorted(set(MODELS) - SPEECH))
def test_every_bedrock_model_has_its_price_on_both_sides_of_each_border(model):
    rates = catalogued("aws", model, None, NOW).rates
    made, hour = int(rates[0].output is not None), int(rates[0].cache_write_1h is not None)
    for border in [step.above for step in rates[:-1]] or [100_000]:
        for sent in (1, border - 1, border, border + 1, 3 * border):
            usage = Usage(sent, 700 * made, sent // 3, sent // 4, sent // 9 * hour)
            assert dollars(rates, usage) == pytest.approx(computed(model, usage), rel=1e-9)


def test_every_bedrock_model_of_the_catalogue_has_rates_but_those_of_speech():
    assert {model for model in MODELS if not catalogued("aws", model, None, NOW).rates} == SPEECH


@given(usages(), st.sampled_from(sorted(set(MODELS) - SPEECH)))
@settings(max_examples=60, deadline=None)
def test_more_tokens_never_cost_less(usage, model):
    rates = catalogued("aws", model, None, NOW).rates
    usage.cache_write_1h = 0
    usage.output = usage.output if rates[0].output is not None else 0
    more = Usage(usage.input + 1, usage.output, usage.cache_read, usage.cache_write, 0)
    assert dollars(rates, more) >= dollars(rates, usage) >= 0


@pytest.fixture
def priced(monkeypatch):
    """Let the catalogue have one model, whose prices a test says, and its own rule for calls, if it has one."""

    def priced(rule=None, **prices):
        price = ModelPrice(**{key: Decimal(str(value)) for key, value in prices.items()})

        def calc(tokens, _model, **_more):
            total = price.calc_price(tokens)["total_price"]
            return SimpleNamespace(
                model=SimpleNamespace(context_window=1000, id="m"),
                model_price=price,
                total_price=rule(tokens, total) if rule else total,
            )

        monkeypatch.setattr(genai_prices, "calc_price", calc)
        return catalogued("aws", "m", None, NOW)

    return priced


TEXT = {"input_mtok": 1, "output_mtok": 2}


def test_writes_for_five_minutes_may_have_a_price_of_their_own(priced):
    entry = priced(**TEXT, cache_write_mtok=1.3, cache_write_5m_mtok=1.25, cache_write_1h_mtok=2)
    assert entry.rates == (pytest.approx((-1, 1e-6, 2e-6, 1e-6, 1.25e-6, 2e-6, 0)),)


@pytest.mark.parametrize("key", ["input_audio_mtok", "input_image_mtok", "web_searches_kcount"])
def test_what_a_call_of_text_does_not_use_leaves_its_price(priced, key):
    assert priced(**TEXT, **{key: 9}).rates


@pytest.mark.filterwarnings("ignore:Unsupported price key")
@pytest.mark.parametrize(
    "key",
    [
        "requests_kcount",
        "output_reasoning_mtok",
        "output_citation_mtok",
        "output_audio_mtok",
        "output_image_mtok",
        "input_text_mtok",
        "input_characters",
        "something_of_another_version_mtok",
    ],
)
def test_a_price_of_what_usage_does_not_count_leaves_the_model_without_one(priced, key):
    assert priced(**TEXT, **{key: 9}) == Entry((), 1000, "m")


def test_a_model_without_a_price_of_input_has_none(priced):
    assert priced(output_mtok=2).rates == ()


def test_a_catalogue_that_computes_in_another_way_is_not_believed(priced):
    assert priced(lambda _, total: total, **TEXT).rates
    assert priced(lambda _, total: total * 2, **TEXT) == Entry((), 1000, "m")


def test_cached_tokens_that_another_version_prices_in_another_way_are_not_believed(priced):
    def rule(tokens, total):
        return total * 2 if tokens.cache_read_tokens else total

    assert priced(rule, **TEXT, cache_read_mtok=0.1).rates == ()


def test_what_releases_make_of_cached_tokens_without_a_price_is_not_asked(priced):
    def rule(tokens, total):
        return 0 if tokens.cache_read_tokens or tokens.cache_write_tokens else total

    assert priced(rule, **TEXT).rates == (Rates(-1, 1e-6, 2e-6, 1e-6, 1e-6, None),)


def test_long_contexts_are_priced_by_their_step():
    steps = (Rates(200_000, 6e-6, 2e-5, 6e-7, 7.5e-6, None), Rates(-1, 3e-6, 1.5e-5, 3e-7, 3.75e-6, None))
    assert dollars(steps, Usage(200_000, 0)) == pytest.approx(0.6)
    assert dollars(steps, Usage(200_001, 0)) == pytest.approx(1.200006)


def test_the_catalogue_has_steps_for_some_models():
    entry = catalogued("aws", "us.anthropic.claude-haiku-5-5", None, NOW)
    assert [step.above for step in entry.rates] == [100_000, -1]
    assert entry.rates[0].input > entry.rates[1].input


def test_a_price_changes_on_its_day():
    before = catalogued("aws", "us.openai.gpt-5.6-sol", None, datetime(2026, 8, 20, tzinfo=UTC))
    after = catalogued("aws", "us.openai.gpt-5.6-sol", None, datetime(2026, 8, 21, tzinfo=UTC))
    assert after.rates[-1].output < before.rates[-1].output


def test_a_tier_without_a_price_of_its_own_has_no_rates_but_a_window():
    assert catalogued("aws", "amazon.nova-lite-v1:0", "flex", NOW)[:2] == ((), 300_000)


def test_a_tier_that_the_catalogue_prices_has_its_rates():
    standard, flex = (
        catalogued("openai", "gpt-5", tier, datetime(2026, 10, 12, tzinfo=UTC)) for tier in (None, "flex")
    )
    assert flex.rates[-1].input == pytest.approx(standard.rates[-1].input / 2)


def test_a_tier_has_no_rates_before_the_day_from_which_the_catalogue_states_them():
    assert catalogued("openai", "gpt-5", "flex", datetime(2026, 10, 11, tzinfo=UTC)).rates == ()


def test_what_the_catalogue_does_not_have_is_none():
    assert catalogued("aws", "cohere.embed-english-v3", None, NOW) is None
    assert catalogued("nobody", "anthropic.claude-v2", None, NOW) is None


def test_embeddings_are_priced_by_their_input_alone():
    entry = catalogued("aws", "amazon.titan-embed-text-v2:0", None, NOW)
    assert dollars(entry.rates, Usage(1_000_000)) == pytest.approx(0.02)
    assert dollars(entry.rates, Usage(1_000_000, 5)) is None


@pytest.mark.parametrize(
    "usage",
    [
        Usage(),
        Usage(cache_read=5),
        Usage(-1, 10),
        Usage(10, -1),
        Usage(10, 1, cache_read=11),
        Usage(10, 1, cache_read=6, cache_write=6),
        Usage(10, 1, cache_write=5, cache_write_1h=6),
        Usage(10, 1, cache_write=5, cache_write_1h=5),
    ],
)
def test_figures_that_say_nothing_contradict_each_other_or_have_no_rate_have_no_price(usage):
    assert dollars(FLAT, usage) is None


def test_the_part_of_a_broken_stream_that_is_known_has_its_price():
    assert dollars(FLAT, Usage(1_000_000)) == pytest.approx(1.0)


def test_no_rates_no_price():
    assert dollars((), Usage(1, 1)) is None


def test_a_stated_price_fills_what_it_does_not_say():
    (rates,) = stated(Price(2.0, 4.0, since=date(2026, 1, 1)))
    assert rates == Rates(-1, 2e-6, 4e-6, 2e-6, 2e-6, 2e-6)
    (rates,) = stated(Price(2.0, 4.0, cache_read_per_million=0.2, cache_write_per_million=2.5))
    assert rates == pytest.approx((-1, 2e-6, 4e-6, 2e-7, 2.5e-6, 2.5e-6, 0))


def test_a_price_by_the_request_asks_for_no_tokens():
    rates = stated(Price(per_thousand_requests=2.0))
    assert rates == (Rates(-1, 0, 0, 0, 0, 0, 0.002),)
    assert dollars(rates, Usage()) == dollars(rates, Usage(10, 10)) == 0.002


def test_what_costs_nothing_costs_nothing_only_where_that_is_stated():
    assert dollars(stated(Price(0.0, 0.0)), Usage(10, 10)) == 0
    assert dollars(stated(Price(0.0, 0.0)), Usage()) is None


def test_a_discount_keeps_what_is_missing_missing():
    assert FLAT[0].discounted(0.5) == Rates(-1, 5e-7, 1e-6, 5e-8, 6.25e-7, None)
    assert stated(Price(per_thousand_requests=2.0))[0].discounted(0.5).request == 0.001

from datetime import UTC, date, datetime

import pytest
from genai_prices import Usage as Tokens
from genai_prices import calc_price
from genai_prices.data import providers
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.call import Usage
from ddllm.pricing.rates import Rates, catalogued, dollars, stated
from ddllm.settings import Price

NOW = datetime(2026, 8, 30, 12, tzinfo=UTC)
BEDROCK = [model.id for provider in providers if provider.id == "aws" for model in provider.models]
MODELS = ["us." + name.removeprefix("regional.") if name.startswith("regional.") else name for name in BEDROCK]
FLAT = (Rates(-1, 1e-6, 2e-6, 1e-7, 1.25e-6, None),)

counts = st.integers(min_value=0, max_value=2_000_000)


@st.composite
def usages(draw):
    plain, made, read, written, hour = (draw(counts) for _ in range(5))
    return Usage(plain + read + written + hour, made, read, written + hour, hour)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(MODELS), usages())
def test_a_price_is_what_the_catalogue_itself_computes(model, usage):
    entry = catalogued("aws", model, None, NOW)
    if entry.rates[0].cache_write_1h is None:
        usage.cache_write_1h = 0
    if entry.rates[0].output is None:
        usage.output = 0
    theirs = calc_price(
        Tokens(
            input_tokens=usage.input,
            output_tokens=usage.output,
            cache_read_tokens=usage.cache_read,
            cache_write_tokens=usage.cache_write,
            cache_write_1h_tokens=usage.cache_write_1h,
        ),
        model,
        provider_id="aws",
        genai_request_timestamp=NOW,
    )
    assert dollars(entry.rates, usage) == pytest.approx(float(theirs.total_price), rel=1e-9, abs=1e-12)


def test_every_bedrock_model_of_the_catalogue_has_rates():
    assert [model for model in MODELS if not catalogued("aws", model, None, NOW).rates] == []


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
    assert catalogued("aws", "amazon.nova-lite-v1:0", "flex", NOW) == ((), 300_000)


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
    assert rates == pytest.approx((-1, 2e-6, 4e-6, 2e-7, 2.5e-6, 2.5e-6))


def test_a_discount_keeps_what_is_missing_missing():
    assert FLAT[0].discounted(0.5) == Rates(-1, 5e-7, 1e-6, 5e-8, 6.25e-7, None)

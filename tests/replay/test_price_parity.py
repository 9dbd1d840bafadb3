"""Our prices beside those of a second catalogue: equal, or different for a reason that stands here.

Each reason names the models and the kind of call that it explains. A difference that no reason explains fails, and so does a
reason that explains nothing any more. Both catalogues are asked for their prices of one day.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

import pytest
from genai_prices.data import providers

from ddllm.call import Call, Usage
from ddllm.instrument.providers import bedrock
from ddllm.pricing import Catalogue
from ddllm.pricing.bedrock_ids import parse
from ddllm.pricing.tariff import catalogued, dollars
from tests.replay.test_recordings_reading import RECORDINGS, call, recordings
from tests.support import price_catalogue

DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOLERANCE = 1e-3

#: One call of each kind. Where contexts are long differs from model to model: each length is past the border of some.
KINDS = {
    "tokens": Usage(10_000, 2_000),
    "cache": Usage(10_000, 2_000, cache_read=6_000, cache_write=3_000),
    "hour": Usage(10_000, 2_000, cache_read=1_000, cache_write=5_000, cache_write_1h=4_000),
    "100k": Usage(100_001, 2_000, cache_read=50_000, cache_write=10_000),
    "200k": Usage(200_001, 2_000, cache_read=50_000, cache_write=10_000),
    "272k": Usage(272_001, 2_000, cache_read=50_000, cache_write=10_000),
}


class Difference(NamedTuple):
    """What two catalogues say of a call of some kind; None where one has no price."""

    model: str
    kind: str
    ours: float | None
    theirs: float | None

    def __str__(self) -> str:
        return f"{self.model} {self.kind}: ours {self.ours}, theirs {self.theirs}"


#: For ids that both catalogues know: a pattern of the model and the kind of call, and why they differ.
REASONS = {
    r"(anthropic\.claude-(fable-5|fable-5-1|haiku-4-5|haiku-5-5|opus-4-[5-8]|opus-5|opus-5-5|sonnet-4-[56]|sonnet-5|sonnet-5-5)\b"
    r"|openai\.gpt-6-(luna|sol)).* (tokens|cache|hour|\d+k)": "for an id without a profile our catalogue has the price of one geography, a tenth above that of the global profile, which the second one has",
    r"(eu|jp)\.amazon\.nova-2-lite-v1:0 .*": "our catalogue states one price for all geographies, the second one those of AWS's regions",
    r"(\w+\.)?anthropic\.claude-3-opus-20240229-v1:0 (cache|\d+k)": "the model has no cache on Bedrock; the second catalogue has the prices of Anthropic's own API",
    r"apac\.anthropic\.claude-haiku-4-5-20251001-v1:0 hour": "the second catalogue leaves out the price of an hour in this geography",
    r"(\w+\.)?anthropic\.claude-sonnet-4(-5)?-20\d{6}-v1:0 (200k|272k)": "our catalogue states no price of long contexts for it: unpriced, never the price of short ones",
    r"us\.openai\.gpt-5\.[45] 272k": "our catalogue states no price of long contexts for it: unpriced, never the price of short ones",
}

#: For ids that our catalogue finds and ddllm does not price, though the price would have been the second catalogue's.
REFUSED = {
    r"eu\.mistral\.pixtral-large-2502-v1:0": "found by a part of its name; others that are found so cost a third more in Europe",
}

#: For recorded calls: a pattern of the model, and why the price is not the second catalogue's.
RECORDED = {
    r"(ai21\.j2|anthropic\.claude-(instant-v1|v2:1)|cohere\.command-(light-)?text|meta\.llama2).*": "retired: our catalogue has let go of it; unpriced",
    r"(us\.)?anthropic\.claude-3-(sonnet|haiku)-.*": "retired: the second catalogue has let go of it",
    r"cohere\.embed-english-v3": "our catalogue has no embeddings of Cohere; unpriced",
}


def close(ours: float | None, theirs: float | None) -> bool:
    """Whether two prices are the same, or there is none on both sides."""
    return ours == theirs if ours is None or theirs is None else ours == pytest.approx(theirs, rel=TOLERANCE)


def settle(differences: Iterable[Difference], reasons: dict[str, str], name: str = "{0.model} {0.kind}") -> None:
    """Compare differences with the reasons for them."""
    used, unexplained = set(), []
    for each in differences:
        matching = [pattern for pattern in reasons if re.fullmatch(pattern, name.format(each))]
        used.update(matching)
        unexplained += [] if matching else [str(each)]
    assert not unexplained, "\n".join(["differences without a reason:", *sorted(set(unexplained))])
    assert reasons.keys() == used, "a reason without a difference"


def test_a_difference_needs_a_reason_and_a_reason_a_difference():
    found = Difference("amazon.nova-lite-v1:0", "cache", 1.0, None)
    settle([found], {r"amazon\..* cache": "because"})
    with pytest.raises(AssertionError, match=r"nova-lite-v1:0 cache: ours 1.0, theirs None"):
        settle([found], {})
    with pytest.raises(AssertionError, match="a reason without a difference"):
        settle([], {r"amazon\..*": "because"})


@pytest.mark.parametrize(
    ("ours", "theirs", "same"), [(1.0, 1.0009, True), (1.0, 1.0011, False), (None, None, True), (0.0, None, False)]
)
def test_prices_are_the_same_to_a_tenth_of_a_percent(ours, theirs, same):
    assert close(ours, theirs) is same


@cache
def ours() -> Catalogue:
    return Catalogue(clock=DAY.timestamp)


def cost(model: str, usage: Usage, tier: str | None = None) -> float | None:
    found = ours().cost("aws.bedrock", model, usage, tier=tier)
    return None if found is None else found.usd


def known_to_ours() -> Iterator[str]:
    """Name every Bedrock model of our catalogue as an application would ask for it."""
    for provider in providers:
        for model in provider.models if provider.id == "aws" else ():
            plain = model.id.removeprefix("regional.")
            yield plain
            if plain != model.id:
                yield from (f"{profile}.{plain}" for profile in ("us", "eu", "apac", "jp", "au"))


def known_to_both() -> list[str]:
    theirs = price_catalogue.models()
    return sorted(
        model for model in {*known_to_ours(), *theirs} if model in theirs and ours().rates("aws.bedrock", model)
    )


def output(model: str, usage: Usage) -> Usage:
    """Leave out the tokens that embeddings do not make."""
    if ours().rates("aws.bedrock", model)[0].output is None:
        return Usage(usage.input, None, usage.cache_read, usage.cache_write, usage.cache_write_1h)
    return usage


def test_models_that_both_catalogues_know_cost_the_same():
    models = known_to_both()
    assert len(models) > 150
    compared = [
        Difference(model, kind, cost(model, output(model, usage)), price_catalogue.price(model, output(model, usage)))
        for model in models
        for kind, usage in KINDS.items()
    ]
    settle((each for each in compared if not close(each.ours, each.theirs)), REASONS)
    equal = [each for each in compared if each.ours is not None and close(each.ours, each.theirs)]
    assert len(equal) > 0.75 * len(compared)


def test_what_is_refused_would_have_been_wrong():
    """The catalogue finds a price by a part of the id; where ddllm does not take it, it is not the price."""
    refused = []
    for model in price_catalogue.models():
        profiled, plain, _ = parse(model).spellings
        found = next(filter(None, (catalogued("aws", name, None, DAY) for name in (profiled, plain))), None)
        if found is None or ours().rates("aws.bedrock", model):
            continue
        would = dollars(found.rates, KINDS["tokens"])
        theirs = price_catalogue.price(model, KINDS["tokens"])
        if would is None or close(would, theirs):
            refused.append(Difference(model, "tokens", would, theirs))
    settle(refused, REFUSED, "{0.model}")


@pytest.mark.skipif(not RECORDINGS.is_file(), reason=f"there are no recordings in {RECORDINGS.parent}")
class TestRecordings:
    """Every recorded call that was answered with its usage."""

    @staticmethod
    def priced() -> Iterator[tuple[Call, Usage, float | None]]:
        for row in recordings():
            made = call(row)
            answer = bedrock.read(made, made.model_id)
            if made.status == "ok" and answer.usage is not None:
                yield made, answer.usage, cost(made.model_id, answer.usage, answer.tier)

    def test_each_costs_something_or_is_unpriced(self):
        prices = [price for _, _, price in self.priced()]
        assert all(price is None or price > 0 for price in prices)
        assert sum(price is not None for price in prices) == 138

    def test_each_costs_the_same_in_both_catalogues(self):
        compared = [
            Difference(made.model_id, "recorded", price, price_catalogue.price(made.model_id, usage))
            for made, usage, price in self.priced()
        ]
        settle((each for each in compared if not close(each.ours, each.theirs)), RECORDED, "{0.model}")
        assert sum(each.ours is not None and each.theirs is not None for each in compared) > 100

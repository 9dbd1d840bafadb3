"""The cost report: each number of this history can be checked by hand."""

import json
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm import catalog
from ddllm.analysis.costs import Costs, Waste, analyse, as_json, cache_saving, pareto, percent
from ddllm.analysis.sources import RecordedSource
from ddllm.pricing import Catalogue
from ddllm.query.recordings import Recording
from ddllm.settings import Price, Prices
from tests.support.spending import END, HAIKU, SONNET, START, WINDOW, count, history


def saving(provider: str, vendor: str, model: str) -> float:
    """Two dollars a million tokens, of one model."""
    assert provider == "aws.bedrock"
    return 2e-6 if (vendor, model) == ("anthropic", SONNET) else 0.0


@pytest.fixture(scope="module")
def costs() -> Costs:
    return analyse(RecordedSource(history(), WINDOW, "day.jsonl"), WINDOW, env="prod", saving=saving)


def test_the_whole(costs: Costs):
    assert (costs.dollars, costs.calls) == (100, 220)
    assert (costs.source, costs.env, costs.window) == ("day.jsonl", "prod", WINDOW)


def test_spend_by_template_is_ordered_and_cumulative(costs: Costs):
    template = costs.paretos[0]
    assert template.dimension == "template"
    assert [
        (each.name, each.dollars, each.share, each.cumulative, each.failed_dollars) for each in template.slices
    ] == [
        ("qa", 60, 0.6, 0.6, 6),
        ("triage", 20, 0.2, 0.8, 2),
        ("reply", 10, 0.1, 0.9, 0),
        ("title", 5, 0.05, 0.95, 0),
        ("unknown", 5, 0.05, 1.0, 0),
    ]
    assert (
        template.sentence
        == "25 % of templates (1 of 4) make 63 % of the spend that names one; 5 % of all spend names none"
    )


def test_spend_by_feature_model_and_action(costs: Costs):
    _, feature, model, action = costs.paretos
    assert {each.name: each.dollars for each in feature.slices} == {"search": 60, "inbox": 35, "batch": 5}
    assert feature.sentence == "33 % of features (1 of 3) make 60 % of the spend"
    assert {each.name: each.dollars for each in model.slices} == {SONNET: 60, HAIKU: 35, "imported-model/x": 5}
    assert [(each.name, each.dollars, each.failed_dollars) for each in action.slices] == [
        ("ask", 60, 15),
        ("answer", 10, 0),
    ]
    assert action.dollars == 70


def test_what_was_spent_for_nothing(costs: Costs):
    assert {row.template: row for row in costs.waste} == {
        "qa": Waste(
            "qa",
            failed_calls=10,
            failed_dollars=6,
            failed_tokens=1e6,
            refusals=5,
            estimated_refused_dollars=pytest.approx(5 * 54 / 90),
        ),
        "triage": Waste(
            "triage",
            abandoned_calls=20,
            abandoned_dollars=2,
            abandoned_tokens=1_010_000,
            checked_answers=50,
            malformed_answers=6,
            estimated_malformed_dollars=pytest.approx(6 * 18 / 60),
        ),
    }
    assert [row.template for row in costs.waste] == ["qa", "triage"]


def test_what_the_cache_could_have_saved(costs: Costs):
    [row] = costs.cache
    assert (row.template, row.model, row.input_tokens, row.uncached_tokens) == ("qa", SONNET, 10e6, 7e6)
    assert row.estimated_dollars == pytest.approx(14)


def test_retries_are_counted_model_by_model(costs: Costs):
    retries = costs.retries
    assert (retries.calls, retries.attempts, retries.beyond_first) == (220, 215, 15)
    assert retries.failed_attempts == {"throttled": 17, "timeout": 3}
    assert retries.waited_seconds == 62


def test_what_makes_the_numbers_less_than_the_truth(costs: Costs):
    assert costs.unpriced == {"imported-model/y": 7}
    assert costs.capped == {"prompt_template": 12}
    assert costs.usage_missing == 3
    assert costs.warnings == [
        "7 calls went to models without a known price, so spending is more than this: imported-model/y (set prices in ddllm.yaml)",
        "3 answers did not say their tokens, so tokens and spending are more than this",
        "tags had too many values, so what stands beside one of theirs is a lower bound: prompt_template (12 calls)",
    ]


def test_without_an_environment_all_count():
    costs = analyse(RecordedSource(history(), WINDOW, "r"), WINDOW, by=["feature"], saving=saving)
    assert costs.dollars == 1100
    assert [each.dimension for each in costs.paretos] == ["feature"]


def test_nothing_is_no_error():
    costs = analyse(RecordedSource(Recording(60, START, END), WINDOW, "r"), WINDOW, saving=saving)
    assert (costs.dollars, costs.calls, costs.waste, costs.cache, costs.warnings) == (0, 0, (), (), [])
    assert [each.sentence for each in costs.paretos] == [
        "no spend names a template",
        "no spend names a feature",
        "no spend names a model",
        "no spend names an action",
    ]


def test_json_holds_it_all(costs: Costs):
    document = json.loads(json.dumps(as_json(costs)))
    assert (document["version"], document["window"], document["env"]) == (1, {"start": START, "end": END}, "prod")
    assert document["by"]["template"]["rows"][0] == {
        "name": "qa",
        "dollars": 60,
        "share": 0.6,
        "cumulative": 0.6,
        "failed_dollars": 6,
    }
    assert document["waste"][1]["estimated_malformed_dollars"] == pytest.approx(1.8)
    assert document["retries"]["failed_attempts"] == {"throttled": 17, "timeout": 3}
    assert len(document["warnings"]) == 3


@pytest.mark.parametrize(
    ("spend", "sentence"),
    [
        ({"a": 1}, "one template makes all of the spend"),
        ({"a": 3, "unknown": 1}, "one template makes all of the spend that names one; 25 % of all spend names none"),
        ({"unknown": 1}, "no spend names a template"),
        ({f"t{n}": 1 for n in range(10)}, "60 % of templates (6 of 10) make 60 % of the spend"),
        ({"a": 97, **{f"t{n}": 0.03 for n in range(99)}}, "1 % of templates (1 of 100) make 97 % of the spend"),
        ({"a": 2, "other": 2, "b": 1}, "50 % of templates (1 of 2) make 67 % of the spend that names one; 40 % of all spend names none"),
    ],
)  # fmt: skip
def test_the_sentence(spend: dict[str, float], sentence: str):
    assert pareto("template", {(name, "ok"): dollars for name, dollars in spend.items()}).sentence == sentence


AMOUNTS = st.floats(min_value=1e-9, max_value=1e9)


@settings(deadline=None)
@given(st.dictionaries(st.tuples(st.text(max_size=5), st.sampled_from(["ok", "error"])), AMOUNTS, min_size=1))
def test_shares_add_up_to_one_and_never_fall(spend: dict[tuple[str, str], float]):
    found = pareto("template", spend)
    assert fsum(each.share for each in found.slices) == pytest.approx(1)
    assert found.slices[-1].cumulative == pytest.approx(1)
    amounts = [each.dollars for each in found.slices]
    assert amounts == sorted(amounts, reverse=True)
    cumulative = [each.cumulative for each in found.slices]
    assert cumulative == sorted(cumulative)
    assert fsum(amounts) == pytest.approx(found.dollars)
    assert all(0 <= each.failed_dollars <= each.dollars * (1 + 1e-12) for each in found.slices)
    assert found.sentence


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.001, "<1 %"), (0.154, "15 %"), (0.9949, ">99 %"), (1, "100 %"), (1 - 1e-15, "100 %")],
)
def test_a_share_is_never_rounded_to_nothing_or_all(share: float, text: str):
    assert percent(share) == text


def test_a_saving_is_the_difference_of_two_known_prices():
    find = cache_saving(Catalogue())
    assert find("aws.bedrock", "anthropic", "claude-3-5-sonnet-20241022-v2") == pytest.approx(2.7e-6)
    assert find("aws.bedrock", "meta", "llama3-3-70b-instruct-v1") == 0
    assert find("aws.bedrock", "unknown", "imported-model/x") == 0


def test_a_saving_knows_the_prices_of_the_file():
    prices = Prices(models={"mine": Price(4.0, 8.0, cache_read_per_million=1.0), "plain": Price(4.0, 8.0)})
    find = cache_saving(Catalogue(prices))
    assert find("aws.bedrock", "unknown", "mine") == pytest.approx(3e-6)
    assert find("aws.bedrock", "unknown", "plain") == 0


def test_a_tag_that_is_left_out_is_neither_unknown_nor_a_failure():
    known = {"env": "prod", "model_name": "m"}
    series = (
        count(catalog.COST, 4, **known),
        count(catalog.COST, 1, **known, prompt_template="unknown", status="ok"),
        count(catalog.ATTEMPTS, 9, **known),
    )
    costs = analyse(RecordedSource(Recording(60, START, END, series), WINDOW, "r"), WINDOW, saving=lambda *_: 0.0)
    assert [(each.name, each.dollars, each.failed_dollars) for each in costs.paretos[0].slices] == [
        ("excluded or unknown", 4, 0),
        ("unknown", 1, 0),
    ]
    assert costs.paretos[0].sentence == "no spend names a template"
    assert costs.retries.failed_attempts == {}


def test_one_is_no_plural():
    series = (
        count(catalog.COST_UNPRICED, 1, env="prod", model_name="m"),
        count(catalog.TELEMETRY_DROPPED, 1, env="prod", reason="usage_missing"),
        count(catalog.TELEMETRY_CAPPED, 1, env="prod", reason="feature"),
    )
    costs = analyse(RecordedSource(Recording(60, START, END, series), WINDOW, "r"), WINDOW, saving=lambda *_: 0.0)
    assert [warning.split(" ")[:2] for warning in costs.warnings[:2]] == [["1", "call"], ["1", "answer"]]
    assert costs.warnings[2].endswith("feature (1 call)")

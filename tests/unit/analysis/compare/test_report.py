"""A report says what the numbers say, and no more: differences are called real only where they are."""

from random import Random

import pytest

from ddllm.analysis.compare.report import METRICS, report
from ddllm.definitions.workload import Model
from tests.support.comparison import CLAUDE, META, measured, workload

THIRD = Model("aws.bedrock", "us.amazon.nova-pro-v1:0")
SONNET, LLAMA, NOVA = "claude-3-5-sonnet-20241022-v2", "llama3-2-90b-instruct-v1", "nova-pro-v1"


def row(found, key):
    return next(each for each in found.rows if each.metric.key == key)


def calls(asked, make, **more):
    """One finished call for each of a workload's; `make` says of (model, prompt number, repetition) what it was like."""
    return [
        measured(prompt.id, model.id, repetition, **{**more, **make(model, number, repetition)})
        for number, prompt in enumerate(asked.prompts)
        for model in asked.models
        for repetition in range(asked.repeat)
    ]


def priced(model, number, repetition):
    base = 0.001 * (1 + number / 4) * (1 + 0.02 * repetition)
    return {"cost": base / 3 if model == META else base}


def test_a_real_difference_is_told_with_its_size_and_interval():
    asked = workload(8, repeat=3)
    found = row(report(asked, calls(asked, priced)), "cost")
    assert found.winner == LLAMA
    assert found.conclusion == f"{LLAMA} is 3.0\u00d7 cheaper than {SONNET} (95 %: 3.0 to 3.0)"
    (pair,) = found.pairs
    assert (pair.one, pair.other, pair.real) == (SONNET, LLAMA, True)


def test_no_difference_is_told_with_how_much_was_looked_for():
    asked = workload(8, repeat=5)
    found = row(report(asked, calls(asked, lambda *_: {})), "refusals")
    assert (found.winner, found.conclusion) == (None, "no difference in refusals can be seen with 40 calls each")


def test_a_hint_is_told_apart_from_a_proof():
    asked = workload(8, repeat=1)
    rng = Random(4)

    longer = (0.3, -0.08, 0.25, 0.05, -0.03, 0.3, 0.1, 0.15)

    def noisy(model, number, repetition):
        tokens = 40 * (1 + longer[number] * (model == META))
        return {"output_tokens": tokens, "cost": rng.lognormvariate(0, 0.4), "duration": rng.lognormvariate(0, 0.4)}

    found = row(report(asked, calls(asked, noisy)), "output_tokens")
    (pair,) = found.pairs
    assert pair.difference.p < 0.05 < pair.p
    assert not pair.real
    assert found.conclusion.endswith("; there is a hint of one, which among 3 comparisons is no proof")


@pytest.mark.parametrize("prompts", [1, 4])
def test_few_prompts_prove_nothing_however_often_they_are_asked(prompts):
    asked = workload(prompts, repeat=20)
    found = row(report(asked, calls(asked, priced)), "cost")
    assert (found.winner, found.pairs[0].real) == (None, False)
    noun = "1 prompt" if prompts == 1 else "4 prompts"
    assert found.conclusion == f"{noun} cannot tell a difference in cost: it takes 5 or more"


def test_a_rate_is_told_in_points():
    asked = workload(10, repeat=4)
    found = row(report(asked, calls(asked, lambda model, *_: {"format_ok": model == CLAUDE})), "format")
    assert found.winner == SONNET
    assert found.conclusion.startswith(f"{SONNET} keeps the format more often than {LLAMA}, by 100.0 points (95 %:")


def test_a_winner_beats_every_other_model():
    asked = workload(8, models=(CLAUDE, META, THIRD), repeat=3)

    def three(model, number, repetition):
        base = {CLAUDE: 4.0, META: 1.0, THIRD: 4.0}[model]
        wobble = Random(f"{repetition} {number} {model}").uniform(0.9, 1.1)
        return {"ttft": base * wobble}

    found = row(report(asked, calls(asked, three)), "ttft")
    assert found.winner == LLAMA
    assert f"{LLAMA} begins" in found.conclusion
    assert (
        f"no difference in time to first token can be seen between {SONNET} and {NOVA} with 24 calls each"
        in found.conclusion
    )


def test_nobody_wins_by_writing_more():
    asked = workload(8, repeat=2)
    found = row(
        report(asked, calls(asked, lambda model, *_: {"output_tokens": 90 if model == META else 30})), "output_tokens"
    )
    assert found.winner is None
    assert found.conclusion == f"{LLAMA} writes 3.0\u00d7 more tokens than {SONNET} (95 %: 3.0 to 3.0)"


def test_what_nobody_measured_is_not_shown():
    asked = workload(6, repeat=1)
    assert [each.metric.key for each in report(asked, calls(asked, lambda *_: {})).rows] == [
        "cost",
        "duration",
        "refusals",
        "errors",
    ]
    assert report(asked, []).rows == ()


def test_failed_calls_count_as_errors_and_nowhere_else():
    asked = workload(6, repeat=2)

    def half(model, number, repetition):
        failed = model == META and repetition
        return {"status": "error", "error": "ThrottlingException", "cost": None} if failed else {"cost": 0.002}

    found = report(asked, calls(asked, half))
    assert row(found, "cost").estimates[LLAMA].values == 6
    assert row(found, "errors").estimates[LLAMA].value == 0.5
    assert row(found, "refusals").estimates[LLAMA].values == 6
    assert (found.calls, found.errors) == (24, 6)
    assert found.models[1].errors == {"ThrottlingException": 6}
    assert [model.spent for model in found.models] == pytest.approx([0.024, 0.012])


def test_checks_are_passed_where_all_are():
    asked = workload(6, repeat=1)
    found = report(asked, calls(asked, lambda model, *_: {"checks": (True, model == CLAUDE)}))
    assert [row(found, "checks").estimates[label].value for label in (SONNET, LLAMA)] == [1, 0]


def test_a_model_alone_is_measured_and_compared_with_nothing():
    asked = workload(6, models=(CLAUDE,))
    found = row(report(asked, calls(asked, priced)), "cost")
    assert (found.pairs, found.winner) == ((), None)
    assert found.conclusion == "one model alone compares with nothing"


def test_models_whose_short_names_are_equal_keep_their_ids():
    regional = Model("aws.bedrock", "eu.amazon.nova-pro-v1:0")
    asked = workload(5, models=(THIRD, regional, CLAUDE))
    assert [model.label for model in report(asked, []).models] == [THIRD.id, regional.id, SONNET]


def test_prompts_that_one_model_has_alone_do_not_make_a_difference():
    asked = workload(9, repeat=1)
    found = [each for each in calls(asked, priced) if each.model == CLAUDE.id or each.prompt != "p8"]
    (pair,) = row(report(asked, found), "cost").pairs
    assert (pair.difference.clusters, pair.difference.value) == (8, pytest.approx(3))


def test_an_unpriced_model_has_no_cost():
    asked = workload(6, repeat=1)
    found = report(asked, calls(asked, lambda model, *_: {"cost": None if model == META else 0.001}))
    cost = row(found, "cost")
    assert (cost.estimates[LLAMA], cost.pairs) == (None, ())
    assert cost.conclusion == "cost cannot be compared: no prompt has a number above zero from two models"
    assert [model.unpriced for model in found.models] == [0, 6]


def test_every_metric_is_told_apart():
    assert len({metric.key for metric in METRICS}) == len({metric.title for metric in METRICS}) == len(METRICS)


RUNS = 100


def test_models_that_are_alike_are_seldom_called_different():
    """Of all reports on equal models, at most 5 % may hold any real difference: here, what so few of them allow for chance."""
    asked = workload(8, repeat=2)
    rng = Random(11)

    def alike(model, number, repetition):
        length = rng.lognormvariate(0.1 * number, 0.3)
        return {
            "cost": 0.001 * length * rng.lognormvariate(0, 0.05),
            "duration": length * rng.lognormvariate(0, 0.2),
            "ttft": rng.lognormvariate(-1, 0.4),
            "output_tokens": 60 * length,
            "tokens_per_second": rng.gauss(80, 6),
            "refusal": "text" if rng.random() < 0.05 else None,
            "format_ok": rng.random() < 0.9,
            "checks": (rng.random() < 0.7,),
        }

    alarms = sum(
        any(pair.real for each in report(asked, calls(asked, alike)).rows for pair in each.pairs) for _ in range(RUNS)
    )
    assert alarms / RUNS <= 0.05 + 2 * (0.05 * 0.95 / RUNS) ** 0.5

"""A report says what the numbers say, and no more: differences are called real only where they are."""

from random import Random

import pytest

from ddllm.analysis.compare.report import report
from ddllm.definitions.workload import Model
from tests.support.comparison import CLAUDE, META, calls, priced, row, workload
from tests.support.comparison import NOVA as THIRD

SONNET, LLAMA, NOVA = "claude-3-5-sonnet-20241022-v2", "llama3-2-90b-instruct-v1", "nova-pro-v1"


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

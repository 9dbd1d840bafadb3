"""Differences are told in words only where they are real."""

from random import Random

import pytest

from ddllm.analysis.compare.report import report
from tests.support.comparison import CLAUDE, META, calls, priced, row, workload
from tests.support.comparison import NOVA as THIRD

SONNET, LLAMA, NOVA = "claude-3-5-sonnet-20241022-v2", "llama3-2-90b-instruct-v1", "nova-pro-v1"


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
    assert found.conclusion.startswith(f"{SONNET} keeps the format more often than {LLAMA} by 100.0 points (95 %:")


def by_model(base):
    """Times to first token around a model's own, each call a little off."""

    def make(model, number, repetition):
        return {"ttft": base[model] * Random(f"{repetition} {number} {model}").uniform(0.9, 1.1)}

    return make


def test_a_winner_beats_every_other_model():
    asked = workload(8, models=(CLAUDE, META, THIRD), repeat=3)
    found = row(report(asked, calls(asked, by_model({CLAUDE: 4.0, META: 1.0, THIRD: 3.0}))), "ttft")
    assert found.winner == LLAMA
    assert "no difference" not in found.conclusion


def test_where_two_share_the_lead_nobody_wins():
    asked = workload(8, models=(CLAUDE, META, THIRD), repeat=3)
    found = row(report(asked, calls(asked, by_model({CLAUDE: 4.0, META: 1.0, THIRD: 1.0}))), "ttft")
    assert found.winner is None
    assert f"sooner than {SONNET} (95 %:" in found.conclusion
    assert "; no difference in time to first token can be seen against" in found.conclusion


def test_nobody_wins_by_writing_more():
    asked = workload(8, repeat=2)
    found = row(
        report(asked, calls(asked, lambda model, *_: {"output_tokens": 90 if model == META else 30})), "output_tokens"
    )
    assert found.winner is None
    assert found.conclusion == f"{LLAMA} writes 3.0\u00d7 more tokens than {SONNET} (95 %: 3.0 to 3.0)"


def test_a_model_alone_is_measured_and_compared_with_nothing():
    asked = workload(6, models=(CLAUDE,))
    found = row(report(asked, calls(asked, priced)), "cost")
    assert (found.pairs, found.winner) == ((), None)
    assert found.conclusion == "one model alone compares with nothing"


def test_wins_against_several_models_make_one_sentence():
    asked = workload(8, models=(CLAUDE, META, THIRD), repeat=1)
    times = {CLAUDE: 4.0, META: 1.0, THIRD: 2.0}
    found = row(
        report(asked, calls(asked, lambda model, number, _: {"cost": 0.001 * times[model] * (1 + number)})), "cost"
    )
    assert found.winner == LLAMA
    assert found.conclusion == (
        f"{LLAMA} is 4.0\u00d7 cheaper than {SONNET} (95 %: 4.0 to 4.0) and is 2.0\u00d7 cheaper than {NOVA} (2.0 to 2.0)"
    )

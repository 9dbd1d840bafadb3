"""A budget is never passed, whatever calls cost below their worst case and in whatever order they end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm import pricing
from ddllm.analysis.compare.bedrock import request_of
from ddllm.analysis.compare.budget import Budget, worst_case
from ddllm.call import Usage
from ddllm.definitions.workload import Model, Parameters, Prompt
from tests.support.comparison import CLAUDE

dollars = st.floats(0, 2, allow_nan=False)


def held(budget: Budget, before: float) -> bool:
    """Nothing was spent beyond the limit; what was spent before may lie beyond it, and is rounded up."""
    return budget.spent <= budget.limit or budget.spent == pytest.approx(before, abs=2e-9)


@given(
    limit=st.floats(1e-6, 5),
    calls=st.lists(st.tuples(dollars, st.floats(0, 1), st.integers(0, 5)), max_size=60),
    before=st.floats(0, 6),
)
def test_it_is_never_passed(limit, calls, before):
    budget = Budget(limit, before)
    under_way = []
    for worst, share, settled_first in calls:
        for _ in range(min(settled_first, len(under_way))):
            budget.settle(*under_way.pop(0))
        if budget.reserve(worst):
            under_way.append((worst, worst * share))
        assert held(budget, before)
    for worst, cost in under_way:
        budget.settle(worst, cost)
    assert held(budget, before)


def test_what_is_set_aside_is_given_back_but_for_the_cost():
    budget = Budget(1.0)
    assert budget.reserve(0.6)
    assert not budget.reserve(0.6)
    budget.settle(0.6, 0.1)
    assert budget.spent == pytest.approx(0.1)
    assert budget.reserve(0.9)
    assert not budget.reserve(0.000001)


def test_several_attempts_of_a_call_are_given_back_together():
    budget = Budget(1.0)
    assert budget.reserve(0.3)
    assert budget.reserve(0.3)
    budget.settle(0.3, 0.4, reservations=2)
    assert budget.reserve(0.6)


def test_what_earlier_runs_spent_counts():
    assert not Budget(1.0, 0.9).reserve(0.2)
    assert Budget(1.0, 0.9).reserve(0.1)


def test_many_small_sums_do_not_round_past_the_limit():
    budget = Budget(0.3)
    while budget.reserve(0.1):
        budget.settle(0.1, 0.1)
    assert budget.spent == 0.3


def test_its_state_is_told():
    budget = Budget(2.0, 0.5)
    budget.reserve(0.25)
    assert repr(budget) == "Budget(0.500000 spent, 0.250000 reserved of 2)"


@settings(deadline=None)  # prices load once
@given(st.text(min_size=1, max_size=300), st.integers(1, 4_000))
def test_no_call_can_cost_more_than_its_worst_case(text, max_tokens):
    prompt = Prompt("p", (("user", text),), Parameters(max_tokens, system="Be kind."))
    worst = worst_case(CLAUDE, request_of(prompt, CLAUDE), max_tokens, pricing.cost)
    tokens = len(text.encode("utf-8", "surrogatepass")) + len("Be kind.") + 300
    assert worst >= pricing.cost(CLAUDE.provider, CLAUDE.id, Usage(input=tokens, output=max_tokens)).usd


def test_a_model_without_a_price_has_no_worst_case():
    model = Model("aws.bedrock", "nobody.knows-v1")
    prompt = Prompt("p", (("user", "Hello?"),))
    assert worst_case(model, request_of(prompt, model), 10, pricing.cost) is None

from collections import Counter

import pytest

from ddllm import catalog
from ddllm.call import Action
from ddllm.instrument.report import actions
from ddllm.instrument.report.actions import Actions
from ddllm.pricing import Cost

CENT = Cost(0.01, "catalogue")


class Kept:
    """Keeps what is counted and sampled of an action."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, float]] = []
        self.dropped = Counter[str]()

    def of(self, action: Action) -> "Kept":
        self._action = action
        return self

    def add(self, metric: catalog.Metric, value: float) -> None:
        self.seen.append((self._action.name, metric.name.removeprefix("ddllm.action."), value))

    def drop(self, reason: str) -> None:
        self.dropped[reason] += 1


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def some(kept: Kept) -> Actions:
    return Actions(kept.of, kept.drop)  # type: ignore[arg-type,return-value]


def action(name: str = "checkout", calls: int = 2) -> Action:
    made = Action(name, 10.0)
    made.ended = 12.5
    made.begun.extend([None] * calls)
    return made


def test_an_action_adds_its_calls_up(some, kept):
    one = action()
    some.add((one,), CENT, priced=True)
    some.add((one,), CENT, priced=True)
    assert kept.seen == []
    some.end(one, 0.0)
    assert kept.seen == [
        ("checkout", "completed", 1),
        ("checkout", "duration", 2.5),
        ("checkout", "calls", 2),
        ("checkout", "cost", 0.02),
    ]
    assert not kept.dropped


def test_an_action_waits_for_calls_that_are_still_read(some, kept):
    one = action()
    some.add((one,), CENT, priced=True)
    some.end(one, 0.0)
    assert kept.seen == []
    some.add((one,), CENT, priced=True)
    assert ("checkout", "cost", 0.02) in kept.seen
    some.settle(1e9)
    some.close()
    assert len(kept.seen) == 4


def test_each_action_around_a_call_gets_all_of_it(some, kept):
    outer, inner = action("outer", 1), action("inner", 1)
    some.add((outer, inner), CENT, priced=True)
    some.end(inner, 0.0)
    some.end(outer, 0.0)
    assert [(name, value) for name, metric, value in kept.seen if metric == "cost"] == [
        ("inner", 0.01),
        ("outer", 0.01),
    ]


def test_an_action_without_calls_cost_nothing(some, kept):
    some.end(action(calls=0), 0.0)
    assert ("checkout", "cost", 0.0) in kept.seen
    assert ("checkout", "calls", 0) in kept.seen


def test_a_sum_without_a_part_is_no_cost(some, kept):
    one = action()
    some.add((one,), CENT, priced=True)
    some.add((one,), None, priced=False)
    some.end(one, 0.0)
    assert [metric for _, metric, _ in kept.seen] == ["completed", "duration", "calls"]
    assert kept.dropped == {"action_unpriced": 1}


def test_a_call_that_failed_cost_nothing(some, kept):
    one = action()
    some.add((one,), None, priced=True)
    some.add((one,), CENT, priced=True)
    some.end(one, 0.0)
    assert ("checkout", "cost", 0.01) in kept.seen


def test_what_waits_too_long_is_reported_by_what_is_known(some, kept):
    some.end(action(), 0.0)
    some.settle(actions.WAIT)
    assert kept.seen == []
    some.settle(actions.WAIT + 1)
    assert [metric for _, metric, _ in kept.seen] == ["completed", "duration", "calls"]
    assert kept.dropped == {"action_calls_lost": 1}


def test_at_the_end_all_that_waits_is_reported(some, kept):
    some.end(action("a"), 0.0)
    some.end(action("b"), 0.0)
    some.close()
    assert [name for name, metric, _ in kept.seen if metric == "completed"] == ["a", "b"]


def test_so_many_wait_and_no_more(some, kept, monkeypatch):
    monkeypatch.setattr(actions, "MOST_WAITING", 2)
    for name in "abc":
        some.end(action(name), 0.0)
    assert [name for name, metric, _ in kept.seen if metric == "completed"] == ["a"]
    assert "2 waiting" in repr(some)

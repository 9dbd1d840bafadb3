"""Groups that are told together."""

import numpy as np
import pytest

from ddllm.alerting.gather import gathered
from ddllm.alerting.rule import Level, Rule
from ddllm.alerting.state import State
from ddllm.alerting.watch import Course, Watched

OK, ALERT = State.OK, State.ALERT


def course(notify_by):
    states = np.array([[OK, ALERT, OK], [OK, OK, ALERT], [OK, OK, OK]], np.int8)
    values = np.array([[1.0, 9.0, 1.5], [2.0, 2.5, 8.0], [3.0, 3.0, 3.0]])
    groups = (("a", "x"), ("a", "y"), ("b", "x"))
    monitor = Watched(1, "m", "query alert", "q", {"notify_by": notify_by})
    return Course(monitor, Rule(Level(">", 5.0)), ("service", "model"), groups, 60 * np.arange(1, 4), states, values)


@pytest.mark.parametrize(
    ("keys", "by", "groups"),
    [
        (["service"], ("service",), (("a",), ("b",))),
        (["model"], ("model",), (("x",), ("y",))),
        (["*"], (), ((),)),
        (None, ("service", "model"), (("a", "x"), ("a", "y"), ("b", "x"))),
    ],
)
def test_groups_are_told_by_the_keys_that_are_asked_for(keys, by, groups):
    found = gathered(course(keys))
    assert (found.by, found.groups) == (by, groups)


def test_the_most_severe_state_counts_and_brings_its_value():
    found = gathered(course(["service"]))
    assert found.states[0].tolist() == [OK, ALERT, ALERT]
    assert found.values is not None
    assert found.values[0].tolist() == [1.0, 9.0, 8.0]


def test_a_group_that_joins_an_alert_is_not_told_again():
    assert [each.at for each in gathered(course(["service"])).told(("a",))] == [120]

"""What is told: changes of state, and states that last."""

import pytest

from ddllm.alerting.notifications import Notification, notifications
from ddllm.alerting.rule import Rule, rule_of
from ddllm.alerting.state import State

LETTERS = {"O": State.OK, "W": State.WARN, "A": State.ALERT, "N": State.NO_DATA, "-": State.ABSENT}


def told(states: str, rule: Rule | None = None, every: int = 60) -> list[tuple[int, str]]:
    """Return what is told of a group, as the evaluation's number and the conditions that hold."""
    found = notifications(
        rule or rule_of((">", 5), {}), [at * every for at in range(len(states))], [LETTERS[each] for each in states]
    )
    return [(each.at // every, " ".join(sorted(each.conditions))) for each in found]


NOTIFYING = rule_of((">", 5), {"on_missing_data": "show_and_notify_no_data"})


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("OAAO", [(1, "is_alert"), (3, "is_alert_recovery is_recovery")]),
        ("OWO", [(1, "is_warning"), (2, "is_recovery is_warning_recovery")]),
        ("WA", [(0, "is_warning"), (1, "is_alert is_warning_to_alert")]),
        ("AW", [(0, "is_alert"), (1, "is_alert_to_warning is_warning")]),
        ("OOO", []),
        ("A-A", [(0, "is_alert"), (2, "is_alert")]),
    ],
)
def test_each_change_of_state_is_told(states: str, expected: list[tuple[int, str]]):
    assert told(states) == expected


def test_no_data_is_told_where_the_monitor_says_so():
    assert told("ONO", NOTIFYING) == [(1, "is_no_data"), (2, "is_no_data_recovery is_recovery")]
    assert told("ONO", rule_of((">", 5), {"on_missing_data": "show_no_data"})) == []


def test_an_alert_after_silent_no_data_is_told():
    assert told("ONA", rule_of((">", 5), {"on_missing_data": "show_no_data"})) == [
        (1 + 1, "is_alert is_no_data_to_alert")
    ]


def test_a_state_that_lasts_is_told_again_as_often_as_the_monitor_says():
    rule = rule_of((">", 5), {"renotify_interval": 10, "renotify_occurrences": 2})
    assert told("A" * 8, rule, every=300) == [(0, "is_alert"), (2, "is_alert is_renotify"), (4, "is_alert is_renotify")]


def test_only_the_chosen_states_are_told_again():
    rule = rule_of((">", 5), {"renotify_interval": 10, "renotify_statuses": ["warn"]})
    assert told("AAAWWW", rule, every=600) == [
        (0, "is_alert"),
        (3, "is_alert_to_warning is_warning"),
        (4, "is_renotify is_warning"),
        (5, "is_renotify is_warning"),
    ]


def test_a_repetition_knows_since_when():
    rule = rule_of((">", 5), {"renotify_interval": 1})
    [_, again] = notifications(rule, [60, 120], [State.ALERT, State.ALERT])
    assert again == Notification(120, State.ALERT, State.ALERT, 60, again=True)

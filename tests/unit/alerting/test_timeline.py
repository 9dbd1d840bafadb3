"""States follow values: thresholds with memory, missing data, groups that come and go."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.alerting.rule import Level, Rule, rule_of
from ddllm.alerting.state import State
from ddllm.alerting.timeline import timeline

NOTHING = math.nan


def states(rule: Rule, *values: float, every: int = 60, skipped: Sequence[bool] | None = None) -> str:
    """Return the states of one group as letters: O k, W arn, A lert, N o data, - absent."""
    times = np.arange(len(values)) * every
    flags = None if skipped is None else np.array([skipped])
    found = timeline(rule, times, np.array([values], float), flags).states[0]
    return "".join("-ONWA"[state] for state in found)


def rule(sign: str = ">", critical: float = 5, new_group_delay: int = 0, **options: object) -> Rule:
    thresholds = {
        name: options.pop(name) for name in ("critical_recovery", "warning", "warning_recovery") if name in options
    }
    return rule_of((sign, critical), {"thresholds": thresholds, "new_group_delay": new_group_delay, **options})


@pytest.mark.parametrize(
    ("sign", "values", "expected"),
    [
        (">", (4, 5, 6, 5), "OOAO"),
        (">=", (4, 5, 6, 4), "OAAO"),
        ("<", (6, 5, 4, 5), "OOAO"),
        ("<=", (6, 5, 4, 6), "OAAO"),
        ("==", (4, 5, 6), "OAO"),
        ("!=", (4, 5, 6), "AOA"),
    ],
)
def test_a_threshold_is_reached_as_its_operator_says(sign: str, values: tuple[float, ...], expected: str):
    assert states(rule(sign), *values) == expected


@pytest.mark.parametrize(
    ("sign", "recovery", "values", "expected"),
    [
        (">", 3, (6, 4, 3, 4), "AAOO"),
        (">=", 3, (6, 4, 3, 2.9), "AAAO"),
        ("<", 7, (4, 6, 7, 6), "AAOO"),
        ("<=", 7, (4, 6, 7, 7.1), "AAAO"),
    ],
)
def test_an_alert_is_left_at_the_recovery_threshold(
    sign: str, recovery: float, values: tuple[float, ...], expected: str
):
    assert states(rule(sign, critical_recovery=recovery), *values) == expected


def test_warning_and_critical_are_left_each_by_itself():
    both = rule(warning=3, critical_recovery=4, warning_recovery=2)
    assert states(both, 1, 3.5, 6, 4.5, 4, 2.5, 2) == "OWAAWWO"


def test_an_alert_is_held_while_there_is_no_data():
    assert states(rule(), 6, NOTHING, NOTHING, 4) == "AAAO"


@pytest.mark.parametrize("policy", ["show_no_data", "show_and_notify_no_data"])
def test_no_data_is_a_state_where_the_monitor_says_so(policy: str):
    assert states(rule(on_missing_data=policy), 6, NOTHING, 6, NOTHING, 4) == "ANANO"


def test_a_value_between_recovery_and_threshold_after_no_data_holds_what_was_before():
    assert states(rule(critical_recovery=3, on_missing_data="show_no_data"), 6, NOTHING, 4) == "ANA"


def test_missing_data_resolves_where_the_monitor_says_so():
    assert states(rule(on_missing_data="resolve"), 6, NOTHING, 4, 6) == "AOOA"


def test_the_legacy_option_waits_for_its_timeframe():
    assert states(rule(notify_no_data=True, no_data_timeframe=3), 6, *[NOTHING] * 4) == "AAANN"


def test_a_count_without_data_is_zero_where_the_monitor_says_nothing():
    counted = rule_of((">", 5), {"new_group_delay": 0}, counts=True)
    assert states(counted, NOTHING, 6, NOTHING, 6) == "-AOA"
    assert states(rule_of(("<", 5), {"new_group_delay": 0}, counts=True), 6, NOTHING) == "OA"


def test_a_share_of_points_outside_of_a_band_has_recovered_at_its_recovery_threshold():
    of_anomalies = rule_of((">=", 0.5), {"thresholds": {"critical_recovery": 0}, "new_group_delay": 0}, shares=True)
    assert states(of_anomalies, 0, 0.6, 0.2, 0) == "OAAO"


def test_a_state_is_left_by_the_values_of_the_recovery_window():
    times, values = np.arange(4) * 60, np.array([[1.0, 0.4, 0.2, 0.0]])
    left = np.array([[1.0, 1.0, 0.5, 0.0]])
    found = timeline(rule(">=", 0.5, critical_recovery=0.1), times, values, recovery=left).states[0]
    assert [State(each) for each in found] == [State.ALERT, State.ALERT, State.ALERT, State.OK]


def test_an_alert_without_data_resolves_by_itself_after_its_hours():
    assert states(rule(timeout_h=1), 6, *[NOTHING] * 3, every=1800) == "AAOO"


def test_a_group_begins_with_its_first_value_and_is_dropped_a_day_after_its_last():
    assert states(rule(), NOTHING, 6, *[NOTHING] * 4, 6, every=8 * 3600) == "-AAAA-A"


def test_a_new_group_is_looked_at_after_its_delay():
    assert states(rule(new_group_delay=120), 6, 6, 6, 4) == "OOAO"


def test_a_group_that_comes_back_within_a_day_is_not_new():
    assert states(rule(new_group_delay=3600, on_missing_data="resolve"), 6, 6, NOTHING, 6, every=3600) == "OAOA"


def test_a_cancelled_evaluation_leaves_everything_as_it_was():
    assert states(rule(), 4, 6, 4, 4, skipped=[False, True, True, False]) == "OOOO"
    assert states(rule(), 6, 4, 4, skipped=[False, True, False]) == "AAO"


def test_the_default_delay_of_new_groups_is_a_minute():
    assert rule_of((">", 5), {}).new_group_delay == 60


def reference(rule: Rule, times: Sequence[int], values: Sequence[float]) -> list[State]:
    """The plain loop, one evaluation after the other."""
    found: list[State] = []
    held = {"critical": False, "warning": False, "no_data": False}
    last = born = None
    for at, value in zip(times, values, strict=True):
        there = not math.isnan(value)
        if last is not None and not there and at - last > rule.dropped_after:
            last = born = None
            held = dict.fromkeys(held, False)
        if (last is None and there) or (there and last is not None and at - last > rule.dropped_after):
            held = dict.fromkeys(held, False)
            born = at
        if there:
            last = at
        if last is None or born is None:
            found.append(State.ABSENT)
            continue
        if at - born >= rule.new_group_delay:
            if there:
                held["no_data"] = False
                for name, level in (("critical", rule.critical), ("warning", rule.warning)):
                    if level is not None and level.reached(value):
                        held[name] = True
                    elif level is not None and (level.left(np.float64(value))):
                        held[name] = False
            elif rule.missing == "ok":
                held = dict.fromkeys(held, False)
            elif rule.missing == "no_data":
                held["no_data"] = True
        found.append(
            State.NO_DATA
            if held["no_data"]
            else State.ALERT
            if held["critical"]
            else State.WARN
            if held["warning"]
            else State.OK
        )
    return found


numbers = st.lists(st.sampled_from([0.0, 1, 2, 3, 4, 5, 6, NOTHING, NOTHING]), max_size=30)


@given(
    values=numbers,
    every=st.sampled_from([60, 3600, 13 * 3600]),
    sign=st.sampled_from([">", ">=", "<", "<="]),
    warns=st.booleans(),
    recovers=st.booleans(),
    missing=st.sampled_from(["hold", "no_data", "ok"]),
    delay=st.sampled_from([0, 60, 120, 7200]),
)
def test_it_says_what_the_plain_loop_says(
    values: list[float], every: int, sign: str, warns: bool, recovers: bool, missing: str, delay: int
):
    up = sign.startswith(">")
    critical = Level(sign, 4, (3 if up else 5) if recovers else None)
    warning = Level(sign, 2 if up else 6, (1 if up else 7) if recovers else None) if warns else None
    chosen = Rule(critical, warning, missing=missing, new_group_delay=delay)  # type: ignore[arg-type]
    times = [at * every for at in range(len(values))]
    found = timeline(chosen, np.array(times, np.int64), np.array([values], float).reshape(1, -1))
    assert [State(state) for state in found.states[0]] == reference(chosen, times, values)

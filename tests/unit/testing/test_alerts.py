"""Alerts of a course: where they begin and end, how bad they became, and what they add up to."""

import numpy as np

from ddllm.alerting.rule import Level, Rule
from ddllm.alerting.state import State
from ddllm.alerting.watch import Course, Watched
from ddllm.testing.alerts import Alert, alerts_of, totals

LETTERS = {"-": State.ABSENT, "O": State.OK, "N": State.NO_DATA, "W": State.WARN, "A": State.ALERT}


def course(
    *rows: str, operator: str = ">", values: list[list[float]] | None = None, tells_no_data: bool = False
) -> Course:
    groups = tuple((name,) for name in "abc"[: len(rows)])
    return Course(
        Watched(1, "m", "query alert", ""),
        Rule(Level(operator, 5), notifies_no_data=tells_no_data),
        ("service",),
        groups,
        60 * np.arange(1, len(rows[0]) + 1),
        np.array([[LETTERS[letter] for letter in row] for row in rows], np.int8),
        None if values is None else np.array(values),
    )


def test_an_alert_lasts_from_the_evaluation_that_enters_it_to_the_one_that_leaves_it():
    found = course("OAAWO", values=[[1, 6, 9, 5, 2]])
    assert alerts_of(found, found) == [
        Alert({"service": "a"}, State.ALERT, 120, 240, 9.0),
        Alert({"service": "a"}, State.WARN, 240, 300, 5.0),
    ]


def test_one_that_still_holds_has_no_end():
    found = course("OOA")
    assert alerts_of(found, None) == [Alert({"service": "a"}, State.ALERT, 180, None, None)]


def test_the_peak_of_what_is_bad_when_low_is_its_lowest_value():
    found = course("AA", operator="<", values=[[3, 1]])
    assert alerts_of(found, found)[0].peak == 1


def test_missing_data_is_an_alert_where_somebody_is_told_of_it():
    assert alerts_of(course("ONN"), None) == []
    [alert] = alerts_of(course("ONN", tells_no_data=True), None)
    assert alert.state is State.NO_DATA


def test_groups_without_the_tags_are_left_out():
    found = alerts_of(course("OA", "OA"), None, {"service": "b"})
    assert [each.group for each in found] == [{"service": "b"}]


def test_time_in_alert_counts_minutes_in_which_any_group_is():
    row = totals(alerts_of(course("OAAO-", "OOAAA"), None), 300)
    assert (row.alerts, row.seconds, row.longest) == (2, 180, 120)


def test_an_alert_that_comes_back_within_the_hour_is_a_flap_and_so_its_group_is_the_worst():
    row = totals(alerts_of(course("AOOOO", "AOAOA"), None), 300)
    assert (row.alerts, row.flaps, row.worst) == (4, 2, {"service": "b"})


def test_warnings_are_counted_apart():
    row = totals(alerts_of(course("WWAWO"), None), 300)
    assert (row.alerts, row.warnings, row.seconds) == (1, 2, 60)

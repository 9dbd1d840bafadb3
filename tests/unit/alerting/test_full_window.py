"""Windows that must be full: an evaluation of one that is not is cancelled, and the state stays."""

import pytest

from ddllm.alerting.watch import Course, Watched, watch
from ddllm.query.arrays.frame import Axis
from ddllm.query.series import Series


def letters(query, minutes_with_data, minutes, **options):
    points = dict.fromkeys((60 * minute for minute in minutes_with_data), 9.0)
    monitor = Watched(1, "m", "query alert", query, {"new_group_delay": 0, "require_full_window": True, **options})
    held = [Series("g", "gauge", ("service:a",), points)]
    course = watch([monitor], lambda _: held, Axis(60, 60, minutes))["m"]
    assert isinstance(course, Course)
    return "".join("-ONWA"[state] for state in course.states[0])


def test_nothing_is_decided_before_the_window_has_filled():
    assert letters("avg(last_5m):avg:g{*} by {service} > 5", range(8), 8) == "OOOOAAAA"


def test_without_the_option_the_first_point_decides():
    assert letters("avg(last_5m):avg:g{*} by {service} > 5", range(8), 3, require_full_window=False) == "AAA"


@pytest.mark.parametrize(("gap", "state"), [(3, "A"), (4, "O")])
def test_three_buckets_may_be_empty(gap, state):
    with_data = [0, *range(1 + gap, 10)]
    assert letters("avg(last_10m):avg:g{*} by {service} > 5", with_data, 10)[-1] == state


def test_the_first_bucket_may_not():
    assert letters("avg(last_10m):avg:g{*} by {service} > 5", range(1, 10), 10)[-1] == "O"


def test_a_window_in_hours_is_looked_at_in_buckets_of_ten_minutes():
    assert letters("avg(last_1h):avg:g{*} by {service} > 5", range(0, 60, 10), 60)[-1] == "A"

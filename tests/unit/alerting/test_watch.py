"""Monitors run over data as Datadog would run them."""

import math

import numpy as np

from ddllm.alerting.state import State
from ddllm.alerting.watch import Course, NotRun, Watched, watch, worst
from ddllm.query.arrays.frame import Axis
from ddllm.query.series import Series
from ddllm.query.sketch import Sketch


def calls(metric: str, *values: float, **tags: str) -> Series:
    points = {60 * place: value for place, value in enumerate(values) if not math.isnan(value)}
    return Series(metric, "count", tuple(sorted(f"{key}:{value}" for key, value in tags.items())), points)


def run(*monitors: Watched, held: list[Series], minutes: int) -> dict[str, Course | NotRun]:
    axis = Axis(60, 60, minutes)
    return watch(monitors, lambda metric: [each for each in held if each.metric == metric], axis)


def letters(course: Course | NotRun, *group: str) -> str:
    assert isinstance(course, Course)
    return "".join("-ONWA"[state] for state in course.states[course.row(group)])


ERRORS = Watched(
    1, "errors", "query alert", "sum(last_2m):sum:e{*} by {service}.as_count() > 2", {"new_group_delay": 0}
)
BUSY = Watched(2, "busy", "query alert", "sum(last_2m):sum:c{*} by {service}.as_count() > 5", {"new_group_delay": 0})
BOTH = Watched(3, "both", "composite", "1 && 2")


def test_a_threshold_is_reached_and_left_group_by_group():
    found = run(
        ERRORS, held=[calls("e", 0, 3, 0, 0, 0, service="a"), calls("e", 1, 1, 1, 1, 1, service="b")], minutes=5
    )
    assert (letters(found["errors"], "a"), letters(found["errors"], "b")) == ("OAAOO", "OOOOO")


def test_a_composite_follows_its_members_and_says_what_is_told():
    held = [calls("e", 0, 3, 3, 0, 0, service="a"), calls("c", 1, 1, 9, 9, 9, service="a")]
    found = run(BOTH, ERRORS, BUSY, held=held, minutes=5)
    assert letters(found["both"], "a") == "OOAAO"
    course = found["both"]
    assert isinstance(course, Course)
    assert [(each.at, each.after) for each in course.told(("a",))] == [(180, State.ALERT), (300, State.OK)]
    assert list(found) == ["both", "errors", "busy"]


def test_what_is_not_evaluated_says_why_and_so_does_what_uses_it():
    logs = Watched(1, "logs", "log alert", 'logs("error").index("*").rollup("count").last("5m") > 5')
    found = run(logs, BUSY, BOTH, held=[], minutes=2)
    assert isinstance(found["logs"], NotRun)
    assert found["logs"].reason == "a log alert is not evaluated here"
    assert isinstance(found["both"], NotRun)
    assert found["both"].reason == "its member logs is not evaluated here"


def test_a_delayed_monitor_sees_what_was():
    late = Watched(
        1,
        "late",
        "query alert",
        "sum(last_1m):sum:e{*}.as_count() > 2",
        {"evaluation_delay": 120, "new_group_delay": 0},
    )
    assert letters(run(late, held=[calls("e", 9, 0, 0, 0, 0)], minutes=5)["late"]) == "--AOO"


def test_a_long_window_is_evaluated_every_ten_minutes():
    daily = Watched(1, "daily", "query alert", "sum(last_24h):sum:e{*}.as_count() > 5", {"new_group_delay": 0})
    found = run(daily, held=[calls("e", *[1] * 30)], minutes=30)
    assert letters(found["daily"]) == "O" * 10 + "A" * 20


def test_a_percentile_monitor_of_few_samples_and_one_of_many():
    slow = Watched(1, "slow", "query alert", "percentile(last_5m):p95:d{*} > 2", {"new_group_delay": 0})
    sketches = {60 * place: Sketch([0.5] * 19 + [9.0 if place == 3 else 0.5] * 2) for place in range(12)}
    found = run(slow, held=[Series("d", "distribution", (), sketches=sketches)], minutes=12)
    assert letters(found["slow"]) == "O" * 12


def test_an_anomaly_is_found_where_the_week_before_was_calm_and_called_an_approximation():
    rng = np.random.default_rng(1)
    hours = 24 * 7 * 5
    points = {
        3600 * place: float(100 + 20 * math.sin(place / 24 * 2 * math.pi) + rng.normal(0, 2)) for place in range(hours)
    }
    points[3600 * (hours - 2)] = points[3600 * (hours - 1)] = 400.0
    query = (
        "avg(last_6h):anomalies(sum:c{*}.as_count(), 'agile', 3, direction='above', alert_window='last_1h', interval=3600, "
        "count_default_zero='true', seasonality='weekly') >= 1"
    )
    options = {"threshold_windows": {"trigger_window": "last_1h", "recovery_window": "last_1h"}, "new_group_delay": 0}
    axis = Axis(3600 * (hours - 48), 3600, 48)
    [course] = watch(
        [Watched(1, "spend", "query alert", query, options)],
        lambda _: [Series("c", "count", (), points)],
        axis,
        cell=3600,
    ).values()
    assert isinstance(course, Course)
    assert course.is_approximate
    states = letters(course)
    assert states.endswith("A")
    assert states.count("A") <= 3


def test_the_worst_state_of_all_groups_is_known():
    found = run(ERRORS, held=[calls("e", 0, 3, 0, 0, service="a"), calls("e", 0, 0, 0, 0, service="b")], minutes=4)[
        "errors"
    ]
    assert isinstance(found, Course)
    assert "".join("-ONWA"[state] for state in worst(found)) == "OAAO"


def test_a_window_that_reaches_before_the_data_is_not_looked_at():
    quiet = Watched(1, "quiet", "query alert", "sum(last_3m):sum:c{*}.as_count() < 5", {"new_group_delay": 0})
    held = [calls("c", 2, 2, 2, 2, 2)]
    axis = Axis(60, 60, 5)
    assert letters(watch([quiet], lambda _metric: held, axis)["quiet"]) == "AAOOO"
    assert letters(watch([quiet], lambda _metric: held, axis, since=0)["quiet"]) == "--OOO"


def test_a_window_of_an_earlier_time_must_be_whole_too():
    change = Watched(
        1, "change", "query alert", "pct_change(sum(last_2m),last_2m):sum:c{*}.as_count() > 50", {"new_group_delay": 0}
    )
    held = [calls("c", 2, 2, 2, 2, 2, 2)]
    axis = Axis(60, 60, 6)
    assert letters(watch([change], lambda _metric: held, axis)["change"]) == "--AOOO"
    assert letters(watch([change], lambda _metric: held, axis, since=0)["change"]) == "---OOO"


def test_monitors_that_read_the_same_metric_ask_for_it_once():
    asked: list[str] = []

    def series_of(metric: str) -> list[Series]:
        asked.append(metric)
        return [calls(metric, 1, 2, 3, service="a")]

    watch([BUSY, Watched(4, "busier", "query alert", BUSY.query)], series_of, Axis(60, 60, 3))
    assert asked == ["c"]

"""Monitors over histories."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.alerting.state import State
from ddllm.alerting.watch import Watched
from ddllm.errors import DdllmError
from ddllm.query.recordings import Recording
from ddllm.query.series import Series
from ddllm.testing.backtest import Probe, Result, Wish, backtest
from tests.support.histories import MINUTE, START, errors, file_of

NOW = {"new_group_delay": 0, "on_missing_data": "resolve"}
ERRORS = Watched(
    1, "errors", "query alert", "sum(last_2m):sum:ddllm.requests{status:error} by {service}.as_count() > 4", NOW
)
ENOUGH = Watched(
    2, "enough", "query alert", "sum(last_4m):sum:ddllm.requests{status:error} by {service}.as_count() >= 8", NOW
)
COST = Watched(4, "cost", "query alert", "sum(last_2m):sum:ddllm.cost{*}.as_count() > 4", NOW)
SLO = Watched(5, "slo", "slo alert", 'error_budget("1").over("7d") > 75')


def run(recording: Recording, *probes: Probe, wish: Wish | None = None) -> list[Result]:
    return list(backtest(probes or (Probe(ERRORS),), recording, wish or Wish()))


def test_a_monitor_alerts_by_group_over_its_history():
    [found] = run(errors(a=[0, 0, 9, 0, 0, 0], b=[0] * 6))
    [alert] = found.alerts
    assert (alert.group, alert.start - START, (alert.end or 0) - START) == ({"service": "a"}, 180, 300)
    assert (alert.peak, found.groups) == (9, 2)


def test_a_composite_speaks_for_its_parts_and_peaks_as_its_first():
    both = Probe(Watched(3, "both", "composite", "1 && 2", {}), "page", "a-runbook", (ERRORS, ENOUGH))
    [found] = run(errors(a=[0, 0, 0, 9, 9, 0, 0, 0, 0]), both)
    [alert] = found.alerts
    assert (alert.peak, alert.state, found.probe.runbook) == (18, State.ALERT, "a-runbook")


def test_what_cannot_be_run_says_why_and_the_others_run():
    skipped, ran = run(errors(a=[9, 9, 9]), Probe(SLO), Probe(ERRORS))
    assert (skipped.skipped, skipped.alerts) == ("a slo alert is not evaluated here", ())
    assert ran.alerts


def test_an_alert_on_a_burn_rate_runs_over_its_slos_queries_once_the_history_fills_its_window():
    slo = {
        "name": "answered",
        "type": "metric",
        "query": {
            "numerator": "sum:ddllm.requests{!status:error}.as_count()",
            "denominator": "sum:ddllm.requests{*}.as_count()",
        },
        "thresholds": [{"timeframe": "30d", "target": 99.0}],
    }
    query = 'burn_rate("1").over("30d").long_window("1h").short_window("5m") > 14.4'
    minutes = range(240)
    good = Series("ddllm.requests", "count", ("status:ok",), {START + MINUTE * at: 100.0 for at in minutes})
    failed = [START + MINUTE * at for at in minutes if at < 30 or 120 <= at < 180]
    bad = Series("ddllm.requests", "count", ("status:error",), dict.fromkeys(failed, 100.0))
    history = Recording(MINUTE, START, START + MINUTE * 240, (good, bad))
    [found] = run(history, Probe(Watched(5, "burn", "slo alert", query, NOW, slo)))
    assert found.probe.metrics == {"ddllm.requests"}
    assert [(each.start - START) // MINUTE for each in found.alerts] == [131], "the first half hour fills no window"


def test_a_monitor_without_data_has_no_groups():
    [found] = run(errors(a=[9, 9]), Probe(COST))
    assert (found.groups, found.alerts, found.skipped) == (0, (), None)


def test_a_part_of_the_history_is_enough():
    history = errors(a=[9, 9, 0, 0, 0, 0, 0, 9, 9])
    [found] = run(history, wish=Wish(start=START + 240, end=START + 420))
    assert found.alerts == ()
    assert (found.start, found.end) == (START + 300, START + 420)


def test_a_span_outside_of_the_history_is_refused():
    with pytest.raises(DdllmError, match="nothing between --from and --to"):
        run(errors(a=[1, 2]), wish=Wish(start=START + 86_400))


def test_another_threshold_takes_the_place_of_the_monitors_own():
    [found] = run(errors(a=[0, 0, 6, 0, 0, 0]), wish=Wish(threshold=7))
    assert found.alerts == ()
    assert found.trial is not None
    assert (found.trial.before, found.trial.after, found.trial.a_week) == (4, 7, 0)
    assert found.shipped_a_week > 0


def test_a_threshold_that_nothing_asks_for_is_not_proposed():
    [found] = run(errors(a=[1] * 20), wish=Wish(per_week=10_000))
    assert found.trial is None
    assert found.untried == "any above the median of its values gives no more alerts than that"


def test_a_group_alone_is_looked_at():
    [found] = run(errors(a=[9] * 4, b=[9] * 4), wish=Wish(within={"service": "b"}))
    assert {each.group["service"] for each in found.alerts} == {"b"}
    assert found.groups == 1


def test_curves_are_the_worst_of_all_groups():
    [found] = run(errors(a=[0, 1, 2, 3], b=[3, 2, 1, 0]), wish=Wish(curves=True))
    assert found.curve is not None
    assert found.curve.values[1:].tolist() == [5, 3, 5]


def test_processes_find_what_one_finds(tmp_path: Path):
    history = errors(a=[0, 0, 9, 0, 9, 0], b=[9, 0, 0, 0, 0, 0])
    history = replace(
        history, series=(*history.series, Series("ddllm.cost", "count", (), {START: 9.0, START + 60: 9.0}))
    )
    probes = (Probe(ERRORS), Probe(COST))
    path = file_of(history, tmp_path)

    def found(jobs: int) -> dict[str, tuple[object, ...]]:
        return {each.probe.key: each.alerts for each in backtest(probes, path, Wish(), jobs=jobs)}

    assert found(1) == found(2)
    assert all(found(1).values())


def test_what_is_wrong_with_a_recording_is_told_by_any_process(tmp_path: Path):
    path = tmp_path / "history.jsonl"
    path.write_text(
        '{"ddllm_recording":1,"interval":60,"start":0,"end":600}\n{"metric":"ddllm.cost","type":"count","points":[[0]]}\n'
    )
    with pytest.raises(DdllmError, match=r"history\.jsonl:2: a point must be \[t, value\]"):
        list(backtest((Probe(ERRORS), Probe(COST)), path, Wish(), jobs=2))


counts = st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=2, max_size=40)


@settings(max_examples=60, deadline=None)
@given(counts, counts, st.integers(0, 20), st.integers(0, 20))
def test_no_alert_lies_outside_of_the_span_and_none_of_a_group_overlap(a, b, first, length):
    history = errors(a=a, b=b)
    wish = Wish(start=START + first * MINUTE, end=START + (first + length + 1) * MINUTE)
    try:
        [found] = run(history, wish=wish)
    except DdllmError:
        assert first * MINUTE + START >= history.end
        return
    last = min(history.end, wish.end or 0)
    until: dict[str, int] = {}
    for alert in found.alerts:
        end = last if alert.end is None else alert.end
        assert (wish.start or 0) < alert.start < end or alert.start == end == last
        assert end <= last
        assert alert.start >= until.get(alert.group["service"], 0)
        until[alert.group["service"]] = end
        assert alert.peak is not None
        assert alert.peak > 4


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=10, max_size=80), st.integers(0, 3))
def test_the_threshold_that_is_found_gives_no_more_alerts_than_asked_for(values, alerts):
    history = errors(a=values)
    a_week = alerts * 7 * 86_400 / ((len(values) - 1) * MINUTE)
    [found] = run(history, wish=Wish(per_week=a_week))
    if found.trial is None:
        return
    assert found.trial.a_week <= a_week
    [again] = run(history, wish=Wish(threshold=found.trial.after))
    assert again.a_week == pytest.approx(found.trial.a_week)

"""What no test exercised."""

import pytest

from ddllm.testing.coverage import coverage, transitions_of
from tests.support.monitor_testing import BAD, Trial


@pytest.fixture
def tested(tmp_path, monkeypatch) -> Trial:
    monkeypatch.chdir(tmp_path)
    return Trial(tmp_path)


def covered(tested: Trial):
    return coverage(tested.suite().subjects, tested.outcomes())


def test_a_monitor_can_go_where_its_thresholds_and_its_policy_let_it(tested):
    tested.expect("{never: true, monitor: errors}")
    subjects = tested.suite().subjects
    assert [*transitions_of("errors", subjects)] == ["Alert", "Warn", "No Data", "Recovery"]
    assert [*transitions_of("busy", subjects)] == ["Alert", "Recovery"]
    assert [*transitions_of("failing", subjects)] == ["Alert", "Warn", "No Data", "Recovery"]


@pytest.mark.parametrize(("query", "fills"), [("sum:a{*}.as_count()", True), ("avg:a{*}", False)])
def test_anomalies_of_a_count_are_never_without_data(tested, query, fills):
    tested.expect("{never: true, monitor: errors}")
    tested.repository.write(
        "monitors/spend.yaml",
        "spend:\n"
        "  severity: ticket\n"
        "  name: Spend\n"
        "  type: query alert\n"
        f"  query: \"avg(last_4h):anomalies({query}, 'agile', 3, direction='above', alert_window='last_1h', interval=300,"
        " count_default_zero='true', seasonality='weekly') >= 0.5\"\n"
        "  message: Look.\n"
        "  options: {threshold_windows: {trigger_window: last_1h, recovery_window: last_1h}, on_missing_data: show_no_data}\n",
    )
    assert ("No Data" not in transitions_of("spend", tested.suite().subjects)) is fills


def test_what_tests_went_through_is_covered_and_the_rest_is_named(tested):
    tested.expect("{at: 9m, monitor: errors, state: OK}", values="0x2 3x5 0x5 _x5")
    found = covered(tested)
    assert found.missed_monitors == ("busy", "failing", "logs")
    assert {name for key, name in found.missed_transitions if key == "errors"} == {"Warn"}


def test_the_parts_of_a_composite_are_exercised_with_it(tested):
    tested.expect("{within: [3m, 5m], monitor: failing, state: Alert}")
    found = covered(tested)
    assert found.missed_monitors == ("logs",)
    assert ("failing", "Alert") not in found.missed_transitions


def test_a_monitor_that_no_expectation_names_is_not_exercised(tested):
    tested.expect("{never: true}", values="0x9")
    found = covered(tested)
    assert (len(found.missed_monitors), found.percent) == (4, 0)


def test_groups_of_which_nothing_is_expected_are_named(tested):
    other = BAD.replace("chat", "search")
    tested.expect(
        '{within: [3m, 5m], monitor: errors, group: "service:chat", state: Alert}',
        more=f"  - {{metric: {other}, values: 0x12}}",
    )
    assert covered(tested).groups == (("errors", "service:search"),)


def test_the_share_counts_monitors_and_transitions(tested):
    tested.expect("{at: 9m, monitor: errors, state: OK}")
    found = covered(tested)
    assert (found.monitors, found.transitions) == (4, 12)
    assert found.percent == pytest.approx(100 * (1 + 2) / 16)

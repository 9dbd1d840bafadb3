"""What a test finds of monitors: states, what was told, and that nothing unknown ever passes."""

import pytest

from ddllm.definitions.problems import DefinitionListError
from ddllm.errors import DefinitionError
from ddllm.testing.outcome import Outcome
from ddllm.testing.run import run_all
from tests.support.monitor_testing import BAD, GOOD, Trial


@pytest.fixture
def tested(tmp_path, monkeypatch) -> Trial:
    monkeypatch.chdir(tmp_path)
    return Trial(tmp_path)


@pytest.mark.parametrize(
    "expectation",
    [
        "{at: 2m, monitor: errors, state: OK}",
        "{at: 2m59s, monitor: errors, state: OK}",
        "{at: 3m, monitor: errors, state: Alert}",
        "{within: [3m, 5m], monitor: errors, state: Alert}",
        '{within: [2m, 3m], monitor: errors, group: "service:chat", state: Alert}',
        "{within: [8m, 10m], monitor: errors, state: OK}",
        "{at: 30m, monitor: errors, state: No Data}",
        "{never: true, monitor: errors, state: Warn}",
        "{never: true, within: [0m, 2m], monitor: errors}",
        '{at: 3m, monitor: errors, notifies: ["@pagerduty-shop"]}',
        '{at: 9m, monitor: errors, notifies: ["@pagerduty-shop"], message: {contains: all well}}',
        '{within: [10m, 20m], monitor: errors, notifies: ["@slack-quiet"]}',
        "{at: 2m, monitor: errors, notifies: []}",
        "{at: 4m, monitor: errors, message: {contains: [Errors in chat, 3 calls of chat failed (> 2)]}}",
        "{at: 4m, monitor: errors, message: {regex: '\\d calls of \\w+ failed'}}",
        '{at: 4m, notifies: ["@pagerduty-shop"]}',
    ],
)
def test_an_expectation_that_holds_passes(tested, expectation):
    tested.expect(expectation)
    assert tested.failures() == []


@pytest.mark.parametrize(
    ("expectation", "said"),
    [
        ("{at: 2m, monitor: errors, state: Alert}", "at 2m `errors` is OK, and not Alert"),
        ("{at: 0m, monitor: errors, state: OK}", "at 0m `errors` has no data yet, and not OK"),
        (
            "{within: [5m, 6m], monitor: errors, state: Alert}",
            "`errors` did not become Alert between 5m and 6m: it did at 3m",
        ),
        (
            "{within: [1m, 9m], monitor: errors, state: Warn}",
            "`errors` did not become Warn between 1m and 9m: it never did",
        ),
        (
            '{never: true, monitor: errors, group: "service:chat"}',
            "`errors` is Alert at 3m for service:chat, and should never be",
        ),
        ("{at: 2m, monitor: errors, message: {contains: x}}", "until 2m `errors` had told nothing"),
        (
            '{at: 4m, monitor: errors, notifies: ["@slack-other"]}',
            "what `errors` told at 3m (Alert) calls @pagerduty-shop, and not @slack-other",
        ),
        (
            "{at: 4m, monitor: errors, notifies: []}",
            "until 4m `errors` had notified @pagerduty-shop, and should have notified nobody",
        ),
    ],
)
def test_an_expectation_that_does_not_hold_says_what_is_the_case(tested, expectation, said):
    tested.expect(expectation)
    [failure] = tested.failures()
    assert failure.startswith(said)


def test_nothing_may_happen_to_any_monitor_that_speaks(tested):
    tested.expect("{never: true}")
    assert tested.failures() == [
        "`errors` is Alert at 3m, and should never be",
        "`failing` is Alert at 4m, and should never be",
    ]


def test_what_a_message_lacks_is_shown_with_the_message(tested):
    tested.expect("{at: 4m, monitor: errors, message: {contains: nothing, regex: 'n[o]pe'}}")
    [failure] = tested.failures()
    assert "does not contain `nothing`: `Errors in chat 3 (> 2)" in failure
    assert "does not match `n[o]pe`" in failure


def test_a_composite_runs_with_its_members_and_shows_their_values(tested):
    more = f"  - {{metric: {GOOD}, values: 9x12}}"
    tested.expect(
        '{within: [3m, 3m], monitor: failing, group: "service:chat", state: Alert}',
        '{at: 5m, monitor: failing, notifies: ["@slack-tickets"], message: {contains: 3 errors among 21 calls}}',
        more=more,
    )
    assert tested.failures() == []


def test_a_failure_of_a_composite_shows_its_members_too(tested):
    tested.expect("{at: 5m, monitor: failing, state: Warn}", more=f"  - {{metric: {GOOD}, values: 9x12}}")
    [outcome] = tested.outcomes()
    [failure] = outcome.failures
    assert [(each.monitor, each.group, each.values is None) for each in failure.pictures] == [
        ("failing", "service:chat", True),
        ("errors", "service:chat", False),
        ("busy", "service:chat", False),
    ]
    assert failure.where == "monitors/tests/t.yaml:9:7"


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ("service:search", "no series of the test has the tag `service:search`"),
        ("model_name:claude", "`errors` is grouped by service: it has no group `model_name:claude`"),
    ],
)
@pytest.mark.parametrize("expectation", ["never: true", "at: 2m, state: OK"])
def test_a_group_that_cannot_exist_fails(tested, group, said, expectation):
    tested.expect(f'{{monitor: errors, group: "{group}", {expectation}}}')
    [failure] = tested.failures()
    assert failure.startswith(said)


def test_a_monitor_that_no_series_reaches_proves_nothing(tested):
    tested.write(
        f"- name: one\n  series: [{{metric: {BAD.replace('prod', 'dev')}, values: 9x9}}]\n"
        "  expect: [{never: true, monitor: errors}, {never: true}]"
    )
    assert [each.split(":")[0] for each in tested.failures()] == [
        "no series of the test is one that `errors` reads",
        "no series of the test is one that a monitor of its files reads",
    ]


def test_a_monitor_that_cannot_be_run_here_says_why(tested):
    tested.expect("{never: true, monitor: logs}")
    [failure] = tested.failures()
    assert failure == "`logs` cannot be tested: a log alert is not evaluated here"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("monitor: errors", "monitor: erors", "9:25: there is no monitor `erors`. Did you mean `errors`?"),
        ("ddllm.requests", "ddllm.reqests", "6:7: there is no metric `ddllm.reqests`. Did you mean `ddllm.requests`?"),
        ("5x3", "5y3", "6:7: `5y3` cannot be read from `y3` on"),
        ("state: OK", "sate: OK", "9:33: unknown key `tests.0.expect.0.sate`. Did you mean `state`?"),
        ("state: OK", "state: Good", "9:40: `tests.0.expect.0.state` should be"),
        ("at: 2m", "at: soon", "9:12: `tests.0.expect.0.at` must be a time such as 36m or 1h30m"),
        ("at: 2m", "within: [9m, 2m]", "9:7: `tests.0.expect.0` ends before it begins"),
        ("../watched.yaml", "../wached.yaml", "1:12: `../wached.yaml` finds no monitor"),
        ("env: prod", "env: prd", "there is no environment `prd`. Did you mean `prod`?"),
        ("service:chat", "service:${sevice}", "there is no variable `sevice`"),
    ],
)
def test_an_unknown_name_is_an_error_with_its_place(tested, old, new, said):
    tested.expect("{at: 2m, monitor: errors, state: OK}", values="5x3")
    tested.repository.replace("monitors/tests/t.yaml", old, new)
    with pytest.raises(DefinitionError) as caught:
        tested.suite()
    assert said in str(caught.value)


def test_all_that_is_wrong_is_told_in_one_go(tested):
    tested.expect("{at: 2m, monitor: a, state: OK}", "{at: 2m, monitor: b, state: OK}", values="5y3")
    with pytest.raises(DefinitionListError) as caught:
        tested.suite()
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("expectation", "said"),
    [
        ("{monitor: errors, state: OK}", "says when by one of"),
        ("{at: 2m, within: [1m, 2m], monitor: errors, state: OK}", "says when by one of"),
        ("{at: 2m, monitor: errors}", "says nothing"),
        ("{at: 2m, state: OK}", "not of which `monitor`"),
        ("{never: true, monitor: errors, notifies: []}", "by `at` or `within`, not by `never`"),
    ],
)
def test_half_an_expectation_is_an_error(tested, expectation, said):
    tested.expect(expectation)
    with pytest.raises(DefinitionError, match=said):
        tested.suite()


def test_variables_of_settings_and_environments_hold_in_tests_too(tested):
    head = "monitors: [../watched.yaml]\nenv: staging\nvariables: {bad: 5}\n"
    metric = "ddllm.requests{env:${env},service:chat,status:error}"
    tested.write(
        f'- name: one\n  series: [{{metric: "{metric}", values: "1x4 ${{limit}}x2 ${{bad}}x2"}}]\n'
        "  expect: [{at: 4m, monitor: errors, state: Warn}, {at: 8m, monitor: errors, state: Alert}]",
        head=head,
    )
    assert tested.failures() == []


def test_history_lies_before_the_start_and_nothing_is_expected_of_it(tested):
    tested.write(
        f"- name: one\n  series: [{{metric: {BAD}, values: 9x5 0x10, from: -10m}}]\n"
        "  expect: [{never: true, monitor: errors}, {at: 0m, monitor: errors, state: OK},"
        " {at: 5m, monitor: errors, notifies: []}]"
    )
    assert tested.failures() == []


def test_a_recording_stands_in_for_series(tested):
    lines = [
        '{"ddllm_recording":1,"interval":60,"start":1767571200,"end":1767571500}',
        (
            '{"metric":"ddllm.requests","type":"count","tags":["env:prod","service:chat","status:error"],'
            '"points":[[1767571200,0],[1767571260,9]]}'
        ),
    ]
    tested.repository.write("monitors/tests/day.jsonl", "\n".join(lines) + "\n")
    tested.write(
        "- name: one\n  recording: day.jsonl\n"
        "  expect: [{at: 1m, monitor: errors, state: OK}, {at: 2m, monitor: errors, state: Alert}]"
    )
    assert tested.failures() == []


def test_a_recording_that_is_not_there_fails_its_test(tested):
    tested.write("- name: one\n  recording: day.jsonl\n  expect: [{at: 1m, monitor: errors, state: OK}]")
    [failure] = tested.failures()
    assert failure == "the recording cannot be read: No such file or directory"


def test_processes_find_what_one_process_finds(tested):
    tests = [
        f"- name: {name}\n  series: [{{metric: {BAD}, values: poisson(2)x60}}]\n"
        "  expect: [{never: true, monitor: errors}]"
        for name in "abcd"
    ]
    tested.write("\n".join(tests))
    cases = tested.suite().cases

    def summed_up(outcomes: list[Outcome]):
        return [(each.name, [one.message for one in each.failures], each.exercised) for each in outcomes]

    assert summed_up(list(run_all(cases, 2))) == summed_up(list(run_all(cases, 1)))

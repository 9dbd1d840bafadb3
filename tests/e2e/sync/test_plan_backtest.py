"""`ddllm plan --backtest`: what a change of monitors does to the number of alerts."""

import json
from pathlib import Path

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, sync
from tests.support.datadog import organisation
from tests.support.histories import errors, file_of
from tests.support.monitor_testing import WATCHED
from tests.support.repository import SETTINGS, Repository

WEEK = 7 * 24 * 60
#: Small bursts on six days of the week, a large one on the seventh.
HISTORY = errors(chat=[(30 if at > 6 * 1440 else 4) if at % 1440 in {600, 601} else 0 for at in range(WEEK)])
CHANGED = SETTINGS.replace("limit: 2", "limit: 20")


@pytest.fixture(scope="module")
def api():
    with organisation(metrics=HISTORY.of) as served:
        yield served


@pytest.fixture
def folder(api: DatadogApi, tmp_path: Path) -> Path:
    Repository(tmp_path, settings=SETTINGS, watched=WATCHED)
    file_of(HISTORY, tmp_path)
    sync(api, tmp_path)
    return tmp_path


def plan(api: DatadogApi, folder: Path, *arguments: str, code: int = 2) -> str:
    ended = ddllm(api, folder, "plan", "monitors", "--backtest", "--recording", "history.jsonl.gz", *arguments)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout


def test_each_monitor_that_a_change_reaches_is_told_before_and_after(api: DatadogApi, folder: Path):
    (folder / "monitors" / "settings.yaml").write_text(CHANGED)
    lines = plan(api, folder).splitlines()
    place = next(place for place, line in enumerate(lines) if line.startswith("Backtest, "))
    assert lines[place].endswith("from history.jsonl.gz:")
    assert lines[place + 1 :] == [
        "  errors: 7 → 1 alerts a week",
        "  failing (by errors): 7 → 1 alerts a week",
    ]


def test_a_pull_request_and_programs_are_told_the_same(api: DatadogApi, folder: Path):
    (folder / "monitors" / "settings.yaml").write_text(CHANGED)
    assert "#### Backtest" in plan(api, folder, "--format", "markdown")
    assert "- errors: 7 → 1 alerts a week" in plan(api, folder, "--format", "markdown")
    told = json.loads(plan(api, folder, "--format", "json"))["backtest"]
    assert [(each["monitor"], each["changed"]) for each in told] == [("errors", ["errors"]), ("failing", ["errors"])]
    assert round(told[0]["alerts_a_week_before"]) == 7


def test_a_composite_with_another_condition_is_held_against_its_old_one(api: DatadogApi, folder: Path):
    path = folder / "monitors" / "watched.yaml"
    path.write_text(
        path.read_text().replace("${monitor:errors} && ${monitor:busy}", "${monitor:errors} && !${monitor:busy}")
    )
    assert "  failing: 7 → 12 alerts a week" in plan(api, folder).splitlines()


def test_a_monitor_that_is_new_says_how_many_it_gives(api: DatadogApi, folder: Path):
    path = folder / "monitors" / "watched.yaml"
    body = path.read_text()
    path.write_text(
        body + body[: body.index("busy:")].replace("errors:", "more-errors:", 1).replace("Errors in", "More in")
    )
    assert "  more-errors: new, 7 alerts a week" in plan(api, folder).splitlines()


def test_a_change_that_only_people_read_is_no_difference(api: DatadogApi, folder: Path):
    path = folder / "monitors" / "watched.yaml"
    path.write_text(path.read_text().replace("message: Look.", "message: Look here."))
    assert "Backtest: no monitor alerts otherwise than before." in plan(api, folder)


def test_what_cannot_be_run_says_so(api: DatadogApi, folder: Path):
    path = folder / "monitors" / "watched.yaml"
    path.write_text(path.read_text().replace('last("5m") > 5', 'last("5m") > 6'))
    assert "  logs: not run: a log alert is not evaluated here" in plan(api, folder).splitlines()


def test_a_history_without_a_backtest_is_a_mistake(api: DatadogApi, folder: Path):
    ended = ddllm(api, folder, "plan", "monitors", "--recording", "history.jsonl.gz")
    assert ended.returncode == 1
    assert ended.stderr == "ddllm: --recording is the history for --backtest\n"

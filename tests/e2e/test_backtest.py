"""`ddllm backtest` as a real process, over a recording."""

import json
from pathlib import Path

import pytest

from tests.support.commands import ddllm
from tests.support.datadog import organisation
from tests.support.forked import run_ddllm
from tests.support.histories import errors, file_of
from tests.support.monitor_testing import WATCHED
from tests.support.process import Ended, environment
from tests.support.repository import SETTINGS, Repository


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Repository(tmp_path, settings=SETTINGS, watched=WATCHED)
    file_of(errors(chat=[0, 0, 9, 9, 0, 0, 0, 0, 9, 0, 0, 0], search=[0] * 12), tmp_path)
    return tmp_path


def backtest(folder: Path, *arguments: str, code: int = 0) -> Ended:
    ended = run_ddllm("backtest", *arguments, "--recording", "history.jsonl.gz", env=environment({}), cwd=folder)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    return ended


def test_alerts_are_json_with_the_pinned_keys(folder: Path):
    told = json.loads(backtest(folder, "--all", "--env", "prod", "--format", "json").stdout)
    assert told["version"] == 1
    assert told["end"] - told["start"] == 12 * 60
    by_key = {each["monitor"]: each for each in told["monitors"]}
    assert set(by_key) == {"errors", "failing", "logs"}
    assert by_key["logs"]["skipped"] == "a log alert is not evaluated here"
    first = next(each for each in told["alerts"] if each["monitor"] == "errors" and each["state"] == "Alert")
    assert (first["group"], first["peak"], first["severity"]) == ({"service": "chat"}, 18, "page")
    assert told["start"] < first["start"] < first["end"] <= told["end"]


def test_people_read_how_many_a_week(folder: Path):
    told = backtest(folder, "errors").stdout
    assert "errors" in told
    assert "1 monitor: " in told
    assert "failing" not in told


def test_a_part_that_is_silent_runs_where_it_is_named(folder: Path):
    assert "1 monitor: " in backtest(folder, "bus*").stdout


def test_another_threshold_is_tried_and_found(folder: Path):
    assert "errors: threshold 2 → 50: " in backtest(folder, "errors", "--threshold", "50").stdout
    assert "→ 0 alerts a week" in backtest(folder, "errors", "--per-week", "0").stdout


def test_a_page_is_written(folder: Path):
    pytest.importorskip("plotly", reason="the page's charts need plotly, of ddllm[sandbox]")
    backtest(folder, "--all", "--format", "html", "--output", "page.html")
    assert "<title>Backtest</title>" in (folder / "page.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("errros",), "there is no monitor `errros`. Did you mean `errors`?"),
        ((), "name monitors, or --all of them"),
        (("--all", "--threshold", "3"), "--threshold is about one monitor, and 3 were chosen"),
        (("--all", "--group", "chat"), "--group 'chat' is no group"),
        (("--all", "--from", "1d", "--to", "2d"), "--from is not before --to"),
        (("--all", "--recording", "none.jsonl"), "the recording cannot be read"),
    ],
)
def test_what_is_wrong_is_one_line(folder: Path, arguments: tuple[str, ...], told: str):
    if "--recording" in arguments:
        (folder / "history.jsonl.gz").unlink()
    ended = backtest(folder, *arguments, code=1)
    assert told in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_datadog_is_asked_where_there_is_no_recording(folder: Path):
    history = errors(chat=[0, 0, 9, 9, 0, 0, 0, 0, 9, 0, 0, 0])
    span = ("--from", "2026-01-05T00:02Z", "--to", "2026-01-05T00:12Z")
    recorded = json.loads(backtest(folder, "errors", *span, "--format", "json").stdout)
    with organisation(metrics=history.of) as api:
        ended = ddllm(api, folder, "backtest", "errors", *span, "--format", "json")
        assert ended.returncode == 0, ended.stderr
        requests = len(api.requests)
        ddllm(api, folder, "backtest", "errors", *span)
        assert len(api.requests) == requests
        source = api.url
    told = json.loads(ended.stdout)
    assert [each for each in told["alerts"] if each["state"] == "Alert"] == [
        each for each in recorded["alerts"] if each["state"] == "Alert"
    ]
    assert told["source"] == source
    assert list((folder / ".ddllm" / "history").iterdir())

"""`ddllm test` as a real process: without a network and without keys."""

import json
import os
import pty
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests.support.forked import run_ddllm
from tests.support.monitor_testing import Trial
from tests.support.process import BIN, Ended, environment

PASSES = "{within: [3m, 5m], monitor: errors, state: Alert}"
FAILS = "{at: 5m, monitor: errors, state: OK}"


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


def run_tests(trial: Trial, *arguments: str, code: int = 0) -> Ended:
    ended = run_ddllm("test", *arguments, env=environment({}), cwd=trial.folder)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    return ended


def test_all_that_pass_end_well(trial: Trial):
    trial.expect(PASSES)
    assert run_tests(trial).stdout.startswith("1 test, 1 passed")


def test_one_that_fails_is_shown_and_fails_the_run(trial: Trial):
    trial.expect(FAILS)
    told = run_tests(trial, code=1).stdout
    assert "monitors/tests/t.yaml:9:7: at 5m `errors` is Alert, and not OK" in told
    assert "1 test, 0 passed, 1 failed" in told
    assert "█" not in told


def test_an_unknown_monitor_is_one_line(trial: Trial):
    trial.expect("{never: true, monitor: erors}")
    assert run_tests(trial, code=1).stderr.splitlines() == [
        "ddllm: monitors/tests/t.yaml:9:30: there is no monitor `erors`. Did you mean `errors`?"
    ]


def test_no_tests_at_all_are_an_error(trial: Trial):
    assert "there are no tests below monitors/tests" in run_tests(trial, code=1).stderr


def test_run_takes_the_tests_with_a_name(trial: Trial):
    trial.expect(FAILS)
    assert "no test has a name in which `two` is found" in run_tests(trial, "--run", "two", code=1).stderr
    assert "1 failed" in run_tests(trial, "--run", "^o.e$", code=1).stdout


def test_a_file_may_be_named(trial: Trial):
    trial.expect(PASSES)
    trial.write("- name: x", name="broken")
    assert "1 passed" in run_tests(trial, "monitors/tests/t.yaml").stdout


def test_junit_is_written_beside_what_is_shown(trial: Trial):
    trial.expect(FAILS)
    run_tests(trial, "--junit", "results.xml", "--jobs", "2", code=1)
    assert JUnitXml.fromfile(str(trial.folder / "results.xml")).failures == 1


def test_json_holds_what_is_not_exercised(trial: Trial):
    trial.expect(PASSES)
    told = json.loads(run_tests(trial, "--coverage", "--format", "json").stdout)
    assert (told["passed"], told["failed"]) == (1, 0)
    assert told["coverage"]["missed_monitors"] == ["busy", "failing", "logs"]


def test_a_low_coverage_fails_the_run(trial: Trial):
    trial.expect(PASSES)
    assert "is 18.8 %, below 50 %" in run_tests(trial, "--fail-under", "50", code=1).stderr
    run_tests(trial, "--fail-under", "10")


def test_watch_runs_again_when_a_file_changes(trial: Trial):
    trial.expect(FAILS)
    argv = [str(BIN / "ddllm"), "test", "--watch"]
    with subprocess.Popen(argv, env=environment({}), cwd=trial.folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert _until(process.stdout, "1 test,").startswith("1 test, 0 passed, 1 failed")
            trial.expect(PASSES)
            assert _until(process.stdout, "1 test, 1 passed")
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait() == 130


def _until(stream, start: str) -> str:
    return next(line for line in stream if line.startswith(start))


def test_a_terminal_shows_the_values(trial: Trial):
    trial.expect(FAILS)
    parent, child = pty.openpty()
    argv = [str(BIN / "ddllm"), "test"]
    with subprocess.Popen(argv, env=environment({"TERM": "xterm"}), cwd=trial.folder, stdout=child, stderr=child):
        os.close(child)
        text = b""
        with suppress(OSError):  # what Linux says at the end of a terminal
            while chunk := os.read(parent, 4096):
                text += chunk
    os.close(parent)
    assert "█" in text.decode()

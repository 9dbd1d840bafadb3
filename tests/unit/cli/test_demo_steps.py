import sys
from pathlib import Path

import pytest

from ddllm.cli import _demo_steps
from ddllm.cli._demo_steps import SCENE, application, run_applications, run_sync, sync_arguments
from ddllm.cli._stack import Stack
from ddllm.errors import DdllmError
from ddllm.sandbox.bedrock.dials import Board, Dials

SCRIPT = _demo_steps._script


def test_the_scene_is_made_of_dials():
    board = Board(Dials())
    board.turn(SCENE)
    assert board.of("us.anthropic.claude-3-5-sonnet-20241022-v2:0").ttft_p50 == 520
    assert 0 < board.of("us.meta.llama3-2-90b-instruct-v1:0").throttle < 0.1


def test_the_application_is_the_shipped_example():
    run, python, script, *arguments = application(30)
    assert Path(run).name == "ddtrace-run"
    assert python == sys.executable
    assert Path(script).name == "assistant.py"
    assert arguments == ["--seconds", "30"]


def test_a_script_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(_demo_steps, "_script", lambda name: SCRIPT(f"no-{name}"))
    with pytest.raises(DdllmError, match="no-ddtrace-run is not there"):
        application(1)


def failing(monkeypatch, code):
    monkeypatch.setattr(_demo_steps, "application", lambda _seconds, _name: [sys.executable, "-c", code])


def test_an_application_that_fails_is_an_error_with_its_last_words(monkeypatch):
    failing(monkeypatch, "print('no credentials'); raise SystemExit(3)")
    with Stack() as stack, pytest.raises(DdllmError, match=r"ended with exit code 3\. no credentials"):
        run_applications(stack, 1)


def test_an_application_that_does_not_end_is_an_error(monkeypatch):
    failing(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(_demo_steps, "_GRACE", 0.1)
    with Stack() as stack, pytest.raises(DdllmError, match=r"did not end within 0\.2 s"):
        run_applications(stack, 0.1)


def test_an_application_says_what_it_did(monkeypatch):
    failing(monkeypatch, "print('one'); print('12 answered')")
    with Stack() as stack:
        assert run_applications(stack, 1) == dict.fromkeys(("assistant", "helpdesk"), "12 answered")


def test_a_sync_that_fails_is_an_error(monkeypatch):
    monkeypatch.setattr(_demo_steps, "sync_arguments", lambda: ["sync", "monitors", "--dir", "/nowhere"])
    with Stack() as stack, pytest.raises(DdllmError, match="`ddllm sync monitors` ended with exit code 1"):
        run_sync(stack)


def test_the_sync_reads_the_shipped_library():
    assert sync_arguments()[:3] == ["sync", "monitors", "--dir"]
    assert Path(sync_arguments()[3], "monitors").is_dir()

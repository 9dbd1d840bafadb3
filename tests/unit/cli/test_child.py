"""A command under ours: its output, its exit code, and that nothing of it stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from ddllm.cli import _child
from ddllm.cli._child import Child
from ddllm.errors import DdllmError

DEADLINE = 10.0


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stages of an end, without their patience."""
    monkeypatch.setattr(_child, "_STAGES", tuple((number, 0.3) for number, _ in _child._STAGES))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stages of an end, with patience for a machine that is busy with something else."""
    monkeypatch.setattr(_child, "_STAGES", tuple((number, 10 * DEADLINE) for number, _ in _child._STAGES))


@pytest.mark.parametrize(
    ("code", "expected"), [("0", 0), ("3", 3), ("__import__('os').kill(__import__('os').getpid(), 9)", 137)]
)
def test_the_exit_code_is_the_commands(code: str, expected: int):
    with Child(python(f"raise SystemExit({code})"), os.environ) as child:
        assert child.wait(DEADLINE) == expected


def test_the_command_has_the_environment_that_it_is_given(tmp_path: Path):
    with Child(
        python("import os; open(os.environ['WHERE'], 'w').write('here')"), os.environ | {"WHERE": str(tmp_path / "x")}
    ) as child:
        assert child.wait(DEADLINE) == 0
    assert (tmp_path / "x").read_text() == "here"


def test_waiting_ends_with_the_seconds(hurried: None):
    with Child(["sleep", "60"], os.environ) as child:
        assert child.wait(0.01) is None


def test_output_comes_line_by_line_from_a_terminal():
    lines: SimpleQueue[str] = SimpleQueue()
    code = "import sys; print(sys.stdout.isatty()); print('one\\ntwo'); sys.stdout.write('no line feed')"
    with Child(python(code), os.environ, output=lines.put) as child:
        assert child.wait(DEADLINE) == 0
    assert [lines.get(timeout=DEADLINE) for _ in range(4)] == ["True", "one", "two", "no line feed"]


def test_output_comes_while_the_command_runs(hurried: None):
    lines: SimpleQueue[str] = SimpleQueue()
    with Child(python("print('ready'); import time; time.sleep(60)"), os.environ, output=lines.put):
        assert lines.get(timeout=DEADLINE) == "ready"


def test_a_command_that_is_told_to_end_may_do_so_itself(patient: None):
    lines: SimpleQueue[str] = SimpleQueue()
    code = """
import time
try:
    print("ready")
    time.sleep(60)
except KeyboardInterrupt:
    print("cleaned up")
    raise SystemExit(4)
"""
    with Child(python(code), os.environ, output=lines.put) as child:
        assert lines.get(timeout=DEADLINE) == "ready"
        assert child.stop() == 4
    assert lines.get(timeout=DEADLINE) == "cleaned up"


@pytest.mark.parametrize(("ignored", "expected"), [(["SIGINT"], 128 + 15), (["SIGINT", "SIGTERM"], 128 + 9)])
def test_a_command_that_does_not_listen_is_told_louder(hurried: None, ignored: list[str], expected: int):
    lines: SimpleQueue[str] = SimpleQueue()
    code = "import signal, sys, time\nfor name in sys.argv[1:]: signal.signal(getattr(signal, name), signal.SIG_IGN)\nprint('ready'); time.sleep(60)"
    with Child(python(code, *ignored), os.environ, output=lines.put) as child:
        assert lines.get(timeout=DEADLINE) == "ready"
        assert child.stop() == expected


def test_what_the_command_started_ends_with_it(hurried: None):
    lines: SimpleQueue[str] = SimpleQueue()
    code = """
import signal, subprocess, sys, time
ignoring = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
helper = subprocess.Popen([sys.executable, "-c", ignoring], stdout=subprocess.PIPE)
helper.stdout.readline()
print(helper.pid)
time.sleep(60)
"""
    with Child(python(code), os.environ, output=lines.put) as child:
        helper = int(lines.get(timeout=DEADLINE))
        assert is_running(helper)
        child.stop()
        assert not is_running(helper)


def test_leaving_the_block_ends_the_command(hurried: None):
    with Child(["sleep", "60"], os.environ) as child:
        process = child._process
    assert process is not None
    assert process.returncode is not None


def test_a_command_that_does_not_exist_is_one_line():
    with (
        pytest.raises(DdllmError, match="cannot run 'no-such-command': No such file or directory"),
        Child(["no-such-command"], {}),
    ):
        pass
    with pytest.raises(DdllmError, match="cannot run"), Child(["no-such-command"], {}, output=print):
        pass


def test_repr_tells_the_state():
    child = Child(["true"], os.environ)
    assert repr(child) == "Child(['true'], not started)"
    with pytest.raises(RuntimeError, match="used before it is entered"):
        child.wait(None)
    with child:
        child.wait(DEADLINE)
        assert repr(child).endswith("returncode 0)")


@pytest.mark.parametrize("output", [None, print])
def test_an_interruption_while_the_command_starts_leaves_nothing_behind(
    hurried: None, monkeypatch: pytest.MonkeyPatch, output: Any
):
    started = []

    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(_child.subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt), Child(["sleep", "60"], os.environ, output=output):
        pytest.fail("the block was entered")
    assert started[0].returncode is not None


def test_an_interruption_while_the_command_ends_hurries(monkeypatch: pytest.MonkeyPatch):
    lines: SimpleQueue[str] = SimpleQueue()
    monkeypatch.setattr(_child, "_STAGES", tuple((number, DEADLINE * 6) for number, _ in _child._STAGES))
    code = "import os, signal, time; signal.signal(signal.SIGINT, lambda *_: os.kill(os.getppid(), signal.SIGINT)); print('ready')\nwhile True: time.sleep(1)"
    with Child(python(code), os.environ, output=lines.put) as child:
        assert lines.get(timeout=DEADLINE) == "ready"
        assert child.stop() == 128 + 15

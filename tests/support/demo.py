"""Commands that run for a while: started in a session of their own, so that everything they left behind can be found."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

DEADLINE = 30.0


@contextmanager
def session(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Keep a command running inside; afterwards nothing of its session is left, whatever happened."""
    process = subprocess.Popen(
        argv,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        cwd=cwd,
    )
    try:
        yield process
    finally:
        for pid in members(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.communicate()


def members(session_id: int) -> list[int]:
    """The processes of a session that are alive; the leader comes first."""
    pids = sorted(int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit())
    return [pid for pid in pids if _session_if_alive(pid) == session_id]


def _session_if_alive(pid: int) -> int | None:
    try:
        state, _, _, session_id = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:4]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state == "Z" else int(session_id)


def command_lines(session_id: int) -> list[str]:
    """The command lines of a session's processes."""
    found = []
    for pid in members(session_id):
        try:
            found.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def wait_for_command(session_id: int, part: str) -> None:
    """Wait until a process of the session has this in its command line."""
    deadline = time.monotonic() + DEADLINE
    while not any(part in line for line in command_lines(session_id)):
        assert time.monotonic() < deadline, f"no {part!r} in {command_lines(session_id)}"
        time.sleep(0.02)

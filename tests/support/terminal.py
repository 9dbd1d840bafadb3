"""A command on a terminal: what it shows there, and what somebody types."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from contextlib import suppress
from pathlib import Path

from tests.support.process import BIN, environment


def on_a_terminal(folder: Path, *arguments: str, width: int = 100, typed: str = "", **variables: str) -> str:
    """Run ddllm on a terminal of that width, with what is typed there; return what stood on it. It has to succeed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    os.write(ours, typed.encode())
    env = environment({**variables, "TERM": "xterm", "NO_COLOR": "1"})
    env.pop("COLUMNS", None)
    with subprocess.Popen(
        [BIN / "ddllm", *arguments], env=env, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        seen = b""
        with suppress(OSError):  # Linux says so where the other end is closed
            while chunk := os.read(ours, 65_536):
                seen += chunk
        os.close(ours)
        assert process.wait() == 0, seen
    return re.sub(r"\x1b\[[\d;]*m", "", seen.decode().replace("\r\n", "\n"))

"""Ends a process at a given write: what it asked for then happens, or is lost on its way."""

import signal
import subprocess

from ddllm.sandbox.api import Request


class Tripwire:
    """Ends a process by a signal when its nth write arrives, which then has its effect or not."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.number = 0
        self.by = signal.SIGKILL
        self.lost = False
        self._writes = 0

    def watch(self, process: "subprocess.Popen[str]") -> tuple[int, str]:
        """Wait for the end of a process. Returns its exit code and output."""
        self.process = process
        told, _ = process.communicate(timeout=60)
        return process.returncode, told

    def __call__(self, request: Request) -> list[str]:
        if self.process is None or not request.writes:
            return []
        self._writes += 1
        if self._writes != self.number:
            return []
        self.process.send_signal(self.by)
        self.process.wait()
        self.process = None
        return ["lost"] if self.lost else []

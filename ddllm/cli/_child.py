"""A user's command, run under ours: its output, its exit code, and its end, which is ours too."""

import errno
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Thread, current_thread, main_thread
from types import FrameType, TracebackType
from typing import IO, Self

from ddllm.errors import DdllmError

#: What a command is told when it has to end, and how many seconds it has to do so before it is told the next.
_STAGES = ((signal.SIGINT, 5.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0))

#: Seconds that processes which the command started and left behind have to end.
_LEFTOVERS = 1.0

_POLL = 0.02

#: What ends us from outside, if it is told to the main thread.
_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: Seconds to wait for the rest of the output: a process that the command left behind may hold it open for good.
_DRAIN = 1.0


class Child:
    """A command in a process group of its own, so that everything it started ends with it and is told so once.

    It gets no terminal to read from: Ctrl-C is for us, who pass it on. With `output`, what it writes to a terminal comes
    here line by line instead, through a terminal of its own, so that it writes as it always does; `stdout` is where
    its standard output goes otherwise (None: to ours). Entering raises `DdllmError` where the command cannot be run.
    """

    def __init__(
        self,
        argv: Sequence[str],
        environ: Mapping[str, str],
        *,
        output: Callable[[str], None] | None = None,
        stdout: IO[str] | None = None,
    ) -> None:
        self._argv = list(argv)
        self._environ = dict(environ)
        self._output = output
        self._stdout = stdout
        self._relay: Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        state = (
            "not started"
            if self._process is None
            else f"pid {self._process.pid}, returncode {self._process.returncode}"
        )
        return f"Child({self._argv}, {state})"

    def __enter__(self) -> Self:
        try:
            if self._output is None:
                self._start(self._stdout, None)
            else:
                self._start_on_terminal(self._output)
        except BaseException:
            if self._process:
                self.stop()
            raise
        return self

    def _start_on_terminal(self, output: Callable[[str], None]) -> None:
        ours, theirs = os.openpty()
        with os.fdopen(theirs, "w") as terminal:
            _copy_size(terminal.fileno())
            try:
                self._start(terminal, terminal if sys.stderr.isatty() else None)
            except BaseException:
                os.close(ours)
                raise
        self._relay = Thread(target=_relay, args=(ours, output), name="ddllm-output", daemon=True)
        self._relay.start()

    def _start(self, stdout: IO[str] | None, stderr: IO[str] | None) -> None:
        stdin = subprocess.DEVNULL if sys.stdin is None or sys.stdin.isatty() else None
        try:
            # An interruption between the start and our knowing of it would leave the command behind.
            with _held_back() as interruptions:
                self._process = subprocess.Popen(  # noqa: S603 - the command is the user's own
                    self._argv, env=self._environ, stdin=stdin, stdout=stdout, stderr=stderr, process_group=0
                )
        except OSError as error:
            raise DdllmError(f"cannot run {self._argv[0]!r}: {error.strerror}") from None
        for number in interruptions:
            signal.raise_signal(number)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._relay:
            self._relay.join(_DRAIN)

    def wait(self, seconds: float | None) -> int | None:
        """Wait for the end; return the exit code as a shell tells it, or None where the seconds passed first."""
        process = self._running()
        try:
            return _shells_code(process.wait(seconds))
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> int:
        """End the command, politely at first; an interruption meanwhile (a second Ctrl-C) hurries. Return its exit code.

        A command that is at its end already is left alone, with what it left running on purpose.
        """
        process = self._running()
        if process.poll() is None:
            with _held_back() as interruptions:
                for number, patience in _STAGES:
                    interruptions.clear()
                    self._tell(number)
                    if self._ends_within(patience, interruptions):
                        break
                self._end_leftovers()
        return _shells_code(process.wait())

    def _ends_within(self, seconds: float, interruptions: Sequence[int]) -> bool:
        deadline = time.monotonic() + seconds
        process = self._running()
        while process.poll() is None and time.monotonic() < deadline and not interruptions:
            time.sleep(_POLL)
        return process.poll() is not None

    def _end_leftovers(self) -> None:
        deadline = time.monotonic() + _LEFTOVERS
        while self._tell(signal.SIGTERM):
            if time.monotonic() > deadline:
                self._tell(signal.SIGKILL)
                return
            time.sleep(_POLL)

    def _tell(self, number: signal.Signals) -> bool:
        """Send a signal to the whole group; False where nobody is left."""
        try:
            os.killpg(self._running().pid, number)
        except ProcessLookupError:
            return False
        return True

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"{self!r} is used before it is entered")
        return self._process


@contextmanager
def _held_back() -> Iterator[list[int]]:
    """Note the interruptions that come inside the block, in place of raising them. Only the main thread gets any."""
    came: list[int] = []
    if current_thread() is not main_thread():
        yield came
        return
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in _INTERRUPTIONS}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _shells_code(returncode: int) -> int:
    return returncode if returncode >= 0 else 128 - returncode


def _copy_size(terminal: int) -> None:
    with suppress(OSError, ValueError):  # our output is no terminal with a size
        columns, lines = os.get_terminal_size(sys.stdout.fileno())
        termios.tcsetwinsize(terminal, (lines, columns))


def _relay(terminal: int, output: Callable[[str], None]) -> None:
    for line in _lines(terminal):
        output(line.decode(errors="replace").rstrip("\r"))
    os.close(terminal)


def _lines(terminal: int) -> Iterator[bytes]:
    rest = b""
    while chunk := _read(terminal):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError as error:
        if error.errno == errno.EIO:  # Linux's way to say that the last writer closed the terminal
            return b""
        raise


@contextmanager
def ending_as_interrupted() -> Iterator[None]:
    """Let SIGTERM, and a terminal that closes, end the block as Ctrl-C does: with `KeyboardInterrupt`."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

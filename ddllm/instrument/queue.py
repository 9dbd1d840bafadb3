"""The bounded queue between the application's threads and the one that reports. It knows no consumer.

`put` never blocks, takes no lock and wakes nobody but for a full batch: it may run in a finalizer, in any thread.

The more often the interpreter lock changes hands, the more the same work was measured to cost, on the caller's thread as well. So the
consumer sleeps on a timer, takes all that there is in one round, and lets go of the lock when the interpreter asks for it
(`sys.setswitchinterval`, 5 ms) and not before.
"""

import math
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any, Protocol

from ddllm.instrument import guard

#: Records, or bytes, that are worth waking the consumer for before its timer does.
BATCH_RECORDS = 4096
BATCH_BYTES = 4 * 1024 * 1024


class Consumer(Protocol):
    """What the queue's thread runs. Its methods may take their time and may fail; failures are counted."""

    def consume(self, record: Any) -> None:
        """Take one record."""

    def flush(self, dropped: int) -> None:
        """Send what was taken. `dropped` is how many records were lost, in all, since the process began."""

    def close(self) -> None:
        """Take it that no record follows. `flush` does."""


class Queue:
    """Records from any thread, handed to a consumer on a daemon thread of its own.

    `make_consumer` is called on that thread, and again in a forked child. Where it fails, what is queued is dropped, and it
    is tried again in the next round. `inline` hands each record over at once, in the caller's thread, for a runtime that
    freezes background threads. At its end, `stop` takes `exit_timeout` at most. Times are seconds.
    """

    def __init__(
        self,
        make_consumer: Callable[[], Consumer],
        *,
        max_records: int,
        max_bytes: int,
        interval: float,
        exit_timeout: float = 5.0,
        inline: bool = False,
    ) -> None:
        self._make_consumer = make_consumer
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._interval = interval
        self._exit_timeout = exit_timeout
        self._inline = inline
        # On a thread of its own nothing may end it, not even an exit that somebody's code asks for.
        self._faults: type[BaseException] = Exception if inline else BaseException
        #: Counts forks: what belongs to another generation was the parent's.
        self.generation = 0
        self._reset()

    def _reset(self) -> None:
        self._records: deque[tuple[Any, int]] = deque()
        # Two counters, each written by one side only, in straight-line code that the interpreter does not interrupt. Should
        # another interpreter do so all the same, the consumer mends the drift whenever it finds the queue empty.
        self._bytes_in = 0
        self._bytes_out = 0
        self.dropped = 0
        self.running = False
        self._stopping = False
        self._consumer: Consumer | None = None
        self._thread: threading.Thread | None = None
        # A binary semaphore: unlike an Event, a bare lock can be released in a finalizer.
        self._wake = threading.Lock()
        self._wake.acquire()
        # The application's threads never wait for these: one that finds it taken leaves the work to who took it.
        self._starting = threading.Lock()
        self._draining = threading.Lock()
        self._forking = 0
        self._resting = False

    def __repr__(self) -> str:
        held = self._bytes_in - self._bytes_out
        state = "running" if self.running else "not running"
        return f"Queue({len(self._records)} records, {held} bytes, {self.dropped} dropped, {state})"

    def start(self) -> None:
        """Start the thread, unless it runs. Not from a finalizer: starting a thread takes locks."""
        if not self._starting.acquire(blocking=False):
            return
        try:
            if self.running:
                return
            if self._inline:
                self._drain_alone()
            else:
                self._thread = threading.Thread(target=self._run, name="ddllm", daemon=True)
                self._thread.start()
            self.running = True
            self._flush_at_process_end()
        except Exception:  # noqa: BLE001 - counted; what is queued waits for the next attempt, or for the end of the process
            guard.caught("queue.start")
        finally:
            self._starting.release()

    def put(self, record: Any, size: int) -> bool:
        """Append a record of about `size` bytes, or drop and count it where the queue is full. Whether it was taken."""
        records = self._records
        held = self._bytes_in - self._bytes_out + size
        if len(records) >= self._max_records or held > self._max_bytes:
            self.dropped += 1
            return False
        self._bytes_in += size
        records.append((record, size))
        if self._inline:
            self._hand_over()
        elif len(records) == BATCH_RECORDS or (size and held // BATCH_BYTES != (held - size) // BATCH_BYTES):
            self._notify()
        return True

    def _notify(self) -> None:
        try:
            self._wake.release()
        except RuntimeError:  # it is awake, or about to be
            return

    def _run(self) -> None:
        wake = self._wake
        # Now, while the application waits for its first answer: what a consumer loads takes time.
        with self._draining:
            self._make()
        last = False
        while not last:
            # Read before the round: the last one follows the order to stop.
            last = self._stopping
            if not last:
                wake.acquire(timeout=self._interval)
            with self._draining:
                self._drain(closing=last)

    def _hand_over(self) -> None:
        # Another thread that is at it takes this record along: it looks again after it has let go of the lock.
        while self._records and self._drain_alone():
            pass

    def _drain_alone(self) -> bool:
        if not self._draining.acquire(blocking=False):
            return False
        try:
            # As on a thread of its own: what holds around the call holds for none that the consumer may cause.
            Context().run(self._drain)
        finally:
            self._draining.release()
        return True

    def _drain(self, until: float = math.inf, *, closing: bool = False) -> None:
        if not self._ready():
            return
        records = self._records
        while records and time.monotonic() < until and not self._resting:
            record, size = records.popleft()
            self._bytes_out += size
            self._consume(record)
        if not records:
            self._bytes_out = self._bytes_in
        if closing:
            self._close()
        self._flush()

    def _ready(self) -> bool:
        """Whether there is a consumer; one is made where there is something for it."""
        if self._consumer is None and (self._records or self.dropped or self._inline):
            self._make()
            while self._records and self._consumer is None:
                self._bytes_out += self._records.popleft()[1]
                self.dropped += 1
        return self._consumer is not None

    def _make(self) -> None:
        try:
            self._consumer = self._make_consumer()
        except self._faults:
            guard.caught("queue.consumer")

    def _consume(self, record: Any) -> None:
        try:
            self._consumer.consume(record)  # type: ignore[union-attr]  # there is one: see _drain
        except self._faults:  # one bad record must not end the thread
            guard.caught("queue.consume")

    def _flush(self) -> None:
        try:
            self._consumer.flush(self.dropped)  # type: ignore[union-attr]  # as above
        except self._faults:
            guard.caught("queue.flush")

    def _close(self) -> None:
        try:
            self._consumer.close()  # type: ignore[union-attr]  # there is one: see _drain
        except self._faults:
            guard.caught("queue.close")

    def stop(self) -> int:
        """Hand over what is left, for at most `exit_timeout` seconds, and return how many records stay behind.

        A thread that a fork or the end of Python took is not waited for.
        """
        thread = self._thread
        until = time.monotonic() + self._exit_timeout
        self._stopping = True
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            self._notify()
            thread.join(self._exit_timeout)
            if thread.is_alive():
                return len(self._records)
        if self._records or thread is None:
            self._drain(until, closing=True)
        self.running = False
        self._stopping = False
        return len(self._records)

    def hold(self, timeout: float) -> None:
        """Before a fork: wait, at most `timeout` seconds, until the consumer rests.

        A module that it is loading just then, or a lock that it holds, would stay half loaded and locked in the child, where
        the application may need them.
        """
        if self._thread is threading.current_thread() or self._forking == threading.get_ident():
            return
        self._resting = True
        if self._draining.acquire(timeout=timeout):
            self._forking = threading.get_ident()
        self._resting = False

    def release(self) -> None:
        """After a fork, in the parent: go on."""
        if self._forking == threading.get_ident():
            self._forking = 0
            self._draining.release()
            self._notify()
            if self._inline:
                self._hand_over()

    def forget(self) -> None:
        """After a fork, in the child: what is queued is the parent's, and so was the thread."""
        self.generation += 1
        self._reset()

    def _flush_at_process_end(self) -> None:
        # A multiprocessing child leaves by os._exit, past atexit, but runs its own finalizers first.
        process = sys.modules.get("multiprocessing.process")
        if process is None or process.parent_process() is None:
            return
        from multiprocessing import util  # noqa: PLC0415 - loaded already, in such a child

        pid = os.getpid()
        util.Finalize(None, self._stop_in, args=(pid,), exitpriority=0)

    def _stop_in(self, pid: int) -> None:
        if pid == os.getpid():
            self.stop()

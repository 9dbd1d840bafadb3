"""A call whose answer the application is still reading: reported exactly once, whichever way that ends.

`Reading` hangs on the SDK's own stream or body. Its methods run on the application's threads, in finalizers too, so they note
times and references and append to the queue, nothing more. Whoever calls them catches their faults.
"""

import weakref
from collections import deque
from time import perf_counter
from typing import Any, ClassVar

from ddllm.call import Call, Status
from ddllm.instrument import guard
from ddllm.instrument.queue import Queue
from ddllm.instrument.report import spans

#: Bytes of a body, and pieces of a stream from its start and from its end, that are kept for the worker to read.
MAX_BODY = 4 * 1024 * 1024
MAX_PIECES = 8192
LAST_PIECES = 64
#: A request larger than this is not kept: images, mostly.
MAX_REQUEST = 1024 * 1024

#: The name under which a `Reading` hangs on the SDK's object.
MARK = "_ddllm"

#: What is being read now, by id. Calls that are open when the process ends are reported from here.
_open: dict[int, "weakref.ref[Reading]"] = {}


def error_type(error: BaseException) -> str:
    """Return the provider's error code as the SDK raises it, else the exception's class.

    The codes of exceptions inside a stream begin in lower case on the wire (`modelStreamErrorException`); they are the same
    errors as elsewhere, so they get the same names.
    """
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return code[:1].upper() + code[1:] if code else type(error).__name__


def report(queue: Queue, call: Call) -> None:
    """Hand a finished call to the worker."""
    if call.span is not None:
        try:
            spans.finished(call)
        except Exception:  # noqa: BLE001 - counted; a span's tags are worth less than the call's metrics
            guard.caught("spans.finished")
    response = call.response
    size = len(call.request) if call.request is not None else 0
    if type(response) is bytes:
        size += len(response)
    elif response:
        size += sum(map(len, response))
    queue.put(call, size)


class Reading:
    """The reading of one answer, and what is kept of it: the pieces that came first, and, of one that is too long, those that came last."""

    __slots__ = ("__weakref__", "_generation", "_last", "_pieces", "_queue", "call", "settled")

    #: The status of an answer that is closed, or dropped, before its end.
    unfinished: ClassVar[Status]

    def __init__(self, queue: Queue, call: Call) -> None:
        self.call = call
        self.settled = False
        self._pieces: list[Any] = []
        self._last: deque[Any] | None = None
        self._queue = queue
        self._generation = queue.generation
        _open[id(self)] = weakref.ref(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.call!r}, {'settled' if self.settled else 'open'})"

    def done(self) -> None:
        """Report that the answer was read to its end."""
        if not self.settled:
            self.call.ended = perf_counter()
            self._settle("ok")

    def fail(self, error: BaseException) -> None:
        """Report that reading raised."""
        if not self.settled:
            self.call.ended = perf_counter()
            self.call.error_type = error_type(error)
            self._settle("error")

    def close(self) -> None:
        """Report an answer that nobody will read further. It ended when it was last read, or when its head came."""
        if not self.settled:
            if self.call.ended is None:
                self.call.ended = self.call.attempts[-1][2] if self.call.attempts else perf_counter()
            self._settle(self.unfinished)

    def __del__(self) -> None:
        try:
            self.close()
        except Exception:  # noqa: BLE001 - counted
            guard.caught("reading.dropped")

    def _settle(self, status: Status) -> None:
        self.settled = True
        # Whoever takes it out settles it, should two threads get here; what a fork inherited is the parent's to report.
        if _open.pop(id(self), None) is None or self._generation != self._queue.generation:
            return
        self.call.status = status
        self.collect()
        report(self._queue, self.call)

    def collect(self) -> None:
        """Move what was kept of the answer to the call."""


def close_all() -> None:
    """Report every call that is still being read: the process ends."""
    for reference in list(_open.values()):
        try:
            reading = reference()
            if reading is not None:
                reading.close()
        except Exception:  # noqa: BLE001 - counted
            guard.caught("reading.close_all")


def forget_all() -> None:
    """Report nothing of what is being read: the parent of a fork does, or nobody sees how it ends."""
    _open.clear()


class BodyReading(Reading):
    """The reading of an answer that is one body. Unread to its end it is still an answer: its head told the usage."""

    __slots__ = ("_expected", "_size")

    unfinished = "ok"

    def __init__(self, queue: Queue, call: Call, expected: int | None) -> None:
        super().__init__(queue, call)
        self._size = 0
        self._expected = expected

    def data(self, piece: bytes, amt: int | None = None) -> None:
        """Keep what `read(amt)` returned."""
        self._keep(piece, last=amt is None or amt < 0 or (not piece and amt > 0))

    def filled(self, count: int, b: Any) -> None:
        """Keep a copy of what `readinto(b)` wrote: the buffer is the application's."""
        view = memoryview(b).cast("B")
        self._keep(bytes(view[:count]), last=not count and len(view) > 0)

    def lines(self, lines: list[bytes]) -> None:
        """Keep what `readlines()` returned."""
        self._keep(b"".join(lines), last=True)

    def _keep(self, piece: bytes, *, last: bool) -> None:
        if self.settled:
            return
        self.call.ended = perf_counter()
        self._size += len(piece)
        if self._size <= MAX_BODY:
            self._pieces.append(piece)
        else:
            self.call.truncated = True
        if last or self._size == self._expected:
            self._settle("ok")

    def collect(self) -> None:
        """Join what was kept."""
        pieces = self._pieces
        if pieces:
            self.call.response = pieces[0] if len(pieces) == 1 else b"".join(pieces)


class StreamReading(Reading):
    """The reading of an event stream. Unread to its end, it was abandoned.

    What the SDK's events mean is for the subclasses, one an SDK's kind of stream: they put what is worth keeping of each into
    `_pieces` as long as there is `room`, and what comes later into `_last`.
    """

    __slots__ = ()

    unfinished = "abandoned"

    @property
    def room(self) -> int:
        """How many pieces more are kept from the start on."""
        return max(0, MAX_PIECES - len(self._pieces))

    def stopped(self, error: BaseException) -> None:
        """Note that iteration ended before its end: the application stopped, and may go on later; or reading raised."""
        if not isinstance(error, GeneratorExit):
            self.fail(error)
        elif not self.settled:
            self.call.ended = perf_counter()

    def content_began(self) -> None:
        """Note the first content, now."""
        call = self.call
        call.first_content = perf_counter()
        if call.span is not None:
            try:
                spans.first_content(call)
            except Exception:  # noqa: BLE001 - counted
                guard.caught("spans.first_content")

    def add_last(self, piece: Any) -> bool:
        """Keep a piece of an answer that is too long, in place of an older one where there is no room. Whether there was none."""
        last = self._last
        if last is None:
            last = self._last = deque(maxlen=LAST_PIECES)
        full = len(last) == LAST_PIECES
        last.append(piece)
        return full

    def collect(self) -> None:
        """Join what was kept, in order."""
        self.call.response = [*self._pieces, *(self._last or ())]

"""A DogStatsD agent that keeps what it receives, to be asked for it.

    with Agent() as agent:
        run(env={"DD_DOGSTATSD_URL": agent.udp_url})
        agent.wait_for(lambda: agent.total("ddllm.requests", status="ok") == 3, timeout=5)
        agent.percentile("ddllm.ttft", 0.95, by=("feature",))     # {("chat",): 0.41}

Packets of any size come over UDP and Unix datagram sockets; see `dogstatsd` for what is understood and `series` for what
is kept. With `forward_to`, every packet is also passed on, byte for byte, to a real agent; its origin detection then sees
this process as the sender, unless the client names its container itself.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Condition
from types import TracebackType
from typing import Any, Self, overload

from ddllm.errors import ConfigError
from ddllm.query import series as held
from ddllm.query.recordings import Recording
from ddllm.query.series import Group
from ddllm.query.sketch import Sketch
from ddllm.sandbox.series import INTERVAL, Series
from ddllm.sandbox.sockets import Address, Forwarder, Receiver
from ddllm.sandbox.store import Stats, Store
from ddllm.sandbox.stored import all_of, stored

#: A free port of this machine alone.
LOOPBACK = "udp://127.0.0.1:0"


class Agent:
    """Receives on each address of `listen` (port 0: one that is free) while it is entered, one thread an address.

    What arrived stays readable after the end. `retention` is the number of 10 s buckets kept for `query`, `clock` gives
    the seconds that decide on the bucket of a sample without a timestamp. Entering raises `ConfigError` for an address
    that cannot be used.
    """

    def __init__(
        self,
        *listen: str,
        forward_to: str | None = None,
        retention: int = 360,
        max_series: int = 20_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._listen = [Address.parse(url) for url in listen or (LOOPBACK,)]
        self._forwarder = Forwarder(forward_to) if forward_to else None
        self._clock = clock
        self._store = Store(retention=retention, max_series=max_series)
        self._changed = Condition()
        self._waiting = 0
        self._receivers: list[Receiver] = []

    def __repr__(self) -> str:
        where = ", ".join(self.urls) or "closed"
        forward = f", forwards to {self.forwards_to}" if self._forwarder else ""
        with self._changed:
            return f"Agent({where}{forward}, {self._store})"

    def __enter__(self) -> Self:
        try:
            for address in self._listen:
                self._open(address)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, address: Address) -> None:
        receiver = Receiver(address)
        self._receivers.append(receiver)
        if self._forwarder and self._forwarder.address == receiver.address:
            raise ConfigError(f"cannot forward to {receiver.address}: that is where this agent listens")
        receiver.start(self._take)

    def close(self) -> None:
        """Read what already arrived, then stop. Safe to call again."""
        while self._receivers:
            self._receivers.pop().close()
        if self._forwarder:
            self._forwarder.close()

    def _take(self, packet: bytes) -> None:
        delivered = self._forwarder.send(packet) if self._forwarder else None
        with self._changed:
            self._store.ingest(packet, self._clock())
            if delivered is not None:
                self._store.stats.forwarded += delivered
                self._store.stats.forward_failed += not delivered
            if self._waiting:
                self._changed.notify_all()

    @property
    def urls(self) -> list[str]:
        """The addresses on which it listens; any of them is a value for DD_DOGSTATSD_URL."""
        return [str(receiver.address) for receiver in self._receivers]

    @property
    def forwards_to(self) -> str | None:
        """The agent that gets every packet too, if there is one."""
        return str(self._forwarder.address) if self._forwarder else None

    @property
    def udp_url(self) -> str:
        """The UDP address. Raises `LookupError` where it does not listen on UDP."""
        return self._url("udp://")

    @property
    def uds_url(self) -> str:
        """The Unix socket. Raises `LookupError` where it does not listen on one."""
        return self._url("unix://")

    def _url(self, scheme: str) -> str:
        for url in self.urls:
            if url.startswith(scheme):
                return url
        raise LookupError(f"{self!r} does not listen on {scheme}")

    @property
    def stats(self) -> Stats:
        """How much arrived, and what was wrong with it."""
        with self._changed:
            return self._store.stats.copy()

    def metrics(self) -> list[str]:
        """Return the names of the metrics that arrived."""
        with self._changed:
            return self._store.metrics()

    def query(
        self, metric: str, tags: Mapping[str, str] | None = None, start: float | None = None, end: float | None = None
    ) -> list[Series]:
        """Return the kept buckets of a metric's series, those that begin from `start` on and before `end` (seconds).

        `tags` maps tags to shell globs that one of their values has to match. `<histogram>.avg`, `.count`, `.median`,
        `.95percentile` and `.max` are there as the Agent makes them.
        """
        with self._changed:
            return self._store.query(metric, tags or {}, start, end)

    def stored(self, metric: str) -> list[held.Series]:
        """Return the kept buckets of a metric's series as Datadog would hold them."""
        return [one for series in self.query(metric) for one in stored(series)]

    def recording(self) -> Recording:
        """Return all that is kept as a recording of 10 s intervals; it begins and ends where the data does."""
        with self._changed:
            received = [one for metric in self._store.metrics() for one in self._store.query(metric, {}, None, None)]
        series = tuple(each for one in received for each in all_of(one))
        times = [at for one in series for at in one.times()] or [int(self._clock()) // INTERVAL * INTERVAL]
        return Recording(INTERVAL, min(times), max(times) + INTERVAL, series)

    @overload
    def total(self, metric: str, /, *, by: None = None, **tags: str) -> float: ...
    @overload
    def total(self, metric: str, /, *, by: Sequence[str], **tags: str) -> dict[Group, float]: ...
    def total(self, metric: str, /, *, by: Sequence[str] | None = None, **tags: str) -> float | dict[Group, float]:
        """Add up all that ever arrived of a metric: counts, or the values of a distribution. 0 where nothing did.

        `tags` are filters as for `query`; with `by`, the answer is a sum for each group of these tags' values.
        """
        with self._changed:
            totals = self._store.totals(metric, by or (), tags)
        return totals.get((), 0.0) if by is None else totals

    @overload
    def sketch(self, metric: str, /, *, by: None = None, **tags: str) -> Sketch: ...
    @overload
    def sketch(self, metric: str, /, *, by: Sequence[str], **tags: str) -> dict[Group, Sketch]: ...
    def sketch(self, metric: str, /, *, by: Sequence[str] | None = None, **tags: str) -> Sketch | dict[Group, Sketch]:
        """Merge all that ever arrived of a distribution or histogram; arguments as for `total`."""
        sketches = self._sketches(metric, by or (), tags)
        return sketches.get((), Sketch()) if by is None else sketches

    @overload
    def percentile(self, metric: str, q: float, /, *, by: None = None, **tags: str) -> float | None: ...
    @overload
    def percentile(self, metric: str, q: float, /, *, by: Sequence[str], **tags: str) -> dict[Group, float]: ...
    def percentile(
        self, metric: str, q: float, /, *, by: Sequence[str] | None = None, **tags: str
    ) -> float | dict[Group, float] | None:
        """Return the quantile `q` (0 to 1) of a distribution or histogram, None where nothing arrived; arguments as for `total`."""
        sketches = self._sketches(metric, by or (), tags)
        quantiles = {group: value for group, sketch in sketches.items() if (value := sketch.quantile(q)) is not None}
        return quantiles.get(()) if by is None else quantiles

    def _sketches(self, metric: str, by: Sequence[str], tags: Mapping[str, str]) -> dict[Group, Sketch]:
        with self._changed:
            return self._store.sketches(metric, by, tags)

    def wait_for(self, predicate: Callable[[], bool], timeout: float) -> None:
        """Return once `predicate` holds; it is asked again after every packet. Raises `TimeoutError`, which tells the agent's state."""
        with self._changed:
            self._waiting += 1
            try:
                held = self._changed.wait_for(predicate, timeout)
            finally:
                self._waiting -= 1
        if not held:
            raise TimeoutError(
                f"not seen within {timeout:g} s by {self!r}, which has {', '.join(self.metrics()) or 'no metric'}"
            )

    def to_json(self) -> dict[str, Any]:
        """Return all that is kept, of JSON's types alone."""
        with self._changed:
            series = [one for metric in self._store.metrics() for one in self._store.query(metric, {}, None, None)]
            return {"stats": self._store.stats.as_json(), "series": [one.as_json() for one in series]}

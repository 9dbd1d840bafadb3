"""ddllm's own losses and faults, counted in each round and told of in the log: never silent."""

import logging
from collections.abc import Callable

from ddllm import catalog
from ddllm.catalog import Metric
from ddllm.instrument import guard
from ddllm.instrument.report.caps import Caps
from ddllm.instrument.report.emit import Statsd
from ddllm.settings import Capture
from ddllm.version import VERSION

log = logging.getLogger("ddllm")

#: Counts one of the telemetry metrics: metric, reason, how many.
Count = Callable[[Metric, str, int], None]


class Losses:
    """What was lost since the last round."""

    def __init__(self, statsd: Statsd, caps: Caps, count: Count, capture: Capture = "off") -> None:
        self._statsd = statsd
        self._caps = caps
        self._count = count
        self._capture = capture
        self._dropped = 0
        self._packets = 0
        self._warned = False

    def report(self, dropped: int) -> None:
        """Report the round's losses. `dropped` is how many records the queue refused so far."""
        self._queue(dropped)
        for tag, count in self._caps.take_capped().items():
            self._count(catalog.TELEMETRY_CAPPED, tag, count)
        self._lost_packets()
        faults = guard.collect()
        for place, count in faults.counts.items():
            self._count(catalog.TELEMETRY_ERRORS, place, count)
        for fault in faults.descriptions:
            log.warning(
                "ddllm %s: a fault of its own in %s was caught; the application is not affected\n%s",
                VERSION,
                fault.place,
                fault.shown(self._capture),
            )

    def _queue(self, dropped: int) -> None:
        lost, self._dropped = dropped - self._dropped, dropped
        if lost > 0:
            self._count(catalog.TELEMETRY_DROPPED, "queue_full", lost)
            if not self._warned:
                log.warning("ddllm: the queue is full; calls are not reported until the worker has caught up")
                self._warned = True
        elif self._warned:
            log.warning("ddllm: the queue has room again; %d calls were not reported in all", dropped)
            self._warned = False

    def _lost_packets(self) -> None:
        # The client sets its own counter back when it has reported it to the agent.
        packets = getattr(self._statsd, "packets_dropped", 0)
        lost = packets - self._packets if packets >= self._packets else packets
        self._packets = packets
        if lost:
            self._count(catalog.TELEMETRY_DROPPED, "packet", lost)

"""Metrics to DogStatsD: counts summed per round, samples of a distribution side by side on one line, in packets of the transport's size.

A line with several values (`ttft:0.4:0.7:0.5|d|#…`) is the protocol's version 1.1, which the Agent speaks since 7.25. Its client
needs 10 µs a line.
"""

import logging
import os
import threading
import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Protocol
from weakref import WeakValueDictionary

from ddllm import catalog
from ddllm.catalog import UNIFIED_TAGS, UNKNOWN, Metric
from ddllm.instrument.report import client
from ddllm.settings import Settings, statsd_address

#: Bytes of a packet by transport, as the client fills them; and of what a line holds beside name and tags: value, type, container.
PACKET_UDP = 1432
PACKET_UNIX = 8192
LINE_FIELDS = 120
#: How a sample is written. Seven digits are a hundred thousand times as exact as the agent's sketches, in half of the bytes.
NUMBER = "%.7g"
#: Bytes of a number, with the colon in front of it.
VALUE_LENGTH = 14
#: Samples that are held at most; a round of a busy service may have more.
MOST_SAMPLES = 8192
#: Seconds that the worker waits for room in the agent's socket. A Unix socket holds ten packets where nobody set
#: net.unix.max_dgram_qlen, and a round of a busy service has more.
ROOM_SECONDS = 0.1

#: A tuple, because the client caches what it makes of tags by their tuple.
Tags = tuple[str, ...]


class Statsd(Protocol):
    """What is used of `datadog.dogstatsd.DogStatsd`."""

    def increment(self, metric: str, value: float, tags: Tags) -> None:
        """Add to a count."""

    def distribution(self, metric: str, value: str, tags: Tags) -> None:
        """Send samples: the text goes on the line as it is."""

    def flush(self) -> bool:
        """Send what is buffered."""


def connect(settings: Settings, environ: Mapping[str, str] | None = None) -> Any:
    """Make a DogStatsD client of our own: the application's global one stays the application's.

    Buffered, so that packets are filled up to the transport's size; without threads, as this one flushes; its telemetry on,
    because that is how it counts what a full socket dropped. It follows DD_DOGSTATSD_URL, DD_AGENT_HOST and
    DD_DOGSTATSD_PORT, and detects its origin, by itself.
    """
    logging.getLogger("datadog.dogstatsd").addFilter(_Quiet(threading.get_ident()))
    env = os.environ if environ is None else environ
    return client.dogstatsd()(
        constant_tags=constant_tags(settings, env),
        disable_buffering=False,
        disable_aggregation=True,
        flush_interval=0,
        socket_timeout=0 if settings.inline else ROOM_SECONDS,  # an application's own thread waits for nobody
        track_instance=False,  # the queue handles forks: a child makes a client of its own
        **statsd_address(env),
    )


class _Quiet(logging.Filter):
    """Lets through one line a minute of what the client logs on our thread: without an agent it warns on every packet."""

    def __init__(self, thread: int) -> None:
        super().__init__()
        self._thread = thread
        self._again = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread != self._thread:
            return True
        now = time.monotonic()
        if now < self._again:
            return False
        self._again = now + 60
        return True


def constant_tags(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """Return the tags of every metric that the client does not add from DD_SERVICE, DD_ENV and DD_VERSION itself.

    DD_TAGS may hold them too. What nobody says is `unknown`, so that a monitor can group by it.
    """
    tags = [tag for tag in environ.get("DD_TAGS", "").replace(" ", ",").split(",") if tag]
    named = dict(tag.partition(":")[::2] for tag in tags)
    unified = {"service": settings.service, "env": settings.env, "version": settings.version}
    unsaid = [key for key in UNIFIED_TAGS if not environ.get(f"DD_{key.upper()}")]
    return [tag for tag in tags if tag.partition(":")[0] not in unified] + [
        f"{key}:{unified[key] or named.get(key) or UNKNOWN}" for key in unsaid
    ]


class Series(Protocol):
    """One metric with one set of tags, and what waits of it for the next round."""

    def add(self, value: float) -> None:
        """Add to a count, or take one sample of a distribution."""


class _Count:
    __slots__ = ("__weakref__", "_waiting", "metric", "tags", "total")

    def __init__(self, metric: Metric, tags: Tags, waiting: "list[_Count]") -> None:
        self.metric = metric
        self.tags = tags
        self.total: float | None = None
        self._waiting = waiting

    def add(self, value: float) -> None:
        if self.total is None:
            self._waiting.append(self)
            self.total = value
        else:
            self.total += value


class _Samples:
    __slots__ = ("__weakref__", "_emitter", "metric", "tags", "values")

    def __init__(self, metric: Metric, tags: Tags, emitter: "Emitter") -> None:
        self.metric = metric
        self.tags = tags
        self.values: list[float] = []
        self._emitter = emitter

    def add(self, value: float) -> None:
        emitter = self._emitter
        if not self.values:
            emitter.sampled.append(self)
        self.values.append(value)
        emitter.samples += 1
        if emitter.samples >= MOST_SAMPLES:
            emitter.send_samples()


class _Excluded:
    def add(self, value: float) -> None:
        """Nobody wants it."""


class Emitter:
    """Sends metrics of the catalogue, but for the metrics and tags that the configuration excludes.

    Without `packed` each sample is a line of its own.
    """

    def __init__(
        self,
        statsd: Statsd,
        exclude_metrics: Iterable[str] = (),
        exclude_tags: Iterable[str] = (),
        *,
        packed: bool = True,
    ) -> None:
        self._statsd = statsd
        self._excluded = frozenset(exclude_metrics)
        self._allowed = {
            metric: tuple(tag for tag in metric.tags if tag not in frozenset(exclude_tags))
            for metric in catalog.METRICS
        }
        self._packed = packed
        #: Two users of the same tags share a series; one that nobody holds any more, and that has nothing to send, is gone.
        self._series: WeakValueDictionary[tuple[Metric, Tags], _Count | _Samples] = WeakValueDictionary()
        self._counted: list[_Count] = []
        #: Distributions that have samples, and how many these are.
        self.sampled: list[_Samples] = []
        self.samples = 0
        constant = ",".join(getattr(statsd, "constant_tags", ()))
        self._packet = PACKET_UNIX if getattr(statsd, "socket_path", None) else PACKET_UDP
        self._line = len(constant.encode()) + len(os.environ.get("DD_EXTERNAL_ENV", "").encode()) + LINE_FIELDS
        # Bytes that the client holds. None as long as all is ASCII: it counts characters itself.
        self._held: int | None = None if constant.isascii() else 0

    def tags(self, metric: Metric, values: Mapping[str, str]) -> Tags:
        """Return the tags of one metric, of the values that are known for a call."""
        tags = tuple([f"{tag}:{values[tag]}" for tag in self._allowed[metric]])
        if self._held is None and not "".join(tags).isascii():
            self._statsd.flush()
            self._held = 0
        return tags

    def series(self, metric: Metric, tags: Tags) -> Series:
        """Return the series of a metric with these tags, to be kept by who uses it often."""
        if metric.name in self._excluded:
            return _EXCLUDED
        known = self._series.get((metric, tags))
        if known is None:
            made = (
                _Samples(metric, tags, self) if metric.kind == "distribution" else _Count(metric, tags, self._counted)
            )
            known = self._series[metric, tags] = made
        return known

    def send_samples(self) -> None:
        """Hand the samples that wait to the client."""
        sampled = self.sampled[:]
        self.sampled.clear()
        self.samples = 0
        for series in sampled:
            values, series.values = series.values, []
            line = self._size(series.metric, series.tags)
            most = max(1, (self._packet - line) // VALUE_LENGTH) if self._packed else 1
            for start in range(0, len(values), most):
                some = values[start : start + most]
                if self._held is not None:
                    self._make_room(line + VALUE_LENGTH * (len(some) - 1))
                value = ":".join([NUMBER % value for value in some])
                self._statsd.distribution(series.metric.name, value, tags=series.tags)

    def flush(self) -> None:
        """Send the round's counts and samples, and whatever is buffered."""
        self.send_samples()
        counted = self._counted[:]
        self._counted.clear()
        for series in counted:
            total, series.total = series.total, None
            if total:
                if self._held is not None:
                    self._make_room(self._size(series.metric, series.tags))
                self._statsd.increment(series.metric.name, total, tags=series.tags)
        self._statsd.flush()
        if self._held is not None:
            self._held = 0

    def _size(self, metric: Metric, tags: Tags) -> int:
        """Return the bytes of a line with one value, at most."""
        return self._line + len(metric.name) + _length(tags)

    def _make_room(self, size: int) -> None:
        """Send what is buffered where a line of that many bytes would make it more than the transport takes in one packet."""
        held = self._held or 0
        if held + size > self._packet:
            self._statsd.flush()
            held = 0
        self._held = held + size


@lru_cache(maxsize=4096)
def _length(tags: Tags) -> int:
    """Return the bytes of tags on a line, with what parts them."""
    return sum([len(tag.encode()) + 1 for tag in tags])


_EXCLUDED = _Excluded()

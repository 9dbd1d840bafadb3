"""What arrived at the agent: lines in, series out.

Memory is bounded: `retention` buckets a series, `max_series` series, a bounded memory of lines. What adds a metric up
(`totals`, `sketches`) covers the store's whole life; `query` answers from the buckets that are kept.

Nothing here knows threads: the agent holds a lock around every call.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from ddllm.query.series import Group, groups_of
from ddllm.query.sketch import Sketch
from ddllm.sandbox.dogstatsd import Context, Event, Malformed, Sample, number, parse
from ddllm.sandbox.series import BUCKETS, INTERVAL, Buckets, Counts, Series, Sets, Sketches, derived

#: Lines whose name and fields are remembered, so that of the next such line only the value is read.
_KNOWN_LINES = 50_000


@dataclass(slots=True)
class Stats:
    """How much arrived. `malformed` counts lines by reason, `dropped` samples of more series than are kept."""

    packets: int = 0
    bytes: int = 0
    lines: int = 0
    events: int = 0
    service_checks: int = 0
    dropped: int = 0
    forwarded: int = 0
    forward_failed: int = 0
    malformed: Counter[str] = field(default_factory=Counter)

    def copy(self) -> "Stats":
        """Return an independent copy."""
        return replace(self, malformed=Counter(self.malformed))

    def as_json(self) -> dict[str, Any]:
        """Return the same for JSON."""
        return {name: getattr(self, name) for name in self.__slots__} | {"malformed": dict(self.malformed)}


class Store:
    """Series by metric and context, filled from packets."""

    def __init__(self, *, retention: int, max_series: int) -> None:
        self.stats = Stats()
        self._retention = retention
        self._max_series = max_series
        self._series = 0
        self._metrics: dict[str, dict[Context, Buckets[Any]]] = {}
        self._known: dict[tuple[bytes, bytes], Callable[[int, float], None]] = {}

    def __repr__(self) -> str:
        return f"Store({len(self._metrics)} metrics, {self._series} series, {self.stats})"

    def ingest(self, packet: bytes, now: float) -> None:
        """Take in one packet at `now` (seconds). Nothing in it can fail: what is wrong is counted."""
        at = _bucket(now)
        known = self._known
        lines = packet.split(b"\n")
        for line in lines:
            head, _, fields = line.partition(b"|")
            name, _, raw = head.partition(b":")
            add = known.get((name, fields))
            value = None if add is None else number(raw)
            if add is None or value is None:  # a new line, packed values, or nonsense
                self._ingest_line(line, at, (name, fields))
            else:
                add(at, value)
        stats = self.stats
        stats.packets += 1
        stats.bytes += len(packet)
        stats.lines += len(lines)

    def _ingest_line(self, line: bytes, at: int, key: tuple[bytes, bytes]) -> None:
        if not line:
            self.stats.lines -= 1
            return
        try:
            parsed = parse(line)
        except Malformed as error:
            self.stats.malformed[error.reason] += 1
            return
        if isinstance(parsed, Sample):
            self._keep(parsed, at, key)
        elif isinstance(parsed, Event):
            self.stats.events += 1
        else:
            self.stats.service_checks += 1

    def _keep(self, sample: Sample, at: int, key: tuple[bytes, bytes]) -> None:
        buckets = self._buckets(sample.context)
        if buckets is None:
            self.stats.dropped += max(1, len(sample.values))
            return
        if sample.timestamp is not None:
            buckets.keep(_bucket(sample.timestamp), sample)
            return
        buckets.keep(at, sample)
        if not isinstance(buckets, Sets):
            if len(self._known) >= _KNOWN_LINES:
                self._known.clear()
            self._known[key] = buckets.add if sample.weight == 1 else partial(buckets.add, weight=sample.weight)

    def _buckets(self, context: Context) -> Buckets[Any] | None:
        found = self._metrics.get(context.metric, {}).get(context)
        if found is None and self._series < self._max_series:
            self._series += 1
            found = BUCKETS[context.kind](self._retention)
            self._metrics.setdefault(context.metric, {})[context] = found
        return found

    def metrics(self) -> list[str]:
        """Return the names that arrived, sorted."""
        return sorted(self._metrics)

    def query(self, metric: str, tags: Mapping[str, str], start: float | None, end: float | None) -> list[Series]:
        """Return the series of a metric, or of a metric that the Agent derives from a histogram, sorted by tags."""

        def wanted(at: int) -> bool:
            return (start is None or at >= start) and (end is None or at < end)

        found = [buckets.series(context, wanted) for context, buckets in self._matching(metric, tags)]
        base, _, suffix = metric.rpartition(".")
        bases = (buckets.series(context, wanted) for context, buckets in self._matching(base, tags))
        found += [series for one in bases if (series := derived(one, suffix))]
        return sorted(
            (series for series in found if series.points or series.sketches),
            key=lambda series: (series.tags, series.kind),
        )

    def totals(self, metric: str, by: Sequence[str], tags: Mapping[str, str]) -> dict[Group, float]:
        """Add up by group: counts, and the values of distributions and histograms. Gauges and sets have no sum."""
        totals: dict[Group, float] = {}
        for context, buckets in self._matching(metric, tags):
            if isinstance(buckets, Counts):
                amount = buckets.whole
            elif isinstance(buckets, Sketches):
                amount = buckets.whole().sum
            else:
                continue
            for group in groups_of(context.tags, by):
                totals[group] = totals.get(group, 0.0) + amount
        return totals

    def sketches(self, metric: str, by: Sequence[str], tags: Mapping[str, str]) -> dict[Group, Sketch]:
        """Merge distributions and histograms by group."""
        sketches: dict[Group, Sketch] = {}
        for context, buckets in self._matching(metric, tags):
            if isinstance(buckets, Sketches):
                whole = buckets.whole()
                for group in groups_of(context.tags, by):
                    sketches.setdefault(group, Sketch()).merge(whole)
        return sketches

    def _matching(self, metric: str, tags: Mapping[str, str]) -> Iterator[tuple[Context, Buckets[Any]]]:
        for context, buckets in self._metrics.get(metric, {}).items():
            if all(_any_matches(context.values_of(tag), pattern) for tag, pattern in tags.items()):
                yield context, buckets


def _bucket(seconds: float) -> int:
    return int(seconds) // INTERVAL * INTERVAL


def _any_matches(values: Iterable[str], pattern: str) -> bool:
    return any(fnmatchcase(value, pattern) for value in values)

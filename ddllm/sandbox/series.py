"""Series of 10 s buckets: counts summed, the last gauge, the size of sets, sketches of everything else.

`Buckets` and what comes after it hold the samples of one context; `Series` is a copy that is given away.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ddllm.query.sketch import Sketch
from ddllm.sandbox.dogstatsd import Context, Kind, Sample

#: Seconds of one bucket: the Agent's.
INTERVAL = 10

#: Chooses buckets by the second at which they begin.
Wanted = Callable[[int], bool]

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Series:
    """One series as it stood when it was asked for. Keys of `points` and `sketches` are the seconds at which buckets begin.

    Counts, gauges and sets have `points` (sum, last value, number of distinct texts); distributions and histograms have
    `sketches`.
    """

    metric: str
    kind: Kind
    tags: tuple[str, ...]
    points: Mapping[int, float] = field(default_factory=dict)
    sketches: Mapping[int, Sketch] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the series for JSON; the value of a sketch is its summary and its bins."""
        values: dict[int, Any] = {**self.points, **{at: sketch.as_json() for at, sketch in self.sketches.items()}}
        return {"metric": self.metric, "kind": self.kind, "tags": list(self.tags), "points": sorted(values.items())}


class Buckets(Generic[Value]):
    """The samples of one context, at most `retention` buckets of them; the oldest go first."""

    __slots__ = ("buckets", "retention")

    def __init__(self, retention: int) -> None:
        self.buckets: dict[int, Value] = {}
        self.retention = retention

    def keep(self, at: int, sample: Sample) -> None:
        """Add a parsed line to the bucket that begins at `at`."""
        for value in sample.values:
            self.add(at, value, sample.weight)

    def add(self, at: int, value: float, weight: float = 1.0) -> None:
        """Add one number that stands for `weight` of its like."""
        raise NotImplementedError

    def series(self, context: Context, wanted: Wanted) -> Series:
        """Copy the buckets that are wanted."""
        raise NotImplementedError

    def _begin(self, at: int, value: Value) -> Value:
        self.buckets[at] = value
        while len(self.buckets) > self.retention:
            del self.buckets[min(self.buckets)]
        return value


class Counts(Buckets[float]):
    """Sums. `whole` is the sum of all that ever arrived, buckets that were let go included."""

    __slots__ = ("whole",)

    def __init__(self, retention: int) -> None:
        super().__init__(retention)
        self.whole = 0.0

    def add(self, at: int, value: float, weight: float = 1.0) -> None:
        """Add one number."""
        amount = value * weight
        self.whole += amount
        if at in self.buckets:
            self.buckets[at] += amount
        else:
            self._begin(at, amount)

    def series(self, context: Context, wanted: Wanted) -> Series:
        """Copy the buckets that are wanted."""
        return Series(context.metric, context.kind, context.tags, points=_chosen(self.buckets, wanted))


class Gauges(Buckets[float]):
    """Last values. A sample rate means nothing to them."""

    __slots__ = ()

    def add(self, at: int, value: float, weight: float = 1.0) -> None:  # noqa: ARG002 - as for every kind
        """Set the bucket's value."""
        self._begin(at, value)

    def series(self, context: Context, wanted: Wanted) -> Series:
        """Copy the buckets that are wanted."""
        return Series(context.metric, context.kind, context.tags, points=_chosen(self.buckets, wanted))


class Sets(Buckets[set[str]]):
    """Distinct texts; their number is what the Agent reports."""

    __slots__ = ()

    def keep(self, at: int, sample: Sample) -> None:
        """Add the text of a line."""
        texts = self.buckets.get(at)
        if texts is None:
            texts = self._begin(at, set())
        texts.add(sample.text)

    def series(self, context: Context, wanted: Wanted) -> Series:
        """Copy the sizes of the buckets that are wanted."""
        points = {at: float(len(texts)) for at, texts in _chosen(self.buckets, wanted).items()}
        return Series(context.metric, context.kind, context.tags, points=points)


class Sketches(Buckets[Sketch]):
    """Sketches. All but the newest bucket are in `_closed` as well, so that the whole is two sketches and not one a bucket."""

    __slots__ = ("_closed", "_newest")

    def __init__(self, retention: int) -> None:
        super().__init__(retention)
        self._closed = Sketch()
        self._newest = -1

    def add(self, at: int, value: float, weight: float = 1.0) -> None:
        """Add one number."""
        sketch = self.buckets.get(at)
        if sketch is None:
            self._close_before(at)
            sketch = self._begin(at, Sketch())
        sketch.add(value, weight)
        if at < self._newest:
            self._closed.add(value, weight)

    def _close_before(self, at: int) -> None:
        if at > self._newest:
            self._closed.merge(self.buckets.get(self._newest, Sketch()))
            self._newest = at

    def whole(self) -> Sketch:
        """Merge all that ever arrived, buckets that were let go included."""
        return self._closed.copy().merge(self.buckets.get(self._newest, Sketch()))

    def series(self, context: Context, wanted: Wanted) -> Series:
        """Copy the buckets that are wanted."""
        sketches = {at: sketch.copy() for at, sketch in _chosen(self.buckets, wanted).items()}
        return Series(context.metric, context.kind, context.tags, sketches=sketches)


def _chosen(buckets: Mapping[int, Value], wanted: Wanted) -> dict[int, Value]:
    return {at: value for at, value in buckets.items() if wanted(at)}


#: What holds the samples of each kind.
BUCKETS: dict[Kind, type[Buckets[Any]]] = {
    "count": Counts,
    "gauge": Gauges,
    "set": Sets,
    "histogram": Sketches,
    "distribution": Sketches,
}

#: The series that the Agent makes of a histogram unless it is configured otherwise: suffix, kind, value of a bucket.
OF_HISTOGRAMS: dict[str, tuple[Kind, Callable[[Sketch], float | None]]] = {
    "avg": ("gauge", lambda sketch: sketch.avg),
    "count": ("count", lambda sketch: float(sketch.count)),
    "median": ("gauge", lambda sketch: sketch.quantile(0.5)),
    "95percentile": ("gauge", lambda sketch: sketch.quantile(0.95)),
    "max": ("gauge", lambda sketch: sketch.max),
}


def derived(series: Series, suffix: str) -> Series | None:
    """Make the series `<metric>.<suffix>` that the Agent makes of a histogram; None where it makes no such one."""
    if series.kind != "histogram" or suffix not in OF_HISTOGRAMS:
        return None
    kind, read = OF_HISTOGRAMS[suffix]
    points = {at: value for at, sketch in series.sketches.items() if (value := read(sketch)) is not None}
    return Series(f"{series.metric}.{suffix}", kind, series.tags, points=points)

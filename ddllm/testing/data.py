"""The data of a test: its series as Datadog would hold them, noise drawn from a seed of the test's and series' names."""

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ddllm import catalog
from ddllm.definitions.nearest import did_you_mean
from ddllm.errors import DdllmError
from ddllm.query.series import Kind, Series
from ddllm.query.sketch import BIAS, GAMMA, MAX_KEY, Sketch
from ddllm.testing.notation import Notation, NotationError, Samples, parse_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

_METRIC = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.]*)\s*(?:\{(?P<tags>[^{}]*)\})?")
_OWN = "ddllm."
_KEYS = 2 * MAX_KEY + 1  # that a bin can have


@dataclass(frozen=True)
class SeriesPlan:
    """A series of a test: what it is, the second of its first point, seconds between points, and what lies at them."""

    metric: str
    tags: tuple[str, ...]
    kind: Kind
    start: int
    interval: int
    values: str
    seed: str

    @property
    def end(self) -> int:
        """The second after its last interval."""
        return self.start + self.interval * parse_values(self.values).length

    def series(self) -> Series:
        """Draw its points. Raises NotationError where the values are not those of its kind."""
        notation = parse_values(self.values)
        times = self.start + self.interval * np.arange(notation.length, dtype=np.int64)
        return _series(self, notation, times)


@dataclass(frozen=True)
class Data:
    """All series of a test, and the times between which they lie."""

    series: tuple[Series, ...]
    start: int
    end: int
    interval: int
    _by_metric: dict[str, list[Series]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for each in self.series:
            self._by_metric.setdefault(each.metric, []).append(each)

    def of(self, metric: str) -> Sequence[Series]:
        """Return the series of a metric."""
        return self._by_metric.get(metric, ())

    @property
    def cell(self) -> int:
        """How finely it has to be looked at, in seconds; a divisor of a minute."""
        return math.gcd(self.interval, 60)


def plan_series(metric: str, values: str, kind: Kind | None, *, start: int, interval: int, test: str) -> SeriesPlan:
    """Read a series. Raises DdllmError for a metric of an unknown kind, and for values that cannot be read."""
    found = _METRIC.fullmatch(metric.strip())
    if found is None:
        raise DdllmError(f"`{metric}` is no metric with tags", hint="Write it as ddllm.ttft{env:prod,service:chat}")
    tags = tuple(sorted({tag.strip() for tag in (found["tags"] or "").split(",")} - {""}))
    parse_values(values)
    name = found["name"]
    return SeriesPlan(name, tags, _kind(name, kind), start, interval, values, f"{test}\n{name}{{{','.join(tags)}}}")


def _kind(name: str, written: Kind | None) -> Kind:
    metric = catalog.BY_NAME.get(name)
    if metric is not None:
        if written not in {None, metric.kind}:
            raise DdllmError(f"{name} is a {metric.kind}, and not a {written}")
        return metric.kind
    if name.startswith(_OWN):
        raise DdllmError(f"there is no metric `{name}`", hint=did_you_mean(name, catalog.BY_NAME))
    if written is None:
        raise DdllmError(f"{name} is no metric of ddllm's", hint="Say what it is: `kind: count`, gauge or distribution")
    return written


def _series(plan: SeriesPlan, notation: Notation, times: "NDArray[np.int64]") -> Series:
    noise = np.random.default_rng(int.from_bytes(hashlib.sha256(plan.seed.encode()).digest()[:8], "big"))
    drawn = notation.at(times, noise)
    if plan.kind == "distribution":
        sketches = dict(_sketches(times, drawn))
        return Series(plan.metric, plan.kind, plan.tags, sketches=sketches)
    if not drawn.plain:
        raise NotationError(f"{plan.metric} is a {plan.kind}: lognormal() and samples() are for distributions")
    there = drawn.counts > 0
    points: Mapping[int, float] = dict(zip(times[there].tolist(), drawn.values.tolist(), strict=True))
    return Series(plan.metric, plan.kind, plan.tags, points=points)


def _sketches(times: "NDArray[np.int64]", drawn: Samples) -> Iterator[tuple[int, Sketch]]:
    """Yield a sketch for each point that has samples; all bins are found at once, as `Sketch.add` finds them one by one."""
    places = np.repeat(np.arange(len(times)), drawn.counts)
    magnitude = np.abs(drawn.values)
    with np.errstate(divide="ignore"):
        keys = np.rint(np.log(magnitude) / math.log(GAMMA)) + BIAS
    keys = np.where(keys < 1, 0, np.copysign(keys, drawn.values)).astype(np.int64)
    codes, numbers = np.unique(places * _KEYS + keys + MAX_KEY, return_counts=True)  # one number for point and bin
    ends = np.searchsorted(codes, _KEYS * np.arange(1, len(times) + 1)).tolist()
    bins, counts = (codes % _KEYS - MAX_KEY).tolist(), numbers.tolist()
    begin, first = 0, 0
    for at, end, size in zip(times.tolist(), ends, drawn.counts.tolist(), strict=True):
        if size:
            samples = drawn.values[first : first + size]
            sketch = Sketch()
            sketch.bins = dict(zip(bins[begin:end], counts[begin:end], strict=True))
            sketch.count, sketch.sum = size, float(samples.sum())
            sketch.min, sketch.max = float(samples.min()), float(samples.max())
            yield at, sketch
        begin, first = end, first + size

"""What the agent received as Datadog would hold it: sets are gauges of their size, a histogram is what the Agent makes of it."""

from collections.abc import Iterator

from ddllm.query.series import Kind, Series
from ddllm.sandbox import series as received

_KINDS: dict[str, Kind] = {
    "count": "count",
    "gauge": "gauge",
    "set": "gauge",
    "distribution": "distribution",
}


def stored(series: received.Series) -> Iterator[Series]:
    """Return a series as Datadog holds it: none for a histogram, whose name alone is no metric there."""
    kind = _KINDS.get(series.kind)
    if kind:
        yield Series(series.metric, kind, series.tags, points=series.points, sketches=series.sketches)


def all_of(series: received.Series) -> Iterator[Series]:
    """Return everything that Datadog holds of a series, what the Agent derives from a histogram included."""
    yield from stored(series)
    for suffix in received.OF_HISTOGRAMS:
        made = received.derived(series, suffix)
        if made:
            yield from stored(made)

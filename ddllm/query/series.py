"""Series as Datadog holds them: a metric with its tags, and what it was in each interval."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

from ddllm.query.sketch import Sketch

Kind = Literal["count", "gauge", "distribution"]

#: The value of a tag that a series does not carry, as Datadog shows it where it groups by that tag.
ABSENT = "N/A"

#: The values of the tags that something is grouped by, in their order.
Group = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """One metric with one set of tags (sorted texts, `key:value` or a bare word).

    Keys are the seconds at which an interval begins. Counts (sums over the interval) and gauges have `points`, distributions
    have `sketches`. An interval that is absent had no data, which is not zero.
    """

    metric: str
    kind: Kind
    tags: tuple[str, ...] = ()
    points: Mapping[int, float] = field(default_factory=dict)
    sketches: Mapping[int, Sketch] = field(default_factory=dict)

    def times(self) -> Iterator[int]:
        """Return the seconds at which the intervals with data begin."""
        yield from self.points
        yield from self.sketches


#: Gives the series of a metric.
SeriesOf = Callable[[str], Iterable[Series]]


def values_of(tags: Iterable[str], key: str) -> tuple[str, ...]:
    """Return the values that a tag has: none, one or several. A tag without a colon has the value ""."""
    prefix = f"{key}:"
    return tuple(tag[len(prefix) :] for tag in tags if tag.startswith(prefix) or tag == key)


def groups_of(tags: Sequence[str], keys: Sequence[str]) -> Iterator[Group]:
    """Return the groups that a series belongs to: one for each value where a tag has several."""
    return product(*(values_of(tags, key) or (ABSENT,) for key in keys))

"""How many custom metrics a configuration makes, and what leaving out a metric or a tag would save.

Datadog's rule (docs.datadoghq.com/account_management/billing/custom_metrics): one custom metric for each distinct combination
of a metric's name and tag values, the host's tag among them. A distribution counts five times (count, sum, min, max, avg), ten
times with percentiles (p50, p75, p90, p95, p99 besides). What is billed is the average over the hours of a month of what was
distinct in each hour, so a series that was there in one hour of ten counts a tenth.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ddllm import catalog
from ddllm.catalog import Metric
from ddllm.query.series import Series, values_of

RULE = "https://docs.datadoghq.com/account_management/billing/custom_metrics/"

_HOUR = 3600
_DISTRIBUTION = 5
_PERCENTILES = 5

#: The hours in which each combination of tags was there.
_Seen = dict[tuple[str, ...], set[int]]


@dataclass(frozen=True, slots=True)
class TagShare:
    """A tag of a metric: how many values it has, and the custom metrics that the metric would make fewer without it.

    `excludable` is what `tags.exclude` can leave out; Datadog's unified tags stay.
    """

    tag: str
    values: int
    saves: float
    excludable: bool


@dataclass(frozen=True, slots=True)
class MetricShare:
    """A metric: its combinations of tags over all hours, and the custom metrics that it makes on average of an hour."""

    metric: str
    kind: str
    percentiles: bool
    series: int
    custom_metrics: float
    tags: tuple[TagShare, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """All of ddllm's metrics.

    `tags` says what leaving a tag out of every metric would save; `others` counts the metrics that are not ddllm's.
    """

    hours: int
    hosts: int
    custom_metrics: float
    without_percentiles: float
    metrics: tuple[MetricShare, ...]
    tags: tuple[TagShare, ...]
    others: int


def estimate(
    series: Iterable[Series],
    *,
    exclude_metrics: Iterable[str] = (),
    exclude_tags: Iterable[str] = (),
    hosts: int = 1,
) -> Estimate:
    """Count what series make, as they would be with these metrics and tags excluded.

    `hosts` multiplies it: so many hosts that send the same, which is the most that they can make.
    """
    seen, others = _seen(series, frozenset(exclude_metrics), frozenset(exclude_tags))
    hours = len({hour for combinations in seen.values() for there in combinations.values() for hour in there})
    shares = [_share(metric, combinations, hours, hosts) for metric, combinations in seen.items()]
    return Estimate(
        hours=hours,
        hosts=hosts,
        custom_metrics=sum(share.custom_metrics for share in shares),
        without_percentiles=sum(share.custom_metrics / (2 if share.percentiles else 1) for share in shares),
        metrics=tuple(sorted(shares, key=lambda share: (-share.custom_metrics, share.metric))),
        tags=_everywhere(shares, seen),
        others=others,
    )


def _seen(
    series: Iterable[Series], exclude_metrics: frozenset[str], exclude_tags: frozenset[str]
) -> tuple[dict[Metric, _Seen], int]:
    seen: dict[Metric, _Seen] = {}
    others = set()
    for one in series:
        metric = catalog.BY_NAME.get(one.metric)
        if metric is None:
            others.add(one.metric)
        elif metric.name not in exclude_metrics:
            left_out = exclude_tags.intersection(metric.tags)
            tags = tuple(tag for tag in one.tags if _key(tag) not in left_out)
            hours = {at // _HOUR for at in one.times()}
            if hours:
                seen.setdefault(metric, {}).setdefault(tags, set()).update(hours)
    return seen, len(others)


def _key(tag: str) -> str:
    return tag.partition(":")[0]


def _weight(metric: Metric) -> int:
    if metric.kind == "count":
        return 1
    return _DISTRIBUTION + (_PERCENTILES if metric.percentiles else 0)


def _share(metric: Metric, combinations: _Seen, hours: int, hosts: int) -> MetricShare:
    factor = hosts * _weight(metric) / hours
    present = sum(map(len, combinations.values()))
    keys = sorted({_key(tag) for tags in combinations for tag in tags})
    tags = [
        TagShare(
            key,
            len({value for tags in combinations for value in values_of(tags, key)}),
            factor * (present - _present_without(key, combinations)),
            key in metric.tags,
        )
        for key in keys
    ]
    return MetricShare(
        metric.name,
        metric.kind,
        metric.percentiles,
        len(combinations),
        factor * present,
        tuple(sorted(tags, key=lambda tag: (-tag.saves, -tag.values, tag.tag))),
    )


def _present_without(key: str, combinations: _Seen) -> int:
    """Add up the hours of the combinations that are left where a tag is left out."""
    left: _Seen = {}
    for tags, hours in combinations.items():
        left.setdefault(tuple(tag for tag in tags if _key(tag) != key), set()).update(hours)
    return sum(map(len, left.values()))


def _everywhere(shares: Iterable[MetricShare], seen: Mapping[Metric, _Seen]) -> tuple[TagShare, ...]:
    """Add up by tag what its absence from each metric saves."""
    texts = {tag for combinations in seen.values() for tags in combinations for tag in tags}
    of_metrics = [tag for share in shares for tag in share.tags]
    whole = [
        TagShare(
            key,
            sum(_key(text) == key for text in texts),
            sum(tag.saves for tag in of_metrics if tag.tag == key),
            any(tag.excludable for tag in of_metrics if tag.tag == key),
        )
        for key in {tag.tag for tag in of_metrics}
    ]
    return tuple(sorted(whole, key=lambda tag: (-tag.saves, -tag.values, tag.tag)))


def as_json(found: Estimate, price: float | None) -> dict[str, Any]:
    """Return the estimate of JSON's types; `price` is dollars a month for 100 custom metrics, where it was asked for."""
    document = {"version": 1, "rule": RULE, **asdict(found)}
    if price is not None:
        document |= {"price_per_100": price, "dollars_per_month": found.custom_metrics / 100 * price}
    return document

"""Which monitors cannot see yet: their metric does not report, or its percentiles are switched off.

Datadog takes such a monitor without a word, and it stays silent whatever happens.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ddllm.api.datadog import Datadog
from ddllm.api.metrics import metrics
from ddllm.catalog import BY_NAME
from ddllm.definitions.definition import Definition
from ddllm.errors import QueryError
from ddllm.query.parse import parse_monitor
from ddllm.query.reads import Read, reads

_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Blind:
    """A metric that some monitors cannot see, why, and what cures it."""

    metric: str
    reason: str
    cure: str
    monitors: tuple[str, ...]


def blind_monitors(api: Datadog, definitions: Iterable[Definition]) -> list[Blind]:
    """Ask Datadog what the queries of monitors can see. Raises ApiError where it does not say."""
    users: dict[str, list[str]] = defaultdict(list)
    by_percentile: dict[str, list[str]] = defaultdict(list)
    for definition in definitions:
        for read in _reads(definition):
            users[read.metric].append(definition.key)
            if read.is_percentile:
                by_percentile[read.metric].append(definition.key)
    if not users:
        return []
    reporting = frozenset(each["id"] for each in metrics(api, window=_DAY))
    asked = metrics(api, window=_DAY, include_percentiles="true") if by_percentile else ()
    switched_on = frozenset(each["id"] for each in asked)
    return [*_silent(users, reporting), *_without_percentiles(by_percentile, reporting, switched_on)]


def _silent(users: Mapping[str, Sequence[str]], reporting: frozenset[str]) -> Iterator[Blind]:
    for metric in sorted(users.keys() - reporting):
        cure = "An application with ddllm that makes such calls cures it" if metric in BY_NAME else "Check the name"
        yield Blind(metric, "no report within a day", cure, tuple(dict.fromkeys(users[metric])))


def _without_percentiles(
    users: Mapping[str, Sequence[str]], reporting: frozenset[str], switched_on: frozenset[str]
) -> Iterator[Blind]:
    for metric in sorted(users.keys() & reporting - switched_on):
        cure = "`ddllm sync metrics` switches them on" if metric in BY_NAME else "Metrics > Summary switches them on"
        yield Blind(metric, "percentiles are off", cure, tuple(dict.fromkeys(users[metric])))


def _reads(definition: Definition) -> Iterator[Read]:
    query, kind = definition.body.get("query"), definition.body.get("type")
    if definition.kind != "monitors" or not isinstance(query, str) or not isinstance(kind, str):
        return
    try:
        yield from reads(parse_monitor(query, kind))
    except QueryError:
        return  # Datadog took it; what it reads is not known here

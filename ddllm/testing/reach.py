"""Whether the data of a test reaches a monitor: a test of one that nothing reaches would prove nothing."""

from collections.abc import Iterator, Sequence

from ddllm.alerting.burn import expressions
from ddllm.query.ast import Query
from ddllm.query.evaluate import matches
from ddllm.query.parse import parse_monitor
from ddllm.query.reads import reads
from ddllm.query.series import values_of
from ddllm.testing.data import Data
from ddllm.testing.subjects import Subject


def is_reached(subject: Subject, data: Data) -> bool:
    """Whether a series has the metric, the scope and the group keys of one of the monitor's queries."""
    return any(_is_read(query, each.tags) for query in queries(subject) for each in data.of(query.metric))


def queries(subject: Subject) -> Iterator[Query]:
    """Yield what a monitor reads. Raises QueryError where its query cannot be read."""
    watched = subject.watched
    trees = [parse_monitor(watched.query, watched.type)] if watched.slo is None else expressions(watched.slo)
    for tree in trees:
        yield from (read.query for read in reads(tree))


def _is_read(query: Query, tags: Sequence[str]) -> bool:
    return matches(query.scope, tags) and all(values_of(tags, key) for key in query.by)

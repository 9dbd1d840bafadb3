"""Whether the data of a test reaches a monitor: a test of one that nothing reaches would prove nothing."""

from collections.abc import Sequence

from ddllm.alerting.watch import queries_of
from ddllm.query.ast import Query
from ddllm.query.evaluate import matches
from ddllm.query.series import values_of
from ddllm.testing.data import Data
from ddllm.testing.subjects import Subject


def is_reached(subject: Subject, data: Data) -> bool:
    """Whether a series has the metric, the scope and the group keys of one of the monitor's queries."""
    return any(_is_read(query, each.tags) for query in queries_of(subject.watched) for each in data.of(query.metric))


def _is_read(query: Query, tags: Sequence[str]) -> bool:
    return matches(query.scope, tags) and all(values_of(tags, key) for key in query.by)

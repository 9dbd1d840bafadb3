"""Where sums of metrics come from: Datadog, or a recording. Both answer the same queries in the same way."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import fsum
from typing import Any, Protocol

from ddllm.api.datadog import Datadog
from ddllm.catalog import Metric
from ddllm.query.ast import Everything, Method, Query, Tag
from ddllm.query.evaluate import evaluate
from ddllm.query.recordings import Recording
from ddllm.query.series import ABSENT, Group

#: Seconds of a bucket by the longest span that has them: a few hundred buckets, far from the 1,500 that an answer holds.
_BUCKETS = ((6 * 3600, 60), (86_400, 300), (14 * 86_400, 3600), (62 * 86_400, 4 * 3600))
_DAY = 86_400
#: Queries that are asked of Datadog at a time.
_AT_A_TIME = 4

#: Sums by group, for each question that was asked.
Sums = dict[str, dict[Group, float]]


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` up to `end` (Unix seconds), asked for in buckets of `interval` seconds, whose ends these are."""

    start: int
    end: int
    interval: int

    @classmethod
    def around(cls, start: float, end: float) -> "Window":
        """Widen a span to the buckets that suit it: a bucket cannot be asked for in part."""
        span = max(end - start, 1)
        interval = next((bucket for longest, bucket in _BUCKETS if span <= longest), _DAY)
        return cls(int(start // interval) * interval, int(-(-end // interval)) * interval, interval)


class Source(Protocol):
    """Answers queries with sums over a window."""

    @property
    def name(self) -> str:
        """Say for people where the numbers come from."""

    def sums(self, questions: Mapping[str, Query]) -> Sums:
        """Answer every question."""


def total(metric: Metric, window: Window, env: str | None, *by: str) -> Query:
    """Make the query for the sum of a count, or of a distribution's values, by tags."""
    scope = Everything() if env is None else Tag("env", env)
    return Query("sum", metric.name, scope, by, (Method("as_count"), Method("rollup", ("sum", str(window.interval)))))


class RecordedSource:
    """Answers from a recording."""

    def __init__(self, recording: Recording, window: Window, name: str) -> None:
        self._recording = recording
        self._window = window
        self.name = name

    def sums(self, questions: Mapping[str, Query]) -> Sums:
        """Answer every question."""
        return {name: self._sum(query) for name, query in questions.items()}

    def _sum(self, query: Query) -> dict[Group, float]:
        found = evaluate(query, self._recording.of, self._window.start, self._window.end)
        return {answer.group: fsum(answer.points.values()) for answer in found.answers}


class DatadogSource:
    """Answers from Datadog's query API."""

    def __init__(self, api: Datadog, window: Window) -> None:
        self._api = api
        self._window = window
        self.name = api.connection.url

    def sums(self, questions: Mapping[str, Query]) -> Sums:
        """Answer every question. Raises `ApiError` where one cannot be."""
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            return dict(zip(questions, pool.map(self._sum, questions.values()), strict=True))

    def _sum(self, query: Query) -> dict[Group, float]:
        sums: dict[Group, float] = {}
        for series in self._api.series(str(query), self._window.start, self._window.end):
            tags = dict(str(tag).partition(":")[::2] for tag in series.get("tag_set") or ())
            group = tuple(tags.get(key, ABSENT) for key in query.by)
            sums[group] = fsum((sums.get(group, 0.0), *self._values(series)))
        return sums

    def _values(self, series: Mapping[str, Any]) -> list[float]:
        before = self._window.end * 1000  # a bucket that begins at the end may be there too
        return [float(value) for at, value in series.get("pointlist") or () if value is not None and at < before]

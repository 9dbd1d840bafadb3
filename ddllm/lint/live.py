"""What rules ask Datadog, each thing once; where it does not answer, a rule was not checked, and nothing is missing."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from urllib.parse import quote

from ddllm.api.datadog import Datadog
from ddllm.api.metrics import metrics
from ddllm.errors import ApiError

_DAY = 24 * 3600
_NOT_FOUND = 404


class Live:
    """An organisation, as rules see it. Without an `api` none of them is checked, for the reason of `silent`."""

    def __init__(self, api: Datadog | None, *, silent: str = "", now: float | None = None) -> None:
        self._api = api
        self._silent = silent
        self._now = int(time.time() if now is None else now)
        self._tags: dict[str, frozenset[str] | None] = {}
        self._answers: dict[tuple[str, int, int], Sequence[Mapping[str, Any]]] = {}
        #: Why a rule was not checked, by its code.
        self.not_checked: dict[str, str] = {}

    @contextmanager
    def asking(self, code: str) -> Iterator[None]:
        """Note that a rule was not checked where Datadog does not answer it."""
        try:
            yield
        except ApiError as error:
            self.not_checked[code] = error.message

    @cached_property
    def reporting(self) -> frozenset[str]:
        """The metrics that reported within a day."""
        return frozenset(each["id"] for each in metrics(self._asked, window=_DAY))

    @cached_property
    def with_percentiles(self) -> frozenset[str]:
        """Those whose percentiles are switched on."""
        return frozenset(each["id"] for each in metrics(self._asked, window=_DAY, include_percentiles="true"))

    def tags(self, metric: str) -> frozenset[str] | None:
        """Return the tags (`key:value`) that a metric carried within a day, None for one that Datadog does not know."""
        if metric not in self._tags:
            self._tags[metric] = self._read_tags(metric)
        return self._tags[metric]

    def series(self, query: str, seconds: int, *, ago: int = 0) -> Sequence[Mapping[str, Any]]:
        """Return the series that a query answers for a span of time that ended `ago` seconds ago."""
        end = self._now - ago
        asked = (query, end - seconds, end)
        if asked not in self._answers:
            self._answers[asked] = self._asked.series(*asked)
        return self._answers[asked]

    @property
    def _asked(self) -> Datadog:
        if self._api is None:
            raise ApiError(self._silent)
        return self._api

    def _read_tags(self, metric: str) -> frozenset[str] | None:
        try:
            answer = self._asked.get(f"/api/v2/metrics/{quote(metric, safe='')}/all-tags", {"window[seconds]": _DAY})
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        attributes = answer["data"]["attributes"]
        return frozenset((*attributes.get("tags", ()), *attributes.get("ingested_tags", ())))

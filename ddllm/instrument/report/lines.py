"""The series that one record's tag values make of each metric, kept ready for the next record that has the same."""

from ddllm.catalog import Metric
from ddllm.instrument.report.emit import Emitter, Series

#: Combinations of tag values whose series are kept ready, at some 9 KiB each. More than that are rare ones, made anew.
MAX_MEMO = 1024
#: Tags that belong to one metric alone, with their values.
Own = tuple[tuple[str, str], ...]
#: By a record's tag values: the series of each metric, with the tags that belong to the metric alone.
Memo = dict[tuple[str, ...], dict[tuple[Metric, Own], Series]]


class Lines:
    """One record's tag values, and what is counted and sampled with them."""

    def __init__(self, emitter: Emitter, memo: Memo, values: dict[str, str]) -> None:
        key = tuple(values.values())
        known = memo.get(key)
        if known is None:
            if len(memo) >= MAX_MEMO:
                memo.clear()
            known = memo[key] = {}
        self._known = known
        self._emitter = emitter
        self._values = values

    def add(self, metric: Metric, value: float, *own: tuple[str, str]) -> None:
        """Add to a count, or take a sample of a distribution; `own` are tags that belong to this metric alone, with their values."""
        (self._known.get((metric, own)) or self._make(metric, own)).add(value)

    def _make(self, metric: Metric, own: Own) -> Series:
        tags = self._emitter.tags(metric, {**self._values, **dict(own)})
        series = self._known[metric, own] = self._emitter.series(metric, tags)
        return series

"""The tags that each metric makes of one record's tag values, kept ready for the next record that has the same."""

from ddllm.catalog import Metric
from ddllm.instrument.report.emit import Emitter, Tags

#: Combinations of tag values whose tags are kept ready, at some 9 KiB each. More than that are rare ones, built anew.
MAX_MEMO = 1024
#: Tags that belong to one metric alone, with their values.
Own = tuple[tuple[str, str], ...]
#: By a record's tag values: the tags of each metric, with those that belong to the metric alone.
Memo = dict[tuple[str, ...], dict[tuple[Metric, Own], Tags]]


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

    def _make(self, metric: Metric, own: Own) -> Tags:
        tags = self._known[metric, own] = self._emitter.tags(metric, {**self._values, **dict(own)})
        return tags

    def count(self, metric: Metric, value: float, *own: tuple[str, str]) -> None:
        """Count; `own` are tags that belong to this metric alone, with their values."""
        self._emitter.count(metric, value, self._known.get((metric, own)) or self._make(metric, own))

    def sample(self, metric: Metric, value: float, *own: tuple[str, str]) -> None:
        """Send a sample of a distribution."""
        self._emitter.sample(metric, value, self._known.get((metric, own)) or self._make(metric, own))

"""A filter on a tag whose values ddllm caps: beyond the cap a value becomes `other`, and what is counted is a lower bound.

The cap is set under `caps` in ddllm.yaml; `ddllm.telemetry.capped` counts what became `other`.

Bad:
    sum(last_1h):sum:ddllm.cost{env:prod,prompt_template:summary}.as_count() > 5

Good:
    sum(last_1h):sum:ddllm.cost{env:prod,service:chat}.as_count() > 5
"""

from collections.abc import Iterator

from ddllm.catalog import CAPPED_TAGS, OTHER, UNKNOWN
from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject, metric_of
from ddllm.query.ast import OneOf, Tag
from ddllm.query.monitor import MetricQuery

SEVERITY = Severity.INFO


def check(subject: Subject) -> Iterator[Draft]:
    """Look in monitors for filters of ddllm's metrics by a value that an application invents."""
    for read in subject.reads if isinstance(subject.tree, MetricQuery) else ():
        for tag in read.filters if metric_of(read) else ():
            if tag.key in CAPPED_TAGS and any(value not in {"*", OTHER, UNKNOWN} for value in _values(tag)):
                yield subject.finding(f"`{tag.key}` is capped: this may count less than there is", at=tag)


def _values(tag: Tag | OneOf) -> tuple[str, ...]:
    return tag.values if isinstance(tag, OneOf) else (tag.value or "*",)

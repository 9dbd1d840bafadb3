"""A percentile of few samples is their maximum: a p99 takes a hundred calls in the window, in each group.

A composite with a monitor on the number of calls keeps quiet where they are fewer.

Bad:
    percentile(last_5m):p99:ddllm.ttft{env:prod} by {service} > 5

Good:
    avg(last_5m):avg:ddllm.ttft{env:prod} by {service} > 5
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ddllm.lint.finding import Severity
from ddllm.lint.live import Live
from ddllm.lint.subject import Draft, Subject, metric_of
from ddllm.query.ast import Method, Query

SEVERITY = Severity.INFO

_DAY = 24 * 3600


def check_live(subject: Subject, live: Live) -> Iterator[Draft]:
    """Ask Datadog for the calls of a day, and how many a window of each group has of them. A composite's part has a floor."""
    query = subject.metric_query
    if query is None or subject.severity == "none" or query.window.seconds >= _DAY:
        return
    for read in subject.reads:
        aggregator = read.aggregator or ""
        metric = metric_of(read)
        if not aggregator.startswith("p") or metric is None or metric.kind != "distribution":
            continue
        if read.metric not in live.reporting:
            continue
        needed = round(100 / max(100 - float(aggregator[1:]), 0.01))
        counted = Query("count", read.metric, read.query.scope, read.query.by, (Method("as_count"),))
        few = sum(_total(each) * query.window.seconds / _DAY < needed for each in live.series(str(counted), _DAY))
        if few:
            groups = f"{few} groups have" if read.group_keys else "it has"
            yield subject.finding(f"{aggregator} needs {needed} samples a window, and {groups} fewer", at=read.query)


def _total(series: Mapping[str, Any]) -> float:
    return sum(float(value) for _, value in series.get("pointlist") or () if value is not None)

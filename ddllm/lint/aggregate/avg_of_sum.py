"""The average over series of a count depends on how many hosts and tags send it: add counts up.

Bad:
    sum(last_1h):avg:ddllm.cost{env:prod}.as_count() > 5

Good:
    sum(last_1h):sum:ddllm.cost{env:prod}.as_count() > 5
"""

from collections.abc import Iterator
from dataclasses import replace

from ddllm.lint.finding import Severity
from ddllm.lint.shape import divisions, is_count
from ddllm.lint.subject import Draft, Subject, metric_of
from ddllm.query.reads import Read, reads

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Look for counts that are averaged, and shares of ddllm's that are added up. A quotient of two averages is right."""
    quotients = [[each.query for each in reads(division)] for division in divisions(subject.expression)]
    compared = [
        query for queries in quotients if all(each.aggregator == "avg" for each in queries) for query in queries
    ]
    for read in subject.reads:
        metric = metric_of(read)
        if _averages_a_count(read) and read.query not in compared:
            added = replace(read.query, aggregator="sum")
            instead = str(added) if metric else f"{added}; of a gauge, avg without .as_count()"
            yield subject.finding(f"the average of `{read.metric}` over series", at=read.query, instead=instead)
        elif metric is not None and metric.unit == "fraction" and read.aggregator == "sum" and not is_count(read):
            yield subject.finding(
                f"`{read.metric}` is a share, and shares do not add up",
                at=read.query,
                instead=str(replace(read.query, aggregator="avg")),
            )


def _averages_a_count(read: Read) -> bool:
    metric = metric_of(read)
    return read.aggregator == "avg" and (is_count(read) or (metric is not None and metric.kind == "count"))

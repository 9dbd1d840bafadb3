"""A count without `.as_count()` is a rate: calls a second, averaged where one expects them to be added.

ddllm's counts are sent as counts and stored as rates over ten seconds, as all of DogStatsD's are.

Bad:
    sum(last_1h):sum:ddllm.cost{env:prod} > 5

Good:
    sum(last_1h):sum:ddllm.cost{env:prod}.as_count() > 5
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject, metric_of

SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Draft]:
    """Look for counts of the catalogue that are read neither as a count nor, meant so, as a rate."""
    for read in subject.reads:
        metric = metric_of(read)
        if metric is None or metric.kind != "count":
            continue
        if read.query.method("as_count") is None and read.query.method("as_rate") is None:
            yield subject.finding(
                f"`{metric}` is a count, and this reads it as a rate a second",
                at=read.query,
                instead=f"{read.query}.as_count()",
            )

"""Buckets begin at round times, an evaluation at any: the first bucket of the window is left out, the last is not full.

A rollup of an hour in a window of four loses up to a quarter of it. With `evaluation_delay` of a bucket the last one is full.

Bad:
    max(last_10m):sum:http.requests{env:prod}.rollup(sum, 60) < 1

Good:
    type: query alert
    query: max(last_10m):sum:http.requests{env:prod}.rollup(sum, 60) > 100
    options: {evaluation_delay: 60}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import bucket
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Look for rollups over a number of seconds. An algorithm needs one."""
    query = subject.metric_query
    if query is None or subject.algorithm:
        return
    delay = subject.options.get("evaluation_delay") or 0
    for read in subject.reads:
        seconds = bucket(read.query)
        if seconds and delay < seconds < query.window.seconds:
            yield subject.finding(
                f"buckets of {seconds} s, of which the last is not full",
                at=read.query.method("rollup"),
                instead=f"Without .rollup(), or options.evaluation_delay: {seconds}",
            )

"""A percentile of a distribution is taken of all samples at once: `.rollup(max, 60)` gives the same as `.rollup(60)`.

Bad:
    p95:ddllm.ttft{env:prod}.rollup(max, 60)

Good:
    p95:ddllm.ttft{env:prod}.rollup(60)
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.INFO


def check(subject: Subject) -> Iterator[Draft]:
    """Look for rollups of percentiles that name an aggregation."""
    for read in subject.reads:
        method = read.query.method("rollup")
        first = str(method.arguments[0]) if method else ""
        if method and read.is_percentile and first in {"max", "min", "sum", "count"}:
            yield subject.finding(f"`{first}` does nothing to a percentile", at=method, instead="The seconds alone")

"""A metric of ddllm's that it does not send: a typing error, or a name of another version.

Bad:
    sum(last_5m):sum:ddllm.request{env:prod}.as_count() > 5

Good:
    sum(last_5m):sum:ddllm.requests{env:prod}.as_count() > 5
"""

from collections.abc import Iterator

from ddllm.catalog import BY_NAME
from ddllm.definitions.nearest import did_you_mean
from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Draft]:
    """Look for names with ddllm's prefix that the catalogue does not have."""
    for read in subject.reads:
        if read.metric.startswith("ddllm.") and read.metric not in BY_NAME:
            yield subject.finding(
                f"there is no metric `{read.metric}`", at=read.query, instead=did_you_mean(read.metric, BY_NAME)
            )

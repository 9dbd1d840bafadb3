"""`@` marks attributes of logs and spans. Tags of metrics have none: the scope matches nothing.

Bad:
    avg:ddllm.duration{@env:prod}

Good:
    avg:ddllm.duration{env:prod}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Draft]:
    """Look for tag keys that begin with it."""
    for read in subject.reads:
        for tag in read.filters:
            if tag.key.startswith("@"):
                yield subject.finding(f"no tag of a metric is `{tag.key}`", at=tag, instead=tag.key.removeprefix("@"))
        for key in read.group_keys:
            if key.startswith("@"):
                yield subject.finding(f"no tag of a metric is `{key}`", at=read.query, instead=key.removeprefix("@"))

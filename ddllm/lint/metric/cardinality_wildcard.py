"""`key:*` takes the series that have the key, and drops those without it: a total that is too small.

Beside `by {key}` that is what it is for: the group N/A is left out.

Bad:
    sum:ddllm.cost{env:prod,feature:*}.as_count()

Good:
    sum:ddllm.cost{env:prod}.as_count()
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject
from ddllm.query.ast import Tag

SEVERITY = Severity.INFO


def check(subject: Subject) -> Iterator[Draft]:
    """Look for filters that take any value, of keys that the query is not grouped by."""
    for read in subject.reads:
        for tag in read.filters:
            if isinstance(tag, Tag) and tag.value == "*" and tag.key not in read.group_keys:
                yield subject.finding(f"series without `{tag.key}` are left out", at=tag, instead=f"Leave `{tag}` out")

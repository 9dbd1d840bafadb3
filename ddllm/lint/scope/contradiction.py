"""Two values of one key, joined by a comma: only series that carry both match, which is none of most tags.

Bad:
    avg:ddllm.duration{env:prod,env:staging}

Good:
    avg:ddllm.duration{env IN (prod,staging)}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject
from ddllm.query.ast import Both, Tag

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Look for a key with two plain values that must both match."""
    for read in subject.reads:
        scope = read.query.scope
        first: dict[str, Tag] = {}
        for tag in scope.operands if isinstance(scope, Both) else ():
            if not isinstance(tag, Tag) or tag.value is None or "*" in tag.value or "$" in str(tag):
                continue
            other = first.setdefault(tag.key, tag)
            if other.value != tag.value:
                yield subject.finding(
                    f"no series has `{other}` and `{tag}`", at=tag, instead=f"{tag.key} IN ({other.value},{tag.value})"
                )

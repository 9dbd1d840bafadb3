"""Two sides with different groups join to nothing: a group of one side has no partner on the other.

Bad:
    sum(last_5m):sum:ddllm.refusals{env:prod} by {model_name}.as_count() / sum:ddllm.requests{env:prod} by {service}.as_count() > 0.1

Good:
    sum(last_5m):sum:ddllm.refusals{env:prod} by {service}.as_count() / sum:ddllm.requests{env:prod} by {service}.as_count() > 0.1
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import grouping, parts
from ddllm.lint.subject import Draft, Subject
from ddllm.query.ast import Binary

SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Draft]:
    """Look for arithmetic on groups of which neither side has the other's keys. No groups at all fit any."""
    for part in parts(subject.expression):
        if not isinstance(part, Binary):
            continue
        left, right = grouping(part.left), grouping(part.right)
        if left and right and not (left <= right or right <= left):
            sides = " and ".join(f"{{{','.join(sorted(keys))}}}" for keys in (left, right))
            yield subject.finding(
                f"groups by {sides} do not join", at=part.right, instead="The same `by` on both sides"
            )

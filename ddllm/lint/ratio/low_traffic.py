"""A failure rate of few calls: one error of two is 50 %, and somebody is woken at night.

A second monitor that asks for enough calls, and a composite of the two, or a factor that is 0 below a floor.

Bad:
    severity: page
    query: sum(last_5m):sum:ddllm.requests{env:prod,status:error}.as_count() / sum:ddllm.requests{env:prod}.as_count() > 0.1

Good:
    severity: page
    query: sum(last_5m):sum:ddllm.requests{env:prod,status:error}.as_count() / sum:ddllm.requests{env:prod}.as_count() * is_greater(sum:ddllm.requests{env:prod}.as_count(), 20) > 0.1
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import counts_on_both_sides, divisions
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING

_FLOORS = frozenset({"is_greater", "is_between", "cutoff_min"})


def check(subject: Subject) -> Iterator[Draft]:
    """Look for pages on a quotient of counts that nothing bounds; a part of a composite notifies nobody by itself."""
    query = subject.metric_query
    if query is None or subject.severity != "page" or any(call.function in _FLOORS for call in subject.calls):
        return
    for division in divisions(query.expression):
        if counts_on_both_sides(division):
            instead = f"(…) * is_greater({division.right}, 20), or a composite"
            yield subject.finding("a rate of few calls pages too", at=division, instead=instead)
            return

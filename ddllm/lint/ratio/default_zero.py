"""`default_zero` around a quotient of counts answers 0 where nothing was called: silence looks like success.

Under `.as_count()` missing counts are 0 already; what is left empty is a division by nothing, which no rate can say anything of.

Bad:
    sum(last_5m):default_zero(sum:ddllm.refusals{env:prod}.as_count() / sum:ddllm.requests{env:prod}.as_count()) > 0.1

Good:
    sum(last_5m):sum:ddllm.refusals{env:prod}.as_count() / sum:ddllm.requests{env:prod}.as_count() > 0.1
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import counts_on_both_sides, divisions
from ddllm.lint.subject import Draft, Subject
from ddllm.query.monitor import MetricQuery

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Look in monitors for `default_zero` around a quotient of counts."""
    if not isinstance(subject.tree, MetricQuery):
        return
    for call in subject.calls:
        if call.function == "default_zero" and any(map(counts_on_both_sides, divisions(call))):
            yield subject.finding("0 hides that nothing was called", at=call, instead="The quotient alone")

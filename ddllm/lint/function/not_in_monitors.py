"""A function whose value depends on the view of a graph, which a monitor does not have.

Autosmooth is refused. Cumsum and integral begin anew with each evaluation, at the begin of its window: what adds up since a fixed
time is a window of its own, `current_1d`.

Bad:
    avg(last_1h):autosmooth(avg:ddllm.duration{env:prod}) > 5

Good:
    avg(last_1h):ewma_10(avg:ddllm.duration{env:prod}) > 5
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject
from ddllm.query.monitor import FormulaQuery, MetricQuery

SEVERITY = Severity.ERROR

_OF_VIEWS = frozenset({"cumsum", "integral"})


def check(subject: Subject) -> Iterator[Draft]:
    """Look for such functions in monitors."""
    if not isinstance(subject.tree, MetricQuery | FormulaQuery):
        return
    for call in subject.calls:
        if call.function == "autosmooth":
            yield subject.finding("monitors take no `autosmooth`", at=call, instead="ewma_10(…)")
        elif call.function in _OF_VIEWS:
            yield subject.finding(
                f"`{call.function}` begins anew with each window",
                at=call,
                instead="sum(current_1d):…, which adds up since the day began",
                severity=Severity.WARNING,
            )

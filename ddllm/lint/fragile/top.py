"""`top` chooses its groups anew at each evaluation: a group that drops out recovers, whatever its value is.

A threshold chooses by itself; without `top` each group alerts and recovers by its own value.

Bad:
    avg(last_5m):top(avg:ddllm.duration{env:prod} by {service}, 10, 'mean', 'desc') > 5

Good:
    avg(last_5m):avg:ddllm.duration{env:prod} by {service} > 5
"""

import re
from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject
from ddllm.query.monitor import FormulaQuery, MetricQuery

SEVERITY = Severity.WARNING

_RANKS = re.compile(r"(?:top|bottom)(?:\d+)?(?:_\w+)?")


def check(subject: Subject) -> Iterator[Draft]:
    """Look for ranks in monitors."""
    for call in subject.calls if isinstance(subject.tree, MetricQuery | FormulaQuery) else ():
        if _RANKS.fullmatch(call.function):
            yield subject.finding(
                "its groups change from evaluation to evaluation", at=call, instead=str(call.arguments[0])
            )

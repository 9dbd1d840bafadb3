"""A quotient over a minute sees buckets that are half filled: one side has arrived, the other has not.

Datadog asks for an evaluation delay of 30 to 60 seconds, or a window of five minutes.

Bad:
    min(last_1m):avg:ddllm.request.cost{env:prod} / avg:ddllm.request.output_tokens{env:prod} > 0.9

Good:
    min(last_5m):avg:ddllm.request.cost{env:prod} / avg:ddllm.request.output_tokens{env:prod} > 0.9
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import divisions
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING

_SHORT = 60
_DELAY = 30


def check(subject: Subject) -> Iterator[Draft]:
    """Look for quotients in windows of a minute without a delay."""
    query = subject.metric_query
    if query is None or query.window.seconds > _SHORT or (subject.options.get("evaluation_delay") or 0) >= _DELAY:
        return
    for division in divisions(query.expression):
        yield subject.finding(
            "a quotient over one minute", at=division, instead="last_5m, or options.evaluation_delay: 60"
        )
        return

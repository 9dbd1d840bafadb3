"""With `default_zero` a scope that matches nothing is 0 for ever: a tag that was renamed leaves the monitor green.

Under `.as_count()` missing counts are 0 anyway, and for others `on_missing_data` says what silence means.

Bad:
    max(last_5m):default_zero(max:ddllm.queue_time{env:prod,service:renamed}) > 5

Good:
    type: query alert
    query: max(last_5m):max:ddllm.queue_time{env:prod,service:chat} > 5
    options: {on_missing_data: show_no_data}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import at_silence, crosses
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Look for monitors that are fine as long as nothing arrives, because `default_zero` says so."""
    query = subject.metric_query
    if query is None or query.comparison.threshold is None:
        return
    value = at_silence(query.expression)
    call = next((each for each in subject.calls if each.function == "default_zero"), None)
    if call and value is not None and not crosses(query.comparison.operator, value, query.comparison.threshold):
        yield subject.finding(
            "this stays OK when nothing arrives any more", at=call, instead="options.on_missing_data: show_no_data"
        )

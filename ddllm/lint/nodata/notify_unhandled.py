"""A monitor that notifies of missing data, with a message that has no word for it: it arrives and reads like an alert.

Bad:
    query: sum(last_10m):sum:ddllm.requests{env:prod}.as_count() < 1
    message: "{{#is_alert}}Too few calls. @slack-llm{{/is_alert}}"
    severity: none
    options: {on_missing_data: show_and_notify_no_data}

Good:
    query: sum(last_10m):sum:ddllm.requests{env:prod}.as_count() < 1
    message: "{{#is_alert}}Too few calls.{{/is_alert}}{{#is_no_data}}No metric arrives.{{/is_no_data}} @slack-llm"
    severity: none
    options: {on_missing_data: show_and_notify_no_data}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Look for such monitors whose whole message names no such condition."""
    options = subject.options
    notifies = options.get("on_missing_data") == "show_and_notify_no_data" or options.get("notify_no_data")
    message = str(subject.definition.body.get("message") or "")
    if notifies and "is_no_data" not in message:
        yield subject.finding(
            "this notifies of missing data, and the message does not speak of it",
            where=("message",),
            instead="{{#is_no_data}}…{{/is_no_data}}",
        )

"""`default_zero` and `on_missing_data` say two things of the same silence; Datadog refuses any policy but `default`.

Bad:
    type: query alert
    query: sum(last_10m):default_zero(sum:ddllm.requests{env:prod}.as_count()) < 1
    options: {on_missing_data: resolve}

Good:
    type: query alert
    query: sum(last_10m):default_zero(sum:ddllm.requests{env:prod}.as_count()) < 1
    options: {on_missing_data: default}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Draft]:
    """Look for another policy beside `default_zero`."""
    policy = subject.options.get("on_missing_data")
    if policy not in {None, "default"} and any(call.function == "default_zero" for call in subject.calls):
        yield subject.finding(
            f"`on_missing_data: {policy}` is refused beside default_zero",
            where=("options", "on_missing_data"),
            instead="One of the two",
        )

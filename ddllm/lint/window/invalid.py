"""A window that Datadog does not take: too long, in a unit that it does not have, or into a future that nothing foretells.

Metrics are looked at for a month at most, changes and searches for two days; `next_…` is for forecasts.

Bad:
    sum(last_2mo):sum:ddllm.cost{env:prod}.as_count() > 5

Good:
    sum(last_1mo):sum:ddllm.cost{env:prod}.as_count() > 5
"""

import re
from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import span
from ddllm.lint.subject import Draft, Subject
from ddllm.query.monitor import EventQuery, MetricQuery, argument

SEVERITY = Severity.ERROR

REFUSES = re.compile(r"` is no window: ")

_LONGEST = 31 * 24 * 3600
_LONGEST_CHANGE = 48 * 3600
#: Searches that are documented to end at two days; jobs of data, costs and others have windows of their own.
_SEARCHES = frozenset({"logs", "rum", "audits", "ci-pipelines", "ci-tests", "events", "trace-analytics"})


def check(subject: Subject) -> Iterator[Draft]:
    """Look for windows that can be read, and are too long or look ahead."""
    query = subject.tree
    if isinstance(query, MetricQuery):
        foretold = any(call.function == "forecast" for call in subject.calls)
        if query.window.which == "next" and not foretold:
            yield subject.finding(f"`{query.window}` is for forecasts", at=query.window)
        elif query.change and query.window.seconds > _LONGEST_CHANGE:
            yield subject.finding("a change is looked at for two days at most", at=query.window, instead="last_2d")
        elif query.window.seconds > _LONGEST and not foretold:
            yield subject.finding("a metric is looked at for a month at most", at=query.window, instead="last_1mo")
    elif (
        isinstance(query, EventQuery)
        and query.source in _SEARCHES
        and span(argument(query.methods, "last")) > _LONGEST_CHANGE
    ):
        yield subject.finding("events are searched for two days at most", at=query, instead='.last("2d")')

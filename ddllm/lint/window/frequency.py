"""A page on a window of a day or more: Datadog looks every ten minutes then, from two days on every thirty.

Who is woken should be woken at once; what takes a day to see is a ticket.

Bad:
    severity: page
    query: sum(last_1d):sum:ddllm.cost{env:prod}.as_count() > 500

Good:
    severity: page
    query: sum(last_1h):sum:ddllm.cost{env:prod}.as_count() > 100
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING

_DAY = 24 * 3600


def check(subject: Subject) -> Iterator[Draft]:
    """Look for pages on long windows; the window of an algorithm is for its graph."""
    query = subject.metric_query
    if query is None or subject.severity != "page" or subject.algorithm or query.window.which == "next":
        return
    if query.window.seconds >= _DAY:
        every = 10 if query.window.seconds < 2 * _DAY else 30
        yield subject.finding(
            f"a page that is looked at every {every} minutes", at=query.window, instead="A shorter window, or a ticket"
        )

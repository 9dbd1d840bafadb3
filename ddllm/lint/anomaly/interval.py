"""Too few points in the alert window: a share of them says nothing.

The interval is a fifth of the window at most, which makes five points.

Bad:
    avg(last_4h):anomalies(sum:http.requests{env:prod}.as_count(), 'agile', 3, direction='above', alert_window='last_15m', interval=300) >= 1

Good:
    avg(last_4h):anomalies(sum:http.requests{env:prod}.as_count(), 'agile', 3, direction='above', interval=60) >= 1
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import bucket, keyword, span
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING

_POINTS = 5


def check(subject: Subject) -> Iterator[Draft]:
    """Count the points of the alert window; a rollup of the query decides over `interval`."""
    query, call = subject.metric_query, subject.algorithm
    if query is None or call is None or call.function != "anomalies":
        return
    rolled = [seconds for read in subject.reads if (seconds := bucket(read.query))]
    interval = max(rolled) if rolled else span(keyword(call, "interval"))
    window = span(keyword(call, "alert_window"))
    if interval and window and window / interval < _POINTS:
        yield subject.finding(
            f"{window // interval} points in the alert window", at=call, instead=f"interval={window // _POINTS} or less"
        )
    elif interval and window and 0 < (query.comparison.threshold or 1) * window / interval < 1:
        yield subject.finding("the threshold is less than one point", at=query.comparison)

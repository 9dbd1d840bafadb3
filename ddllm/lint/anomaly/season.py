"""`basic` knows no seasons: what is daily or weekly is an anomaly to it each time.

Bad:
    avg(last_4h):anomalies(sum:http.requests{env:prod}.as_count(), 'basic', 3, direction='above', interval=60, seasonality='daily') >= 1

Good:
    avg(last_4h):anomalies(sum:http.requests{env:prod}.as_count(), 'agile', 3, direction='above', interval=60, seasonality='daily') >= 1
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import keyword, positional
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Look for a season beside `basic`."""
    for call in subject.calls:
        if call.function == "anomalies" and positional(call, 1) == "basic" and keyword(call, "seasonality"):
            yield subject.finding("`basic` does not use `seasonality`", at=call, instead="'agile' or 'robust'")

"""An algorithm with a season that the metric has not lived through: three of them, or it draws no band and says No Data.

Hourly takes three hours, daily three days, weekly three weeks; weekly is the default.

Bad:
    avg(last_4h):anomalies(sum:http.requests{env:prod}.as_count(), 'agile', 3, direction='above', interval=60, seasonality='weekly') >= 1

Good:
    avg(last_4h):anomalies(sum:http.requests{env:prod}.as_count(), 'basic', 3, direction='above', interval=60) >= 1
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.live import Live
from ddllm.lint.shape import keyword, positional
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.INFO

_HOUR = 3600
_SEASONS = {"hourly": _HOUR, "daily": 24 * _HOUR, "weekly": 7 * 24 * _HOUR}
_NEEDED = 3


def check_live(subject: Subject, live: Live) -> Iterator[Draft]:
    """Ask Datadog for points of three seasons ago. A metric that does not report has another fault."""
    call = subject.algorithm
    if call is None or call.function != "anomalies" or positional(call, 1) not in {"agile", "robust"}:
        return
    season = keyword(call, "seasonality") or "weekly"
    for read in subject.reads:
        query, ago = str(read.query), _NEEDED * _SEASONS.get(season, 0)
        if ago and read.metric in live.reporting and not live.series(query, 6 * _HOUR, ago=ago - _HOUR):
            yield subject.finding(f"`{read.metric}` has no three {season} seasons yet", at=call)

"""A percentile of a distribution whose percentiles are switched off: the query is empty, and the monitor never fires.

`ddllm sync metrics` switches them on for what definitions read.

Bad:
    percentile(last_5m):p95:ddllm.ttft{env:prod} > 2

Good:
    avg(last_5m):avg:ddllm.ttft{env:prod} > 2
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.live import Live
from ddllm.lint.subject import Draft, Subject, metric_of

SEVERITY = Severity.ERROR


def check_live(subject: Subject, live: Live) -> Iterator[Draft]:
    """Ask Datadog which metrics have percentiles; of one that does not report it cannot say."""
    for read in subject.reads:
        if read.is_percentile and read.metric in live.reporting and read.metric not in live.with_percentiles:
            instead = "ddllm sync metrics" if metric_of(read) else "Metrics > Summary switches them on"
            yield subject.finding(f"percentiles of `{read.metric}` are switched off", at=read.query, instead=instead)

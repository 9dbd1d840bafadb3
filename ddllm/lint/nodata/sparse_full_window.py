"""A full window is required of data with gaps: Datadog skips the evaluation, and the state stays as it was.

Full means that the first bucket has data and at most three are empty. Calls to models come when they come, and a rollup makes
few buckets.

Bad:
    type: query alert
    query: avg(last_20m):avg:ddllm.duration{env:prod} > 5
    options: {require_full_window: true}

Good:
    type: query alert
    query: avg(last_20m):avg:ddllm.duration{env:prod} > 5
    options: {require_full_window: false}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import bucket
from ddllm.lint.subject import Draft, Subject, metric_of

SEVERITY = Severity.WARNING

_SHORT = 60


def check(subject: Subject) -> Iterator[Draft]:
    """Look for full windows of ddllm's metrics, and of others that are rolled up."""
    if not subject.options.get("require_full_window"):
        return
    for read in subject.reads:
        if metric_of(read) or (bucket(read.query) or 0) > _SHORT:
            yield subject.finding(
                f"`{read.metric}` has gaps, and a window with gaps is skipped",
                where=("options", "require_full_window"),
                instead="require_full_window: false",
            )
            return

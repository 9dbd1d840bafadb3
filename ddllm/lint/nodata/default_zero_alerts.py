"""`default_zero` answers 0 where nothing arrives, and 0 crosses the threshold: the monitor fires on silence.

Of a count that is right, for no calls are 0 calls. Of a speed, a share or a time it is a number that nobody measured.

Bad:
    avg(last_10m):default_zero(avg:ddllm.tokens_per_second{env:prod}) < 10

Good:
    avg(last_10m):avg:ddllm.tokens_per_second{env:prod} < 10
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import at_silence, crosses, is_count
from ddllm.lint.subject import Draft, Subject
from ddllm.query.reads import Read

SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Draft]:
    """Look for thresholds that silence crosses, where something else than a count is read."""
    query = subject.metric_query
    if query is None or query.comparison.threshold is None or query.change or all(map(_counts, subject.reads)):
        return
    value = at_silence(query.expression)
    call = next((each for each in subject.calls if each.function == "default_zero"), None)
    if call and value is not None and crosses(query.comparison.operator, value, query.comparison.threshold):
        yield subject.finding(
            f"without data this is {value:g}, which alerts",
            at=call,
            instead="options.on_missing_data, without default_zero",
        )


def _counts(read: Read) -> bool:
    return is_count(read) or read.query.method("as_rate") is not None or read.aggregator == "count"

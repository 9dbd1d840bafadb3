"""An anomaly below the band of spend, tokens or failures: less of them is no trouble, and a quiet night pages.

Without `direction` both sides count.

Bad:
    avg(last_4h):anomalies(sum:ddllm.cost{env:prod}.as_count(), 'agile', 3, direction='both', interval=60) >= 1

Good:
    avg(last_4h):anomalies(sum:ddllm.cost{env:prod}.as_count(), 'agile', 3, direction='above', interval=60) >= 1
"""

import re
from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import keyword
from ddllm.lint.subject import Draft, Subject
from ddllm.query.reads import Read

SEVERITY = Severity.WARNING

_GOOD_WHEN_LOW = re.compile(
    r"(?:^|[._])(?:errors?|failures?|failed|refusals|dropped|cost|tokens|5xx|exceptions?)(?:$|[._])"
)
_FAILURES = frozenset({"status:error", "outcome:throttled", "outcome:server_error", "outcome:timeout"})


def check(subject: Subject) -> Iterator[Draft]:
    """Look for both or the lower side on what is better low."""
    call = subject.algorithm
    if call is None or call.function != "anomalies" or (keyword(call, "direction") or "both") == "above":
        return
    for read in subject.reads:
        if _is_good_when_low(read):
            yield subject.finding(f"less of `{read.metric}` alerts too", at=call, instead="direction='above'")
            return


def _is_good_when_low(read: Read) -> bool:
    return _GOOD_WHEN_LOW.search(read.metric) is not None or any(str(tag) in _FAILURES for tag in read.filters)

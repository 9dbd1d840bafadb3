"""`.as_count()` on a gauge leaves its values as they are, and still changes the order: the window is added up first.

The sum then depends on how often the gauge is sent.

Bad:
    sum(last_5m):sum:system.load.1{env:prod}.as_count() > 5

Good:
    avg(last_5m):avg:system.load.1{env:prod} > 5
"""

import re
from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import is_count
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING

#: What the Agent itself sends as gauges.
_GAUGES = re.compile(r"system\.(?:load|mem|swap|disk|cpu|fs)\.[\w.]+")


def check(subject: Subject) -> Iterator[Draft]:
    """Look for counts of the Agent's gauges."""
    for read in subject.reads:
        if is_count(read) and _GAUGES.fullmatch(read.metric):
            yield subject.finding(f"`{read.metric}` is a gauge", at=read.query, instead="It without .as_count()")

"""A query that cannot be read. Datadog answers that it is invalid, and neither where nor why.

The finding points at the first character that does not fit. What other rules of this group and of `function/` name is theirs.

Bad:
    avg(last_5m):avg:ddllm.duration{env:prod} => 5

Good:
    avg(last_5m):avg:ddllm.duration{env:prod} >= 5
"""

from ddllm.lint.finding import Severity

SEVERITY = Severity.ERROR

"""The critical threshold is the number in the query. Datadog refuses two different ones.

Leave `critical` out: ddllm takes it from the query.

Bad:
    query: avg(last_5m):avg:ddllm.duration{env:prod} > 9
    options: {thresholds: {critical: 8}}

Good:
    query: avg(last_5m):avg:ddllm.duration{env:prod} > 9
    options: {thresholds: {warning: 8}}
"""

import re

from ddllm.lint.finding import Severity

SEVERITY = Severity.ERROR

REFUSES = re.compile(r"`options\.thresholds\.critical` is .*, and the query compares with")

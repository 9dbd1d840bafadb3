"""A function that Datadog does not have, mostly a typing error.

Bad:
    avg(last_5m):clampmin(avg:ddllm.duration{env:prod}, 0) > 5

Good:
    avg(last_5m):clamp_min(avg:ddllm.duration{env:prod}, 0) > 5
"""

import re

from ddllm.lint.finding import Severity

SEVERITY = Severity.ERROR

REFUSES = re.compile(r"there is no function `|a query has no method `")

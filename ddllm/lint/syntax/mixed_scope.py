"""A scope is written with symbols (`,` and `!`) or in words (AND, OR, NOT, IN), never with both.

Datadog documents the mix as invalid.

Bad:
    avg(last_5m):avg:ddllm.duration{env:prod AND !service:batch} > 5

Good:
    avg(last_5m):avg:ddllm.duration{env:prod,!service:batch} > 5
"""

import re

from ddllm.lint.finding import Severity

SEVERITY = Severity.ERROR

REFUSES = re.compile(r"stand in one scope: symbols")

"""A placeholder that nobody fills in: a dashboard's `$env`, a message's `{{env}}`, another tool's `%{env}`.

Monitors know no template variables, and queries no variables of messages. ddllm's own are written `${env}`.

Bad:
    avg(last_5m):avg:ddllm.duration{$env} > 5

Good:
    avg(last_5m):avg:ddllm.duration{env:${env}} > 5
"""

import re

from ddllm.lint.finding import Severity

SEVERITY = Severity.ERROR

REFUSES = re.compile(r"begins a placeholder of another tool|is a dashboard's template variable")

"""A function with too few or too many arguments, or with a word that it does not know.

Bad:
    top(avg:ddllm.duration{env:prod} by {service}, 10, 'average', 'desc')

Good:
    top(avg:ddllm.duration{env:prod} by {service}, 10, 'mean', 'desc')
"""

import re

from ddllm.lint.finding import Severity

SEVERITY = Severity.ERROR

REFUSES = re.compile(r"` takes (?:no arguments|\d+ (?:to \d+ )?arguments?)$|` does not know `.*`: it takes ")

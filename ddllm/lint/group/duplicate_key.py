"""A key that stands twice in `by`: it groups once.

Bad:
    avg:ddllm.duration{env:prod} by {service,model_name,service}

Good:
    avg:ddllm.duration{env:prod} by {service,model_name}
"""

from collections.abc import Iterator
from dataclasses import replace

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.INFO


def check(subject: Subject) -> Iterator[Draft]:
    """Look for keys that are written twice."""
    for read in subject.reads:
        once = tuple(dict.fromkeys(read.group_keys))
        if once != read.group_keys:
            twice = next(key for key in once if read.group_keys.count(key) > 1)
            yield subject.finding(f"`{twice}` groups once", at=read.query, instead=str(replace(read.query, by=once)))

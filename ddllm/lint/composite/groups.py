"""Members whose groups have no key in common: no group of one is ever a group of the other, and the composite never fires.

Bad:
    slow:
      severity: none
      query: avg(last_5m):avg:ddllm.duration{env:prod} by {service} > 5
    many:
      severity: none
      query: sum(last_5m):sum:ddllm.requests{env:prod} by {model_name}.as_count() > 20
    both:
      type: composite
      query: ${monitor:slow} && ${monitor:many}

Good:
    slow:
      severity: none
      query: avg(last_5m):avg:ddllm.duration{env:prod} by {service} > 5
    many:
      severity: none
      query: sum(last_5m):sum:ddllm.requests{env:prod} by {service}.as_count() > 20
    both:
      type: composite
      query: ${monitor:slow} && ${monitor:many}
"""

from collections.abc import Iterator
from itertools import combinations

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Draft]:
    """Hold the groups of members against each other. One without groups fits any."""
    grouped = [each for each in subject.members if each.groups]
    for one, other in combinations(grouped, 2):
        if not set(one.groups) & set(other.groups):
            groups = " and ".join(f"`{each.definition.key}` by {{{','.join(each.groups)}}}" for each in (one, other))
            yield subject.finding(f"{groups} have no key in common", instead="The same `by` in both")
            return

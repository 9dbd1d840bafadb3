"""An anomaly by itself: at night, of three calls, five are one. A composite with an absolute floor keeps it quiet.

So does `clamp_min` around the count: what is below the floor is all the same.

Bad:
    query: avg(last_4h):anomalies(sum:ddllm.cost{env:prod}.as_count(), 'agile', 3, direction='above', alert_window='last_30m', interval=60) >= 1
    options: {threshold_windows: {trigger_window: last_30m, recovery_window: last_30m}}

Good:
    odd:
      severity: none
      query: avg(last_4h):anomalies(sum:ddllm.cost{env:prod}.as_count(), 'agile', 3, direction='above', alert_window='last_30m', interval=60) >= 1
      options: {threshold_windows: {trigger_window: last_30m, recovery_window: last_30m}}
    much:
      severity: none
      query: sum(last_30m):sum:ddllm.cost{env:prod}.as_count() > 2
    both:
      type: composite
      query: ${monitor:odd} && ${monitor:much}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.shape import is_count
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING

_FLOORS = frozenset({"clamp_min", "cutoff_min"})


def check(subject: Subject) -> Iterator[Draft]:
    """Look for anomalies of counts that notify by themselves."""
    call = subject.algorithm
    if call is None or call.function != "anomalies" or subject.severity not in {"page", "ticket"}:
        return
    if any(map(is_count, subject.reads)) and not any(each.function in _FLOORS for each in subject.calls):
        yield subject.finding("an anomaly of a few calls alerts too", at=call, instead="A composite with a floor")

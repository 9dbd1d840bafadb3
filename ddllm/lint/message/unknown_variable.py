"""A variable of a message that Datadog does not have: it is empty in every alert.

Bad:
    query: avg(last_5m):avg:ddllm.duration{env:prod} > 5
    message: "A call takes {{vlaue}} seconds."

Good:
    query: avg(last_5m):avg:ddllm.duration{env:prod} > 5
    message: "A call takes {{value}} seconds."
"""

from collections.abc import Iterator
from difflib import get_close_matches

from ddllm.alerting.template import TemplateError, parse, variables_in
from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject

SEVERITY = Severity.WARNING

#: The documented variables without a dot. Others may exist, so that only what is nearly one of them is found.
_KNOWN = frozenset(
    {
        *("value", "threshold", "warn_threshold", "ok_threshold", "comparator", "check_message"),
        *("first_triggered_at", "first_triggered_at_epoch", "last_triggered_at", "last_triggered_at_epoch"),
        *("triggered_duration_sec", "short_snapshot", "override_priority", "host", "log", "event", "span"),
    }
)


def check(subject: Subject) -> Iterator[Draft]:
    """Look for variables that are nearly one that exists."""
    if subject.monitor is None:
        return
    for field in ("name", "message"):
        try:
            names = dict.fromkeys(variables_in(parse(str(subject.definition.body.get(field) or ""))))
        except TemplateError:
            continue
        for name in names:
            near = [] if name in _KNOWN or not name.isidentifier() else get_close_matches(name, _KNOWN, n=1, cutoff=0.8)
            if near:
                yield subject.finding(
                    f"there is no variable `{name}`", where=(field,), instead=f"Did you mean `{near[0]}`?"
                )

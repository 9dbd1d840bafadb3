"""`notify_by` names some of the query's groups: Datadog refuses keys that the query has not, and all that it has.

Bad:
    type: query alert
    query: avg(last_5m):avg:ddllm.duration{env:prod} by {service} > 5
    options: {notify_by: [model_name]}

Good:
    type: query alert
    query: avg(last_5m):avg:ddllm.duration{env:prod} by {service,model_name} > 5
    options: {notify_by: [service]}
"""

from collections.abc import Iterator

from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject
from ddllm.query.monitor import CheckQuery, EventQuery, MetricQuery

SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Draft]:
    """Hold `notify_by` against the groups of the query; `*` stands for none of them."""
    keys = subject.options.get("notify_by") or []
    if not keys or keys == ["*"] or not isinstance(subject.tree, MetricQuery | CheckQuery | EventQuery):
        return
    where = ("options", "notify_by")
    strange = [key for key in keys if key not in subject.groups]
    if strange:
        known = f"It is grouped by {', '.join(subject.groups)}" if subject.groups else "It has no groups"
        yield subject.finding(f"the query is not grouped by `{strange[0]}`", where=where, instead=known)
    elif set(keys) == set(subject.groups):
        yield subject.finding("`notify_by` names all groups of the query", where=where, instead="Leave it out")

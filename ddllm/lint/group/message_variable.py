"""A message with the name of a group that the monitor does not have: it stays empty in every alert.

A tag is known where the query is grouped by it, or its scope names it.

Bad:
    query: avg(last_5m):avg:ddllm.duration{env:prod} by {service} > 5
    message: "{{model_name.name}} answers slowly."

Good:
    query: avg(last_5m):avg:ddllm.duration{env:prod} by {model_name} > 5
    message: "{{model_name.name}} answers slowly."
"""

import re
from collections.abc import Iterator

from ddllm.alerting.template import TemplateError, parse, variables_in
from ddllm.definitions.nearest import did_you_mean
from ddllm.lint.finding import Severity
from ddllm.lint.subject import Draft, Subject
from ddllm.query.monitor import MetricQuery

SEVERITY = Severity.ERROR

_OF_TAG = re.compile(r"\[?([^\]]+?)\]?\.name")


def check(subject: Subject) -> Iterator[Draft]:
    """Look for `{{key.name}}` in name and message of monitors whose groups are known here."""
    if not _is_known(subject):
        return
    known = _keys(subject)
    for field in ("name", "message"):
        for key in _tags(str(subject.definition.body.get(field) or "")):
            if key not in known and not _is_member(key, subject):
                hint = did_you_mean(key, known) or "Group the query by it"
                message = f"`{{{{{key}.name}}}}` is always empty: the query has no `{key}`"
                yield subject.finding(message, where=(field,), instead=hint)


def _is_known(subject: Subject) -> bool:
    """Whether the query says which tags an alert has; a search and a formula of options do not."""
    if isinstance(subject.tree, MetricQuery):
        return bool(subject.reads)
    return bool(subject.members) and all(map(_is_known, subject.members))


def _tags(text: str) -> list[str]:
    try:
        found = (_OF_TAG.fullmatch(name) for name in variables_in(parse(text)))
    except TemplateError:
        return []
    return list(dict.fromkeys(match[1] for match in found if match))


def _keys(subject: Subject) -> set[str]:
    """Return the tags that an alert of a monitor has."""
    if subject.members:
        scopes = {key for member in subject.members for key in _scoped(member)}
        return {*subject.groups, *scopes}
    return {*subject.groups, *_scoped(subject)}


def _scoped(subject: Subject) -> set[str]:
    return {key for read in subject.reads for key in read.filter_keys}


def _is_member(key: str, subject: Subject) -> bool:
    return len(key) == 1 and bool(subject.members)

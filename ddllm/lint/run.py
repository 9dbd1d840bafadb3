"""Lints a project: every query of its monitors, SLOs and dashboards against every rule."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from ddllm.definitions.definition import Definition
from ddllm.definitions.document import Route
from ddllm.definitions.project import Project
from ddllm.definitions.variables import Reference, Template, fill
from ddllm.errors import QueryError
from ddllm.lint.finding import Finding, Severity
from ddllm.lint.ignores import Ignores
from ddllm.lint.rules import Rule, rules
from ddllm.lint.subject import Subject
from ddllm.query.parse import parse, parse_monitor

#: What a query that Datadog would not read is reported as.
SYNTAX = "syntax/parse"

_IDS = count(1_000_001)  # stand for the ids of monitors that do not exist yet


def lint(project: Project, chosen: Sequence[Rule] | None = None) -> list[Finding]:
    """Return what the rules find, errors first, then in the order of files and lines; what is ignored is left out.

    With every rule, an ignore that ignores nothing is a finding too.
    """
    ignores = Ignores(project, [rule.code for rule in rules()] + [SYNTAX])
    found: list[Finding] = []
    for definition in project.definitions:
        for subject in subjects(definition, project):
            found += [each for each in check(subject, chosen) if not ignores.take(each)]
    found += ignores.faults(unused=chosen is None)
    return sorted(dict.fromkeys(found), key=_order)


def check(subject: Subject, chosen: Sequence[Rule] | None = None) -> Iterator[Finding]:
    """Yield what rules, by default all of them, find in one query."""
    if isinstance(subject.tree, QueryError):
        draft = subject.finding(subject.tree.message, at=subject.tree.position, instead=subject.tree.suggestion)
        yield draft.signed(SYNTAX, Severity.ERROR)
        return
    for rule in rules() if chosen is None else chosen:
        yield from rule.check(subject)


def subjects(definition: Definition, project: Project) -> Iterator[Subject]:
    """Yield every query of a definition."""
    body = definition.body
    if definition.kind == "monitors":
        text = _with_ids(body["query"])
        yield Subject(definition, ("query",), text, _parsed(text, body["type"]), project)
        return
    for route, text in _queries(body, ()):
        yield Subject(definition, route, text, _parsed(text, None), project)


def _parsed(text: str, monitor_type: str | None) -> Any:
    try:
        return parse(text) if monitor_type is None else parse_monitor(text, monitor_type)
    except QueryError as error:
        return error


def _queries(value: Any, route: Route) -> Iterator[tuple[Route, str]]:
    """Yield the metric queries inside the JSON of a dashboard or SLO."""
    if isinstance(value, Mapping):
        metrics = value.get("data_source", "metrics") == "metrics"
        for name, item in value.items():
            if isinstance(item, str) and metrics and name in {"q", "query", "numerator", "denominator"}:
                if name != "query" or "data_source" in value:
                    yield (*route, name), item
            else:
                yield from _queries(item, (*route, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _queries(item, (*route, index))


def _with_ids(query: Any) -> str:
    """Return a query with a number for each monitor that it refers to."""
    if not isinstance(query, Template):
        return str(query)
    ids: dict[Reference, int | str] = {reference: next(_IDS) for reference in query.references}
    return str(fill(query, ids))


def _order(finding: Finding) -> tuple[int, str, int, int, str]:
    position = finding.position
    return -finding.severity, position.file, position.line, position.column, finding.code

"""Lints a project: every query of its monitors, SLOs and dashboards against every rule."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import Route
from ddllm.definitions.document import parse as parse_document
from ddllm.definitions.monitors import KIND as MONITORS
from ddllm.definitions.problems import Problems
from ddllm.definitions.project import Project
from ddllm.definitions.variables import Reference, Template, fill
from ddllm.errors import DefinitionError, QueryError
from ddllm.lint.finding import Finding, Severity
from ddllm.lint.ignores import Ignores
from ddllm.lint.live import Live
from ddllm.lint.rules import Rule, refusing, rule_of, rules
from ddllm.lint.subject import Subject
from ddllm.query.ast import Expression, Several
from ddllm.query.monitor import MonitorQuery
from ddllm.query.parse import parse, parse_monitor

_SYNTAX = "syntax/parse"

_IDS = count(1_000_001)  # stand for the ids of monitors that do not exist yet


def lint(project: Project, chosen: Sequence[Rule] | None = None, live: Live | None = None) -> list[Finding]:
    """Return what the rules find, errors first, then in the order of files and lines; what is ignored is left out.

    With every rule, an ignore that ignores nothing is a finding too. Rules that ask Datadog do so with `live` alone.
    """
    unanswered = {rule.code for rule in rules() if rule.is_live and live is None}
    ignores = Ignores(project, [rule.code for rule in rules()], unanswered)
    found = [
        each
        for subject in subjects(project)
        for each in check(subject, rules() if chosen is None else chosen, live)
        if not ignores.take(each)
    ]
    found += ignores.faults(unused=chosen is None)
    return sorted(dict.fromkeys(found), key=_order)


def refuse_errors(project: Project) -> None:
    """Raise DefinitionError, or DefinitionListError, where a rule finds what Datadog would refuse, or what cannot work."""
    problems = Problems()
    for each in lint(project, [rule for rule in rules() if rule.severity is Severity.ERROR]):
        if each.severity is Severity.ERROR:
            where = str(each.position)
            problems.add(DefinitionError(f"{each.message} ({each.code})", where=where, hint=each.instead))
    problems.raise_any()


def check(subject: Subject, chosen: Iterable[Rule], live: Live | None = None) -> Iterator[Finding]:
    """Yield what rules find in one query."""
    if isinstance(subject.tree, QueryError):
        error = subject.tree
        rule = refusing(error.message) or rule_of(_SYNTAX)
        if rule in chosen:
            instead = f"`{error.suggestion}`" if error.suggestion else None
            yield subject.finding(error.message, at=error.position, instead=instead).signed(rule.code, Severity.ERROR)
        return
    for rule in chosen:
        yield from rule.check(subject, live)


def subjects(project: Project) -> list[Subject]:
    """Return every query of a project."""
    monitors: dict[Reference, Subject] = {}
    found: list[Subject] = []
    for definition in project.definitions:
        for route, text in _queries(definition):
            kind = definition.body["type"] if definition.kind == MONITORS else None
            subject = Subject(definition, route, text, _parsed(text, kind), project, monitors)
            found.append(subject)
            if definition.kind == MONITORS:
                monitors[Reference(MONITORS, definition.key)] = subject
    return found


def query_subject(text: str, tree: Expression | Several | MonitorQuery | QueryError) -> Subject:
    """Return a query that stands alone: rules that look at a monitor's options or at a project find nothing there."""
    source = Source(parse_document("", ""), ())
    return Subject(Definition(kind="queries", key="", body={}, source=source), (), text, tree, Project("", "", ()))


def _parsed(text: str, monitor_type: str | None) -> Expression | Several | MonitorQuery | QueryError:
    try:
        return parse(text) if monitor_type is None else parse_monitor(text, monitor_type)
    except QueryError as error:
        return error


def _queries(definition: Definition) -> Iterator[tuple[Route, str]]:
    if definition.kind == MONITORS:
        yield ("query",), _with_ids(definition.body["query"])
    else:
        yield from _inside(definition.body, ())


def _inside(value: Any, route: Route) -> Iterator[tuple[Route, str]]:
    """Yield the metric queries inside the JSON of a dashboard or SLO."""
    if isinstance(value, Mapping):
        metrics = value.get("data_source", "metrics") == "metrics"
        for name, item in value.items():
            if isinstance(item, str) and metrics and name in {"q", "query", "numerator", "denominator"}:
                if name != "query" or "data_source" in value:
                    yield (*route, name), item
            else:
                yield from _inside(item, (*route, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _inside(item, (*route, index))


def _with_ids(query: Any) -> str:
    """Return a query with a number for each monitor that it refers to."""
    if not isinstance(query, Template):
        return str(query)
    ids: dict[Reference, int | str] = {reference: next(_IDS) for reference in query.references}
    return str(fill(query, ids))


def _order(finding: Finding) -> tuple[int, str, int, int, str]:
    position = finding.position
    return -finding.severity, position.file, position.line, position.column, finding.code

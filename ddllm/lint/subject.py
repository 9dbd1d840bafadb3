"""What a rule looks at: one query, the definition that holds it, and the project around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ddllm.catalog import BY_NAME, Metric
from ddllm.definitions.definition import Definition
from ddllm.definitions.document import Route
from ddllm.definitions.monitors import MonitorDefinition
from ddllm.definitions.project import Project
from ddllm.definitions.variables import Reference
from ddllm.errors import QueryError
from ddllm.lint.finding import Finding, Severity
from ddllm.lint.shape import grouping, parts, searched_groups
from ddllm.query.ast import Call, Expression, Node, Several
from ddllm.query.monitor import CheckQuery, Comparison, EventQuery, FormulaQuery, MetricQuery, MonitorQuery
from ddllm.query.reads import Read, reads

#: Functions that compare points by themselves.
ALGORITHMS = frozenset({"anomalies", "forecast", "outliers"})


@dataclass(frozen=True)
class Subject:
    """One query.

    `route` is the place of its text in the definition's body; `tree` what it parses to, or why it does not: rules see none
    of those. Rules about a whole monitor look at it once, since a monitor has one query.
    """

    definition: Definition
    route: Route
    text: str
    tree: Expression | Several | MonitorQuery | QueryError
    project: Project = field(repr=False)
    #: Every monitor of the project, this one too, by the reference to it.
    monitors: Mapping[Reference, "Subject"] = field(default_factory=dict, repr=False, compare=False)

    @property
    def monitor(self) -> MonitorDefinition | None:
        """The monitor whose query it is, None for the query of a widget or SLO."""
        return self.definition if isinstance(self.definition, MonitorDefinition) else None

    @property
    def metric_query(self) -> MetricQuery | None:
        """The query of a metric monitor, None for any other."""
        return self.tree if isinstance(self.tree, MetricQuery) else None

    @property
    def comparison(self) -> Comparison | None:
        """What ends a monitor's query, None where nothing is compared: a widget's, a check, a composite."""
        found = getattr(self.tree, "comparison", None)
        return found if isinstance(found, Comparison) else None

    @property
    def members(self) -> "Sequence[Subject]":
        """The monitors of a composite, in the order of its query."""
        members = self.monitor.members if self.monitor else ()
        return [self.monitors[each] for each in members if each in self.monitors]

    @property
    def severity(self) -> str | None:
        """The monitor's severity: page, ticket, info, none; None without one."""
        return self.monitor.severity if self.monitor else None

    @property
    def options(self) -> Mapping[str, Any]:
        """The monitor's options."""
        return self.definition.body.get("options") or {}

    @property
    def thresholds(self) -> Mapping[str, Any]:
        """The monitor's thresholds."""
        return self.options.get("thresholds") or {}

    @cached_property
    def reads(self) -> Sequence[Read]:
        """Every metric that the query reads."""
        return () if isinstance(self.tree, QueryError) else tuple(reads(self.tree))

    @cached_property
    def calls(self) -> Sequence[Call]:
        """Every function in the query, the outer before the inner."""
        return tuple(each for each in parts(self.expression) if isinstance(each, Call))

    @property
    def expression(self) -> Expression | Several | None:
        """The expression of the query, None for one that has none: a search, a check, a composite."""
        return None if isinstance(self.tree, QueryError) else expression_of(self.tree)

    @property
    def algorithm(self) -> Call | None:
        """The anomalies, outliers or forecast that a monitor compares; its window is then for graphs, or for that algorithm."""
        return next((call for call in self.calls if call.function in ALGORITHMS), None)

    @cached_property
    def groups(self) -> Sequence[str]:
        """The tag keys by which a monitor alerts; of a composite those that all its grouped members share."""
        if isinstance(self.tree, CheckQuery | EventQuery):
            return searched_groups(self.tree)
        if self.members:
            grouped = [each.groups for each in self.members if each.groups]
            return [key for key in grouped[0] if all(key in other for other in grouped)] if grouped else []
        if isinstance(self.expression, Expression):
            return sorted(grouping(self.expression) or ())
        return []

    def finding(
        self,
        message: str,
        *,
        at: Node | int | None = None,
        where: Route | None = None,
        instead: str | None = None,
        severity: Severity | None = None,
    ) -> "Draft":
        """Return a finding about a part of the query, or about the value at `where` of the definition's body.

        `severity` is for what is less bad than the rest of what a rule finds.
        """
        caret = at.position if isinstance(at, Node) else at
        return Draft(self, message, instead or None, caret, where, severity)


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding that does not know its rule yet."""

    subject: Subject
    message: str
    instead: str | None
    caret: int | None
    where: Route | None
    severity: Severity | None

    def signed(self, code: str, severity: Severity) -> Finding:
        """Return the finding of a rule."""
        definition = self.subject.definition
        about_query = self.where is None
        return Finding(
            code=code,
            severity=self.severity or severity,
            key=definition.key,
            position=definition.source.at(self.subject.route if self.where is None else self.where),
            message=self.message,
            instead=self.instead,
            query=self.subject.text if about_query else None,
            caret=self.caret if about_query else None,
        )


def metric_of(read: Read) -> Metric | None:
    """Return what the catalogue says of a metric, None for one that is not ours."""
    return BY_NAME.get(read.metric)


def expression_of(tree: Expression | Several | MonitorQuery) -> Expression | Several | None:
    """Return the expression of a query, None for one that has none: a search, a check, a composite."""
    if isinstance(tree, MetricQuery):
        return tree.expression
    if isinstance(tree, FormulaQuery):
        return tree.formula
    return tree if isinstance(tree, Expression | Several) else None

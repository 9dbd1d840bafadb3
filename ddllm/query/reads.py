"""Which metrics a query reads, and how: what can be held against a catalogue of metrics and tags."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ddllm.query.ast import Both, Call, Either, Expression, Name, Not, OneOf, Query, Scope, Several, Tag, operands_of
from ddllm.query.monitor import FormulaQuery, MetricQuery, MonitorQuery

_OF_PERCENTILES = re.compile(r"p\d|count\(v")


@dataclass(frozen=True, slots=True)
class Read:
    """One metric of a query, and the functions around it, the outermost first."""

    query: Query
    functions: tuple[str, ...] = ()

    @property
    def metric(self) -> str:
        """The metric's name."""
        return self.query.metric

    @property
    def aggregator(self) -> str | None:
        """How it is aggregated over series."""
        return self.query.aggregator

    @property
    def is_percentile(self) -> bool:
        """Whether it answers only where percentiles of the metric are switched on: pNN and `count(v: …)`."""
        return _OF_PERCENTILES.match(self.query.aggregator or "") is not None

    @property
    def filters(self) -> tuple[Tag | OneOf, ...]:
        """The tags of its scope, in their order; a template variable's key begins with `$`."""
        return tuple(tags_of(self.query.scope))

    @property
    def filter_keys(self) -> frozenset[str]:
        """The tag keys of its scope, template variables left out."""
        return frozenset(each.key for each in self.filters if not each.key.startswith("$"))

    @property
    def variables(self) -> frozenset[str]:
        """The template variables that stand alone in its scope, without `$`."""
        return frozenset(each.key[1:] for each in self.filters if each.key.startswith("$"))

    @property
    def group_keys(self) -> tuple[str, ...]:
        """The tag keys that it is grouped by."""
        return self.query.by

    @property
    def tag_keys(self) -> frozenset[str]:
        """The tag keys of its scope and groups."""
        return self.filter_keys | frozenset(self.group_keys)


def reads(tree: Expression | Several | MonitorQuery) -> Iterator[Read]:
    """Return every metric that a query reads, from left to right. Searches, checks, objectives and composites read none."""
    if isinstance(tree, MetricQuery):
        yield from _reads(tree.expression, ())
    elif isinstance(tree, FormulaQuery):
        yield from _reads(tree.formula, ())
    elif isinstance(tree, Expression | Several):
        yield from _reads(tree, ())


def names(tree: Expression | Several | FormulaQuery) -> frozenset[str]:
    """Return the names by which a formula calls its queries."""
    if isinstance(tree, FormulaQuery):
        return names(tree.formula)
    if isinstance(tree, Name):
        return frozenset({tree.name})
    return frozenset().union(*map(names, operands_of(tree)))


def tags_of(scope: Scope) -> Iterator[Tag | OneOf]:
    """Return the tags of a scope, from left to right, excluded ones too."""
    match scope:
        case Tag() | OneOf():
            yield scope
        case Not(operand):
            yield from tags_of(operand)
        case Both(operands) | Either(operands):
            for operand in operands:
                yield from tags_of(operand)


def _reads(expression: Expression | Several, functions: tuple[str, ...]) -> Iterator[Read]:
    if isinstance(expression, Query):
        yield Read(expression, functions)
        return
    around = (*functions, expression.function) if isinstance(expression, Call) else functions
    for operand in operands_of(expression):
        yield from _reads(operand, around)

"""What the files say, resolved: one object that Datadog shall hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ddllm.definitions.document import Document, Position, Route
from ddllm.definitions.variables import Reference, references


@dataclass(frozen=True, slots=True)
class Source:
    """Where a definition was written.

    `derived` says where a value that ddllm worked out comes from: a threshold from the query, a priority from the severity.
    """

    document: Document = field(repr=False)
    route: Route
    derived: Mapping[Route, Route] = field(default_factory=dict, repr=False)

    @property
    def position(self) -> Position:
        """Where the definition's key was written."""
        return self.document.key(self.route)

    def at(self, route: Route) -> Position:
        """Where the value at `route` of the body was written, or the nearest thing around it."""
        return self.document.key((*self.route, *self.derived.get(route, route)))


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One object: its kind, its key within the kind, and Datadog's JSON for it, in which references are still templates."""

    kind: str
    key: str
    body: Mapping[str, Any] = field(repr=False)
    source: Source

    @cached_property
    def references(self) -> frozenset[Reference]:
        """The definitions that must exist before this one can be written."""
        return frozenset(references(self.body))

    def where(self, reference: Reference) -> Position:
        """Where it refers to another definition."""
        return self.source.document.find(self.source.route, str(reference))

"""dashboards/*.yaml: a file holds dashboards by key; the body is Datadog's dashboard JSON, and each widget has a `key`.

The keys make a widget's id the same at every sync, so that a link to it lives on. Definitions of widgets are Datadog's own
and are passed through; only groups are looked into, for the widgets that they hold. A group with a `runbook` or `monitors`
is a row of the dashboard that is headed by links to them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, field_validator

from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import Document, Position, Route
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.problems import Problems
from ddllm.definitions.settings import Settings
from ddllm.definitions.shape import Shape, check
from ddllm.definitions.variables import Reference, references
from ddllm.errors import DefinitionError

KIND = "dashboards"

#: Keys of a widget that are ddllm's own.
OWN_FIELDS = frozenset({"key", "runbook", "monitors"})

_KEY = re.compile(r"[a-z][a-z0-9-]{1,60}\Z")
_PLACE = re.compile(r"@([1-9][0-9]*)\Z")
_MARK = re.compile(r"\bddllm(?:_applied)?:\S")


class TemplateVariable(Shape):
    """One of the choices on top of a dashboard."""

    name: str = Field(min_length=1)
    prefix: str | None = None
    defaults: list[str] = Field(default_factory=list, min_length=1)
    available_values: list[str] | None = None
    type: str | None = None


class Widget(Shape):
    """A widget. `runbook` and `monitors` are for groups: what their header note shows."""

    key: str = Field(pattern=r"^[a-z][a-z0-9-]{0,60}$")
    definition: dict[str, Any]
    layout: dict[str, Any] | None = None
    runbook: str | None = None
    monitors: list[str] | None = None


class Tab(Shape):
    """A tab: its widgets by key, or by place as Datadog has it, `@1` the first."""

    id: str | None = None
    name: str = Field(min_length=1, max_length=100)
    widget_ids: list[str]

    @field_validator("id")
    @classmethod
    def _uuid(cls, value: str | None) -> str | None:
        try:
            return value if value is None else str(UUID(value))
        except ValueError:
            raise ValueError("must be a UUID; leave it out and ddllm makes one") from None


class Dashboard(Shape):
    """One dashboard as its file writes it, variables put in."""

    title: str = Field(min_length=1)
    description: str | None = None
    layout_type: Literal["ordered", "free"]
    reflow_type: Literal["auto", "fixed"] | None = None
    template_variables: list[TemplateVariable] = Field(default_factory=list)
    template_variable_presets: list[dict[str, Any]] | None = None
    notify_list: list[str] | None = None
    tags: list[str] | None = None
    tabs: list[Tab] | None = None
    restricted_roles: list[str] | None = None
    widgets: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """A group that is headed by links: to a runbook, by slug, and to monitors, by key. `route` leads to the group's widget."""

    runbook: str | None
    monitors: tuple[str, ...]
    route: Route

    @classmethod
    def of(cls, widget: Mapping[str, Any], route: Route = ()) -> "Row | None":
        """Read a widget; None where it is headed by nothing."""
        row = cls(widget.get("runbook"), tuple(widget.get("monitors") or ()), route)
        return row if row.runbook or row.monitors else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardDefinition(Definition):
    """A dashboard. Its body keeps the keys of widgets, and what heads its rows."""

    rows: tuple[Row, ...]

    @property
    def references(self) -> frozenset[Reference]:
        """What must exist before it, the runbooks of its rows among it."""
        return frozenset(
            {*references(self.body), *(Reference("runbooks", row.runbook) for row in self.rows if row.runbook)}
        )

    def where(self, reference: Reference) -> Position:
        """Where it refers to another definition."""
        row = next((row for row in self.rows if reference == Reference("runbooks", str(row.runbook))), None)
        document = self.source.document
        return document.at((*row.route, "runbook")) if row else document.find(self.source.route, str(reference))


def read(document: Document, settings: Settings) -> list[DashboardDefinition]:
    """Read the dashboards of one file. Raises DefinitionError, or DefinitionListError, with all that is wrong in it."""
    entries = document.value if document.value is not None else {}
    if not isinstance(entries, dict):
        raise DefinitionError("the file must be a mapping of keys to dashboards", where=str(document.at(())))
    problems = Problems()
    found: list[DashboardDefinition] = []
    for key, entry in entries.items():
        with problems.caught():
            found.append(_definition(key, settings.scope.resolve(entry, document, (key,)), document))
    problems.raise_any()
    return found


def _definition(key: str, body: Any, document: Document) -> DashboardDefinition:
    route: Route = (key,)
    if not _KEY.match(key):
        raise DefinitionError(f"`{key}` cannot be a key", where=str(document.key(route)))
    dashboard = check(Dashboard, body, document, route)
    if _MARK.search(dashboard.description or ""):
        where = str(document.at((*route, "description")))
        hint = "ddllm writes it; remove it from the file"
        raise DefinitionError("the description holds a mark by which ddllm knows its own", where=where, hint=hint)
    rows = tuple(_rows(body["widgets"], document, (*route, "widgets"), {}))
    _check_tabs(dashboard, document, route)
    return DashboardDefinition(kind=KIND, key=key, body=body, source=Source(document, route), rows=rows)


def _rows(widgets: Sequence[Any], document: Document, route: Route, seen: dict[str, Route]) -> Iterator[Row]:
    """Check widgets, those inside groups too, and yield what heads rows."""
    for index, widget in enumerate(widgets):
        place = (*route, index)
        key = check(Widget, widget, document, place).key
        if key in seen:
            first = document.at(seen[key]).line
            where = str(document.at((*place, "key")))
            raise DefinitionError(
                f"the widget key `{key}` is used twice in the dashboard, first in line {first}", where=where
            )
        seen[key] = (*place, "key")
        inner = widget["definition"]
        if "type" not in inner:
            raise DefinitionError(
                f"the definition of widget `{key}` has no `type`", where=str(document.key((*place, "definition")))
            )
        row = Row.of(widget, place)
        if row:
            _check_row(key, inner, document, place)
            yield row
        if isinstance(inner.get("widgets"), list):
            yield from _rows(inner["widgets"], document, (*place, "definition", "widgets"), seen)


def _check_row(key: str, definition: Mapping[str, Any], document: Document, place: Route) -> None:
    if definition["type"] != "group":
        raise DefinitionError(
            f"`{key}` is no group: `runbook` and `monitors` head groups alone", where=str(document.at(place))
        )
    if any(isinstance(each, dict) and "layout" in each for each in definition.get("widgets") or ()):
        raise DefinitionError(
            f"`{key}` has widgets with a `layout`, which leaves no place for the links to its `runbook` and `monitors`",
            where=str(document.at(place)),
            hint="Leave `layout` out of them and write `reflow_type: auto` on the dashboard",
        )


def _check_tabs(dashboard: Dashboard, document: Document, route: Route) -> None:
    keys = [each["key"] for each in dashboard.widgets]
    for index, tab in enumerate(dashboard.tabs or ()):
        for number, name in enumerate(tab.widget_ids):
            place = _PLACE.match(name)
            if name not in keys and not (place and int(place.group(1)) <= len(keys)):
                where = str(document.at((*route, "tabs", index, "widget_ids", number)))
                hint = did_you_mean(name, keys)
                raise DefinitionError(f"the dashboard has no widget `{name}`", where=where, hint=hint)

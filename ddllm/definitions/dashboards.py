"""dashboards/*.yaml: a file holds dashboards by key; the body is Datadog's dashboard JSON, and each widget has a `key`.

The keys make a widget's id the same at every sync, so that a link to it lives on. Definitions of widgets are Datadog's own
and are passed through; only groups are looked into, for the widgets that they hold.
"""

import re
from typing import Any, Literal

from pydantic import Field

from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import Document, Route
from ddllm.definitions.problems import Problems
from ddllm.definitions.settings import Settings
from ddllm.definitions.shape import Shape, check
from ddllm.errors import DefinitionError

KIND = "dashboards"

_KEY = re.compile(r"[a-z][a-z0-9-]{1,60}\Z")


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
    tabs: list[dict[str, Any]] | None = None
    restricted_roles: list[str] | None = None
    widgets: list[dict[str, Any]]


def read(document: Document, settings: Settings) -> list[Definition]:
    """Read the dashboards of one file. Raises DefinitionError, or DefinitionListError, with all that is wrong in it."""
    entries = document.value if document.value is not None else {}
    if not isinstance(entries, dict):
        raise DefinitionError("the file must be a mapping of keys to dashboards", where=str(document.at(())))
    problems = Problems()
    found: list[Definition] = []
    for key, entry in entries.items():
        with problems.caught():
            found.append(_definition(key, settings.scope.resolve(entry, document, (key,)), document))
    problems.raise_any()
    return found


def _definition(key: str, body: Any, document: Document) -> Definition:
    route: Route = (key,)
    if not _KEY.match(key):
        raise DefinitionError(f"`{key}` cannot be a key", where=str(document.key(route)))
    check(Dashboard, body, document, route)
    _check_widgets(body["widgets"], document, (*route, "widgets"), {})
    return Definition(kind=KIND, key=key, body=body, source=Source(document, route))


def _check_widgets(widgets: Any, document: Document, route: Route, seen: dict[str, Route]) -> None:
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
        if isinstance(inner.get("widgets"), list):
            _check_widgets(inner["widgets"], document, (*place, "definition", "widgets"), seen)

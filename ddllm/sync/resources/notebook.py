"""Runbooks as Datadog notebooks: cells of markdown, marked by a line of the first one that is not shown.

Notebooks take no tags, so the marks stand in a definition of a link, which markdown shows nowhere: `[//]: # (…)`. The reasons
in the table are observations of the API, of recorded requests and answers.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ddllm.api.connection import app_url
from ddllm.api.datadog import Datadog
from ddllm.definitions import runbooks
from ddllm.definitions.definition import Definition
from ddllm.definitions.runbook_text import paragraphs
from ddllm.errors import ApiError, SyncError
from ddllm.sync.identity import APPLIED_PREFIX, Owner, applied_in, marks_in
from ddllm.sync.normalise import Body, Normaliser, Row, gone, unless
from ddllm.sync.pages import dashboards_page, monitors_page, runbooks_page
from ddllm.sync.resource import Importable, Remote, Resource, released

_PATH = "/api/v1/notebooks"
_SLICE = 100  # Datadog's default
_NOT_FOUND = 404
_ADDRESS = re.compile(r"/notebook/(\d+)(?:$|[/?#])")
_APPLIED = re.compile(rf"\s*{APPLIED_PREFIX}[^\s)]*")
_LINE = re.compile(r"\s*^\[//\]: # \(ddllm:.*\)$", re.MULTILINE)
_LONGEST_NAME = 80

#: The order in which nothing moves while it is read; Datadog's own is by the last change.
_LISTED = {"include_cells": "true", "sort_field": "created", "sort_dir": "asc"}

#: Datadog wants one at creation. It is of the graphs, which a runbook has none of.
_TIME = {"live_span": "4h"}


def _cells(value: Any) -> Any:
    """Compare cells by their place, without ids and the mark that is made from the comparison."""
    return {str(place): _cell(cell) for place, cell in enumerate(value, start=1)} if isinstance(value, list) else value


def _cell(cell: Mapping[str, Any]) -> Body:
    kept = {name: item for name, item in cell.items() if name != "id"}
    return {**kept, "attributes": _with_text(cell, _APPLIED.sub("", _text(cell)))} if _text(cell) else kept


_ROWS = (
    Row("name", "kept as it is sent, up to 80 characters"),
    Row("cells", "kept as they are sent, an id added; the first holds the marks", _cells),
    Row("time", "whatever the last reader chose", managed=False),
    Row("status", "added as `published`, of which there is no other", unless("published"), managed=False),
    Row("template_variables", "added as []; a runbook has none of its own", managed=False, cleared=[]),
    Row("metadata.type", "null where it is not said"),
    Row("metadata.is_template", "added as false", unless(False), managed=False),
    Row("metadata.take_snapshots", "added as false", unless(False), managed=False),
    Row("metadata.is_favorite", "of the person whose keys are used", gone),
    *(Row(name, "the server's own", gone) for name in ("author", "created", "modified", "deleted", "tags", "id")),
)


class Notebooks(Resource, Importable):
    """The kind `runbooks`."""

    kind = runbooks.KIND
    noun = "notebook"
    normaliser = Normaliser(version=1, rows=_ROWS, inside=("metadata",), replaces=True)
    lists_all = True
    stand_in = "list"

    def wanted(self, definition: Definition, owner: Owner) -> Body:
        """Return the attributes of a notebook with the runbook's text."""
        if not isinstance(definition, runbooks.RunbookDefinition):
            raise TypeError(f"{definition!r} is no runbook")
        pages = app_url()
        first, *others = paragraphs(definition.runbook, _links(definition, owner, pages), runbooks_page(pages))
        texts = [f"{first}\n\n[//]: # ({owner.identity(definition.key)})", *others]
        return {
            "name": _name(definition.runbook.title, owner.env),
            "cells": [_markdown(text) for text in texts],
            "metadata": {"type": "runbook"},
        }

    def marked(self, body: Mapping[str, Any], mark: str) -> Body:
        """Return the body with the mark in the line of the identity."""
        first, *others = body["cells"]
        text = f"{_text(first).removesuffix(')')} {APPLIED_PREFIX}{mark})"
        return {**body, "cells": [{**first, "attributes": _with_text(first, text)}, *others]}

    def listing(self, api: Datadog, owner: Owner) -> Iterable[Remote]:
        """Read all notebooks with their cells, and keep the owner's."""
        return self._owned(api, owner, lambda _key: True)

    def find(self, api: Datadog, owner: Owner, key: str) -> Iterable[Remote]:
        """List again: a notebook cannot be found by what a cell holds."""
        return self._owned(api, owner, lambda found: found == key)

    def read(self, api: Datadog, owner: Owner, identifier: int | str) -> Remote | None:
        """Read one notebook."""
        body = self.fetch(api, identifier)
        return self._remote(api, owner, identifier, body) if body is not None else None

    def create(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:
        """Create. Ids of cells, in what is made again, are left out: they are Datadog's."""
        cells = [{name: item for name, item in cell.items() if name != "id"} for cell in body["cells"]]
        return self._written(api, owner, api.post(_PATH, _request({"time": _TIME, **body, "cells": cells})))

    def update(self, api: Datadog, owner: Owner, held: Remote, body: Mapping[str, Any]) -> Remote:
        """Replace. Cells keep the ids of those that stood in their place, and with them people's comments and links."""
        old = held.body.get("cells") or []
        ids = [{"id": cell["id"]} for cell in old] + [{}] * len(body["cells"])
        cells = [{**known, **cell} for known, cell in zip(ids, body["cells"], strict=False)]
        sent = {"time": held.body.get("time") or _TIME, **body, "cells": cells}
        answer = api.put(f"{_PATH}/{held.id}", _request(sent))
        if owner.key_in(self.marks(body)) is None:
            return released(held, answer["data"]["attributes"])
        return self._written(api, owner, answer)

    def delete(self, api: Datadog, held: Remote) -> None:
        """Delete."""
        try:
            api.delete(f"{_PATH}/{held.id}")
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise

    def identifier(self, text: str) -> int | None:
        """Return the number in a notebook's address; a bare number is a monitor's."""
        found = _ADDRESS.search(text)
        return int(found.group(1)) if found else None

    def fetch(self, api: Datadog, identifier: int | str) -> Mapping[str, Any] | None:
        """Read anybody's notebook: its attributes."""
        try:
            body: Mapping[str, Any] = api.get(f"{_PATH}/{identifier}")["data"]["attributes"]
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return body

    def marks(self, body: Mapping[str, Any]) -> Sequence[str]:
        """Return what its first cell holds."""
        return marks_in(_text(body["cells"][0])) if body.get("cells") else []

    def home(self, key: str) -> str:
        """Return the file of the runbook with this slug."""
        return f"monitors/{runbooks.KIND}/{key}.yaml"

    def page(self, api: Datadog, identifier: int | str) -> str:
        """Return its page."""
        return f"{api.connection.app_url}/notebook/{identifier}"

    def exported(self, body: Mapping[str, Any]) -> Body:
        """Return a notebook of text as a runbook: what comes first is the impact, each further cell a step.

        Raises SyncError for one with graphs, which a runbook cannot hold and a sync would remove.
        """
        graphs = sorted(
            {kind for cell in body["cells"] if (kind := cell["attributes"]["definition"]["type"]) != "markdown"}
        )
        if graphs:
            raise SyncError(
                f"the notebook has cells that a runbook cannot hold: {', '.join(graphs)}",
                hint="Keep it as it is, or copy its text into a runbook",
            )
        texts = [text for cell in body["cells"] if (text := _LINE.sub("", _text(cell)).strip())]
        impact, *asked = texts or [body["name"]]
        steps = {f"step_{number}": {"ask": text} for number, text in enumerate(asked or [impact], start=1)}
        return {"title": body["name"], "impact": impact, "steps": steps}

    def _owned(self, api: Datadog, owner: Owner, wanted: Callable[[str], bool]) -> list[Remote]:
        items = api.items(_PATH, _LISTED, field="data", start="start", count="count", size=_SLICE, total=_total)
        found = (self._remote(api, owner, item["id"], item["attributes"]) for item in items)
        return [remote for remote in found if remote is not None and wanted(remote.key)]

    def _remote(self, api: Datadog, owner: Owner, identifier: int | str, body: Mapping[str, Any]) -> Remote | None:
        marks = self.marks(body)
        key = owner.key_in(marks)
        if key is None:
            return None
        page = self.page(api, identifier)
        return Remote(identifier, key, applied_in(marks), page, body, str(body.get("created") or ""))

    def _written(self, api: Datadog, owner: Owner, answer: Mapping[str, Any]) -> Remote:
        remote = self._remote(api, owner, answer["data"]["id"], answer["data"]["attributes"])
        if remote is None:
            raise ApiError("Datadog answered with a notebook that does not carry the identity that was sent")
        return remote


def _total(answer: Mapping[str, Any]) -> int | None:
    number = ((answer.get("meta") or {}).get("page") or {}).get("total_count")
    return number if isinstance(number, int) else None


def _links(definition: runbooks.RunbookDefinition, owner: Owner, pages: str) -> list[str]:
    links = (
        [f"[The monitors that lead here]({monitors_page(pages, owner, definition.monitors)})"]
        if definition.monitors
        else []
    )
    links += [f"[Dashboard: {title}]({dashboards_page(pages, title)})" for title in definition.dashboards]
    return [" · ".join([f"Runbook `{definition.key}` of {owner}", *links])]


def _name(title: str, env: str) -> str:
    suffix = f" ({env})"
    room = _LONGEST_NAME - len(suffix)
    return f"{title if len(title) <= room else f'{title[: room - 1]}…'}{suffix}"


def _markdown(text: str) -> Body:
    return {"type": "notebook_cells", "attributes": {"definition": {"type": "markdown", "text": text}}}


def _text(cell: Mapping[str, Any]) -> str:
    definition = (cell.get("attributes") or {}).get("definition") or {}
    return str(definition.get("text") or "") if definition.get("type") == "markdown" else ""


def _with_text(cell: Mapping[str, Any], text: str) -> Body:
    attributes = cell["attributes"]
    return {**attributes, "definition": {**attributes["definition"], "text": text}}


def _request(attributes: Mapping[str, Any]) -> Body:
    kept = {name: value for name, value in attributes.items() if value is not None}
    return {"data": {"type": "notebooks", "attributes": kept}}


RESOURCE = Notebooks()

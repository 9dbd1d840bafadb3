"""Dashboards: marked by a line of the description, listed by summaries that hold it, widgets with ids that are made from keys.

Datadog takes only `team:` tags on dashboards, keeps the ids of widgets that are sent, and mints new ones where they are not:
an address that shows one widget (`?fullscreen_widget=`) lives on because ours are always the same. The reasons in the table
are observations of the API: of recorded requests and answers, and of what other tools had to learn.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import chain, count
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ddllm.api.connection import app_url
from ddllm.api.datadog import Datadog
from ddllm.definitions import dashboards
from ddllm.definitions.definition import Definition
from ddllm.definitions.document import Route
from ddllm.definitions.variables import Reference, Template
from ddllm.errors import ApiError
from ddllm.sync.editor import plain
from ddllm.sync.identity import APPLIED_PREFIX, Owner, applied_in, marks_in
from ddllm.sync.normalise import Body, Normaliser, Path, Row, gone, unless, unordered
from ddllm.sync.pages import monitors_page
from ddllm.sync.remote import PARALLEL
from ddllm.sync.resource import Importable, Remote, Resource, released

_PATH = "/api/v1/dashboard"
_SLICE = 100  # Datadog's default
_NOT_FOUND = 404
_ADDRESS = re.compile(r"(?:^|/dashboard/)([a-z0-9]{3}-[a-z0-9]{3}-[a-z0-9]{3})(?:$|[/?#])")
_LINE = "Managed as code by ddllm: "
_APPLIED = re.compile(rf"\s*{APPLIED_PREFIX}\S*")
_MANAGED = re.compile(rf"\s*{_LINE}.*\Z", re.DOTALL)
_ID_BITS = 53  # what a number of JSON holds in every language
_KEY_LENGTH = 50  # leaves room for a number behind it


def _description(value: Any) -> Any:
    """Compare without the mark that is made from the comparison."""
    return _APPLIED.sub("", value).strip() if isinstance(value, str) else value


def _widgets(value: Any) -> Any:
    """Compare each widget by its id, so that a difference is one of a widget, whatever was put before it."""
    if not isinstance(value, list):
        return value
    labels = [str(widget.get("id") or f"#{place}") for place, widget in enumerate(value, start=1)]
    return {"order": labels} | {label: _widget(widget) for label, widget in zip(labels, value, strict=True)}


def _widget(widget: Mapping[str, Any]) -> Body:
    definition = plain(widget["definition"])
    if isinstance(definition.get("widgets"), list):
        definition["widgets"] = _widgets(definition["widgets"])
    return {**{name: item for name, item in widget.items() if name != "id"}, "definition": definition}


def _choices(value: Any) -> Any:
    """Compare template variables, or those of a preset, without their older forms of one value."""
    if not isinstance(value, list):
        return value
    renamed = ({_CHOICES.get(name, name): item for name, item in each.items()} for each in value)
    return [
        {name: [item] if name in _CHOICES.values() and isinstance(item, str) else item for name, item in each.items()}
        for each in renamed
    ]


_CHOICES = {"default": "defaults", "value": "values"}


def _presets(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    presets = ({**each, "template_variables": _choices(each.get("template_variables") or [])} for each in value)
    return sorted(presets, key=lambda each: str(each.get("name")))


_ROWS = (
    Row("title", "kept as it is sent"),
    Row("description", "holds the marks, of which the second is made from the comparison", _description),
    Row("layout_type", "fixed at creation"),
    Row("reflow_type", "absent is `auto`, which the editor writes", unless("auto")),
    Row("template_variables", "`default` is the older form of `defaults` with one value", _choices),
    Row("template_variable_presets", "sorted by name in answers; `value` is the older form of `values`", _presets),
    Row("notify_list", "the order is not kept", unordered),
    Row("tags", "a set; only `team:` is taken", unordered),
    Row("tabs", "cleared by a write that leaves them out; `@1` comes back as the id of the first widget"),
    Row("widgets", "echoed as sent, an id added where there is none; the editor adds values of its own", _widgets),
    Row(
        "restricted_roles",
        "added as []; another view of a restriction policy that others may have set",
        managed=False,
        cleared=[],
    ),
    Row("is_read_only", "of older answers, and no longer taken: `restricted_roles` stand in its place", gone),
    Row(
        "experience_type", "added as `default` to newer dashboards", unless("default"), managed=False, cleared="default"
    ),
    *(
        Row(name, "the server's own", gone)
        for name in ("id", "url", "author_handle", "author_name", "created_at", "modified_at", "deleted_at")
    ),
)


class Dashboards(Resource, Importable):
    """The kind `dashboards`."""

    kind = dashboards.KIND
    noun = "dashboard"
    normaliser = Normaliser(version=1, rows=_ROWS, replaces=True)
    lists_all = True
    stand_in = "lists"

    def wanted(self, definition: Definition, owner: Owner) -> Body:
        """Return the body with ids in place of keys, and with a note of links at the head of each row that has some."""
        body = definition.body
        identity = owner.identity(definition.key)
        widgets = [_with_id(widget, identity, owner) for widget in body["widgets"]]
        ids = {widget["key"]: each["id"] for widget, each in zip(body["widgets"], widgets, strict=True)}
        tabs = [_tab(tab, identity, ids) for tab in body.get("tabs") or ()]
        description = f"{body.get('description') or ''}\n\n{_LINE}{identity}".strip()
        return {**body, "description": description, "widgets": widgets, **({"tabs": tabs} if tabs else {})}

    def marked(self, body: Mapping[str, Any], mark: str) -> Body:
        """Return the body with the mark at the end of the description."""
        return {**body, "description": f"{body['description']} {APPLIED_PREFIX}{mark}"}

    def listing(self, api: Datadog, owner: Owner) -> Iterable[Remote]:
        """Read the summaries of all dashboards, and then those that are the owner's."""
        return self._owned(api, owner, lambda key: key is not None)

    def find(self, api: Datadog, owner: Owner, key: str) -> Iterable[Remote]:
        """List again: a dashboard can be found by nothing else."""
        return self._owned(api, owner, lambda found: found == key)

    def read(self, api: Datadog, owner: Owner, identifier: int | str) -> Remote | None:
        """Read one dashboard."""
        body = self.fetch(api, identifier)
        return self._remote(api, owner, body) if body is not None else None

    def refusal(self, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
        """Refuse what Datadog fixes when a dashboard is created."""
        if held.get("layout_type") == wanted["layout_type"]:
            return None
        return f"Datadog cannot turn the layout `{held.get('layout_type')}` into `{wanted['layout_type']}`; give the dashboard another key"

    def create(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:
        """Create, nulls left out: some are refused."""
        return self._written(api, owner, api.post(_PATH, _without_nulls(body)))

    def update(self, api: Datadog, owner: Owner, held: Remote, body: Mapping[str, Any]) -> Remote:
        """Replace: what is left out is cleared."""
        answer = api.put(f"{_PATH}/{held.id}", _without_nulls(body))
        return self._written(api, owner, answer) if owner.key_in(self.marks(body)) else released(held, answer)

    def delete(self, api: Datadog, held: Remote) -> None:
        """Delete."""
        try:
            api.delete(f"{_PATH}/{held.id}")
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise

    def identifier(self, text: str) -> str | None:
        """Return the id in a dashboard's address, or a bare one: `abc-def-ghi`."""
        found = _ADDRESS.search(text)
        return found.group(1) if found else None

    def fetch(self, api: Datadog, identifier: int | str) -> Mapping[str, Any] | None:
        """Read anybody's dashboard."""
        try:
            body: Mapping[str, Any] = api.get(f"{_PATH}/{identifier}")
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return body

    def marks(self, body: Mapping[str, Any]) -> Sequence[str]:
        """Return what its description holds."""
        return marks_in(body.get("description") or "")

    def exported(self, body: Mapping[str, Any]) -> Body:
        """Return the fields that say something; widgets with a key made of their title, and without what the editor wrote."""
        said = self.normaliser.canonical(body, None)
        keys = _Keys()
        written = {name: said[name] for name in dashboards.Dashboard.model_fields if name in said}
        written["title"] = said.get("title") or "Untitled"
        written["description"] = _MANAGED.sub("", str(said.get("description") or ""))
        written["widgets"] = list(keys.widgets(body["widgets"]))
        written["tabs"] = [
            {**tab, "widget_ids": [keys.given[str(each)] for each in tab["widget_ids"] if str(each) in keys.given]}
            for tab in said.get("tabs") or ()
        ]
        return {name: value for name, value in written.items() if value or name == "widgets"}

    def home(self, key: str) -> str:
        """Return a file of its own."""
        return f"{dashboards.KIND}/{key}.yaml"

    def page(self, api: Datadog, identifier: int | str) -> str:
        """Return its page."""
        return f"{api.connection.app_url}/dashboard/{identifier}"

    def places(self, definition: Definition, owner: Owner) -> Mapping[Path, Route]:
        """Return the place of each widget, which is compared by its id."""
        return dict(_places(definition.body["widgets"], owner.identity(definition.key), ("widgets",), ("widgets",)))

    def _owned(self, api: Datadog, owner: Owner, wanted: Callable[[str | None], bool]) -> list[Remote]:
        summaries = api.items(_PATH, {}, field="dashboards", start="start", count="count", size=_SLICE)
        ids = [each["id"] for each in summaries if wanted(owner.key_in(self.marks(each)))]
        with ThreadPoolExecutor(PARALLEL) as pool:
            found = pool.map(lambda identifier: self.read(api, owner, identifier), ids)
            return [remote for remote in found if remote is not None]

    def _remote(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote | None:
        marks = self.marks(body)
        key = owner.key_in(marks)
        if key is None:
            return None
        page = self.page(api, body["id"])
        return Remote(body["id"], key, applied_in(marks), page, body, str(body.get("created_at") or ""))

    def _written(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:
        remote = self._remote(api, owner, body)
        if remote is None:
            raise ApiError("Datadog answered with a dashboard that does not carry the identity that was sent")
        return remote


def _with_id(widget: Mapping[str, Any], identity: str, owner: Owner) -> Body:
    """Return a widget as it is sent, those inside it too."""
    definition = widget["definition"]
    row = dashboards.Row.of(widget)
    if isinstance(definition.get("widgets"), list):
        head = [_head(row, definition, _widget_id(identity, f"{widget['key']}/head"), owner)] if row else []
        inside = [_with_id(each, identity, owner) for each in definition["widgets"]]
        definition = {**definition, "widgets": [*head, *inside]}
    sent = {name: value for name, value in widget.items() if name not in dashboards.OWN_FIELDS}
    return {**sent, "definition": definition, "id": _widget_id(identity, widget["key"])}


def _widget_id(identity: str, key: str) -> int:
    digest = sha256(f"{identity}#{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - _ID_BITS)


def _places(
    widgets: Sequence[Mapping[str, Any]], identity: str, path: Path, route: Route
) -> Iterator[tuple[Path, Route]]:
    for index, widget in enumerate(widgets):
        compared, place = (*path, str(_widget_id(identity, widget["key"]))), (*route, index)
        yield compared, place
        inner = widget["definition"].get("widgets")
        if isinstance(inner, list):
            yield from _places(inner, identity, (*compared, "definition", "widgets"), (*place, "definition", "widgets"))


def _head(row: dashboards.Row, definition: Mapping[str, Any], identifier: int, owner: Owner) -> Body:
    """Make the note that heads a row: what it answers, and where to go on."""
    pages = app_url()
    parts: list[str | Reference] = [f"**{definition['title']}**\n\n"] if definition.get("title") else []
    if row.runbook:
        parts += [f"Runbook: [{row.runbook}]({pages}/notebook/", Reference("runbooks", row.runbook), ")\n\n"]
    if row.monitors:
        links = (f"[{key}]({monitors_page(pages, owner, [key])})" for key in row.monitors)
        parts.append(f"Monitors: {' · '.join(links)}")
    text = "".join(map(str, parts)).strip() if not row.runbook else Template(tuple(parts))
    return {"id": identifier, "definition": {"type": "note", "content": text, "background_color": "transparent"}}


def _tab(tab: Mapping[str, Any], identity: str, ids: Mapping[str, int]) -> Body:
    """Return a tab with the ids of its widgets, which the file names by key or by place."""
    order = list(ids.values())
    widgets = [ids[name] if name in ids else order[int(name[1:]) - 1] for name in tab["widget_ids"]]
    return {"id": str(uuid5(NAMESPACE_URL, f"{identity}#{tab['name']}")), **tab, "widget_ids": widgets}


class _Keys:
    """Gives keys to the widgets of a dashboard that was made by hand. `given` is the key of each widget by its id."""

    def __init__(self) -> None:
        self.given: dict[str, str] = {}

    def widgets(self, held: Iterable[Mapping[str, Any]]) -> Iterator[Body]:
        """Yield widgets as a file writes them. What is empty in them stays: some of it is required."""
        for widget in held:
            definition = plain(widget["definition"])
            key = self.given[str(widget.get("id"))] = self._free(definition)
            if (
                definition["type"] == "timeseries" and "legend_layout" not in definition
            ):  # shown where there is room for it
                definition.pop("show_legend", None)
            if isinstance(definition.get("widgets"), list):
                definition["widgets"] = list(self.widgets(definition["widgets"]))
            kept = {name: item for name, item in widget.items() if name != "id" and item is not None}
            yield {"key": key, **kept, "definition": definition}

    def _free(self, definition: Mapping[str, Any]) -> str:
        words = re.sub(r"[^a-z0-9]+", "-", str(definition.get("title") or definition["type"]).lower()).strip("-")
        name = words if words[:1].isalpha() else f"widget-{words}"
        name = name[:_KEY_LENGTH].strip("-")
        taken = self.given.values()
        return next(each for each in chain([name], (f"{name}-{n}" for n in count(2))) if each not in taken)


def _without_nulls(body: Mapping[str, Any]) -> Body:
    return {name: value for name, value in body.items() if value is not None}


RESOURCE = Dashboards()

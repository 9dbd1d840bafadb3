"""Dashboards as Datadog keeps them: widgets verbatim, each with an id; a listing without widgets."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import Any

from ddllm.sandbox.api.http import Answer, Request, Route, errors
from ddllm.sandbox.api.models import model_error

Body = dict[str, Any]

_WRITABLE = (
    *(
        "title",
        "description",
        "layout_type",
        "reflow_type",
        "widgets",
        "template_variables",
        "template_variable_presets",
    ),
    *("notify_list", "restricted_roles", "tags", "tabs", "default_timeframe", "experience_type"),
)
_LISTED = (
    "id",
    "title",
    "description",
    "layout_type",
    "url",
    "author_handle",
    "created_at",
    "modified_at",
    "is_read_only",
)
#: What comes back in an order of its own.
_SORTED: Mapping[str, Callable[[Any], str]] = {
    "notify_list": str,
    "template_variable_presets": lambda preset: str(preset.get("name")),
}
_OF_THE_SERVER = frozenset({"id", "url", "author_handle", "author_name", "created_at", "modified_at", "is_read_only"})
_TAGS = 5
_FIRST_WIDGET_ID = 1_000_000_000_000_001


class Dashboards:
    """The dashboards of an organisation. `now` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._held: dict[str, Body] = {}
        self._numbers = count(1)
        self._widget_ids = count(_FIRST_WIDGET_ID)

    def __repr__(self) -> str:
        return f"<Dashboards: {[body['title'] for body in self._held.values()]}>"

    def __len__(self) -> int:
        return len(self._held)

    def all(self) -> list[Body]:
        """Return every dashboard, in the order of creation."""
        return [_shown(body) for body in self._held.values()]

    def edit(self, identifier: str, **values: Any) -> None:
        """Change fields as the UI does: no request is logged."""
        self._held[identifier].update(values, modified_at=self._stamp())

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        base = "/api/v1/dashboard"
        return [
            Route("GET", base, self._list),
            Route("POST", base, self._create),
            Route("GET", f"{base}/{{id}}", self._get),
            Route("PUT", f"{base}/{{id}}", self._update),
            Route("DELETE", f"{base}/{{id}}", self._delete),
        ]

    def _list(self, request: Request) -> Answer:
        summaries = [{**{key: body[key] for key in _LISTED}, "deleted_at": None} for body in self._held.values()]
        start = int(request.query.get("start", 0))
        size = int(request.query.get("count", len(summaries) or 1))
        return Answer(200, {"dashboards": summaries[start : start + size]})

    def _create(self, request: Request) -> Answer:
        reason = _refusal(request.body)
        if reason:
            return errors(400, reason)
        identifier = _identifier(next(self._numbers))
        body = self._stored(request.body, identifier, self._stamp(), ())
        self._held[identifier] = body
        return Answer(200, _shown(body))

    def _get(self, _request: Request, id: str) -> Answer:  # noqa: A002 - the API's name
        held = self._held.get(id)
        return Answer(200, _shown(held)) if held else _not_found(id)

    def _update(self, request: Request, id: str) -> Answer:  # noqa: A002
        held = self._held.get(id)
        if held is None:
            return _not_found(id)
        reason = _refusal(request.body)
        if reason:
            return errors(400, reason)
        if held["is_read_only"]:
            return errors(403, "This dashboard is read-only")
        self._held[id] = self._stored(request.body, id, held["created_at"], held.keys() - _OF_THE_SERVER)
        return Answer(200, _shown(self._held[id]))

    def _delete(self, _request: Request, id: str) -> Answer:  # noqa: A002
        if self._held.pop(id, None) is None:
            return _not_found(id)
        return Answer(200, {"deleted_dashboard_id": id})

    def _stored(self, sent: Mapping[str, Any], identifier: str, created: str, known: Iterable[str]) -> Body:
        """Return what is kept of a write: what was sent, of fields that it knows or that newer features put there."""
        kept = {key: sent[key] for key in {*_WRITABLE, *known} if key in sent}
        slug = re.sub(r"[^a-z0-9]+", "-", sent["title"].lower()).strip("-")
        body = {
            "description": None,
            "template_variables": None,
            "notify_list": None,
            "is_read_only": False,
            "restricted_roles": [],
            **kept,
            "id": identifier,
            "url": f"/dashboard/{identifier}/{slug}",
            "author_handle": "sandbox@example.com",
            "author_name": "Sandbox",
            "created_at": created,
            "modified_at": self._stamp(),
            "widgets": [self._with_id(widget) for widget in sent["widgets"]],
        }
        for name, key in _SORTED.items():
            if body.get(name):
                body[name] = sorted(body[name], key=key)
        if body.get("tabs"):
            body["tabs"] = [
                {**tab, "widget_ids": _positions(tab["widget_ids"], body["widgets"])} for tab in body["tabs"]
            ]
        return body

    def _with_id(self, widget: Mapping[str, Any]) -> Body:
        definition = widget["definition"]
        if isinstance(definition.get("widgets"), list):
            definition = {**definition, "widgets": [self._with_id(inner) for inner in definition["widgets"]]}
        return {**widget, "definition": definition, "id": widget.get("id") or next(self._widget_ids)}

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).isoformat()


def _shown(body: Body) -> Body:
    """Return a dashboard as answers show it, since 2025 without a field that listings still have."""
    return {name: value for name, value in body.items() if name != "is_read_only"}


def _refusal(body: Any) -> str | None:
    reason = _choice_refusal(body) if isinstance(body, dict) else None
    if reason:
        return reason
    reason = model_error("Dashboard", body)
    if reason:
        return reason
    if not all(tag.startswith("team:") for tag in body.get("tags") or []):
        return "Invalid tag format. Valid tag keys are: team."
    if len(body.get("tags") or []) > _TAGS:
        return "'tags' is invalid"
    return _layout_refusal(body)


def _choice_refusal(body: Mapping[str, Any]) -> str | None:
    """Refuse template variables and presets in the words of the recorded answers."""
    for variable in _mappings(body.get("template_variables")):
        if "default" in variable and "defaults" in variable:
            return "'template_variables' is invalid"
        if "" in (variable.get("defaults") or []):
            return "Minimum length of parameter 'defaults' should be 1"
    for preset in _mappings(body.get("template_variable_presets")):
        for chosen in _mappings(preset.get("template_variables")):
            if "value" in chosen and "values" in chosen:
                return f"'template_variables' value '{chosen}' is invalid"
            if chosen.get("values") == []:
                return "Minimum number of elements in parameter 'values' should be 1"
    return None


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    """Return the mappings in a list; anything else is for the models to refuse."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _layout_refusal(body: Mapping[str, Any]) -> str | None:
    reflow = body.get("reflow_type")
    if reflow and body["layout_type"] != "ordered":
        return "'reflow_type' is invalid"
    placed = ["layout" in widget for widget in body["widgets"]]
    if (body["layout_type"] == "free" or reflow == "fixed") and not all(placed):
        return "'layout' is required for every widget"
    return "'layout' is not allowed with automatic reflow" if reflow == "auto" and any(placed) else None


def _positions(references: list[Any], widgets: list[Body]) -> list[int]:
    """Turn `@2`, the second widget, into its id."""
    return [
        widgets[int(each[1:]) - 1]["id"] if isinstance(each, str) and each.startswith("@") else int(each)
        for each in references
    ]


def _identifier(number: int) -> str:
    return "-".join(_letters(sha256(str(number).encode()).digest()))


def _letters(digest: bytes) -> Iterator[str]:
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    for start in (0, 3, 6):
        yield "".join(alphabet[byte % len(alphabet)] for byte in digest[start : start + 3])


def _not_found(identifier: str) -> Answer:
    return errors(404, f"Dashboard with ID {identifier} not found")

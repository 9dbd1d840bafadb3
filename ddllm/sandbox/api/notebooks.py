"""Notebooks as Datadog keeps them: cells as they were sent, each with an id; a listing with cells unless told otherwise."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import Any

from ddllm.sandbox.api.http import Answer, Request, Route, errors
from ddllm.sandbox.api.models import model_error

Body = dict[str, Any]

_WRITABLE = ("name", "cells", "time", "status", "template_variables")
_FIRST_ID = 2_000_001
_SLICE = 100
_METADATA = {"take_snapshots": False, "is_template": False, "is_favorite": False, "type": None}
_AUTHOR = {
    "name": "Sandbox",
    "handle": "sandbox@example.com",
    "email": "sandbox@example.com",
    "icon": "",
    "title": None,
    "verified": True,
    "disabled": False,
    "status": "Active",
}


class Notebooks:
    """The notebooks of an organisation. `now` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._held: dict[int, Body] = {}
        self._ids = count(_FIRST_ID)
        self._cells = count(1)

    def __repr__(self) -> str:
        return f"<Notebooks: {[body['name'] for body in self._held.values()]}>"

    def __len__(self) -> int:
        return len(self._held)

    def all(self) -> dict[int, Body]:
        """Return every notebook's attributes by its id, in the order of creation."""
        return dict(self._held)

    def edit(self, identifier: int, **values: Any) -> None:
        """Change attributes as the UI does: no request is logged."""
        self._held[identifier].update(values, modified=self._stamp())

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        base = "/api/v1/notebooks"
        return [
            Route("GET", base, self._list),
            Route("POST", base, self._create),
            Route("GET", f"{base}/{{id}}", self._get),
            Route("PUT", f"{base}/{{id}}", self._update),
            Route("DELETE", f"{base}/{{id}}", self._delete),
        ]

    def _list(self, request: Request) -> Answer:
        query = request.query
        in_order = sorted(
            self._held.items(),
            key=lambda item: str(item[1][query.get("sort_field", "modified")]),
            reverse=query.get("sort_dir", "desc") == "desc",
        )
        found = {
            identifier: body
            for identifier, body in in_order
            if query.get("query", "").lower() in body["name"].lower()
            and query.get("type") in {None, body["metadata"]["type"]}
        }
        start, size = int(query.get("start", 0)), int(query.get("count", _SLICE))
        left_out = {"cells", "time"} if query.get("include_cells") == "false" else set()
        items = [
            _item(identifier, {name: value for name, value in body.items() if name not in left_out})
            for identifier, body in list(found.items())[start : start + size]
        ]
        page = {"total_count": len(found), "total_filtered_count": len(items)}  # of the answer, whatever its name says
        return Answer(200, {"data": items, "meta": {"page": page}})

    def _create(self, request: Request) -> Answer:
        reason = model_error("NotebookCreateRequest", request.body)
        if reason:
            return errors(400, reason)
        identifier = next(self._ids)
        self._held[identifier] = self._stored(request.body["data"]["attributes"], None)
        return Answer(200, {"data": _item(identifier, self._held[identifier])})

    def _get(self, _request: Request, id: str) -> Answer:  # noqa: A002 - the API's name
        held = self._known(id)
        return Answer(200, {"data": _item(int(id), held)}) if held else _not_found()

    def _update(self, request: Request, id: str) -> Answer:  # noqa: A002
        held = self._known(id)
        if held is None:
            return _not_found()
        reason = model_error("NotebookUpdateRequest", request.body)
        if reason:
            return errors(400, reason)
        self._held[int(id)] = self._stored(request.body["data"]["attributes"], held)
        return Answer(200, {"data": _item(int(id), self._held[int(id)])})

    def _delete(self, _request: Request, id: str) -> Answer:  # noqa: A002
        if self._known(id) is None:
            return _not_found()
        del self._held[int(id)]
        return Answer(204, None)

    def _known(self, identifier: str) -> Body | None:
        return self._held.get(int(identifier)) if identifier.isdigit() else None

    def _stored(self, sent: Mapping[str, Any], held: Body | None) -> Body:
        """Return what is kept of a write: what was sent, and of what was left out the server's default."""
        stamp = self._stamp()
        kept = {"template_variables": [], "status": "published", **{key: sent[key] for key in _WRITABLE if key in sent}}
        return {
            **kept,
            "cells": [{**cell, "id": cell.get("id") or self._cell_id()} for cell in sent["cells"]],
            "metadata": {**_METADATA, **(sent.get("metadata") or {})},
            "modified": stamp,
            "created": held["created"] if held else stamp,
            "deleted": None,
            "tags": None,
            "author": dict(_AUTHOR),
        }

    def _cell_id(self) -> str:
        return sha256(str(next(self._cells)).encode()).hexdigest()[:8]

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).isoformat()


def _item(identifier: int, attributes: Mapping[str, Any]) -> Body:
    return {"type": "notebooks", "id": identifier, "attributes": dict(attributes)}


def _not_found() -> Answer:
    return errors(404, "Notebook not found")

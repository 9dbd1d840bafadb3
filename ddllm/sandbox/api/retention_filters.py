"""APM retention filters (v2): which spans are kept for more than 15 minutes. Filters take effect in their order."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from ddllm.sandbox.api.http import Answer, Request, Route, errors
from ddllm.sandbox.api.models import model_error

Body = dict[str, Any]

_TYPE = "apm_retention_filter"
_PROCESSOR = "spans-sampling-processor"
_WRITABLE = ("name", "rate", "trace_rate", "enabled", "filter_type", "filter")
_AUTHOR = "sandbox@example.com"


class RetentionFilters:
    """The filters of an organisation. `now` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._held: dict[str, Body] = {}
        self._made = 0

    def __repr__(self) -> str:
        return f"<RetentionFilters: {[each['attributes']['name'] for each in self._held.values()]}>"

    def all(self) -> list[Body]:
        """Return every filter, in the order in which they take effect."""
        return list(self._held.values())

    def edit(self, identifier: str, **values: Any) -> None:
        """Change attributes as the UI does: no request is logged."""
        self._held[identifier]["attributes"].update(values)

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        base = "/api/v2/apm/config/retention-filters"
        return [
            Route("GET", base, self._list),
            Route("POST", base, self._create),
            Route("GET", f"{base}/{{id}}", self._get),
            Route("PUT", f"{base}/{{id}}", self._update),
            Route("DELETE", f"{base}/{{id}}", self._delete),
        ]

    def _list(self, _request: Request) -> Answer:
        ordered = enumerate(self._held.values(), start=1)
        return Answer(
            200,
            {
                "data": [
                    {**each, "attributes": {**each["attributes"], "execution_order": place}} for place, each in ordered
                ]
            },
        )

    def _create(self, request: Request) -> Answer:
        refused = _refused("RetentionFilterCreateRequest", request.body)
        if refused:
            return refused
        self._made += 1
        digest = sha256(f"{_TYPE}/{self._made}".encode()).digest()[:16]
        identifier = urlsafe_b64encode(digest).decode().rstrip("=")
        stamps = {"created_by": _AUTHOR, "created_at": int(self._now())}
        self._held[identifier] = self._stored(identifier, request.body, stamps)
        return Answer(200, {"data": self._held[identifier]})

    def _get(self, _request: Request, id: str) -> Answer:  # noqa: A002 - the API's name
        return Answer(200, {"data": self._held[id]}) if id in self._held else _not_found(id)

    def _update(self, request: Request, id: str) -> Answer:  # noqa: A002
        if id not in self._held:
            return _not_found(id)
        refused = _refused("RetentionFilterUpdateRequest", request.body)
        if refused:
            return refused
        held = self._held[id]["attributes"]
        stamps = {name: held[name] for name in ("created_by", "created_at")}
        self._held[id] = self._stored(id, request.body, stamps)
        return Answer(200, {"data": self._held[id]})

    def _delete(self, _request: Request, id: str) -> Answer:  # noqa: A002
        return Answer(200, {}) if self._held.pop(id, None) else _not_found(id)

    def _stored(self, identifier: str, body: Body, stamps: Body) -> Body:
        sent = {key: value for key, value in body["data"]["attributes"].items() if key in _WRITABLE}
        rates = {name: float(sent.get(name, 0)) for name in ("rate", "trace_rate")}
        written = {"modified_by": _AUTHOR, "modified_at": int(self._now()), "editable": True}
        return {"id": identifier, "type": _TYPE, "attributes": {**sent, **rates, **written, **stamps}}


def _refused(model: str, body: Body) -> Answer | None:
    reason = model_error(model, body, "v2")
    if reason:
        return errors(400, reason)
    attributes = body["data"]["attributes"]
    if attributes["filter_type"] != _PROCESSOR:
        return errors(400, f"Field 'filter_type' is invalid, expected value is '{_PROCESSOR}'")
    for name in ("rate", "trace_rate"):
        if not 0 <= attributes.get(name, 0) <= 1:
            return errors(400, "Invalid Pipeline", f"'{name}' must exist and be between 0 and 1")
    return None


def _not_found(identifier: str) -> Answer:
    return errors(404, f"retention filter with id: '{identifier}' not found")

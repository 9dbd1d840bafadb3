"""Notification rules (v2): which monitors tell whom, beside what their messages say."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ddllm.sandbox.api.http import Answer, Request, Route, errors
from ddllm.sandbox.api.models import model_error

Body = dict[str, Any]

_TYPE = "monitor-notification-rule"
_NOT_FOUND = errors(404, "Monitor Notification Rule not found")
_NEVER = "1970-01-01T00:00:00+00:00"  # what a new rule is answered with
_WRITABLE = ("name", "filter", "recipients", "conditional_recipients", "bundle_config")
_PER_PAGE = 100
_AUTHOR = "00000000-0000-4000-8000-000000000001"


class NotificationRules:
    """The rules of an organisation. `now` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._held: dict[str, Body] = {}
        self._made = 0

    def __repr__(self) -> str:
        return f"<NotificationRules: {[each['attributes']['name'] for each in self._held.values()]}>"

    def all(self) -> list[Body]:
        """Return every rule, in the order of creation."""
        return list(self._held.values())

    def edit(self, identifier: str, **values: Any) -> None:
        """Change attributes as the UI does: no request is logged."""
        self._held[identifier]["attributes"].update(values, modified_at=self._stamp())

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        base = "/api/v2/monitor/notification_rule"
        return [
            Route("GET", base, self._list),
            Route("POST", base, self._create),
            Route("GET", f"{base}/{{id}}", self._get),
            Route("PATCH", f"{base}/{{id}}", self._update),
            Route("DELETE", f"{base}/{{id}}", self._delete),
        ]

    def _list(self, request: Request) -> Answer:
        size = int(request.query.get("per_page", _PER_PAGE))
        start = int(request.query.get("page", 0)) * size
        return Answer(200, {"data": self.all()[start : start + size]})

    def _create(self, request: Request) -> Answer:
        reason = model_error("MonitorNotificationRuleCreateRequest", request.body, "v2") or _refusal(request.body)
        if reason:
            return errors(400, reason)
        self._made += 1
        identifier = str(uuid5(NAMESPACE_URL, f"{_TYPE}/{self._made}"))
        stamp = self._stamp()
        attributes = {**_kept(request.body), "created_at": stamp, "modified_at": stamp}
        self._held[identifier] = {"type": _TYPE, "id": identifier, "attributes": attributes}
        return _written(self._held[identifier], {"modified_at": _NEVER})

    def _get(self, _request: Request, id: str) -> Answer:  # noqa: A002 - the API's name
        return Answer(200, {"data": self._held[id]}) if id in self._held else _NOT_FOUND

    def _update(self, request: Request, id: str) -> Answer:  # noqa: A002
        reason = model_error("MonitorNotificationRuleUpdateRequest", request.body, "v2") or _refusal(request.body)
        if reason:
            return errors(400, reason)
        if id not in self._held:
            return _NOT_FOUND
        held = self._held[id]["attributes"]
        attributes = {**_kept(request.body), "created_at": held["created_at"], "modified_at": self._stamp()}
        self._held[id] = {**self._held[id], "attributes": attributes}
        return _written(self._held[id], {})

    def _delete(self, _request: Request, id: str) -> Answer:  # noqa: A002
        return Answer(204, None) if self._held.pop(id, None) else _NOT_FOUND

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).isoformat()


def _kept(body: Body) -> Body:
    return {key: value for key, value in body["data"]["attributes"].items() if key in _WRITABLE}


def _written(rule: Body, told: Body) -> Answer:
    """Answer a write: a read has neither the author nor its relationship."""
    author = {"type": "users", "id": _AUTHOR}
    data = {**rule, "attributes": {**rule["attributes"], **told}, "relationships": {"created_by": {"data": author}}}
    return Answer(200, {"data": data, "included": [{**author, "attributes": {"handle": "sandbox@example.com"}}]})


def _refusal(body: Body) -> str | None:
    attributes = body["data"]["attributes"]
    conditional = attributes.get("conditional_recipients") or {}
    groups = [attributes.get("recipients"), conditional.get("fallback_recipients")]
    groups += [each["recipients"] for each in conditional.get("conditions", ())]
    if any(recipient.startswith("@") for group in groups for recipient in group or ()):
        return "Invalid recipients: Recipient handle should not start with '@'"
    if bool(attributes.get("recipients")) == bool(conditional):
        return "Invalid rule: exactly one of recipients and conditional_recipients is required"
    found = attributes.get("filter") or {}
    if bool(found.get("tags")) == bool(found.get("scope")):
        return "Invalid filter: exactly one of tags and scope is required"
    return None

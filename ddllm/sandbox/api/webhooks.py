"""Webhooks: found by name alone, there is no list; headers are shown to whoever may read them."""

import json
from typing import Any

from ddllm.sandbox.api.http import Answer, Request, Route, errors
from ddllm.sandbox.api.models import model_error

Body = dict[str, Any]

_NOT_FOUND = errors(404, "Webhook does not exist")
_WRITABLE = ("url", "custom_headers", "encode_as", "payload")
#: What Datadog sends where no payload was given.
_PAYLOAD = json.dumps(
    {
        "body": "$EVENT_MSG",
        "last_updated": "$LAST_UPDATED",
        "event_type": "$EVENT_TYPE",
        "title": "$EVENT_TITLE",
        "date": "$DATE",
        "org": {"id": "$ORG_ID", "name": "$ORG_NAME"},
        "id": "$ID",
    }
)


class Webhooks:
    """The webhooks of an organisation."""

    def __init__(self) -> None:
        self._held: dict[str, Body] = {}

    def __repr__(self) -> str:
        return f"<Webhooks: {sorted(self._held)}>"

    def all(self) -> list[Body]:
        """Return every webhook, in the order of creation."""
        return list(self._held.values())

    def edit(self, name: str, **values: Any) -> None:
        """Change fields as the UI does: no request is logged."""
        self._held[name].update(values)

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        base = "/api/v1/integration/webhooks/configuration/webhooks"
        return [
            Route("POST", base, self._create),
            Route("GET", f"{base}/{{name}}", self._get),
            Route("PUT", f"{base}/{{name}}", self._update),
            Route("DELETE", f"{base}/{{name}}", self._delete),
        ]

    def _create(self, request: Request) -> Answer:
        reason = model_error("WebhooksIntegration", request.body) or _refusal(request.body)
        if reason:
            return errors(400, reason)
        name = request.body["name"]
        if name in self._held:
            return errors(400, f"Webhook {name} already exists")
        self._held[name] = _stored({"name": name, "custom_headers": None, "auth_method_id": None}, request.body)
        return Answer(201, self._held[name])

    def _get(self, _request: Request, name: str) -> Answer:
        return Answer(200, self._held[name]) if name in self._held else _NOT_FOUND

    def _update(self, request: Request, name: str) -> Answer:
        reason = model_error("WebhooksIntegrationUpdateRequest", request.body) or _refusal(request.body)
        if reason:
            return errors(400, reason)
        if name not in self._held:
            return _NOT_FOUND
        self._held[name] = _stored(self._held[name], request.body)
        return Answer(200, self._held[name])

    def _delete(self, _request: Request, name: str) -> Answer:
        return Answer(200, {}) if self._held.pop(name, None) is not None else _NOT_FOUND


def _stored(held: Body, sent: Body) -> Body:
    body = {**held, **{key: sent[key] for key in _WRITABLE if key in sent}}
    return {**body, "encode_as": body.get("encode_as") or "json", "payload": body.get("payload") or _PAYLOAD}


def _refusal(body: Body) -> str | None:
    for name in ("custom_headers", "payload"):
        if body.get(name) and body.get("encode_as", "json") == "json" and not _is_object(body[name]):
            return f"Invalid {name}: not a JSON object"
    return None if body.get("url", "https://").startswith(("http://", "https://")) else "Invalid url"


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False

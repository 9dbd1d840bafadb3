"""Webhooks: known by their name, `ddllm-<project>-<env>-<key>`; the second mark stands in the JSON that they send.

Their headers hold the token by which the receiver knows Datadog. Datadog shows them to whoever may read webhooks; here they are
neither compared nor kept.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ddllm.api.datadog import Datadog
from ddllm.definitions import routing
from ddllm.definitions.definition import Definition
from ddllm.errors import ApiError
from ddllm.sync.identity import APPLIED_PREFIX, Owner
from ddllm.sync.normalise import ABSENT, Body, Normaliser, Row, gone, unless
from ddllm.sync.resource import Remote, Resource

_PATH = "/api/v1/integration/webhooks/configuration/webhooks"
_NOT_FOUND = 404
_APPLIED = APPLIED_PREFIX.rstrip(":")


def _payload(value: Any) -> Any:
    """Compare what the JSON says, without the mark in it."""
    said = _said(value)
    return {name: item for name, item in said.items() if name != _APPLIED} or ABSENT if said else value


def _said(payload: Any) -> Body:
    try:
        said = json.loads(payload) if isinstance(payload, str) else payload
    except ValueError:
        return {}
    return dict(said) if isinstance(said, Mapping) else {}


_ROWS = (
    Row("name", "what it is known by"),
    Row("url", "where it sends to"),
    Row("encode_as", "added as json", unless("json")),
    Row("payload", "JSON, in which white space means nothing", _payload),
    Row("custom_headers", "hold the token", gone),
    Row("auth_method_id", "null unless somebody chose OAuth", managed=False),
)


class Webhooks(Resource):
    """The kind `webhooks`."""

    kind = routing.WEBHOOKS
    noun = "webhook"
    normaliser = Normaliser(version=1, rows=_ROWS)
    rank = 10  # before the monitors that call them
    is_unique = True
    hidden = frozenset({"custom_headers"})

    def wanted(self, definition: Definition, owner: Owner) -> Body:
        """Return the definition's body under the name that says whose it is."""
        return {**definition.body, "name": _name(owner, definition.key)}

    def marked(self, body: Mapping[str, Any], mark: str) -> Body:
        """Return the body with the mark in what it sends."""
        return {**body, "payload": {**_said(body["payload"]), _APPLIED: mark}}

    def marks(self, body: Mapping[str, Any]) -> Sequence[str]:
        """Return the one in what it sends."""
        applied = _said(body.get("payload")).get(_APPLIED)
        return [f"{APPLIED_PREFIX}{applied}"] if applied else []

    def listing(self, api: Datadog, owner: Owner) -> Iterable[Remote]:
        """Look for the one webhook that a project has: there is no list."""
        return self.find(api, owner, routing.CONTEXT)

    def find(self, api: Datadog, owner: Owner, key: str) -> Iterable[Remote]:
        """Look for the name."""
        held = self.read(api, owner, _name(owner, key))
        return [held] if held else []

    def read(self, api: Datadog, owner: Owner, identifier: int | str) -> Remote | None:
        """Read one."""
        try:
            return _remote(api, owner, api.get(_path(identifier)))
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def create(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:
        """Create."""
        return _remote(api, owner, api.post(_PATH, _sent(body)))

    def update(self, api: Datadog, owner: Owner, held: Remote, body: Mapping[str, Any]) -> Remote:
        """Replace; headers that are not in the body, as in a journal's, stay what they are."""
        return _remote(api, owner, api.put(_path(held.id), _sent(body)))

    def delete(self, api: Datadog, held: Remote) -> None:
        """Delete."""
        try:
            api.delete(_path(held.id))
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise


def _name(owner: Owner, key: str) -> str:
    return f"ddllm-{owner.project}-{owner.env}-{key}"


def _path(identifier: int | str) -> str:
    return f"{_PATH}/{quote(str(identifier), safe='')}"


def _sent(body: Mapping[str, Any]) -> Body:
    """Return the body as the API takes it: payload and headers are JSON in a text."""
    return {
        name: json.dumps(value, indent=2) if isinstance(value, Mapping) else value
        for name, value in body.items()
        if value is not None
    }


def _remote(api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:
    key = str(body["name"]).removeprefix(_name(owner, ""))
    applied = _said(body.get("payload")).get(_APPLIED)
    return Remote(body["name"], key, applied, f"{api.connection.app_url}/integrations/webhooks", body)


RESOURCE = Webhooks()

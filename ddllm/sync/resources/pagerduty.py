"""Service objects of the PagerDuty integration: known by the name that routing.yaml gives them, shared by the organisation.

Their key is written when one is made, and when it shall be rotated; Datadog never shows it, so that nobody can tell whether it
changed. One that somebody else made counts as there.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from ddllm.api.datadog import Datadog
from ddllm.definitions import routing
from ddllm.definitions.definition import Definition
from ddllm.errors import ApiError
from ddllm.sync.identity import Owner
from ddllm.sync.normalise import Body, Normaliser, Row, gone
from ddllm.sync.resource import Remote, Resource

_PATH = "/api/v1/integration/pagerduty/configuration/services"
_BAD_REQUEST = 400
_NOT_FOUND = 404
_ROWS = (
    Row("service_name", "what it is known by"),
    Row("service_key", "never shown", gone),
)


class PagerDutyServices(Resource):
    """The kind `pagerduty`."""

    kind = routing.PAGERDUTY
    noun = "PagerDuty service"
    normaliser = Normaliser(version=1, rows=_ROWS)
    rank = 10  # before the monitors that call them
    has_mark = False
    is_owned = False
    is_unique = True
    hidden = frozenset({"service_key"})

    def wanted(self, definition: Definition, owner: Owner) -> Body:  # noqa: ARG002 - it has no owner
        """Return name and key."""
        return dict(definition.body)

    def marked(self, body: Mapping[str, Any], mark: str) -> Body:  # noqa: ARG002 - it has no place for one
        """Return the body."""
        return dict(body)

    def listing(self, api: Datadog, owner: Owner) -> Iterable[Remote]:  # noqa: ARG002 - as above
        """Return none: there is no documented list. Each is found by its name."""
        return ()

    def find(self, api: Datadog, owner: Owner, key: str) -> Iterable[Remote]:
        """Look for the name."""
        held = self.read(api, owner, key)
        return [held] if held else []

    def read(self, api: Datadog, owner: Owner, identifier: int | str) -> Remote | None:  # noqa: ARG002 - as above
        """Look whether there is one of the name."""
        try:
            api.get(f"{_PATH}/{quote(str(identifier), safe='')}")
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return _remote(api, str(identifier))

    def create(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:  # noqa: ARG002 - as above
        """Create; one that somebody made meanwhile is as good."""
        try:
            api.post(_PATH, body)
        except ApiError as error:
            if error.status != _BAD_REQUEST or "already exists" not in error.message:
                raise
        return _remote(api, body["service_name"])

    def update(self, api: Datadog, owner: Owner, held: Remote, body: Mapping[str, Any]) -> Remote:  # noqa: ARG002 - as above
        """Give it another key; without one, which is what a journal holds, there is nothing to write."""
        if "service_key" in body:
            api.put(f"{_PATH}/{quote(str(held.id), safe='')}", {"service_key": body["service_key"]})
        return held

    def delete(self, api: Datadog, held: Remote) -> None:
        """Delete, where a run that made it is undone."""
        try:
            api.delete(f"{_PATH}/{quote(str(held.id), safe='')}")
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise


def _remote(api: Datadog, name: str) -> Remote:
    page = f"{api.connection.app_url}/integrations/pagerduty"
    return Remote(name, name, None, page, {"service_name": name})


RESOURCE = PagerDutyServices()

"""Objects of the v2 API whose marks stand at the end of their name, for they have no other place: `… [ddllm:… ddllm_applied:…]`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from ddllm.api.datadog import Datadog
from ddllm.definitions.definition import Definition
from ddllm.errors import ApiError
from ddllm.sync.identity import APPLIED_PREFIX, Owner, applied_in, marks_in
from ddllm.sync.normalise import ABSENT, Body
from ddllm.sync.resource import Remote, Resource

_NOT_FOUND = 404
_SIGNATURE = re.compile(r"\s*\[ddllm[^\[\]]*\]\s*\Z")


def unsigned(name: Any) -> Any:
    """Compare a name without the marks at its end."""
    return _SIGNATURE.sub("", name).strip() or ABSENT if isinstance(name, str) else name


class SignedObjects(Resource):
    """What such kinds share: bodies are the `attributes` of an object of the v2 API.

    `path` is that of the list, `type` what the API calls one, `updates_by` its method, `page` where people find them.
    """

    path: ClassVar[str]
    type: ClassVar[str]
    updates_by: ClassVar[str]
    page: ClassVar[str]
    lists_all = True
    lists_at_once = True

    def wanted(self, definition: Definition, owner: Owner) -> Body:
        """Return the definition's body with the identity in its name."""
        return {**definition.body, "name": f"{definition.body['name']} [{owner.identity(definition.key)}]"}

    def marked(self, body: Mapping[str, Any], mark: str) -> Body:
        """Return the body with the second mark in its name."""
        identity = next(each for each in marks_in(body["name"]) if not each.startswith(APPLIED_PREFIX))
        return {**body, "name": f"{unsigned(body['name'])} [{identity} {APPLIED_PREFIX}{mark}]"}

    def marks(self, body: Mapping[str, Any]) -> Sequence[str]:
        """Return those in the name."""
        return marks_in(str(body.get("name")))

    def listing(self, api: Datadog, owner: Owner) -> Iterable[Remote]:
        """Read all of the organisation's, and keep the owner's."""
        found = (self._remote(api, owner, each) for each in self.everybodys(api))
        return [remote for remote in found if remote is not None]

    def everybodys(self, api: Datadog) -> Iterator[Mapping[str, Any]]:
        """Read all there are."""
        yield from api.get(self.path)["data"]

    def find(self, api: Datadog, owner: Owner, key: str) -> Iterable[Remote]:
        """Read the list again."""
        return [remote for remote in self.listing(api, owner) if remote.key == key]

    def read(self, api: Datadog, owner: Owner, identifier: int | str) -> Remote | None:
        """Read one."""
        try:
            return self._remote(api, owner, api.get(self._path(identifier))["data"])
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def create(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:
        """Create."""
        return self._written(api, owner, api.post(self.path, {"data": {"type": self.type, "attributes": body}}))

    def update(self, api: Datadog, owner: Owner, held: Remote, body: Mapping[str, Any]) -> Remote:
        """Replace the attributes."""
        send = api.patch if self.updates_by == "PATCH" else api.put
        data = {"type": self.type, "id": held.id, "attributes": body}
        return self._written(api, owner, send(self._path(held.id), {"data": data}))

    def delete(self, api: Datadog, held: Remote) -> None:
        """Delete."""
        try:
            api.delete(self._path(held.id))
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise

    def _path(self, identifier: int | str) -> str:
        return f"{self.path}/{quote(str(identifier), safe='')}"

    def _written(self, api: Datadog, owner: Owner, answer: Mapping[str, Any]) -> Remote:
        remote = self._remote(api, owner, answer["data"])
        if remote is None:
            raise ApiError(f"Datadog answered with a {self.noun} that does not carry the identity that was sent")
        return remote

    def _remote(self, api: Datadog, owner: Owner, data: Mapping[str, Any]) -> Remote | None:
        body = data["attributes"]
        marks = self.marks(body)
        key = owner.key_in(marks)
        if key is None:
            return None
        page = f"{api.connection.app_url}{self.page}"
        return Remote(data["id"], key, applied_in(marks), page, body, str(body.get("created_at") or ""))

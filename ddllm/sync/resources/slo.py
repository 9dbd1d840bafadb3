"""SLOs: marked by tags, listed by a tag, compared by the table below.

The reasons in the table are observations of the API: of recorded requests and answers, and of what other tools had to learn.
Nothing validates an SLO beforehand, and Datadog takes two equal ones.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from ddllm.api.datadog import Datadog
from ddllm.definitions import monitors, slos
from ddllm.definitions.definition import Definition
from ddllm.errors import ApiError
from ddllm.sync.empty import listed
from ddllm.sync.identity import APPLIED_PREFIX, MANAGED, Owner, applied_in
from ddllm.sync.normalise import Body, Normaliser, Row, gone, text, unordered
from ddllm.sync.resource import Importable, Remote, Resource, released

_PATH = "/api/v1/slo"
_NOT_FOUND = 404
_CONFLICT = 409
_ASKED_AT_ONCE = 50  # ids in an address
_ID = re.compile(r"(?<![0-9a-z])[0-9a-f]{32}(?![0-9a-z])")
_SLICE_SECONDS = 300


def _tags(value: Any) -> Any:
    """Compare as a set, without the mark that is made from the comparison."""
    return unordered([tag for tag in value if not str(tag).startswith(APPLIED_PREFIX)])


def _numbers(thresholds: Iterable[Mapping[str, Any]]) -> list[Body]:
    """Return thresholds without the texts that Datadog displays."""
    shown = ("target_display", "warning_display")
    return [{name: item for name, item in each.items() if name not in shown} for each in thresholds]


def _thresholds(value: Any) -> Any:
    return sorted(_numbers(value), key=lambda each: str(each.get("timeframe")))


def _specification(value: Any) -> Any:
    slices = value.get("time_slice")
    if not isinstance(slices, Mapping) or slices.get("query_interval_seconds") != _SLICE_SECONDS:
        return value
    return {**value, "time_slice": {name: each for name, each in slices.items() if name != "query_interval_seconds"}}


_ROWS = (
    Row("name", "trimmed", text),
    Row("type", "fixed at creation"),
    Row("description", "added as an empty text", text, cleared=""),
    Row("tags", "a set: they come back in an order of their own, which no write changes", _tags),
    Row("thresholds", "texts for display are added, whole numbers come back as floats", _thresholds),
    Row("query", "of a metric SLO; made by Datadog from sli_specification, and left behind by it; see _between"),
    Row("sli_specification", "slices of 300 s are the default, and added", _specification),
    Row("monitor_ids", "a set", unordered),
    Row("groups", "a set; absent where it is empty", unordered),
    *(
        Row(name, "filled in from the first threshold", managed=False)
        for name in ("timeframe", "target_threshold", "warning_threshold")
    ),
    *(
        Row(name, "the server's own", gone)
        for name in (
            *("id", "type_id", "creator", "created_at", "modified_at", "monitor_tags"),
            *("configured_alert_ids", "overall_status"),
        )
    ),
)


def _between(body: Body) -> Body:
    """Leave out the query that Datadog makes of a specification."""
    return {name: value for name, value in body.items() if name != "query" or not body.get("sli_specification")}


class Slos(Resource, Importable):
    """The kind `slos`."""

    kind = slos.KIND
    noun = "SLO"
    normaliser = Normaliser(version=1, rows=_ROWS, between=_between)

    def wanted(self, definition: Definition, owner: Owner) -> Body:
        """Return the whole of what is managed. The identity is in small letters, as Datadog writes all tags of SLOs."""
        body = definition.body
        tags = [*(body.get("tags") or []), owner.identity(definition.key), MANAGED]
        groups = {"groups": body.get("groups") or []} if body["type"] == "monitor" else {}
        return {**body, "description": body.get("description") or "", "tags": tags, **groups}

    def marked(self, body: Mapping[str, Any], mark: str) -> Body:
        """Return the body with the tag that says what was applied."""
        return {**body, "tags": [*body["tags"], f"{APPLIED_PREFIX}{mark}"]}

    def listing(self, api: Datadog, owner: Owner) -> Iterable[Remote]:
        """Read the SLOs that carry ddllm's tag, and keep the owner's. Raises ApiError for none where a search finds some."""
        query = {"query": MANAGED, "page[size]": 30, "page[number]": 0}
        bodies = listed(api, lambda: self._bodies(api, MANAGED), f"{_PATH}/search", query)
        return self._remotes(api, owner, bodies)

    def find(self, api: Datadog, owner: Owner, key: str) -> Iterable[Remote]:
        """Read by the identity, which finds an SLO that lost its other tags too."""
        bodies = self._bodies(api, owner.identity(key))
        return [remote for remote in self._remotes(api, owner, bodies) if remote.key == key]

    def is_listed(self, held: Remote) -> bool:
        """Whether it still carries the tag that SLOs are listed by."""
        return MANAGED in (held.body.get("tags") or [])

    def read(self, api: Datadog, owner: Owner, identifier: int | str) -> Remote | None:
        """Read one SLO."""
        body = self.fetch(api, identifier)
        return self._remote(api, owner, body) if body is not None else None

    def refusal(self, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
        """Refuse another type, which Datadog fixes at creation."""
        if held.get("type") != wanted["type"]:
            return f"Datadog cannot turn a {held.get('type')} SLO into a {wanted['type']} SLO; give the SLO another key"
        return None

    def create(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:
        """Create. Datadog refuses no second one."""
        return self._written(api, owner, api.post(_PATH, body))

    def update(self, api: Datadog, owner: Owner, held: Remote, body: Mapping[str, Any]) -> Remote:
        """Replace, nulls left out: what was filled in from the thresholds is filled in again."""
        sent = {name: value for name, value in body.items() if value is not None}
        answer = api.put(f"{_PATH}/{held.id}", sent)
        return self._written(api, owner, answer) if owner.key_in(self.marks(body)) else released(held, _only(answer))

    def blocked(self, api: Datadog, remotes: Sequence[Remote]) -> Mapping[int | str, str]:
        """Ask which of them dashboards and monitors use."""
        found: dict[int | str, str] = {}
        for start in range(0, len(remotes), _ASKED_AT_ONCE):
            batch = remotes[start : start + _ASKED_AT_ONCE]
            try:
                api.get(f"{_PATH}/can_delete", {"ids": ",".join(str(each.id) for each in batch)})
            except ApiError as error:
                if error.status != _CONFLICT or not isinstance(error.details, Mapping):
                    raise
                reasons = error.details
                found |= {each.id: str(reasons[each.id]) for each in batch if each.id in reasons}
        return found

    def delete(self, api: Datadog, held: Remote) -> None:
        """Delete; one that a monitor or a dashboard uses is refused."""
        try:
            api.delete(f"{_PATH}/{held.id}")
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise

    def identifier(self, text: str) -> str | None:
        """Return the 32 digits of an SLO's address, or bare ones."""
        whole = unquote(text.strip())
        if "/" in whole and "/slo" not in whole:
            return None
        after = whole.rpartition("slo_id=")[2]
        found = _ID.search(after) or _ID.search(whole)
        return found.group() if found else None

    def fetch(self, api: Datadog, identifier: int | str) -> Mapping[str, Any] | None:
        """Read anybody's SLO."""
        try:
            answer = api.get(f"{_PATH}/{identifier}")
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return _only(answer)

    def marks(self, body: Mapping[str, Any]) -> Sequence[str]:
        """Return its tags."""
        return body.get("tags") or []

    def exported(self, body: Mapping[str, Any]) -> Body:
        """Return the fields that say something; what Datadog filled in from the thresholds is left out."""
        said = self.normaliser.canonical(body)
        tags = [tag for tag in body.get("tags") or [] if not tag.startswith(monitors.RESERVED_TAGS)]
        written = {name: said[name] for name in slos.Slo.model_fields if name in said and name != "tags"}
        in_order = {
            "thresholds": _numbers(body.get("thresholds") or ()),
            **({"monitor_ids": list(body["monitor_ids"])} if body.get("monitor_ids") else {}),
            **({"tags": tags} if tags else {}),
        }
        return {**written, **in_order}

    def named(self, written: Body, keys: Callable[[], Mapping[str, str]]) -> Body:
        """Return an SLO of monitors that names them by their keys, as far as they have one."""
        if not written.get("monitor_ids"):
            return written
        known = keys()
        ids = [f"${{monitor:{known[str(each)]}}}" if str(each) in known else each for each in written["monitor_ids"]]
        return {**written, "monitor_ids": ids}

    def home(self, key: str) -> str:  # noqa: ARG002 - all stand in one file
        """Return the file of all SLOs."""
        return f"{monitors.KIND}/slos.yaml"

    def page(self, api: Datadog, identifier: int | str) -> str:
        """Return its page."""
        return f"{api.connection.app_url}/slo?slo_id={identifier}"

    def _bodies(self, api: Datadog, tag: str) -> list[Mapping[str, Any]]:
        return list(api.items(_PATH, {"tags_query": tag}, field="data", start="offset", count="limit"))

    def _remotes(self, api: Datadog, owner: Owner, bodies: Iterable[Mapping[str, Any]]) -> list[Remote]:
        return [remote for remote in (self._remote(api, owner, body) for body in bodies) if remote is not None]

    def _remote(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote | None:
        tags = body.get("tags") or []
        key = owner.key_in(tags)
        if key is None:
            return None
        page = self.page(api, body["id"])
        return Remote(body["id"], key, applied_in(tags), page, body, f"{body.get('created_at') or 0:012d}")

    def _written(self, api: Datadog, owner: Owner, answer: Any) -> Remote:
        remote = self._remote(api, owner, _only(answer))
        if remote is None:
            raise ApiError("Datadog answered with an SLO that does not carry the identity that was sent")
        return remote


def _only(answer: Any) -> Mapping[str, Any]:
    """Return the SLO of an answer: a read holds it, a write a list of it."""
    data = answer.get("data") if isinstance(answer, Mapping) else None
    if isinstance(data, list) and len(data) == 1:
        [data] = data
    if not isinstance(data, Mapping) or "id" not in data:
        raise ApiError("Datadog answered with no SLO")
    return data


RESOURCE = Slos()

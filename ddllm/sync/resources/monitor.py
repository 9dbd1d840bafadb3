"""Monitors: marked by tags, listed by a tag, compared by the table below.

The reasons in the table are observations of the API: of recorded requests and answers, and of what other tools had to learn.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from ddllm.api.datadog import Datadog
from ddllm.definitions import monitors
from ddllm.definitions.definition import Definition
from ddllm.errors import ApiError
from ddllm.sync.empty import listed
from ddllm.sync.identity import APPLIED_PREFIX, MANAGED, Owner, applied_in
from ddllm.sync.normalise import Body, Normaliser, Row, aliases, gone, text, unless, unordered
from ddllm.sync.resource import Importable, Remote, Resource, released

_PATH = "/api/v1/monitor"
_NOT_FOUND = 404
_CONFLICT = 409
_ASKED_AT_ONCE = 100  # ids in an address
_ADDRESS = re.compile(r"(?:^|/monitors/)#?(\d+)(?:$|[/?#])")
_NUMBER = re.compile(r"\d+")
_NEW_HOST_DELAY = 300

#: Downtimes cost Datadog more and tell us nothing; assets are in no listing, and in a read only where it asks for them.
_LISTED = {"with_downtimes": "false"}
_DETAILED = {"with_downtimes": "false", "with_assets": "true"}


def _tags(value: Any) -> Any:
    """Compare as a set, without the mark that is made from the comparison."""
    return unordered([tag for tag in value if not str(tag).startswith(APPLIED_PREFIX)])


def _assets(value: Any) -> Any:
    """Compare links by what was sent; the answer adds ids and template variables, in changing order."""
    return sorted(
        ({key: asset[key] for key in ("category", "name", "url") if key in asset} for asset in value),
        key=lambda asset: sorted(asset.items()),
    )


_ROWS = (
    Row("name", "trimmed", text),
    Row("message", "trimmed; an empty one is no message", text),
    Row("query", "trimmed", text),
    Row(
        "type",
        "`metric alert` and `query alert` are rewritten into each other, both ways, by the form of the query",
        aliases({"metric alert": "query alert"}),
    ),
    Row("tags", "a set; the order is kept but means nothing, and so is the case, which does", _tags),
    Row("priority", "0 is stored as null", unless(0)),
    Row("restricted_roles", "another view of a restriction policy that others may have set", managed=False),
    Row(
        "assets", "added as [] to every answer to a write, and absent from listings", _assets, managed=False, cleared=[]
    ),
    Row("draft_status", "absent is published", unless("published"), managed=False, cleared="published"),
    *(
        Row(name, "the server's own", gone)
        for name in (
            *(
                "id",
                "org_id",
                "creator",
                "created",
                "created_at",
                "modified",
                "deleted",
                "multi",
                "state",
                "url",
                "classification",
            ),
            *(
                "overall_state",
                "overall_state_modified",
                "matching_downtimes",
                "restriction_policy",
                "run_as",
                "restricted",
            ),
        )
    ),
    Row("options.silenced", "live mutes: of whoever set them", gone),
    Row("options.avalanche_window", "appears unasked; not documented", managed=False),
    Row("options.locked", "deprecated; sometimes added as false", unless(False), managed=False),
    Row("options.notify_audit", "added as false", unless(False)),
    Row("options.notify_no_data", "added as false", unless(False)),
    Row("options.include_tags", "added as true", unless(True)),
    Row("options.require_full_window", "the API's default is false", unless(False)),
    Row("options.groupby_simple_monitor", "added as false to event-like monitors", unless(False)),
    Row("options.new_host_delay", "added as 300 where there is no new_group_delay; see _between"),
    Row("options.new_group_delay", "goes before new_host_delay, at 0 too; see _between"),
    Row("options.timeout_h", "0 is none", unless(0)),
    Row("options.renotify_interval", "0 is none", unless(0)),
    Row("options.renotify_occurrences", "0 is none", unless(0)),
    Row(
        "options.renotify_statuses",
        "filled in by the server with its default, alert and no data",
        unordered,
        managed=False,
    ),
    Row("options.escalation_message", "trimmed; an empty one is none", text),
    Row(
        "options.evaluation_delay",
        "set by Datadog itself for metrics of cloud providers; 0 is none",
        unless(0),
        managed=False,
    ),
    Row("options.no_data_timeframe", "means nothing without notify_no_data; see _between"),
    Row("options.on_missing_data", "`default` is not always echoed", unless("default")),
    Row("options.enable_logs_sample", "appears unasked", managed=False),
    Row("options.enable_samples", "appears unasked", managed=False),
    Row("options.group_retention_duration", "null by default; other tools ignore it where unset", managed=False),
    Row("options.notification_preset_name", "show_all is the default", unless("show_all"), managed=False),
    Row("options.notify_by", "a set of group keys", unordered),
    Row("options.thresholds", "whole numbers come back as floats, sometimes as text; see _between"),
    Row("options.threshold_windows", "of anomaly monitors"),
    Row("options.scheduling_options", "evaluation windows and custom schedules"),
    Row("options.variables", "the queries of a formula"),
    Row("options.aggregation", "read-only", gone),
    Row("options.device_ids", "read-only", gone),
    Row("options.min_failure_duration", "of synthetic tests"),
    Row("options.min_location_failed", "of synthetic tests"),
    Row("options.synthetics_check_id", "of synthetic tests"),
)


def _between(body: Body) -> Body:
    """Apply what depends on more than one field."""
    options = dict(body.get("options") or {})
    if "new_group_delay" in options or options.get("new_host_delay") == _NEW_HOST_DELAY:
        options.pop("new_host_delay", None)
    if not options.get("notify_no_data"):
        options.pop("no_data_timeframe", None)
    if not options.get("renotify_interval"):
        options.pop("renotify_statuses", None)
    if body.get("type") in {"service check", "event alert"}:
        options.pop("require_full_window", None)  # not returned for these
    options["thresholds"] = _thresholds(options.get("thresholds") or {}, body.get("type"))
    return {**body, "options": options}


def _thresholds(values: Mapping[str, Any], kind: Any) -> Body:
    if kind == "event alert":
        return {}  # never returned
    numbers = {name: _number(value) for name, value in values.items()}
    if kind == "service check":  # both default to one check
        return {name: value for name, value in numbers.items() if not (name in {"ok", "warning"} and value == 1)}
    return {name: value for name, value in numbers.items() if name not in {"ok", "unknown"}}


def _number(value: Any) -> Any:
    try:
        number = float(value)
    except (TypeError, ValueError):  # critical_query and the like
        return value
    return int(number) if number.is_integer() else number


class Monitors(Resource, Importable):
    """The kind `monitors`."""

    kind = monitors.KIND
    noun = "monitor"
    normaliser = Normaliser(version=1, rows=_ROWS, inside=("options",), between=_between)
    is_unique = True

    def wanted(self, definition: Definition, owner: Owner) -> Body:
        """Return the whole of what is managed, so that a write leaves nothing of it to what was there."""
        body = dict(definition.body)
        tags = [*(body.get("tags") or []), owner.identity(definition.key), MANAGED]
        options = {name: value for name, value in (body.get("options") or {}).items() if value is not None}
        return {
            **body,
            "message": body.get("message") or "",
            "priority": body.get("priority"),
            "tags": tags,
            "options": options,
        }

    def marked(self, body: Mapping[str, Any], mark: str) -> Body:
        """Return the body with the tag that says what was applied."""
        return {**body, "tags": [*body["tags"], f"{APPLIED_PREFIX}{mark}"]}

    def listing(self, api: Datadog, owner: Owner) -> Iterable[Remote]:
        """Read the monitors that carry ddllm's tag, and keep the owner's. Raises ApiError for none where a search finds some."""
        query = {"query": f'tag:"{MANAGED}"', "per_page": 30}
        bodies = listed(api, lambda: self._bodies(api, MANAGED), f"{_PATH}/search", query)
        return self._remotes(api, owner, bodies)

    def find(self, api: Datadog, owner: Owner, key: str) -> Iterable[Remote]:
        """Read by the identity, which finds a monitor that lost its other tags too."""
        bodies = self._bodies(api, owner.identity(key))
        return [remote for remote in self._remotes(api, owner, bodies) if remote.key == key]

    def find_many(self, api: Datadog, owner: Owner, keys: Collection[str]) -> Iterable[Remote]:
        """Read all monitors of the organisation, a thousand a request, and keep those with the identities."""
        return [remote for remote in self._remotes(api, owner, api.pages(_PATH, _LISTED)) if remote.key in keys]

    def is_listed(self, held: Remote) -> bool:
        """Whether it still carries the tag that monitors are listed by."""
        return MANAGED in (held.body.get("tags") or [])

    def read(self, api: Datadog, owner: Owner, identifier: int | str) -> Remote | None:
        """Read one monitor, with what a listing leaves out."""
        body = self.fetch(api, identifier)
        return self._remote(api, owner, body) if body is not None else None

    def refusal(self, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
        """Refuse what Datadog fixes when a monitor is created."""
        alias = aliases({"metric alert": "query alert"})
        if alias(held.get("type")) != alias(wanted["type"]):
            return f"Datadog cannot turn a {held.get('type')} into a {wanted['type']}; give the monitor another key"
        if _has_custom_schedule(held) != _has_custom_schedule(wanted):
            return "Datadog takes a custom schedule only at creation; give the monitor another key"
        return None

    def validate(self, api: Datadog, body: Mapping[str, Any], held: Remote | None) -> None:
        """Ask Datadog. An existing monitor is validated as itself."""
        path = f"{_PATH}/{held.id}/validate" if held else f"{_PATH}/validate"
        api.post(path, _without_nulls(body), repeatable=True)

    def create(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:
        """Create, nulls left out: they would be echoed for ever."""
        return self._written(api, owner, api.post(_PATH, _without_nulls(body)))

    def update(self, api: Datadog, owner: Owner, held: Remote, body: Mapping[str, Any]) -> Remote:
        """Replace. A null is sent, for a field that is left out keeps its value."""
        answer = api.put(f"{_PATH}/{held.id}", body)
        return self._written(api, owner, answer) if owner.key_in(self.marks(body)) else released(held, answer)

    def blocked(self, api: Datadog, remotes: Sequence[Remote]) -> Mapping[int | str, str]:
        """Ask which of them composites and SLOs use."""
        found: dict[int | str, str] = {}
        for start in range(0, len(remotes), _ASKED_AT_ONCE):
            batch = remotes[start : start + _ASKED_AT_ONCE]
            try:
                api.get(f"{_PATH}/can_delete", {"monitor_ids": ",".join(str(each.id) for each in batch)})
            except ApiError as error:
                if error.status != _CONFLICT or not isinstance(error.details, Mapping):
                    raise
                reasons = error.details
                found |= {each.id: "; ".join(reasons[str(each.id)]) for each in batch if str(each.id) in reasons}
        return found

    def delete(self, api: Datadog, held: Remote) -> None:
        """Delete, and no other monitor with it: one that a composite uses is refused."""
        try:
            api.delete(f"{_PATH}/{held.id}")
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise

    def identifier(self, text: str) -> int | None:
        """Return the number at the end of a monitor's address, or a bare one."""
        found = _ADDRESS.search(text)
        return int(found.group(1)) if found else None

    def fetch(self, api: Datadog, identifier: int | str) -> Mapping[str, Any] | None:
        """Read anybody's monitor."""
        try:
            body: Mapping[str, Any] = api.get(f"{_PATH}/{identifier}", _DETAILED)
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return body

    def marks(self, body: Mapping[str, Any]) -> Sequence[str]:
        """Return its tags."""
        return body.get("tags") or []

    def exported(self, body: Mapping[str, Any]) -> Body:
        """Return the fields that say something; tags and message as they are."""
        said = self.normaliser.canonical(body, None)
        tags = [tag for tag in body.get("tags") or [] if not tag.startswith(monitors.RESERVED_TAGS)]
        held = said.get("options", {})
        options = {name: held[name] for name in ("thresholds", *monitors.Options.model_fields) if name in held}
        written = {**said, "message": body.get("message"), "tags": tags, "options": options}
        return {name: written[name] for name in monitors.Monitor.model_fields if written.get(name)}

    def named(self, written: Body, keys: Callable[[], Mapping[str, str]]) -> Body:
        """Return a composite whose members are named by their keys, as far as they have one."""
        if written.get("type") != "composite":
            return written
        known = keys()

        def name(number: re.Match[str]) -> str:
            return f"${{monitor:{known[number[0]]}}}" if number[0] in known else number[0]

        return {**written, "query": _NUMBER.sub(name, written["query"])}

    def home(self, key: str) -> str:
        """Return a file of its own, below imported/."""
        return f"{monitors.KIND}/imported/{key}.yaml"

    def page(self, api: Datadog, identifier: int | str) -> str:
        """Return its page."""
        return f"{api.connection.app_url}/monitors/{identifier}"

    def _bodies(self, api: Datadog, tag: str) -> list[Mapping[str, Any]]:
        return list(api.pages(_PATH, {"monitor_tags": tag, **_LISTED}))

    def _remotes(self, api: Datadog, owner: Owner, bodies: Iterable[Mapping[str, Any]]) -> list[Remote]:
        return [remote for remote in (self._remote(api, owner, body) for body in bodies) if remote is not None]

    def _remote(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote | None:
        tags = body.get("tags") or []
        key = owner.key_in(tags)
        if key is None:
            return None
        page = self.page(api, body["id"])
        return Remote(body["id"], key, applied_in(tags), page, body, str(body.get("created") or ""))

    def _written(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:
        remote = self._remote(api, owner, body)
        if remote is None:
            raise ApiError("Datadog answered with a monitor that does not carry the identity that was sent")
        return remote


def _has_custom_schedule(body: Mapping[str, Any]) -> bool:
    scheduling = (body.get("options") or {}).get("scheduling_options") or {}
    return bool(scheduling.get("custom_schedule"))


def _without_nulls(body: Mapping[str, Any]) -> Body:
    return {name: value for name, value in body.items() if value is not None}


RESOURCE = Monitors()

"""Monitors as Datadog keeps them: what it adds to them, rewrites in them and refuses.

Written from observations of the real service and sharing nothing with what ddllm sends: an echo would prove nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ddllm.sandbox.api.http import Answer, Request, Route, errors
from ddllm.sandbox.api.models import model_error
from ddllm.sandbox.api.monitor_rules import EVENT_LIKE, refusal
from ddllm.sandbox.api.monitor_search import search
from ddllm.sandbox.api.organisation import Body, Organisation

_WRITABLE = ("name", "message", "query", "type", "tags", "priority", "restricted_roles", "assets", "draft_status")
_TRIMMED = ("name", "message", "query")
_METRIC = frozenset({"metric alert", "query alert"})
_CREATOR = {"email": "sandbox@example.com", "handle": "sandbox@example.com", "id": 1, "name": "Sandbox"}
_FIRST_ID = 140_000_001
_PAGE_SIZE = 100
_LARGEST_PAGE = 1000


class Monitors:
    """The monitors of an organisation. `now` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float], held: Organisation) -> None:
        self._now = now
        self._organisation = held
        self._held = held.monitors
        self._next_id = _FIRST_ID

    def __repr__(self) -> str:
        return f"<Monitors: {[body['name'] for body in self._held.values()]}>"

    def __len__(self) -> int:
        return len(self._held)

    def all(self) -> list[Body]:
        """Return every monitor, by id."""
        return [self._read(body) for _, body in sorted(self._held.items())]

    def edit(self, identifier: int, **values: Any) -> None:
        """Change fields as the UI does: no request is logged. An `options` is merged into what is there."""
        held = self._held[identifier]
        options = {**held["options"], **values.pop("options", {})}
        held.update(values, options=options, modified=self._stamp())

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        base = "/api/v1/monitor"
        return [
            Route("GET", base, self._list),
            Route("POST", base, self._create),
            Route("GET", f"{base}/search", self._search),
            Route("POST", f"{base}/validate", self._validate),
            Route("GET", f"{base}/can_delete", self._can_delete),
            Route("POST", f"{base}/{{id}}/validate", self._validate_existing),
            Route("GET", f"{base}/{{id}}", self._get),
            Route("PUT", f"{base}/{{id}}", self._update),
            Route("DELETE", f"{base}/{{id}}", self._delete),
        ]

    # -- endpoints

    def _list(self, request: Request) -> Answer:
        wanted = {tag for tag in request.query.get("monitor_tags", "").split(",") if tag}
        name = request.query.get("name", "").lower()
        found = [body for body in self.all() if wanted <= set(body["tags"]) and name in body["name"].lower()]
        if "page" not in request.query:
            return Answer(200, found)
        size = min(int(request.query.get("page_size", _PAGE_SIZE)), _LARGEST_PAGE)
        start = int(request.query["page"]) * size
        return Answer(200, found[start : start + size])

    def _search(self, request: Request) -> Answer:
        return Answer(200, search(self.all(), request.query))

    def _create(self, request: Request) -> Answer:
        reason = model_error("Monitor", request.body) or refusal(request.body, self._organisation)
        if reason:
            return errors(400, reason)
        body = self._stored(request.body, None)
        twin = next((held for held in self._held.values() if _equal(held, body)), None)
        if twin:
            return errors(400, f"Duplicate of an existing monitor_id:{twin['id']} org_id:{twin['org_id']}")
        self._held[body["id"]] = body
        self._next_id += 1
        return Answer(200, {**body, "restriction_policy": None})

    def _validate(self, request: Request) -> Answer:
        reason = model_error("Monitor", request.body) or refusal(request.body, self._organisation)
        return errors(400, reason) if reason else Answer(200, {})

    def _validate_existing(self, request: Request, id: str) -> Answer:  # noqa: A002 - the API's name
        return self._validate(request) if self._known(id) else _not_found()

    def _get(self, request: Request, id: str) -> Answer:  # noqa: A002
        held = self._known(id)
        if held is None:
            return _not_found()
        assets = {"assets": held["assets"]} if request.query.get("with_assets") == "true" else {}
        downtimes: Body = {"matching_downtimes": []} if request.query.get("with_downtimes") == "true" else {}
        return Answer(200, {**self._read(held), **assets, **downtimes})

    def _update(self, request: Request, id: str) -> Answer:  # noqa: A002
        held = self._known(id)
        if held is None:
            return _not_found()
        reason = model_error("MonitorUpdateRequest", request.body) or _change_refusal(held, request.body)
        if not reason:
            merged = {**held, **{key: request.body[key] for key in (*_WRITABLE, "options") if key in request.body}}
            reason = refusal(merged, self._organisation)
        if reason:
            return errors(400, reason)
        body = self._stored(request.body, held)
        self._held[held["id"]] = body
        answer = {key: value for key, value in body.items() if key != "creator"}
        return Answer(200, {**answer, "restriction_policy": None})

    def _delete(self, request: Request, id: str) -> Answer:  # noqa: A002
        held = self._known(id)
        if held is None:
            return _not_found()
        named = f"monitor [{held['id']},{held['name']}] is referenced in"
        if request.query.get("force") != "true":
            if slos := self._slos_of(held["id"]):
                return errors(401, f"{named} slos: {slos}")
            if composites := self._composites_of(held["id"]):
                return errors(400, f"{named} composite monitors: {composites}")
        del self._held[held["id"]]
        return Answer(200, {"deleted_monitor_id": held["id"]})

    def _can_delete(self, request: Request) -> Answer:
        wanted = [int(part) for part in request.query.get("monitor_ids", "").split(",") if part]
        blocked = {str(each): reasons for each in wanted if (reasons := list(self._reasons(each)))}
        free = [each for each in wanted if str(each) not in blocked]
        return Answer(409 if blocked else 200, {"data": {"ok": free}, "errors": blocked or None})

    # -- what is kept

    def _stored(self, sent: Mapping[str, Any], held: Body | None) -> Body:
        """Return what is kept of a write: of top-level fields what was sent and else what was there, of options only what was sent."""
        body = dict(held) if held else self._fresh()
        body.update({key: sent[key] for key in _WRITABLE if key in sent})
        body.update({key: body[key].strip() for key in _TRIMMED if isinstance(body.get(key), str)})
        body["priority"] = body["priority"] or None
        body["tags"] = list(body["tags"] or [])
        body["multi"] = " by {" in body["query"] or ".by(" in body["query"]
        body["type"] = _rewritten_type(body["type"], body["query"])
        if held is None or "options" in sent:
            known = set(held["options"]) if held else set()
            silenced = held["options"]["silenced"] if held else {}
            body["options"] = _options(sent.get("options") or {}, body["type"], known) | {"silenced": silenced}
        body["assets"] = [
            {"monitor_id": body["id"], "template_variables": {}, "options": {}, **asset} for asset in body["assets"]
        ]
        body["modified"] = self._stamp()
        return body

    def _fresh(self) -> Body:
        stamp = self._stamp()
        return {
            "id": self._next_id,
            "org_id": 1,
            "name": "",
            "message": "",
            "tags": [],
            "priority": None,
            "restricted_roles": None,
            "assets": [],
            "draft_status": "published",
            "created": stamp,
            "created_at": int(self._now() * 1000),
            "modified": stamp,
            "deleted": None,
            "creator": dict(_CREATOR),
            "overall_state": "No Data",
            "overall_state_modified": None,
            "run_as": None,
            "restricted": True,
        }

    def _read(self, body: Body) -> Body:
        """Return a monitor as a later read shows it; by then it has been evaluated."""
        if body["overall_state_modified"] is None:
            body.update(overall_state="OK", overall_state_modified=self._stamp())
        return {key: value for key, value in body.items() if key != "assets"}

    def _known(self, identifier: str) -> Body | None:
        return self._held.get(int(identifier)) if identifier.isdigit() else None

    def _reasons(self, identifier: int) -> Iterator[str]:
        """Say why a monitor cannot be deleted."""
        if composites := self._composites_of(identifier):
            yield f"referenced in composite monitors: {composites}"
        if slos := self._slos_of(identifier):
            yield f"referenced in slos: {slos}"

    def _slos_of(self, identifier: int) -> list[str]:
        return [body["id"] for body in self._organisation.slos.values() if identifier in body.get("monitor_ids", ())]

    def _composites_of(self, identifier: int) -> list[int]:
        composites = (body for body in self._held.values() if body["type"] == "composite")
        return [body["id"] for body in composites if str(identifier) in re.findall(r"\d+", body["query"])]

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).isoformat()


def _not_found() -> Answer:
    return errors(404, "Monitor not found")


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell duplicates as recorded: equal in all of these."""
    return all(one[key] == other[key] for key in ("name", "message", "query", "type", "tags", "priority", "options"))


def _rewritten_type(kind: str, query: str) -> str:
    if kind == "query alert" and "formula(" in query:
        return "metric alert"
    return "query alert" if kind == "metric alert" and "(current_1mo)" in query else kind


def _change_refusal(held: Mapping[str, Any], sent: Mapping[str, Any]) -> str | None:
    kind = sent.get("type", held["type"])
    if kind != held["type"] and not {kind, held["type"]} <= _METRIC:
        return "The type of a monitor cannot be changed"
    if "options" in sent and _schedule(sent["options"]) != _schedule(held["options"]):
        return "Custom schedule can only be added or removed during monitor creation"
    return None


def _schedule(options: Mapping[str, Any]) -> bool:
    return bool((options.get("scheduling_options") or {}).get("custom_schedule"))


def _options(sent: Mapping[str, Any], kind: str, known: Iterable[str]) -> Body:
    """Return options with the server's defaults; a key that it does not know is dropped unless it was there before."""
    options = {key: value for key, value in sent.items() if key in _option_names() or key in known}
    options.pop("silenced", None)
    for key in ("escalation_message",):
        if isinstance(options.get(key), str):
            options[key] = options[key].strip()
    thresholds = {
        key: _as_float(value) for key, value in (options.pop("thresholds", None) or {}).items() if value is not None
    }
    if thresholds:
        options["thresholds"] = thresholds
    completed = {**_defaults(options, kind), **options}
    if options.get("on_missing_data") == "default" and _schedule(options):
        del completed["on_missing_data"]
    return completed


def _defaults(options: Mapping[str, Any], kind: str) -> Body:
    defaults: Body = {"notify_audit": False, "include_tags": True}
    if "on_missing_data" not in options:
        defaults["notify_no_data"] = False
    if "new_group_delay" not in options:
        defaults["new_host_delay"] = 300
    if kind in EVENT_LIKE | {"llm-observability alert"}:
        defaults["groupby_simple_monitor"] = False
    if kind != "composite":
        defaults["avalanche_window"] = 20  # in no documentation
    return defaults


def _as_float(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _option_names() -> frozenset[str]:
    from datadog_api_client.v1.model.monitor_options import MonitorOptions  # noqa: PLC0415 - 180 ms, for the first write

    return frozenset(MonitorOptions.attribute_map)

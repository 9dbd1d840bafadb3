"""SLOs as Datadog keeps them: what it adds to them, rewrites in them and refuses. Written from recorded requests and answers."""

import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import md5
from itertools import count
from typing import Any

from ddllm.sandbox.api.http import Answer, Request, Route, errors
from ddllm.sandbox.api.models import model_error
from ddllm.sandbox.api.organisation import Body, Organisation

_WRITABLE = (
    *("name", "description", "tags", "thresholds", "query", "sli_specification", "monitor_ids", "groups"),
    *("timeframe", "target_threshold", "warning_threshold"),
)
_TYPES = {"monitor": 0, "metric": 1, "time_slice": 2}
_CREATOR = {"name": None, "handle": "sandbox@example.com", "email": "sandbox@example.com"}
_SLICE_SECONDS = 300
_LARGEST_PAGE = 1000
#: Fields that are in an answer only where they hold something.
_ABSENT_WHERE_EMPTY = ("query", "sli_specification", "monitor_ids", "groups", "warning_threshold")


class Slos:
    """The SLOs of an organisation. `now` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float], held: Organisation) -> None:
        self._now = now
        self._organisation = held
        self._held = held.slos
        self._numbers = count(1)

    def __repr__(self) -> str:
        return f"<Slos: {[body['name'] for body in self._held.values()]}>"

    def __len__(self) -> int:
        return len(self._held)

    def all(self) -> list[Body]:
        """Return every SLO, in the order of creation."""
        return [self._shown(body) for body in self._held.values()]

    def edit(self, identifier: str, **values: Any) -> None:
        """Change fields as the UI does: no request is logged."""
        self._held[identifier].update(values, modified_at=int(self._now()))

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        base = "/api/v1/slo"
        return [
            Route("GET", base, self._list),
            Route("POST", base, self._create),
            Route("GET", f"{base}/search", self._search),
            Route("GET", f"{base}/can_delete", self._can_delete),
            Route("GET", f"{base}/{{id}}", self._get),
            Route("PUT", f"{base}/{{id}}", self._update),
            Route("DELETE", f"{base}/{{id}}", self._delete),
        ]

    # -- endpoints

    def _list(self, request: Request) -> Answer:
        query = request.query
        ids = [each.strip() for each in query.get("ids", "").split(",") if each.strip()]
        tag, name = query.get("tags_query", "").lower(), query.get("query", "").lower()
        found = [
            self._shown(body)
            for body in self._held.values()
            if (not ids or body["id"] in ids) and (not tag or tag in body["tags"]) and name in body["name"].lower()
        ]
        start = int(query.get("offset", 0))
        page = found[start : start + min(int(query.get("limit", _LARGEST_PAGE)), _LARGEST_PAGE)]
        counts = {"total_count": len(self._held), "total_filtered_count": len(found)}
        return Answer(200, {"data": page, "error": None, **({} if ids else {"metadata": {"page": counts}})})

    def _search(self, request: Request) -> Answer:
        """Find by a tag or a part of the name."""
        query, size = request.query.get("query", "").lower(), int(request.query.get("page[size]", 10))
        found = [body for body in self.all() if query in body["tags"] or query in body["name"].lower()]
        number = int(request.query.get("page[number]", 0))
        slos = [_as_found(body) for body in found[number * size : (number + 1) * size]]
        data = {"type": "service_level_objective_search_results", "attributes": {"slos": slos}}
        meta = {"pagination": {"number": number, "size": size, "total": len(found), "type": "number_size"}}
        return Answer(200, {"data": data, "meta": meta})

    def _create(self, request: Request) -> Answer:
        reason = model_error("ServiceLevelObjectiveRequest", request.body) or self._refusal(
            request.body, request.body["type"]
        )
        if reason:
            return errors(400, reason)
        stamp = int(self._now())
        identifier = md5(f"slo {next(self._numbers)}".encode(), usedforsecurity=False).hexdigest()
        fresh = {
            "id": identifier,
            "type": request.body["type"],
            "type_id": _TYPES[request.body["type"]],
            "description": "",
            "tags": [],
            "creator": dict(_CREATOR),
            "created_at": stamp,
        }
        self._held[identifier] = self._stored(request.body, fresh, stamp)
        return self._written(identifier)

    def _get(self, _request: Request, id: str) -> Answer:  # noqa: A002 - the API's name
        held = self._held.get(id)
        return Answer(200, {"data": self._shown(held), "error": None}) if held else _not_found(id)

    def _update(self, request: Request, id: str) -> Answer:  # noqa: A002
        held = self._held.get(id)
        if held is None:
            return _not_found(id)
        reason = model_error("ServiceLevelObjective", request.body) or self._refusal(request.body, held["type"])
        if reason:
            return errors(400, reason)
        self._held[id] = self._stored(request.body, held, int(self._now()))
        return self._written(id)

    def _written(self, identifier: str) -> Answer:
        """Answer to a write: unlike a read, with the numbers that were sent and in a list."""
        body = self._held[identifier]
        sent = {name: body[name] for name in ("target_threshold", "warning_threshold") if name in body}
        return Answer(200, {"data": [{**self._shown(body), **sent}], "error": None})

    def _delete(self, request: Request, id: str) -> Answer:  # noqa: A002
        if id not in self._held:
            return _not_found(id)
        users = self._users(id)
        if users and request.query.get("force") != "true":
            return Answer(409, {"data": [], "errors": {id: _used(users)}})
        del self._held[id]
        return Answer(200, {"data": [id], "error": None})

    def _can_delete(self, request: Request) -> Answer:
        wanted = [part for part in request.query.get("ids", "").split(",") if part]
        blocked = {each: _used(users) for each in wanted if (users := self._users(each))}
        free = [each for each in wanted if each not in blocked]
        return Answer(409 if blocked else 200, {"data": {"ok": free}, "errors": blocked})

    # -- what is kept

    def _stored(self, sent: Mapping[str, Any], held: Body, stamp: int) -> Body:
        """Return what is kept of a write: what was sent, and else what was there."""
        body = {**held, **{name: sent[name] for name in _WRITABLE if name in sent}, "modified_at": stamp}
        body["name"] = body["name"].strip()
        body["description"] = body["description"] or ""
        body["tags"] = _ordered([tag.lower() for tag in body["tags"] or []], held["tags"])
        body["thresholds"] = [_threshold(each) for each in body["thresholds"]]
        first = body["thresholds"][0]
        if not {"timeframe", "target_threshold"} <= sent.keys():
            body["timeframe"] = first["timeframe"]
            body["target_threshold"] = sent["thresholds"][0]["target"]
            body["warning_threshold"] = sent["thresholds"][0].get("warning")
        if "sli_specification" in sent:
            body |= _specified(sent["sli_specification"])
        elif "query" in sent:
            body.pop("sli_specification", None)
        return {name: value for name, value in body.items() if value or name not in _ABSENT_WHERE_EMPTY}

    def _shown(self, body: Body) -> Body:
        """Return an SLO as a read shows it."""
        monitors = [self._organisation.monitors.get(each) for each in body.get("monitor_ids", ())]
        tags = sorted({tag for monitor in monitors if monitor for tag in monitor["tags"]})
        numbers = {
            name: float(body[name]) for name in ("target_threshold", "warning_threshold") if body.get(name) is not None
        }
        return {**body, **numbers, "monitor_tags": tags}

    def _refusal(self, sent: Mapping[str, Any], kind: str) -> str | None:
        if kind == "monitor":
            ids = sent.get("monitor_ids")
            if not ids:
                return "Invalid payload: must specify monitor_ids"
            missing = [each for each in ids if each not in self._organisation.monitors]
            return f"Invalid payload: monitors not found: {missing}" if missing else _thresholds_refusal(sent)
        specification = sent.get("sli_specification") or {}
        if kind == "time_slice":
            return None if "time_slice" in specification else "Invalid payload: must specify sli_specification"
        if "count" not in specification and not sent.get("query"):
            return "Invalid payload: must specify the query for count types"
        counts = (sent.get("query") or {}).values()
        if any(".as_count()" not in each for each in counts):
            return "Invalid payload: queries of count types must use as_count()"
        return _thresholds_refusal(sent)

    def _users(self, identifier: str) -> list[int]:
        alerts = (body for body in self._organisation.monitors.values() if body["type"] == "slo alert")
        return [body["id"] for body in alerts if f'"{identifier}"' in body["query"]]


def _as_found(body: Mapping[str, Any]) -> Body:
    """Return an SLO as a search shows it."""
    same = ("name", "description", "thresholds", "created_at", "modified_at", "timeframe", "target_threshold")
    attributes = {name: body[name] for name in same} | {"slo_type": body["type"], "all_tags": body["tags"]}
    return {"data": {"type": "slo", "id": body["id"], "attributes": attributes}}


def _not_found(identifier: str) -> Answer:
    return errors(404, f"SLO not found: {identifier} not found")


def _used(monitors: Iterable[int]) -> str:
    return f"used in monitors: {list(monitors)}"


def _thresholds_refusal(sent: Mapping[str, Any]) -> str | None:
    thresholds = sent.get("thresholds")
    if not thresholds:
        return "Invalid payload: must specify thresholds"
    for each in thresholds:
        if each.get("warning") is not None and each["warning"] <= each["target"]:
            return "Invalid payload: warning must be above target"
    return None


def _threshold(sent: Mapping[str, Any]) -> Body:
    numbers = {name: float(sent[name]) for name in ("target", "warning") if sent.get(name) is not None}
    shown = {f"{name}_display": f"{value:.10f}".rstrip("0") for name, value in numbers.items()}
    return {"timeframe": sent["timeframe"], **numbers, **shown}


def _ordered(tags: list[str], before: list[str]) -> list[str]:
    """Return tags in an order that no write changes: sorted at first, and what comes later at the end."""
    kept = [tag for tag in before if tag in tags]
    return [*kept, *sorted(set(tags) - set(kept))]


def _specified(specification: Mapping[str, Any]) -> Body:
    """Return what Datadog keeps of a specification, and the query that it makes of one that counts."""
    if "time_slice" in specification:
        slices = {"query_interval_seconds": _SLICE_SECONDS, **specification["time_slice"]}
        return {"sli_specification": {**specification, "time_slice": slices}}
    counts = specification["count"]
    good = _written_out("good_events_formula", counts)
    whole = (
        _written_out("total_events_formula", counts)
        if "total_events_formula" in counts
        else f"({good}) + ({_written_out('bad_events_formula', counts)})"
    )
    return {"sli_specification": specification, "query": {"numerator": good, "denominator": whole}}


def _written_out(name: str, counts: Mapping[str, Any]) -> str:
    queries = {each["name"]: each["query"] for each in counts["queries"]}
    formula = counts[name]["formula"]
    return re.sub(r"\w+", lambda found: queries.get(found.group(), found.group()), formula)

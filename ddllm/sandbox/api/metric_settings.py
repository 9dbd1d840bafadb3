"""What an organisation says of its metrics: metadata (v1), and which tags and percentiles can be queried (v2)."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from ddllm.catalog import BY_NAME
from ddllm.query.series import Series
from ddllm.sandbox.api.http import Answer, Request, Route, errors
from ddllm.sandbox.api.models import model_error

Body = dict[str, Any]

_TYPE = "manage_tags"
_METADATA = ("type", "description", "short_name", "unit", "per_unit", "statsd_interval", "integration")
_INTEGRATIONS = ("system.", "aws.", "datadog.")  # Datadog's own metrics, of which there are many more
_AGGREGATIONS = {"count": [{"time": "sum", "space": "sum"}], "gauge": [{"time": "avg", "space": "avg"}]}
_SHORTEST_WINDOW = 4 * 3600
_PAGE_SIZE = 10_000


class MetricSettings:
    """The settings of the metrics that `source` gives the series of. `now` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float], source: Callable[[str], Iterable[Series]]) -> None:
        self._now = now
        self._source = source
        self._metadata: dict[str, Body] = {}
        self._configurations: dict[str, Body] = {}
        self._reads = 0

    def __repr__(self) -> str:
        return f"<MetricSettings: metadata of {sorted(self._metadata)}, tags of {sorted(self._configurations)}>"

    def metadata(self, name: str) -> Body:
        """Return what is said of a metric; of one that nobody wrote about, nothing but nulls."""
        return {**dict.fromkeys(_METADATA), **self._metadata.get(name, {})}

    def configuration(self, name: str) -> Body | None:
        """Return a metric's tag configuration, None where it has none."""
        return self._configurations.get(name)

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        tags = "/api/v2/metrics/{name}/tags"
        return [
            Route("GET", "/api/v1/metrics/{name}", self._get_metadata),
            Route("PUT", "/api/v1/metrics/{name}", self._put_metadata),
            Route("GET", "/api/v2/metrics", self._list),
            Route("GET", "/api/v2/metrics/{name}/all-tags", self._all_tags),
            Route("GET", tags, self._get),
            Route("POST", tags, self._create),
            Route("PATCH", tags, self._update),
            Route("DELETE", tags, self._delete),
        ]

    # -- metadata

    def _get_metadata(self, _request: Request, name: str) -> Answer:
        return Answer(200, self.metadata(name))

    def _put_metadata(self, request: Request, name: str) -> Answer:
        reason = model_error("MetricMetadata", request.body)
        if reason:
            return errors(400, reason)
        if not self._reports(name):
            return errors(404, f"{name} not found")
        sent = {key: value for key, value in request.body.items() if key in _METADATA and key != "integration"}
        self._metadata[name] = {**self._metadata.get(name, {}), **sent}
        return Answer(200, {**sent, "integration": None})

    # -- tags and percentiles

    def _list(self, request: Request) -> Answer:
        """List the metrics that report, each with its configuration where it has one."""
        found = [name for name in BY_NAME if self._reports(name) and self._is_asked_for(name, request)]
        start = int(request.query.get("page[cursor]") or 0)
        end = start + int(request.query.get("page[size]", _PAGE_SIZE))
        data = [
            self._shown(name) if name in self._configurations else {"type": "metrics", "id": name}
            for name in found[start:end]
        ]
        following = str(end) if end < len(found) else None
        return Answer(200, {"data": data, "meta": {"pagination": {"next_cursor": following}}})

    def _is_asked_for(self, name: str, request: Request) -> bool:
        held = self._configurations.get(name, {})
        has = {"filter[configured]": bool(held), "filter[include_percentiles]": bool(held.get("include_percentiles"))}
        return all(value == (request.query[key] == "true") for key, value in has.items() if key in request.query)

    def _all_tags(self, request: Request, name: str) -> Answer:
        if int(request.query.get("window[seconds]", _SHORTEST_WINDOW)) < _SHORTEST_WINDOW:
            return errors(400, "Invalid window[seconds]: the minimum is 14400")
        tags = sorted({tag for series in self._source(name) for tag in series.tags})
        if not tags and not self._reports(name):
            return errors(404, f"{name} not found")
        held = self._configurations.get(name)
        indexed = [
            tag
            for tag in tags
            if held is None or (tag.partition(":")[0] in held["tags"]) != held.get("exclude_tags_mode", False)
        ]
        attributes = {"tags": indexed, "ingested_tags": [tag for tag in tags if tag not in indexed]}
        return Answer(200, {"data": {"type": "metrics", "id": name, "attributes": attributes}})

    def _get(self, _request: Request, name: str) -> Answer:
        return Answer(200, {"data": self._shown(name)}) if name in self._configurations else _not_found(name)

    def _create(self, request: Request, name: str) -> Answer:
        reason = model_error("MetricTagConfigurationCreateRequest", request.body, "v2") or _refusal(name, request.body)
        if reason:
            return errors(400, reason)
        kind = self._kind(name)
        if kind is None:
            return _not_found(name)
        attributes = request.body["data"]["attributes"]
        if attributes["metric_type"] != kind:
            return errors(400, f"Invalid metric_type: {name} is a {kind}")
        if name in self._configurations:
            return errors(409, f"The tag configuration conflicts with that of {name}: use PATCH to update it")
        stamps = {"created_at": self._stamp(), "modified_at": self._stamp()}
        aggregations = {"aggregations": _AGGREGATIONS[kind]} if kind in _AGGREGATIONS else {}
        self._configurations[name] = {**aggregations, **attributes, **stamps}
        return Answer(201, {"data": self._shown(name)})

    def _update(self, request: Request, name: str) -> Answer:
        reason = model_error("MetricTagConfigurationUpdateRequest", request.body, "v2") or _refusal(name, request.body)
        if reason:
            return errors(400, reason)
        if name not in self._configurations:
            return _not_found(name)
        attributes = request.body["data"]["attributes"]
        if "metric_type" in attributes:
            return errors(400, "Invalid request body: metric_type cannot be changed")
        self._configurations[name] = {**self._configurations[name], **attributes, "modified_at": self._stamp()}
        return Answer(200, {"data": self._shown(name)})

    def _delete(self, _request: Request, name: str) -> Answer:
        return Answer(204, None) if self._configurations.pop(name, None) else _not_found(name)

    def _shown(self, name: str) -> Body:
        """Return a configuration as an answer shows it: its tags in an order that changes from read to read."""
        held = self._configurations[name]
        self._reads += 1
        turn = self._reads % (len(held["tags"]) or 1)
        return {"type": _TYPE, "id": name, "attributes": {**held, "tags": held["tags"][turn:] + held["tags"][:turn]}}

    def _reports(self, name: str) -> bool:
        return self._kind(name) is not None

    def _kind(self, name: str) -> str | None:
        return next((series.kind for series in self._source(name)), None)

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).isoformat()


def _refusal(name: str, body: Body) -> str | None:
    attributes = body["data"]["attributes"]
    if name.startswith(_INTEGRATIONS):
        return "Cannot configure tags on metric because metric is an integration metric"
    if body["data"]["id"] != name:
        return "Metric name in request body does not match the one in the URL"
    if attributes.get("exclude_tags_mode") and not attributes.get("tags"):
        return "exclude_tags_mode needs at least one tag"
    if attributes.get("include_percentiles") and attributes.get("metric_type", "distribution") != "distribution":
        return "include_percentiles is for distribution metrics"
    return None


def _not_found(name: str) -> Answer:
    return errors(404, f"{name} not found")

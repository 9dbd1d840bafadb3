"""What an organisation says of ddllm's metrics: metadata, and percentiles of distributions. Known by the metric's name.

A metric exists once it reports, so none is ever created or deleted, and since projects share it, wishes add up: nothing that a
definition does not name is compared, percentiles are only switched on, and the tags that can be queried never become fewer.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from ddllm.api.datadog import Datadog
from ddllm.api.metrics import LONGEST_WINDOW
from ddllm.api.metrics import metrics as reporting
from ddllm.catalog import BY_NAME, UNIFIED_TAGS
from ddllm.definitions import metrics
from ddllm.definitions.definition import Definition
from ddllm.errors import ApiError
from ddllm.sync.identity import Owner
from ddllm.sync.normalise import Body, Normaliser, Row, gone, text, unless
from ddllm.sync.remote import PARALLEL
from ddllm.sync.resource import Remote, Resource

_NOT_FOUND = 404
_CONFLICT = 409
_METADATA = ("description", "short_name", "unit", "per_unit")
_SERVERS = (
    *("type", "integration", "statsd_interval"),
    *("metric_type", "tags", "exclude_tags_mode", "aggregations", "created_at", "modified_at"),
)

_ROWS = (
    *(Row(name, "null where nobody said anything", text, managed=False) for name in _METADATA),
    Row("include_percentiles", "absent is off", unless(False), managed=False),
    *(Row(name, "the server's own, or of whoever chose the tags", gone) for name in _SERVERS),
)


class Metrics(Resource):
    """The kind `metrics`."""

    kind = metrics.KIND
    noun = "metric"
    normaliser = Normaliser(version=1, rows=_ROWS)
    rank = 10  # before the monitors that read them by percentile
    has_mark = False
    is_owned = False
    is_unique = True

    def wanted(self, definition: Definition, owner: Owner) -> Body:  # noqa: ARG002 - it has no owner
        """Return what the catalogue says."""
        return dict(definition.body)

    def marked(self, body: Mapping[str, Any], mark: str) -> Body:  # noqa: ARG002 - it has no place for one
        """Return the body."""
        return dict(body)

    def listing(self, api: Datadog, owner: Owner) -> Iterable[Remote]:  # noqa: ARG002 - as above
        """Read which of the catalogue's metrics report and how they are configured, then the metadata of each."""
        configured = {
            each["id"]: each.get("attributes") or {}
            for each in reporting(api, window=LONGEST_WINDOW)
            if each["id"] in BY_NAME
        }
        with ThreadPoolExecutor(PARALLEL) as pool:
            said = pool.map(lambda name: api.get(_metadata_path(name)), configured)
            return [
                _remote(api, name, metadata, configured[name]) for name, metadata in zip(configured, said, strict=True)
            ]

    def find(self, api: Datadog, owner: Owner, key: str) -> Iterable[Remote]:  # noqa: ARG002 - as above
        """Return none: what the list leaves out does not report, and asking again 40 times would not make it."""
        return ()

    def read(self, api: Datadog, owner: Owner, identifier: int | str) -> Remote | None:  # noqa: ARG002 - as above
        """Read one that reports."""
        name = str(identifier)
        try:
            configured = api.get(_tags_path(name))["data"]["attributes"]
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise
            configured = {}
        return _remote(api, name, api.get(_metadata_path(name)), configured)

    def pending(self, definition: Definition) -> str | None:  # noqa: ARG002 - the same for all
        """Return that a metric comes into being by reporting."""
        return "not reporting yet: sync again once an application has sent it"

    def refusal(self, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:  # noqa: ARG002 - it does not matter what
        """Refuse metrics of an integration, which Datadog itself describes."""
        return f"it belongs to Datadog's integration {held['integration']}" if held.get("integration") else None

    def create(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:  # noqa: ARG002 - nothing helps
        """Fail: nobody can."""
        raise ApiError("a metric comes into being by reporting")

    def update(self, api: Datadog, owner: Owner, held: Remote, body: Mapping[str, Any]) -> Remote:
        """Write the metadata where it differs, and switch percentiles on where they are wanted and off."""
        metadata = {name: body[name] for name in _METADATA if body.get(name) is not None}
        if any(held.body.get(name) != value for name, value in metadata.items()):
            api.put(_metadata_path(held.key), metadata)
        if body.get("include_percentiles") and not held.body.get("include_percentiles"):
            _switch_on_percentiles(api, held)
        return self.read(api, owner, held.id) or held

    def delete(self, api: Datadog, held: Remote) -> None:  # noqa: ARG002 - as above
        """Do nothing: a metric goes when it no longer reports."""
        return


def _switch_on_percentiles(api: Datadog, held: Remote) -> None:
    """Change a configuration without naming its tags; where there is none, make one that names every tag there is."""
    on = {"include_percentiles": True}
    if "tags" not in held.body:
        attributes = {**on, "metric_type": "distribution", "tags": _every_tag(api, held.key)}
        try:
            api.post(_tags_path(held.key), _configuration(held.key, attributes))
        except ApiError as error:
            if error.status != _CONFLICT:  # somebody made one since it was read
                raise
        else:
            return
    api.patch(_tags_path(held.key), _configuration(held.key, on))


def _every_tag(api: Datadog, name: str) -> list[str]:
    """Return the keys of all tags: a configuration is a list of those that can be queried, and the rest would be lost."""
    path = f"/api/v2/metrics/{quote(name, safe='')}/all-tags"
    attributes = api.get(path, {"window[seconds]": LONGEST_WINDOW})["data"]["attributes"]
    seen = [*(attributes.get("tags") or ()), *(attributes.get("ingested_tags") or ())]
    return sorted({*(tag.partition(":")[0] for tag in seen), *BY_NAME[name].tags, *UNIFIED_TAGS})


def _configuration(name: str, attributes: Mapping[str, Any]) -> Body:
    return {"data": {"type": "manage_tags", "id": name, "attributes": attributes}}


def _metadata_path(name: str) -> str:
    return f"/api/v1/metrics/{quote(name, safe='')}"


def _tags_path(name: str) -> str:
    return f"/api/v2/metrics/{quote(name, safe='')}/tags"


def _remote(api: Datadog, name: str, metadata: Mapping[str, Any], configured: Mapping[str, Any]) -> Remote:
    page = f"{api.connection.app_url}/metric/summary?metric={quote(name)}"
    return Remote(name, name, None, page, {**metadata, **configured})


RESOURCE = Metrics()

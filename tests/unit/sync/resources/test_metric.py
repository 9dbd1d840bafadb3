"""Settings of metrics: said once, percentiles only switched on, tags that can be queried never fewer, nothing ever deleted."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ddllm import catalog
from ddllm.errors import DefinitionError
from ddllm.query.series import Series
from ddllm.query.sketch import Sketch
from ddllm.sandbox.api import DatadogApi
from ddllm.sync.resources.metric import RESOURCE
from tests.support.conformance import second_sync, sessions, unexplained
from tests.support.datadog import client, organisation
from tests.support.http_json import caller
from tests.support.repository import MONITORS, Repository
from tests.support.syncing import Syncing

TTFT = "/api/v2/metrics/ddllm.ttft/tags"
TAGS = ("cluster:a", "env:prod", "model_name:m", "service:chat")


def reporting(metric: str) -> Iterator[Series]:
    if metric in {"ddllm.ttft", "ddllm.duration"}:
        yield Series(metric, "distribution", TAGS, sketches={600: Sketch([1.0])})
    elif metric in {"ddllm.requests", "not.ours"}:
        yield Series(metric, "count", TAGS, points={600: 1.0})


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation(metrics=reporting) as api:
        yield api


@pytest.fixture
def syncing(api: DatadogApi, tmp_path: Path) -> Iterator[Syncing]:
    Repository(tmp_path, slow=MONITORS)
    with client(api) as datadog:
        yield Syncing(datadog, tmp_path, "metrics")


def configured(api: DatadogApi, name: str = "ddllm.ttft") -> dict[str, Any]:
    held = api.metrics.configuration(name)
    assert held is not None
    return held


def create(api: DatadogApi, **attributes: Any) -> None:
    data = {"type": "manage_tags", "id": "ddllm.ttft", "attributes": {"metric_type": "distribution", **attributes}}
    assert caller(api.url)("POST", TTFT, {"data": data})[0] == 201
    api.requests.clear()


def test_what_reports_is_described_and_a_second_sync_writes_nothing(api: DatadogApi, syncing: Syncing):
    syncing.sync()
    said = api.metrics.metadata("ddllm.ttft")
    assert (said["description"], said["unit"], said["short_name"]) == (catalog.TTFT.description, "second", "ttft")
    assert said["type"] is None
    api.requests.clear()
    plan = syncing.plan()
    assert (plan.writes, plan.unchanged, api.writes) == (0, 3, [])
    assert [each.path for each in api.requests].count("/api/v2/metrics") == 1
    assert len(api.requests) == 4


def test_what_does_not_report_yet_is_waited_for(syncing: Syncing):
    plan = syncing.plan()
    waiting = {each.definition.key: each.reason for each in plan.pending}
    assert len(waiting) == len(catalog.METRICS) - 3
    assert waiting["ddllm.cost"] == "not reporting yet: sync again once an application has sent it"


def test_percentiles_are_switched_on_where_a_definition_reads_them(api: DatadogApi, syncing: Syncing):
    syncing.sync()
    assert configured(api)["include_percentiles"] is True
    assert api.metrics.configuration("ddllm.duration") is None


def test_a_new_configuration_names_every_tag_there_is(api: DatadogApi, syncing: Syncing):
    syncing.sync()
    assert {"cluster", "env", "model_name", "service"} <= set(configured(api)["tags"])
    assert {*catalog.TTFT.tags, *catalog.UNIFIED_TAGS} <= set(configured(api)["tags"])


def test_a_configuration_that_is_there_is_changed_without_naming_its_tags(api: DatadogApi, syncing: Syncing):
    create(api, tags=["cluster"], exclude_tags_mode=True)
    syncing.sync()
    assert (
        configured(api).items() >= {"tags": ["cluster"], "exclude_tags_mode": True, "include_percentiles": True}.items()
    )
    [patch] = [each for each in api.writes if each.path == TTFT]
    assert (patch.method, patch.body["data"]["attributes"]) == ("PATCH", {"include_percentiles": True})


def test_one_that_somebody_makes_meanwhile_is_changed_so(api: DatadogApi, syncing: Syncing):
    held = RESOURCE.read(syncing.datadog, syncing.plan().owner, "ddllm.ttft")
    assert held is not None
    create(api, tags=["env"])
    RESOURCE.update(syncing.datadog, syncing.plan().owner, held, {"include_percentiles": True})
    assert [(each.method, each.status) for each in api.writes] == [("POST", 409), ("PATCH", 200)]
    assert configured(api)["tags"] == ["env"]


def test_the_wishes_of_others_stay(api: DatadogApi, syncing: Syncing):
    create(api, tags=["env"], include_percentiles=True)
    Repository(syncing.folder).write(
        "monitors/slow.yaml", MONITORS.replace("percentile(", "avg(").replace("p95:", "avg:")
    )
    syncing.sync()
    assert configured(api)["include_percentiles"] is True
    caller(api.url)("PUT", "/api/v1/metrics/ddllm.requests", {"per_unit": "minute", "statsd_interval": 10})
    assert syncing.plan().writes == 0
    syncing.sync(prune=True)
    assert api.metrics.metadata("ddllm.requests")["per_unit"] == "minute"


def test_a_description_that_somebody_changed_is_written_again(api: DatadogApi, syncing: Syncing):
    syncing.sync()
    caller(api.url)("PUT", "/api/v1/metrics/ddllm.ttft", {"description": "theirs"})
    [step] = syncing.plan().steps
    assert [change.path for change in step.changes] == [("description",)]
    syncing.sync()
    assert api.metrics.metadata("ddllm.ttft")["description"] == catalog.TTFT.description
    assert [each.path for each in api.writes][-1] == "/api/v1/metrics/ddllm.ttft"


def test_a_type_is_never_written(api: DatadogApi, syncing: Syncing):
    syncing.sync()
    assert not any("type" in each.body for each in api.writes if each.path.startswith("/api/v1/"))


def test_a_metric_of_an_integration_is_refused(syncing: Syncing, monkeypatch: pytest.MonkeyPatch):
    held = RESOURCE.read(syncing.datadog, syncing.plan().owner, "ddllm.ttft")
    assert held is not None
    integrated = type(held)(
        **{**{name: getattr(held, name) for name in held.__slots__}, "body": {"integration": "aws"}}
    )
    monkeypatch.setattr(RESOURCE, "listing", lambda _api, _owner: [integrated], raising=False)
    monkeypatch.setattr(RESOURCE, "read", lambda _api, _owner, _id: integrated, raising=False)
    with pytest.raises(DefinitionError, match=r"`ddllm\.ttft`: it belongs to Datadog's integration aws"):
        syncing.plan()


def objects(answer: Any) -> Iterable[Mapping[str, Any]]:
    data = answer.get("data")
    return (
        [{**data["attributes"], "id": data["id"]}]
        if isinstance(data, dict) and "metric_type" in data["attributes"]
        else []
    )


def test_a_second_sync_of_recorded_configurations_does_nothing():
    recorded = [
        [{**each, "sent": each["sent"]["data"]["attributes"] if each["sent"] else None} for each in session]
        for session in sessions(r"/api/v2/metrics/Test\w+/tags\Z")
    ]
    assert len(recorded) > 3
    found = [each for one in recorded for each in second_sync(RESOURCE.normaliser, one, objects)]
    assert unexplained(found, {}) == []

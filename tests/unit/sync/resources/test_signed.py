"""Notification rules and retention filters carry their marks at the end of their name; what is ours is synced, the rest left alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ddllm.sandbox.api import DatadogApi
from ddllm.sync.compare import Cause
from ddllm.sync.resources import resources
from ddllm.sync.signed import unsigned
from tests.support.conformance import second_sync, sessions, unexplained
from tests.support.datadog import client, organisation
from tests.support.http_json import caller
from tests.support.repository import Repository
from tests.support.syncing import Syncing

RULE = "notification_rules: {quiet: {filter: {tags: ['team:ml', 'env:prod']}, recipients: [slack-ml, slack-ops]}}"
COLLECTOR = 'context: {url: "https://x.example/hook", token: "${secret:T}"}'


@dataclass(frozen=True)
class Case:
    """One kind: what makes one of it, what changes it, and an object of somebody else's."""

    kind: str
    key: str
    routing: str
    drift: Mapping[str, Any]
    held: Callable[[DatadogApi], Any]
    foreign: Mapping[str, Any]
    mark: str


CASES = {
    "notifications": Case(
        "notifications",
        "quiet",
        RULE,
        {"recipients": ["slack-theirs"]},
        lambda api: api.notification_rules,
        {"name": "theirs", "filter": {"scope": "env:prod"}, "recipients": ["slack-x"]},
        "1-7427f63353717b34",
    ),
    "retention": Case(
        "retention",
        "exemplars",
        COLLECTOR,
        {"rate": 0.5},
        lambda api: api.retention_filters,
        {
            "name": "theirs",
            "enabled": True,
            "filter": {"query": "*"},
            "filter_type": "spans-sampling-processor",
            "rate": 1,
        },
        "1-52ce469366d33625",
    ),
}


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation() as api:
        yield api


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def syncing(api: DatadogApi, tmp_path: Path, case: Case) -> Iterator[Syncing]:
    Repository(tmp_path).write("monitors/routing.yaml", case.routing)
    with client(api) as datadog:
        yield Syncing(datadog, tmp_path, case.kind)


def causes(syncing: Syncing) -> list[Cause]:
    return [step.cause for step in syncing.plan().steps]


def test_one_is_made_and_a_second_sync_is_one_request(api: DatadogApi, syncing: Syncing, case: Case):
    assert len(syncing.sync()) == 1
    [held] = case.held(api).all()
    name, _, marks = held["attributes"]["name"].partition(" [")
    assert name
    assert marks.startswith(f"ddllm:shop/prod/{case.key} ddllm_applied:1-")
    api.requests.clear()
    assert causes(syncing) == []
    assert [each.method for each in api.requests] == ["GET"]


def test_an_edit_in_datadog_is_drift_and_overwritten(api: DatadogApi, syncing: Syncing, case: Case):
    syncing.sync()
    [held] = case.held(api).all()
    case.held(api).edit(held["id"], **case.drift)
    assert causes(syncing) == [Cause.DRIFT]
    syncing.sync()
    assert causes(syncing) == []


def test_a_new_name_in_datadog_keeps_its_marks_and_is_drift(api: DatadogApi, syncing: Syncing, case: Case):
    syncing.sync()
    [held] = case.held(api).all()
    _, _, marks = held["attributes"]["name"].partition(" [")
    case.held(api).edit(held["id"], name=f"Theirs [{marks}")
    [step] = syncing.plan().steps
    assert (step.cause, [change.path for change in step.changes]) == (Cause.DRIFT, [("name",)])


def test_objects_of_others_are_never_touched(api: DatadogApi, syncing: Syncing, case: Case):
    resource: Any = resources()[case.kind]
    for name in ("theirs", "x [ddllm:shop/staging/quiet]", "x [ddllm:other/prod/quiet ddllm_applied:1-0]"):
        body = {"data": {"type": resource.type, "attributes": {**case.foreign, "name": name}}}
        assert caller(api.url)("POST", resource.path, body)[0] == 200
    before = [dict(each) for each in case.held(api).all()]
    syncing.sync()
    Repository(syncing.folder).write("monitors/routing.yaml", "routes: []")
    syncing.sync(prune=True)
    assert case.held(api).all() == before


def test_one_without_a_definition_is_deleted_where_that_is_asked_for(api: DatadogApi, syncing: Syncing, case: Case):
    syncing.sync()
    Repository(syncing.folder).write("monitors/routing.yaml", "routes: []")
    assert [each.remote.key for each in syncing.plan().orphans] == [case.key]
    syncing.sync(prune=True)
    assert case.held(api).all() == []


def test_environments_stand_beside_each_other(api: DatadogApi, syncing: Syncing, case: Case):
    syncing.sync()
    syncing.env = "staging"
    syncing.sync()
    assert len(case.held(api).all()) == 2


def test_one_that_is_gone_reads_as_none(syncing: Syncing, case: Case):
    [outcome] = syncing.sync()
    resource = resources()[case.kind]
    for _ in range(2):
        resource.delete(syncing.datadog, outcome.remote)
    assert resource.read(syncing.datadog, syncing.plan().owner, outcome.remote.id) is None


def test_marks_of_this_version_stay_what_they_are(syncing: Syncing, case: Case):
    """A change of these marks makes every object of every user look changed: it needs a new version of the normaliser."""
    [step] = syncing.plan().steps
    assert resources()[case.kind].normaliser.mark_of(step.wanted) == case.mark


def test_the_order_of_tags_and_recipients_means_nothing(api: DatadogApi, tmp_path: Path):
    Repository(tmp_path).write("monitors/routing.yaml", RULE)
    with client(api) as datadog:
        syncing = Syncing(datadog, tmp_path, "notifications")
        syncing.sync()
        [held] = api.notification_rules.all()
        turned = {"filter": {"tags": ["env:prod", "team:ml"]}, "recipients": ["slack-ops", "slack-ml"]}
        api.notification_rules.edit(held["id"], **turned)
        assert causes(syncing) == []


def test_rules_are_read_page_after_page(api: DatadogApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ddllm.sync.resources.notification_rule._PER_PAGE", 2)
    rules = ", ".join(f"rule-{name}: {{filter: {{tags: ['a:{name}']}}, recipients: [x]}}" for name in "abc")
    Repository(tmp_path).write("monitors/routing.yaml", f"notification_rules: {{{rules}}}")
    with client(api) as datadog:
        syncing = Syncing(datadog, tmp_path, "notifications")
        assert len(syncing.sync()) == 3
        assert causes(syncing) == []


def objects(answer: Any) -> Iterable[Mapping[str, Any]]:
    data = answer.get("data") or []
    return [{**each["attributes"], "id": each["id"]} for each in (data if isinstance(data, list) else [data])]


def attributes(session: Any) -> list[Any]:
    """Return a session in which what was sent is the body that we compare."""
    return [{**each, "sent": each["sent"]["data"]["attributes"] if each["sent"] else None} for each in session]


@pytest.mark.parametrize("kind", CASES)
def test_a_second_sync_of_recorded_objects_does_nothing(kind: str):
    resource: Any = resources()[kind]
    recorded = [attributes(each) for each in sessions(rf"{resource.path}(/|\Z)")]
    assert len(recorded) > 5
    found = [each for one in recorded for each in second_sync(resource.normaliser, one, objects)]
    fields = {"recipients": "conditional ones took their place"} if kind == "notifications" else {}
    assert unexplained(found, fields) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Quiet [ddllm:shop/prod/quiet]", "Quiet"),
        ("Quiet [ddllm:shop/prod/quiet ddllm_applied:1-0123456789abcdef]  ", "Quiet"),
        ("[important] Quiet [ddllm:shop/prod/quiet]", "[important] Quiet"),
        ("Quiet [important]", "Quiet [important]"),
        (7, 7),
    ],
)
def test_a_name_is_compared_without_its_marks(name: Any, told: Any):
    assert unsigned(name) == told

"""The collector's webhook: made once, compared by what it sends, its headers neither compared nor kept."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ddllm.sandbox.api import DatadogApi
from ddllm.sync.compare import Cause, compare
from ddllm.sync.resources.webhook import RESOURCE
from tests.support.conformance import second_sync, sessions, unexplained
from tests.support.datadog import client, organisation
from tests.support.http_json import caller
from tests.support.repository import Repository
from tests.support.syncing import Syncing

PATH = "/api/v1/integration/webhooks/configuration/webhooks"
NAME = "ddllm-shop-prod-context"
ROUTING = 'context: {url: "https://context.example.com/hook", token: "${secret:HOOK}"}'


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation() as api:
        yield api


@pytest.fixture
def syncing(api: DatadogApi, tmp_path: Path) -> Iterator[Syncing]:
    Repository(tmp_path).write("monitors/routing.yaml", ROUTING)
    with client(api) as datadog:
        yield Syncing(datadog, tmp_path, "webhooks", {"HOOK": 'a "token"'})


def causes(syncing: Syncing) -> list[Cause]:
    return [step.cause for step in syncing.plan().steps]


def test_it_is_made_once_with_its_headers(api: DatadogApi, syncing: Syncing):
    assert len(syncing.sync()) == 1
    [held] = api.webhooks.all()
    assert (held["name"], held["url"], held["encode_as"]) == (NAME, "https://context.example.com/hook", "json")
    assert json.loads(held["custom_headers"]) == {"Authorization": 'Bearer a "token"'}
    payload = json.loads(held["payload"])
    assert (payload["cycle_key"], payload["transition"]) == ("$ALERT_CYCLE_KEY", "$ALERT_TRANSITION")
    assert payload["ddllm_applied"].startswith("1-")
    assert causes(syncing) == []


@pytest.mark.parametrize(
    "values", [{"custom_headers": '{"Authorization": "theirs"}'}, {"auth_method_id": "x"}, {"encode_as": "json"}]
)
def test_what_is_not_ours_is_no_difference(api: DatadogApi, syncing: Syncing, values: dict[str, Any]):
    syncing.sync()
    api.webhooks.edit(NAME, **values)
    assert causes(syncing) == []


def test_white_space_in_the_payload_is_no_difference(api: DatadogApi, syncing: Syncing):
    syncing.sync()
    api.webhooks.edit(NAME, payload=json.dumps(json.loads(api.webhooks.all()[0]["payload"]), sort_keys=True))
    assert causes(syncing) == []


def test_an_edit_in_datadog_is_drift(api: DatadogApi, syncing: Syncing):
    syncing.sync()
    api.webhooks.edit(NAME, url="https://elsewhere.example.com")
    assert causes(syncing) == [Cause.DRIFT]
    syncing.sync()
    assert api.webhooks.all()[0]["url"] == "https://context.example.com/hook"
    assert causes(syncing) == []


def test_an_edit_of_the_file_is_a_change(syncing: Syncing):
    syncing.sync()
    Repository(syncing.folder).write("monitors/routing.yaml", ROUTING.replace("/hook", "/other"))
    assert causes(syncing) == [Cause.CHANGE]
    syncing.sync()
    assert causes(syncing) == []


@pytest.mark.parametrize("payload", ["", "{id: $ID}", "[]", "null"])
def test_a_payload_that_says_something_else_is_replaced(api: DatadogApi, syncing: Syncing, payload: str):
    syncing.sync()
    api.webhooks.edit(NAME, payload=payload)
    assert causes(syncing) == [Cause.CHANGE]
    syncing.sync()
    assert causes(syncing) == []


def test_the_token_is_seen_nowhere(syncing: Syncing):
    syncing.environ = {"HOOK": "planted-token-0123"}
    plans = [syncing.plan()]
    syncing.sync()
    Repository(syncing.folder).write("monitors/routing.yaml", ROUTING.replace("/hook", "/other"))
    plans.append(syncing.plan())
    syncing.sync()
    journals = [path.read_text("utf-8") for path in (syncing.folder / ".ddllm").rglob("*.jsonl")]
    assert len(journals) == 2
    seen = f"{[(step.changes, step.wanted, step.held) for plan in plans for step in plan.steps]} {journals}"
    assert "planted-token-0123" not in seen


def test_the_webhooks_of_others_are_left_alone(api: DatadogApi, syncing: Syncing):
    for name in ("theirs", "ddllm-shop-staging-context"):
        caller(api.url)("POST", PATH, {"name": name, "url": "https://theirs.example.com"})
    before = [dict(each) for each in api.webhooks.all()]
    syncing.sync()
    Repository(syncing.folder).write("monitors/routing.yaml", "routes: []")
    syncing.sync(prune=True)
    assert api.webhooks.all() == before


def test_one_without_a_definition_is_an_orphan(syncing: Syncing):
    syncing.sync()
    Repository(syncing.folder).write("monitors/routing.yaml", "routes: []")
    assert [each.remote.key for each in syncing.plan().orphans] == ["context"]


def test_what_a_journal_kept_of_it_can_be_put_back(api: DatadogApi, syncing: Syncing):
    [outcome] = syncing.sync()
    body = {name: value for name, value in outcome.remote.body.items() if name not in RESOURCE.hidden}
    api.webhooks.edit(NAME, url="https://elsewhere.example.com")
    RESOURCE.update(syncing.datadog, syncing.plan().owner, outcome.remote, body)
    [held] = api.webhooks.all()
    assert held["url"] == "https://context.example.com/hook"
    assert json.loads(held["custom_headers"])["Authorization"] == 'Bearer a "token"'
    for _ in range(2):
        RESOURCE.delete(syncing.datadog, outcome.remote)
    assert api.webhooks.all() == []


def objects(answer: Any) -> Iterable[Mapping[str, Any]]:
    return [{**answer, "id": answer["name"]}] if "name" in answer else []


def test_a_second_sync_of_recorded_webhooks_does_nothing():
    recorded = list(sessions(PATH))
    assert len(recorded) > 3
    found = [each for one in recorded for each in second_sync(RESOURCE.normaliser, one, objects)]
    assert unexplained(found, {"payload": "Datadog's own, where none was sent: a definition has one always"}) == []


def test_marks_of_this_version_stay_what_they_are():
    """A change of these marks makes every object of every user look changed: it needs a new version of the normaliser."""
    body = {"name": NAME, "url": "https://x.example", "payload": {"id": "$ID"}, "custom_headers": {"A": "b"}}
    assert RESOURCE.normaliser.mark_of(body) == MARK
    assert compare(RESOURCE.normaliser, body, {**body, "payload": '{"id": "$ID"}'}, MARK).cause is None


MARK = "1-7b79c169c571da97"

"""PagerDuty services are made once, their key is written and never seen again, and nothing else happens to them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ddllm.errors import SyncError
from ddllm.sandbox.api import DatadogApi
from ddllm.sync.apply import PartialSyncError
from ddllm.sync.compare import Cause
from ddllm.sync.resources.pagerduty import RESOURCE
from tests.support.datadog import client, organisation
from tests.support.repository import Repository
from tests.support.syncing import Syncing

SERVICES = "/api/v1/integration/pagerduty/configuration/services"
ROUTING = 'pagerduty: {services: {llm.platform: {key: "${secret:PD_ONE}"}, search: {key: "${secret:PD_TWO}"}}}'
SECRETS = {"PD_ONE": "key-of-the-platform", "PD_TWO": "key-of-search"}


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation() as api:
        yield api


@pytest.fixture
def syncing(api: DatadogApi, tmp_path: Path) -> Iterator[Syncing]:
    Repository(tmp_path).write("monitors/routing.yaml", ROUTING)
    with client(api) as datadog:
        yield Syncing(datadog, tmp_path, "pagerduty", SECRETS)


def test_services_are_made_with_their_keys_and_a_second_sync_does_nothing(api: DatadogApi, syncing: Syncing):
    assert len(syncing.sync()) == 2
    assert api.pagerduty.keys == {"llm.platform": "key-of-the-platform", "search": "key-of-search"}
    assert (syncing.plan().writes, syncing.plan().unchanged) == (0, 2)


def test_a_service_that_somebody_made_counts_as_there(api: DatadogApi, syncing: Syncing):
    api.pagerduty.keys["search"] = "theirs"
    assert [step.definition.key for step in syncing.plan().steps] == ["llm.platform"]
    syncing.sync()
    assert api.pagerduty.keys["search"] == "theirs"


def test_one_that_somebody_makes_meanwhile_is_as_good(api: DatadogApi, syncing: Syncing):
    plan = syncing.plan()
    api.pagerduty.keys["search"] = "theirs"
    remote = RESOURCE.create(syncing.datadog, plan.owner, {"service_name": "search", "service_key": "ours"})
    assert (remote.key, api.pagerduty.keys) == ("search", {"search": "theirs"})


def test_keys_are_written_again_where_they_shall_be_rotated(api: DatadogApi, syncing: Syncing):
    syncing.sync()
    syncing.environ = {**SECRETS, "PD_TWO": "a-newer-key"}
    assert syncing.plan().writes == 0
    assert {step.cause for step in syncing.plan(rotate=True).steps} == {Cause.ROTATE}
    syncing.sync(rotate=True)
    assert api.pagerduty.keys["search"] == "a-newer-key"
    assert [each.method for each in api.writes[2:]] == ["PUT", "PUT"]


def test_a_service_that_the_file_no_longer_names_stays(api: DatadogApi, syncing: Syncing):
    syncing.sync()
    Repository(syncing.folder).write("monitors/routing.yaml", ROUTING.replace("search:", "finders:"))
    syncing.sync(prune=True)
    assert set(api.pagerduty.keys) == {"llm.platform", "search", "finders"}


def test_a_key_is_in_no_plan_and_no_journal(syncing: Syncing):
    plan = syncing.plan()
    syncing.sync()
    journals = [path.read_text("utf-8") for path in (syncing.folder / ".ddllm").rglob("*.jsonl")]
    assert journals
    seen = f"{plan!r} {[(step.changes, step.wanted) for step in plan.steps]} {journals}"
    assert not any(secret in seen for secret in SECRETS.values())


def test_a_refusal_that_repeats_the_key_is_told_without_it(api: DatadogApi, syncing: Syncing):
    Repository(syncing.folder).write("monitors/routing.yaml", 'pagerduty: {services: {a: {key: "${secret:PD_ONE}"}}}')
    syncing.environ = SECRETS
    plan = syncing.plan()
    assert plan.writes == 1
    api.dials.fail(500, method="POST", path=SERVICES, times=9)
    with pytest.raises(PartialSyncError) as caught:
        syncing.sync()
    assert "key-of-the-platform" not in str(caught.value)


def test_names_are_quoted_in_addresses(api: DatadogApi, syncing: Syncing):
    assert RESOURCE.read(syncing.datadog, syncing.plan().owner, "a/b c") is None
    assert api.requests[-1].path == f"{SERVICES}/a%2Fb%20c"


def test_an_undone_creation_is_deleted_and_a_second_time_is_fine(api: DatadogApi, syncing: Syncing):
    made = [outcome.remote for outcome in syncing.sync()]
    for remote in (*made, *made):
        RESOURCE.delete(syncing.datadog, remote)
    assert api.pagerduty.keys == {}


def test_another_failure_is_not_taken_for_absence(api: DatadogApi, syncing: Syncing):
    api.dials.fail(503, times=99)
    with pytest.raises(Exception, match="503") as caught:
        syncing.plan()
    assert not isinstance(caught.value, SyncError)

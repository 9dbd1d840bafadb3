"""Who changed what: the file, somebody in Datadog, or both."""

import json

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, delete_by_hand, held, refusal, sync, synced, written
from tests.support.repository import Repository


@pytest.fixture(autouse=True)
def _synced(api: DatadogApi, repository: Repository) -> None:
    synced(api, repository.folder)


def edit(api: DatadogApi) -> int:
    many = held(api, "Many")["id"]
    assert isinstance(many, int)
    api.monitors.edit(many, priority=5, options={"renotify_interval": 60})
    return many


def test_drift_is_key_field_and_both_values(api: DatadogApi, repository: Repository):
    many = edit(api)
    ended = ddllm(api, repository.folder, "drift", "monitors")
    assert ended.returncode == 2
    assert ended.stdout.splitlines() == [
        f"! monitors many    {api.url}/monitors/{many}",
        "    options.renotify_interval  monitors/trio.yaml:7",
        "      file     nothing",
        "      Datadog  60",
        "    priority  monitors/trio.yaml:8",
        "      file     nothing",
        "      Datadog  5",
        "shop/prod: 1 changed in Datadog, 2 as they were.",
    ]
    assert written(api) == []


def test_drift_as_json(api: DatadogApi, repository: Repository):
    edit(api)
    ended = ddllm(api, repository.folder, "drift", "monitors", "--format", "json")
    assert ended.returncode == 2
    [step] = json.loads(ended.stdout)["steps"]
    assert {each["path"]: (each["old"], each["new"]) for each in step["changes"]} == {
        "options.renotify_interval": (60, None),
        "priority": (5, None),
    }


def test_a_change_of_the_file_and_mutes_and_a_deletion_are_no_drift(api: DatadogApi, repository: Repository):
    api.monitors.edit(held(api, "Many")["id"], options={"silenced": {"*": None}})
    repository.replace("monitors/trio.yaml", "People wait.", "They wait.")
    ended = ddllm(api, repository.folder, "drift", "monitors")
    assert (ended.returncode, ended.stdout) == (0, "shop/prod: no drift, 3 as they were.\n")


def test_what_was_deleted_in_datadog_is_created_again_and_referred_to(api: DatadogApi, repository: Repository):
    delete_by_hand(api, "for many")
    delete_by_hand(api, "Many")
    assert ddllm(api, repository.folder, "drift", "monitors").returncode == 0
    sync(api, repository.folder)
    assert len(api.monitors) == 3
    assert held(api, "for many")["query"] == f"{held(api, 'Fast')['id']} && {held(api, 'Many')['id']}"


def test_a_conflict_on_one_object_stops_the_writes_to_all(api: DatadogApi, repository: Repository):
    edit(api)
    repository.replace("monitors/trio.yaml", "Many calls", "So many calls")
    repository.replace("monitors/trio.yaml", "People wait.", "They wait.")
    assert ddllm(api, repository.folder, "plan", "monitors").returncode == 2
    message = refusal(ddllm(api, repository.folder, "sync", "monitors"))
    assert message.startswith("ddllm: changed both here and in Datadog since the last sync: many. Nothing was written.")
    assert written(api) == []
    assert ddllm(api, repository.folder, "drift", "monitors").returncode == 2
    sync(api, repository.folder, "--on-drift", "overwrite")
    assert held(api, "So many")["priority"] is None
    assert held(api, "for many")["message"].endswith("\n\nThey wait.")


def test_drift_beside_a_config_change_of_another_object_is_both(api: DatadogApi, repository: Repository):
    edit(api)
    repository.replace("monitors/trio.yaml", "People wait.", "They wait.")
    told = json.loads(ddllm(api, repository.folder, "plan", "monitors", "--format", "json").stdout)
    assert {each["key"]: each["cause"] for each in told["steps"]} == {"many": "drift", "both": "config change"}

"""What is deleted: nothing without --prune, and with it no more than allowed, in an order that Datadog takes."""

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, held, refusal, sync, synced, written
from tests.support.http_json import caller
from tests.support.repository import Repository


def delete_file(repository: Repository) -> None:
    repository.write("monitors/trio.yaml", "")


def test_a_composite_is_deleted_before_its_members(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    composite = held(api, "for many")["id"]
    delete_file(repository)
    told = sync(api, repository.folder, "--prune").stdout
    assert len(api.monitors) == 0
    assert written(api)[0] == ("DELETE", f"/api/v1/monitor/{composite}")
    assert "shop/prod: 3 deleted, 0 unchanged." in told


def test_a_plan_to_prune_says_so_and_deletes_nothing(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    delete_file(repository)
    ended = ddllm(api, repository.folder, "plan", "monitors", "--prune")
    assert ended.returncode == 2
    assert "0 to create, 0 to update, 3 to delete, 0 unchanged." in ended.stdout
    assert written(api) == []


def test_orphans_alone_are_no_change(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    delete_file(repository)
    assert ddllm(api, repository.folder, "plan", "monitors").returncode == 0


@pytest.mark.parametrize("command", [["sync", "monitors", "--prune"], ["destroy", "monitors", "--yes"]], ids=" ".join)
def test_more_deletions_than_allowed_are_refused_with_nothing_written(
    api: DatadogApi, repository: Repository, command: list[str]
):
    synced(api, repository.folder)
    delete_file(repository)
    message = refusal(ddllm(api, repository.folder, *command, "--max-deletes", "2"))
    assert message.startswith("ddllm: 3 objects would be deleted, and 2 may be: ")
    assert message.endswith("Nothing was written. If that is meant: --max-deletes 3")
    assert written(api) == []


def test_what_somebody_elses_monitor_uses_is_not_deleted(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    query = " && ".join(str(held(api, name)["id"]) for name in ("Fast", "Many"))
    body = {"name": "Theirs", "type": "composite", "query": query, "message": "", "tags": []}
    assert caller(api.url)("POST", "/api/v1/monitor", body)[0] == 200
    api.requests.clear()
    delete_file(repository)
    message = refusal(ddllm(api, repository.folder, "sync", "monitors", "--prune"))
    assert message.startswith("ddllm: still in use, so it cannot be deleted: ")
    assert "referenced in composite monitors" in message
    assert written(api) == []


def test_destroy_deletes_all_of_one_environment(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    synced(api, repository.folder, env="staging")
    ended = ddllm(api, repository.folder, "destroy", "monitors", "--env", "staging", "--yes")
    assert ended.returncode == 0, ended.stderr
    assert [each["name"] for each in api.monitors.all()] == ["Fast: over 2 s", "Many calls", "Slow for many"]


def test_destroy_needs_yes_where_nobody_can_be_asked(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    message = refusal(ddllm(api, repository.folder, "destroy", "monitors"))
    assert message == "ddllm: without a terminal nobody can be asked. Add --yes if that is meant"
    assert written(api) == []


def test_destroy_works_where_the_files_can_no_longer_be_synced(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    delete_file(repository)
    assert ddllm(api, repository.folder, "destroy", "monitors", "--yes").returncode == 0
    assert len(api.monitors) == 0

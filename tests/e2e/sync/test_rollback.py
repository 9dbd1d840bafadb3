"""`ddllm rollback` as a real process: everything is as it was, and what somebody changed since stays."""

from pathlib import Path

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, held, refusal, stored, synced, written
from tests.support.process import Ended
from tests.support.repository import Repository


def undo(api: DatadogApi, repository: Repository, run: Path, *arguments: str) -> Ended:
    ended = ddllm(api, repository.folder, "rollback", run.stem, *arguments)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended


def edit(api: DatadogApi) -> None:
    """Give the monitors what only Datadog's UI gives: an option of its own, mutes, links."""
    for each in api.monitors.all():
        api.monitors.edit(
            each["id"],
            tags=[*each["tags"], "added:by-hand"],
            options={"silenced": {"*": None}, "invented_last_week": {"x": 1}, "renotify_interval": None},
        )


@pytest.fixture
def changed(api: DatadogApi, repository: Repository) -> Path:
    """Sync, let somebody edit, and sync a change of every field over it. Returns the last run."""
    synced(api, repository.folder)
    edit(api)
    repository.replace("monitors/settings.yaml", "limit: 2", "limit: 3")
    repository.replace("monitors/trio.yaml", "Many calls", "So many calls")
    repository.replace("monitors/trio.yaml", "severity: page", "severity: ticket")
    repository.replace("monitors/trio.yaml", "People wait.", "They wait.")
    return repository.folder


def test_what_was_updated_is_stored_as_it_was(api: DatadogApi, repository: Repository, changed: Path):
    before = stored(api)
    overwritten = ddllm(api, changed, "sync", "monitors", "--on-drift", "overwrite")
    assert overwritten.returncode == 0, overwritten.stderr
    assert all(one != other for one, other in zip(stored(api), before, strict=True))
    run = overwritten.stdout.split()[-1]
    ended = ddllm(api, changed, "rollback", run)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert stored(api) == before


def test_a_second_rollback_writes_nothing(api: DatadogApi, repository: Repository):
    run = synced(api, repository.folder)
    undo(api, repository, run)
    assert len(api.monitors) == 0
    api.requests.clear()
    assert undo(api, repository, run).stdout == f"{run.stem}: nothing to undo.\n"
    assert written(api) == []


def test_what_was_pruned_comes_back_and_refers_to_its_new_ids(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    before = stored(api)
    repository.write("monitors/trio.yaml", "")
    run = synced(api, repository.folder, prune=True)
    assert len(api.monitors) == 0
    undo(api, repository, run)
    ids = {each["name"]: each["id"] for each in api.monitors.all()}
    assert held(api, "for many")["query"] == f"{ids['Fast: over 2 s']} && {ids['Many calls']}"
    without_ids = [{**each, "id": 0, "query": 0 if each["type"] == "composite" else each["query"]} for each in before]
    again = [{**each, "id": 0, "query": 0 if each["type"] == "composite" else each["query"]} for each in stored(api)]
    assert sorted(again, key=str) == sorted(without_ids, key=str)


def test_what_somebody_changed_since_is_named_and_left(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    repository.replace("monitors/settings.yaml", "limit: 2", "limit: 3")
    repository.replace("monitors/trio.yaml", "Many calls", "So many calls")
    run = synced(api, repository.folder)
    api.monitors.edit(held(api, "So many")["id"], message="Mine now")
    ended = ddllm(api, repository.folder, "rollback", run.stem)
    assert refusal(ended) == "ddllm: 1 of 3 writes were left as they are now"
    assert "? monitors many  left: somebody changed it since" in ended.stdout
    assert held(api, "So many")["message"] == "Mine now"
    assert held(api, "Fast")["name"] == "Fast: over 2 s"


def test_more_deletions_than_allowed_are_refused_with_nothing_written(api: DatadogApi, repository: Repository):
    run = synced(api, repository.folder)
    message = refusal(ddllm(api, repository.folder, "rollback", run.stem, "--max-deletes", "2"))
    assert message.endswith("Nothing was written. If that is meant: --max-deletes 3")
    assert written(api) == []


def test_a_rollback_can_be_undone(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    repository.replace("monitors/settings.yaml", "limit: 2", "limit: 3")
    run = synced(api, repository.folder)
    after = stored(api)
    undo(api, repository, run)
    [undone] = {path.stem for path in run.parent.glob("*.jsonl")} - {run.stem} - {min(run.parent.glob("*.jsonl")).stem}
    assert stored(api) != after
    ddllm(api, repository.folder, "rollback", undone)
    assert stored(api) == after


def test_a_run_that_is_not_known_is_one_line(api: DatadogApi, repository: Repository):
    message = refusal(ddllm(api, repository.folder, "rollback", "2020"))
    assert message == "ddllm: there is no journal of a run `2020`. There are none in .ddllm/journal"

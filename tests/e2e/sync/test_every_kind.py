"""What a sync guarantees, it guarantees for every kind of object."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ddllm.cli._definitions import load, plan_for, selected
from ddllm.errors import ApiError
from ddllm.sandbox.api import DatadogApi
from ddllm.sync.identity import Owner
from ddllm.sync.plan import Plan
from ddllm.sync.resources import resources
from tests.support.commands import ddllm, synced, written
from tests.support.datadog import client, environ, organisation
from tests.support.everything import OWNED, SECRETS, change, everything, nothing, reporting, stored
from tests.support.process import BIN, environment
from tests.support.repository import Repository
from tests.support.tripwire import Tripwire

ALL = tuple(resources())

#: What somebody does in Datadog to an object of each kind.
EDITS: dict[str, Callable[[DatadogApi, Any], None]] = {
    "monitors": lambda api, key: api.monitors.edit(key, message="Theirs"),
    "dashboards": lambda api, key: api.dashboards.edit(key, title="Theirs"),
    "runbooks": lambda api, key: api.notebooks.edit(int(key), name="Theirs"),
    "slos": lambda api, key: api.slos.edit(key, name="Theirs"),
    "webhooks": lambda api, key: api.webhooks.edit(key, url="https://theirs.example.com"),
    "notifications": lambda api, key: api.notification_rules.edit(key, recipients=["slack-theirs"]),
    "retention": lambda api, key: api.retention_filters.edit(key, rate=0.5),
}


@pytest.fixture
def tripwire() -> Tripwire:
    return Tripwire()


@pytest.fixture
def api(tripwire: Tripwire) -> Iterator[DatadogApi]:
    with organisation(tripwire, metrics=reporting) as api:
        yield api


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return everything(tmp_path)


def sync(api: DatadogApi, repository: Repository, *, prune: bool = False) -> Path:
    return synced(api, repository.folder, *ALL, prune=prune, **SECRETS)


def plan(api: DatadogApi, repository: Repository, *, prune: bool = False) -> Plan:
    with client(api) as datadog:
        return plan_for(datadog, load(repository.folder, None, selected(ALL), prune=prune), lambda _text: None)


def roll_back(api: DatadogApi, repository: Repository, run: Path) -> str:
    ended = ddllm(api, repository.folder, "rollback", run.stem, "--max-deletes", "20", **SECRETS)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def count(api: DatadogApi) -> dict[str, int]:
    return {kind: len(held) for kind, held in stored(api).items() if kind in OWNED}


def test_everything_is_made_once_and_then_left_alone(api: DatadogApi, repository: Repository):
    first = ddllm(api, repository.folder, "sync", **SECRETS)
    assert first.returncode == 0, first.stderr
    assert set(count(api).values()) == {1}
    before = stored(api)
    api.requests.clear()
    second = ddllm(api, repository.folder, "sync")
    assert (second.returncode, written(api), stored(api)) == (0, [], before), second.stderr
    assert ddllm(api, repository.folder, "plan").returncode == 0


def test_a_changed_field_is_one_update_of_each(api: DatadogApi, repository: Repository):
    sync(api, repository)
    change(repository)
    steps = {step.definition.kind: step for step in plan(api, repository).steps}
    assert steps.keys() == {*OWNED} - {"retention"}
    assert {str(step.cause) for step in steps.values()} == {"config change"}
    api.requests.clear()
    sync(api, repository)
    assert not plan(api, repository).writes


@pytest.mark.parametrize("kind", OWNED)
def test_an_edit_in_datadog_is_drift(api: DatadogApi, repository: Repository, kind: str):
    sync(api, repository)
    before = stored(api)
    [held] = remotes(api, kind)
    EDITS[kind](api, held.id)
    [step] = plan(api, repository).steps
    assert (step.definition.kind, str(step.cause)) == (kind, "drift")
    sync(api, repository)
    assert stored(api) == before


@pytest.mark.parametrize("kind", [kind for kind in OWNED if kind != "retention"])
def test_an_edit_on_both_sides_is_a_conflict(api: DatadogApi, repository: Repository, kind: str):
    sync(api, repository)
    [held] = remotes(api, kind)
    EDITS[kind](api, held.id)
    change(repository)
    assert {step.definition.kind for step in plan(api, repository).steps if str(step.cause) == "conflict"} == {kind}


@pytest.mark.parametrize("kind", OWNED)
def test_what_was_deleted_in_datadog_is_made_again(api: DatadogApi, repository: Repository, kind: str):
    sync(api, repository)
    remove(api, kind)
    steps = plan(api, repository).steps
    assert (kind, "new") in {(step.definition.kind, str(step.cause)) for step in steps}
    sync(api, repository)
    assert set(count(api).values()) == {1}
    assert not plan(api, repository).writes


def test_what_was_updated_is_stored_as_it_was_after_a_rollback(api: DatadogApi, repository: Repository):
    sync(api, repository)
    before = stored(api)
    change(repository)
    run = sync(api, repository)
    assert [kind for kind in OWNED if stored(api)[kind] == before[kind]] == ["retention"]
    roll_back(api, repository, run)
    assert stored(api) == before
    api.requests.clear()
    roll_back(api, repository, run)
    assert written(api) == []


def test_what_was_made_is_gone_after_a_rollback(api: DatadogApi, repository: Repository):
    run = sync(api, repository)
    ended = ddllm(api, repository.folder, "rollback", run.stem, "--max-deletes", "20")
    assert set(count(api).values()) == {0}
    assert "the organisation shares it, so it stays" in ended.stdout


def test_what_was_pruned_comes_back_with_references_to_new_ids(api: DatadogApi, repository: Repository):
    sync(api, repository)
    nothing(repository)
    run = sync(api, repository, prune=True)
    assert set(count(api).values()) == {0}
    again = everything(repository.folder)
    told = roll_back(api, again, run)
    assert "without its secret, which no journal holds: `ddllm sync webhooks --rotate` sends it" in told
    assert set(count(api).values()) == {1}
    # What refers to another id than it did has another mark by now, and the next sync renews that.
    assert {str(step.cause) for step in plan(api, again).steps} == {"mark"}


def test_no_create_without_an_answer_leaves_a_twin(api: DatadogApi, repository: Repository):
    for path in (
        "/api/v1/monitor",
        "/dashboard",
        "/notebooks",
        "/slo",
        "/webhooks",
        "/notification_rule",
        "/retention-filters",
    ):
        api.dials.hang_up(after=True, method="POST", path=path)
    sync(api, repository)
    assert set(count(api).values()) == {1}
    assert not plan(api, repository).writes


@pytest.mark.parametrize("number", range(1, 10))
def test_a_run_that_is_killed_at_any_write_is_completed_by_the_next(
    api: DatadogApi, repository: Repository, tripwire: Tripwire, number: int
):
    tripwire.number = number
    code, _ = tripwire.watch(
        subprocess.Popen(
            [str(BIN / "ddllm"), "sync"],
            env=environment({**environ(api), **SECRETS}),
            cwd=repository.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    )
    assert code == -signal.SIGKILL
    sync(api, repository)
    assert set(count(api).values()) == {1}
    assert not plan(api, repository).writes


def test_two_syncs_at_once_end_with_one_of_each(api: DatadogApi, repository: Repository):
    pair = [
        subprocess.Popen(
            [str(BIN / "ddllm"), "sync"],
            env=environment({**environ(api), **SECRETS}),
            cwd=repository.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=90)[0] for process in pair]
    assert all("Traceback" not in text for text in told)
    sync(api, repository)
    assert set(count(api).values()) == {1}, told
    assert not plan(api, repository).writes


@pytest.mark.parametrize(("kind", "path"), [("monitors", "/api/v1/monitor"), ("slos", "/slo")])
def test_an_empty_listing_makes_no_twin_and_deletes_nothing(
    api: DatadogApi, repository: Repository, kind: str, path: str
):
    sync(api, repository)
    before = stored(api)
    api.dials.cut_listing(0, times=99, path=path)
    with pytest.raises(ApiError, match="it is empty, and a search finds 1 of ddllm's objects"):
        sync(api, repository, prune=True)
    assert stored(api) == before


def remotes(api: DatadogApi, kind: str) -> list[Any]:
    with client(api) as datadog:
        return list(resources()[kind].listing(datadog, Owner("shop", "prod")))


def remove(api: DatadogApi, kind: str) -> None:
    """Delete the object of a kind as somebody does in Datadog, whatever uses it."""
    [held] = remotes(api, kind)
    if kind == "monitors":  # an SLO uses it
        remove(api, "slos")
    with client(api) as datadog:
        resources()[kind].delete(datadog, held)

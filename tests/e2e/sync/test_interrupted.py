"""A sync that is ended at any of its writes leaves nothing that the next one does not put right."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, held, stored, synced, written
from tests.support.datadog import environ, organisation
from tests.support.process import BIN, environment
from tests.support.repository import TRIO, Repository
from tests.support.tripwire import Tripwire

_OLD = TRIO.partition("many:")[0] + TRIO.partition("many:")[2].partition("both:")[0].replace(
    "  severity", "old:\n  severity", 1
)
_WRITES = ("an update", "a create", "a create of what refers", "a delete")


@pytest.fixture
def tripwire() -> Tripwire:
    return Tripwire()


@pytest.fixture
def api(tripwire: Tripwire) -> Iterator[DatadogApi]:
    with organisation(tripwire) as api:
        yield api


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path, trio=_OLD)


def interrupted(api: DatadogApi, repository: Repository, tripwire: Tripwire) -> tuple[int, str]:
    """Start a sync of one update, two creates and one delete, that is ended on its way. Returns its exit code and output."""
    synced(api, repository.folder)
    repository.write("monitors/trio.yaml", TRIO.replace("critical_recovery: 1", "critical_recovery: 1.5"))
    process = subprocess.Popen(
        [str(BIN / "ddllm"), "sync", "monitors", "--prune"],
        env=environment(environ(api)),
        cwd=repository.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=0,
    )
    ended = tripwire.watch(process)
    api.violations.clear()  # the write that was lost on its way
    return ended


def assert_complete(api: DatadogApi) -> None:
    """Hold the organisation against the files: one of each, none lost, and references that lead somewhere."""
    ids = {each["name"]: each["id"] for each in api.monitors.all()}
    assert sorted(ids) == ["Fast: over 2 s", "Many calls", "Slow for many"]
    assert len(api.monitors) == len(ids)
    assert held(api, "Fast")["options"]["thresholds"]["critical_recovery"] == 1.5
    assert held(api, "for many")["query"] == f"{ids['Fast: over 2 s']} && {ids['Many calls']}"


@pytest.mark.parametrize("lost", [False, True], ids=["written", "not written"])
@pytest.mark.parametrize("number", range(1, len(_WRITES) + 1), ids=_WRITES)
def test_the_next_sync_completes_what_was_killed(
    api: DatadogApi, repository: Repository, tripwire: Tripwire, number: int, lost: bool
):
    tripwire.number, tripwire.lost = number, lost
    code, _ = interrupted(api, repository, tripwire)
    assert code == -signal.SIGKILL
    synced(api, repository.folder, prune=True)
    assert_complete(api)
    synced(api, repository.folder, prune=True)
    assert written(api) == []


def test_a_run_that_is_asked_to_end_is_no_success_and_no_traceback(
    api: DatadogApi, repository: Repository, tripwire: Tripwire
):
    tripwire.number, tripwire.by = 2, signal.SIGTERM
    code, told = interrupted(api, repository, tripwire)
    assert code not in {0, 2}
    assert "Traceback" not in told
    assert ddllm(api, repository.folder, "sync", "monitors", "--prune").returncode == 0
    assert_complete(api)


def test_a_person_who_interrupts_is_told_so(api: DatadogApi, repository: Repository, tripwire: Tripwire):
    tripwire.number, tripwire.by = 2, signal.SIGINT
    code, told = interrupted(api, repository, tripwire)
    assert code not in {0, 2}
    assert "Traceback" not in told
    assert "interrupted" in told


@pytest.mark.parametrize("number", [3, 4], ids=_WRITES[2:])
def test_a_run_that_was_killed_is_undone_as_far_as_it_came(
    api: DatadogApi, repository: Repository, tripwire: Tripwire, number: int
):
    tripwire.number = number
    synced(api, repository.folder)
    before = named(api)
    interrupted(api, repository, tripwire)
    journal = max((repository.folder / ".ddllm" / "journal").glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    ended = ddllm(api, repository.folder, "rollback", journal.stem)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert named(api) == before


def named(api: DatadogApi) -> dict[str, dict[str, Any]]:
    """Return the monitors by name: what was deleted comes back with another id."""
    return {each["name"]: {**each, "id": None} for each in stored(api)}

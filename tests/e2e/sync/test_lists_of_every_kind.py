"""Lists that Datadog cut off, or left empty, of every kind that has one: nothing is made twice, nothing deleted, and it is said."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, refusal, written
from tests.support.datadog import organisation
from tests.support.everything import BOARD, RUNBOOK, SECRETS, everything, reporting, stored
from tests.support.http_json import caller
from tests.support.repository import Repository

PATHS = {
    "monitors": "/api/v1/monitor",
    "slos": "/api/v1/slo",
    "dashboards": "/api/v1/dashboard",
    "runbooks": "/api/v1/notebooks",
    "notifications": "/api/v2/monitor/notification_rule",
    "retention": "/api/v2/apm/config/retention-filters",
}


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation(metrics=reporting) as api:
        yield api


@pytest.fixture
def repository(api: DatadogApi, tmp_path: Path) -> Repository:
    """Everything, synced."""
    found = everything(tmp_path)
    assert ddllm(api, found.folder, "sync", **SECRETS).returncode == 0
    api.requests.clear()
    return found


@pytest.mark.parametrize("command", ["sync --prune", "sync", "plan"])
@pytest.mark.parametrize("kind", PATHS)
def test_an_empty_list_makes_no_twin_and_deletes_nothing(
    api: DatadogApi, repository: Repository, kind: str, command: str
):
    before = stored(api)
    api.dials.cut_listing(0, times=999, path=PATHS[kind])
    ended = ddllm(api, repository.folder, *command.split(), **SECRETS)
    if command == "plan" and kind in {"notifications", "retention"}:
        assert ended.returncode == 2, "nothing tells before a write that this list is empty"
    else:
        assert "list" in refusal(ended)
    assert stored(api) == before


@pytest.mark.parametrize("kind", ["dashboards", "runbooks"])
def test_a_list_without_ours_is_told_by_what_links_to_them(api: DatadogApi, repository: Repository, kind: str):
    api.dials.cut_listing(0, times=999, path=PATHS[kind])
    said = refusal(ddllm(api, repository.folder, "sync", **SECRETS))
    assert written(api) == []
    if kind == "dashboards":
        assert said.startswith(
            "ddllm: Datadog's list of dashboards is incomplete: it leaves out health. Nothing was written"
        )
    else:
        assert f"the listing {api.url}/api/v1/notebooks cannot be trusted: it holds 0 of 1" in said


@pytest.mark.parametrize("kind", ["notifications", "retention"])
def test_what_was_made_and_is_not_listed_is_taken_back(api: DatadogApi, repository: Repository, kind: str):
    before = stored(api)
    api.dials.cut_listing(0, times=6, path=PATHS[kind])  # as often as it is looked at
    said = refusal(ddllm(api, repository.folder, "sync", **SECRETS))
    assert f"Datadog's list of {kind} does not show what was just created" in said
    assert [method for method, _ in written(api)] == ["POST", "DELETE"]
    assert stored(api) == before
    assert ddllm(api, repository.folder, "sync", **SECRETS).returncode == 0
    assert stored(api) == before


def test_a_deleted_dashboard_that_monitors_link_to_is_made_again(api: DatadogApi, repository: Repository):
    [board] = api.dashboards.all()
    assert caller(api.url)("DELETE", f"/api/v1/dashboard/{board['id']}")[0] == 200
    ended = ddllm(api, repository.folder, "sync", **SECRETS)
    assert ended.returncode == 0, ended.stderr
    assert len(api.dashboards.all()) == 1


@pytest.mark.parametrize("kind", ["dashboards", "runbooks", "notifications"])
def test_a_list_that_is_cut_makes_no_twin_and_deletes_nothing(api: DatadogApi, repository: Repository, kind: str):
    repository.write("dashboards/more.yaml", BOARD.replace("health:", "more:"))
    repository.write("monitors/runbooks/more.yaml", RUNBOOK)
    repository.replace(
        "monitors/routing.yaml", "  quiet:", '  loud: {filter: {tags: ["team:x"]}, recipients: [slack-x]}\n  quiet:'
    )
    assert ddllm(api, repository.folder, "sync", **SECRETS).returncode == 0
    before = stored(api)
    assert len(before[kind]) == 2
    api.dials.cut_listing(1, times=999, path=PATHS[kind])
    ended = ddllm(api, repository.folder, "sync", "--prune", **SECRETS)
    # A list that is read by position is read on behind the cut.
    assert ended.returncode == (1 if kind == "notifications" else 0), ended.stderr
    assert stored(api) == before

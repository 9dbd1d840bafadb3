"""`ddllm sync dashboards runbooks` as real processes against the sandbox's Datadog API, over HTTP, with the real client."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ddllm.definitions.library import library_folder
from ddllm.sandbox.api import DatadogApi
from tests.support.datadog import environ, organisation
from tests.support.forked import run_ddllm
from tests.support.process import Ended, environment
from tests.support.repository import MONITORS, Repository

KINDS = ("dashboards", "runbooks")
RUNBOOK = """
title: Slow start
impact: People wait.
steps: {look: {ask: Where?}}
"""
BOARD = """
health:
  title: Health
  layout_type: ordered
  widgets:
  - key: latency
    runbook: slow-start
    monitors: [slow]
    definition:
      type: group
      layout_type: ordered
      title: Latency
      widgets:
      - {key: words, definition: {type: note, content: Words}}
"""


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation() as api:
        yield api


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path, slow=MONITORS)
    repository.write("monitors/runbooks/slow-start.yaml", RUNBOOK)
    repository.write("dashboards/health.yaml", BOARD)
    return repository


def ddllm(api: DatadogApi, folder: Path, *arguments: str) -> Ended:
    """Run a command in a folder, without a terminal."""
    ended = run_ddllm(*arguments, env=environment(environ(api)), cwd=folder)
    assert "Traceback" not in ended.stderr
    return ended


def sync(api: DatadogApi, folder: Path, *arguments: str) -> Ended:
    """Sync both kinds; it has to succeed."""
    ended = ddllm(api, folder, "sync", *(arguments or KINDS))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended


def written(api: DatadogApi) -> list[tuple[str, str]]:
    return [(each.method, each.path) for each in api.writes]


def notes(api: DatadogApi) -> list[str]:
    """Return the texts of the notes in the one row of the one dashboard."""
    [board] = api.dashboards.all()
    return [each["definition"]["content"] for each in board["widgets"][0]["definition"]["widgets"]]


def test_both_kinds_are_created_once_in_the_order_in_which_they_link(api: DatadogApi, repository: Repository):
    assert "shop/prod: 2 created, 0 unchanged." in sync(api, repository.folder).stdout.splitlines()
    assert written(api) == [("POST", "/api/v1/notebooks"), ("POST", "/api/v1/dashboard")]
    [notebook] = api.notebooks.all()
    assert f"Runbook: [slow-start]({api.url}/notebook/{notebook})" in notes(api)[0]

    api.requests.clear()
    assert sync(api, repository.folder).stdout == "shop/prod: nothing to do, 2 unchanged.\n"
    assert written(api) == []


def test_a_moved_title_keeps_ids_and_addresses(api: DatadogApi, repository: Repository):
    sync(api, repository.folder)
    [before] = api.dashboards.all()
    repository.replace("dashboards/health.yaml", "title: Health", "title: Health of it all")
    repository.replace("dashboards/health.yaml", "title: Latency", "title: Slowness")
    sync(api, repository.folder)
    [after] = api.dashboards.all()
    assert (after["id"], after["title"]) == (before["id"], "Health of it all")
    assert after["widgets"][0]["id"] == before["widgets"][0]["id"]


def test_an_edit_in_datadog_is_told_as_drift_of_its_widget(api: DatadogApi, repository: Repository):
    sync(api, repository.folder)
    [board] = api.dashboards.all()
    [group] = board["widgets"]
    head, words = group["definition"]["widgets"]
    words = {**words, "definition": {"type": "note", "content": "Mine"}}
    group = {**group, "definition": {**group["definition"], "widgets": [head, words]}}
    api.dashboards.edit(board["id"], widgets=[group])

    plan = ddllm(api, repository.folder, "plan", *KINDS, "--format", "json")
    assert plan.returncode == 2
    [step] = json.loads(plan.stdout)["steps"]
    assert (step["kind"], step["key"], step["cause"]) == ("dashboards", "health", "drift")
    [change] = step["changes"]
    assert change["path"] == f"widgets.{group['id']}.definition.widgets.{words['id']}.definition.content"
    assert (change["old"], change["new"]) == ("Mine", "Words")

    sync(api, repository.folder)
    assert notes(api)[1] == "Words"


def test_others_dashboards_and_notebooks_stay_as_they_are(api: DatadogApi, repository: Repository):
    sync(api, repository.folder, *KINDS, "--env", "staging")
    before = (api.dashboards.all(), api.notebooks.all())
    assert "shop/prod: 2 created, 0 unchanged." in sync(api, repository.folder).stdout.splitlines()
    [board, _], notebooks = api.dashboards.all(), api.notebooks.all()
    assert [board] == before[0]
    assert before[1].items() <= notebooks.items()


def test_a_broken_runbook_is_one_message_with_its_place_and_nothing_is_asked(api: DatadogApi, repository: Repository):
    repository.replace("monitors/runbooks/slow-start.yaml", "ask", "aks")
    ended = ddllm(api, repository.folder, "sync", "runbooks")
    assert ended.returncode == 1
    assert "monitors/runbooks/slow-start.yaml:3:16: unknown key `steps.look.aks`. Did you mean `ask`?" in ended.stderr
    assert api.requests == []


def test_what_was_pruned_comes_back_by_a_rollback(api: DatadogApi, repository: Repository):
    sync(api, repository.folder)
    [board], [notebook] = api.dashboards.all(), api.notebooks.all().values()
    for name in ("monitors/runbooks/slow-start.yaml", "dashboards/health.yaml"):
        (repository.folder / name).unlink()
    pruned = sync(api, repository.folder, *KINDS, "--prune")
    assert (len(api.dashboards), len(api.notebooks)) == (0, 0)

    [run_name] = re.findall(r"ddllm rollback (\S+)", pruned.stdout)
    ended = ddllm(api, repository.folder, "rollback", run_name, "--yes")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    [board_again], [(identifier, notebook_again)] = api.dashboards.all(), api.notebooks.all().items()
    assert (board_again["title"], board_again["widgets"][0]["id"]) == (board["title"], board["widgets"][0]["id"])
    assert texts(notebook_again) == texts(notebook)
    repository.write("monitors/runbooks/slow-start.yaml", RUNBOOK)
    repository.write("dashboards/health.yaml", BOARD)
    assert f"/notebook/{identifier})" in notes(api)[0]
    [told, _] = ddllm(api, repository.folder, "plan", *KINDS).stdout.splitlines()
    assert told.startswith("~ dashboards health  as the file says; its mark is renewed")  # it was made of the old id


def texts(notebook: dict[str, Any]) -> list[str]:
    return [cell["attributes"]["definition"]["text"] for cell in notebook["cells"]]


def test_the_library_is_created_once(api: DatadogApi, tmp_path: Path):
    arguments: tuple[Any, ...] = (*KINDS, "--dir", str(library_folder()))
    sync(api, tmp_path, *arguments)
    api.requests.clear()
    assert "nothing to do" in sync(api, tmp_path, *arguments).stdout
    assert written(api) == []

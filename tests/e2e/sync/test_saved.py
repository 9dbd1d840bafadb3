"""A plan kept in a file is what is written, or nothing is; a snapshot plans without a network and without keys."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ddllm.cli._definitions import load, plan_for, selected
from ddllm.sandbox.api import DatadogApi
from ddllm.sync.apply import Writer, apply_plan
from ddllm.sync.journal import Journal
from ddllm.sync.resources import resources
from tests.support.commands import ddllm, delete_by_hand, held, refusal, sync, synced, written
from tests.support.datadog import client
from tests.support.repository import Repository


@pytest.fixture
def plan(api: DatadogApi, repository: Repository) -> Path:
    """Sync, change two monitors, and keep a plan for them."""
    synced(api, repository.folder)
    repository.replace("monitors/trio.yaml", "Many calls", "So many calls")
    repository.replace("monitors/trio.yaml", "critical_recovery: 1", "critical_recovery: 1.5")
    file = repository.folder / "plan.json"
    assert ddllm(api, repository.folder, "plan", "monitors", "--out", str(file)).returncode == 2
    api.requests.clear()
    return file


def test_what_was_reviewed_is_written_and_nothing_else(api: DatadogApi, repository: Repository, plan: Path):
    repository.replace("monitors/trio.yaml", "People wait.", "Not reviewed.")
    sync(api, repository.folder, "--plan", str(plan))
    assert {path.rpartition("/")[2] for _, path in written(api)} == {
        str(held(api, name)["id"]) for name in ("Fast", "So many")
    }
    assert held(api, "for many")["message"].endswith("\n\nPeople wait.")


@pytest.mark.parametrize("moved", ["object", "file", "definition gone", "object gone"])
def test_it_is_refused_where_something_moved(api: DatadogApi, repository: Repository, plan: Path, moved: str):
    many = held(api, "Many")["id"]
    if moved == "object":
        api.monitors.edit(many, message="Theirs")
    elif moved == "object gone":
        delete_by_hand(api, "Many")
    elif moved == "file":
        repository.replace("monitors/trio.yaml", "So many calls", "Too many calls")
    else:
        text = (repository.folder / "monitors/trio.yaml").read_text()
        repository.write("monitors/trio.yaml", text.partition("many:")[0])
    message = refusal(ddllm(api, repository.folder, "sync", "monitors", "--plan", str(plan)))
    assert message.startswith("ddllm: the plan no longer holds: many changed since, in the files or in Datadog.")
    assert written(api) == []


def test_it_can_be_carried_out_twice(api: DatadogApi, repository: Repository, plan: Path):
    sync(api, repository.folder, "--plan", str(plan))
    api.requests.clear()
    sync(api, repository.folder, "--plan", str(plan))
    assert written(api) == []


def test_a_run_that_broke_off_is_gone_on_with_where_a_composite_was_left(api: DatadogApi, repository: Repository):
    file = repository.folder / "plan.json"
    assert ddllm(api, repository.folder, "plan", "monitors", "--out", str(file)).returncode == 2
    with client(api) as datadog:  # the members, and not the composite that is made of them
        made = plan_for(datadog, load(repository.folder, None, selected(("monitors",))), lambda _text: None)
        parts = replace(made, steps=made.steps[:2])
        assert [step.definition.key for step in made.steps[2:]] == ["both"]
        journal = Journal(repository.folder, made.owner)
        apply_plan(Writer(datadog, resources(), made.owner, journal), parts, lambda _outcome: None)
    api.requests.clear()
    sync(api, repository.folder, "--plan", str(file))
    assert [method for method, path in written(api) if not path.endswith("/validate")] == ["POST"]
    assert len(api.monitors) == 3


def test_a_saved_deletion_needs_no_second_prune(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    repository.write("monitors/trio.yaml", "")
    file = repository.folder / "plan.json"
    assert ddllm(api, repository.folder, "plan", "monitors", "--prune", "--out", str(file)).returncode == 2
    sync(api, repository.folder, "--plan", str(file))
    assert len(api.monitors) == 0


def test_a_saved_deletion_is_refused_where_the_definition_came_back(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    text = (repository.folder / "monitors/trio.yaml").read_text()
    repository.write("monitors/trio.yaml", "")
    file = repository.folder / "plan.json"
    ddllm(api, repository.folder, "plan", "monitors", "--prune", "--out", str(file))
    repository.write("monitors/trio.yaml", text)
    message = refusal(ddllm(api, repository.folder, "sync", "monitors", "--plan", str(file)))
    assert message.startswith("ddllm: the plan no longer holds: both, fast, many changed since")
    assert len(api.monitors) == 3


def test_a_snapshot_plans_without_a_network_and_without_keys(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    file = repository.folder / "snapshot.json"
    ddllm(api, repository.folder, "plan", "monitors", "--save-snapshot", str(file))
    offline = ("plan", "monitors", "--snapshot", str(file), "--format", "json")
    closed = {"DDLLM_API_URL": "http://127.0.0.1:9"}
    assert ddllm(None, repository.folder, *offline, **closed).returncode == 0
    repository.replace("monitors/trio.yaml", "Many calls", "So many calls")
    told = ddllm(None, repository.folder, *offline, **closed)
    assert told.returncode == 2
    [step] = json.loads(told.stdout)["steps"]
    assert (step["key"], step["cause"]) == ("many", "config change")

"""`ddllm import`: what was made by hand goes to a file and gets ddllm's marks, and then there is nothing to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from ddllm.cli import _definitions as command
from ddllm.definitions.document import load
from ddllm.sandbox.api import DatadogApi
from ddllm.sync.resources.monitor import RESOURCE
from tests.support.commands import ddllm, refusal, synced, written
from tests.support.datadog import client, environ
from tests.support.http_json import caller
from tests.support.process import Ended
from tests.support.repository import Repository
from tests.support.terminal import on_a_terminal

METRIC = {
    "name": "Checkout latency: {{service.name}}",
    "type": "query alert",
    "query": "avg(last_5m):avg:trace.checkout{env:prod} by {service} > 2",
    "message": "It is slow.\n\nSee ${HOME}/wiki. @slack-shop\n",
    "tags": ["team:Shop", "b:2"],
    "priority": 3,
    "options": {
        "thresholds": {"critical": 2, "warning": 1.5},
        "notify_no_data": True,
        "no_data_timeframe": 20,
        "renotify_interval": 60,
        "timeout_h": 24,
    },
}
MADE_BY_HAND: dict[str, dict[str, Any]] = {
    "metric": METRIC,
    "formula": {
        "name": "f",
        "type": "query alert",
        "query": 'formula("query1").last("5m") > 2',
        "message": "m",
        "options": {
            "thresholds": {"critical": 2},
            "variables": [{"data_source": "metrics", "name": "query1", "query": "avg:a{*}", "aggregator": "avg"}],
        },
    },
    "service check": {
        "name": "s",
        "type": "service check",
        "query": '"ntp.in_sync".over("*").by("host").last(4).count_by_status()',
        "message": "m",
        "options": {"thresholds": {"critical": 3, "warning": 2, "ok": 1}},
    },
    "log": {
        "name": "l",
        "type": "log alert",
        "query": 'logs("status:error").index("*").rollup("count").last("5m") > 10',
        "message": "yes",
        "options": {"thresholds": {"critical": 10}, "enable_logs_sample": True, "groupby_simple_monitor": True},
    },
    "anomaly": {
        "name": "a",
        "type": "query alert",
        "query": "avg(last_4h):anomalies(avg:a{*}, 'basic', 2, direction='both', alert_window='last_15m', interval=60, count_default_zero='true') >= 1",
        "message": "m",
        "options": {
            "thresholds": {"critical": 1, "critical_recovery": 0},
            "threshold_windows": {"trigger_window": "last_15m", "recovery_window": "last_15m"},
        },
    },
}  # fmt: skip


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def made(api: DatadogApi, body: dict[str, Any]) -> int:
    status, answer = caller(api.url)("POST", "/api/v1/monitor", body)
    assert status == 200, answer
    api.requests.clear()
    identifier: int = answer["id"]
    return identifier


def imported(api: DatadogApi, repository: Repository, *arguments: str) -> Ended:
    ended = ddllm(api, repository.folder, "import", *arguments)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended


def writes(api: DatadogApi, repository: Repository) -> int:
    """Plan again: how much is left to do."""
    with client(api) as datadog:
        wish = command.load(repository.folder, None, command.selected(()))
        return command.plan_for(datadog, wish, lambda _text: None).writes


@pytest.mark.parametrize("name", MADE_BY_HAND)
def test_an_imported_monitor_leaves_nothing_to_do(api: DatadogApi, repository: Repository, name: str):
    identifier = made(api, MADE_BY_HAND[name])
    [before] = api.monitors.all()
    imported(api, repository, f"https://app.datadoghq.com/monitors/{identifier}?view=x", "--yes")
    assert written(api) == [("PUT", f"/api/v1/monitor/{identifier}")]
    [after] = api.monitors.all()
    canonical = RESOURCE.normaliser.canonical
    assert {**canonical(after), "tags": None} == {**canonical(before), "tags": None}
    assert set(before["tags"]) < set(after["tags"])
    assert writes(api, repository) == 0


def test_the_file_is_as_a_person_would_write_it(api: DatadogApi, repository: Repository):
    identifier = made(api, METRIC)
    imported(api, repository, str(identifier), "--yes")
    file = repository.folder / "monitors" / "imported" / "checkout-latency.yaml"
    assert file.read_text("utf-8") == (
        "# yaml-language-server: $schema=../../.ddllm/schemas/monitors.json\n"
        "\n"
        f"# Imported from {api.url}/monitors/{identifier}\n"
        "checkout-latency:\n"
        "  name: 'Checkout latency: {{service.name}}'\n"
        "  type: query alert\n"
        "  query: avg(last_5m):avg:trace.checkout{env:prod} by {service} > 2\n"
        "  message: |-\n"
        "    It is slow.\n"
        "\n"
        "    See $${HOME}/wiki. @slack-shop\n"
        "  tags:\n"
        "  - team:Shop\n"
        "  - b:2\n"
        "  priority: 3\n"
        "  options:\n"
        "    thresholds:\n"
        "      critical: 2\n"
        "      warning: 1.5\n"
        "    no_data_timeframe: 20\n"
        "    notify_no_data: true\n"
        "    renotify_interval: 60\n"
        "    timeout_h: 24\n"
    )


def test_what_marking_would_change_is_shown_first(api: DatadogApi, repository: Repository):
    identifier = made(api, METRIC)
    told = imported(api, repository, str(identifier)).stdout
    assert (
        '    tags  ["b:2", "team:Shop"] -> ["b:2", "ddllm:shop/prod/checkout-latency", "managed_by:ddllm", "team:Shop"]'
        in told
    )


def test_without_a_terminal_and_without_yes_it_is_written_and_not_marked(api: DatadogApi, repository: Repository):
    identifier = made(api, METRIC)
    last = imported(api, repository, str(identifier)).stdout.splitlines()[-1]
    assert written(api) == []
    then = f"ddllm import {api.url}/monitors/{identifier} --key checkout-latency --yes"
    assert last == f"The monitor {identifier} is not marked, and a sync would make a second one. To mark it: {then}"
    imported(api, repository, *then.split()[2:])
    assert writes(api, repository) == 0
    assert len(api.monitors) == 1


def test_what_was_written_and_not_marked_is_not_written_again(api: DatadogApi, repository: Repository):
    identifier = made(api, METRIC)
    imported(api, repository, str(identifier))
    [file] = (repository.folder / "monitors" / "imported").iterdir()
    before = file.read_text("utf-8")
    told = imported(api, repository, str(identifier), "--yes").stdout
    assert "written" not in told
    assert "marked monitors checkout-latency " in told
    assert [each.read_text("utf-8") for each in (repository.folder / "monitors" / "imported").iterdir()] == [before]
    assert writes(api, repository) == 0


@pytest.mark.parametrize(("answer", "marks"), [("y", True), ("n", False)])
def test_at_a_terminal_it_asks(api: DatadogApi, repository: Repository, answer: str, marks: bool):
    identifier = made(api, METRIC)
    seen = on_a_terminal(repository.folder, "import", str(identifier), typed=f"{answer}\n", **environ(api))
    assert "Mark it in Datadog? [y/N]" in seen
    assert ("marked monitors checkout-latency" in seen) is marks
    assert [path for _, path in written(api)] == ([f"/api/v1/monitor/{identifier}"] if marks else [])


def test_a_composite_names_its_members_that_have_a_definition(api: DatadogApi, repository: Repository):
    mine, foreign = (
        made(api, METRIC),
        made(api, {**METRIC, "query": METRIC["query"].replace("> 2", "> 3"), "options": {}}),
    )
    imported(api, repository, str(mine), "--yes")
    both = made(api, {"name": "Both", "type": "composite", "query": f"{mine} && !{foreign}", "message": "m"})
    imported(api, repository, str(both), "--yes")
    text = (repository.folder / "monitors" / "imported" / "both.yaml").read_text("utf-8")
    assert f"query: ${{monitor:checkout-latency}} && !{foreign}" in text
    assert writes(api, repository) == 0


def test_a_key_can_be_given(api: DatadogApi, repository: Repository):
    imported(api, repository, str(made(api, METRIC)), "--key", "slow", "--yes")
    assert (repository.folder / "monitors" / "imported" / "slow.yaml").is_file()


def test_a_key_that_is_taken_gets_a_number(api: DatadogApi, repository: Repository):
    imported(api, repository, str(made(api, METRIC)), "--yes")
    imported(
        api,
        repository,
        str(made(api, {**METRIC, "query": METRIC["query"].replace("> 2", "> 3"), "options": {}})),
        "--yes",
    )
    assert {path.name for path in (repository.folder / "monitors" / "imported").iterdir()} == {
        "checkout-latency.yaml",
        "checkout-latency-2.yaml",
    }


def test_an_import_can_be_undone(api: DatadogApi, repository: Repository):
    identifier = made(api, METRIC)
    [before] = api.monitors.all()
    run = imported(api, repository, str(identifier), "--yes").stdout.split()[-1]
    assert ddllm(api, repository.folder, "rollback", run).returncode == 0
    [after] = api.monitors.all()
    assert {**after, "modified": None} == {**before, "modified": None}
    assert ddllm(api, repository.folder, "rollback", run).stdout == f"{run}: nothing to undo.\n"


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (["ddllm:shop/staging/slow"], "belongs to another project or environment: shop/staging/slow. "),
        (["ddllm:other/prod/slow"], "belongs to another project or environment: other/prod/slow. "),
        (["ddllm:shop/prod/slow"], "is managed here already, as `slow`"),
    ],
)
def test_a_marked_one_is_refused(api: DatadogApi, repository: Repository, tags: list[str], message: str):
    identifier = made(api, {**METRIC, "tags": tags})
    assert refusal(ddllm(api, repository.folder, "import", str(identifier), "--yes")).startswith(
        f"ddllm: the monitor {identifier} {message}"
    )
    assert written(api) == []
    assert not (repository.folder / "monitors" / "imported").exists()


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("4711", "ddllm: there is no monitor 4711 in Datadog"),
        ("some words", "ddllm: `some words` names no object of Datadog. Give the address of its page, or --kind: "),
    ],
)
def test_what_is_not_there_is_refused(api: DatadogApi, repository: Repository, what: str, message: str):
    assert refusal(ddllm(api, repository.folder, "import", what)).startswith(message)


@pytest.mark.parametrize("key", ["Bad Key", "x"])
def test_a_key_that_cannot_be_one_leaves_nothing_behind(api: DatadogApi, repository: Repository, key: str):
    identifier = made(api, METRIC)
    assert "cannot be a key" in refusal(ddllm(api, repository.folder, "import", str(identifier), "--key", key, "--yes"))
    assert list(repository.folder.rglob("imported/*")) == []
    assert written(api) == []


def test_a_key_with_an_object_of_its_own_is_refused(api: DatadogApi, repository: Repository):
    repository.write("monitors/slow.yaml", "slow: {name: n, type: query alert, query: 'avg(last_5m):avg:a{*} > 1'}\n")
    synced(api, repository.folder)
    identifier = made(api, METRIC)
    said = refusal(ddllm(api, repository.folder, "import", str(identifier), "--key", "slow", "--yes"))
    assert said.startswith("ddllm: `slow` has its monitor already: ")
    assert written(api) == []


def test_an_slo_is_added_to_the_file_of_slos(api: DatadogApi, repository: Repository):
    repository.write("monitors/slos.yaml", "# Ours.\n")
    body = {
        "name": "Checkout works",
        "type": "metric",
        "tags": ["b:2"],
        "query": {"numerator": "sum:good{*}.as_count()", "denominator": "sum:all{*}.as_count()"},
        "thresholds": [{"timeframe": "30d", "target": 99.5, "warning": 99.9}],
    }
    status, answer = caller(api.url)("POST", "/api/v1/slo", body)
    assert status == 200, answer
    identifier = answer["data"][0]["id"]
    imported(api, repository, f"https://app.datadoghq.com/slo?slo_id={identifier}", "--yes")
    file = repository.folder / "monitors" / "slos.yaml"
    assert file.read_text("utf-8").startswith(
        f"# Ours.\n\n# Imported from {api.url}/slo?slo_id={identifier}\ncheckout-works:\n"
    )
    assert load(file).value["checkout-works"]["thresholds"] == [{"timeframe": "30d", "target": 99.5, "warning": 99.9}]
    assert writes(api, repository) == 0


def test_a_dashboard_gets_a_file_of_its_own(api: DatadogApi, repository: Repository):
    note = {"type": "note", "content": "Read ${this}"}
    group = {"type": "group", "layout_type": "ordered", "title": "Row", "widgets": [{"definition": note}]}
    body = {
        "title": "Shop: checkout",
        "layout_type": "ordered",
        "widgets": [{"definition": group}, {"definition": note}],
    }
    status, answer = caller(api.url)("POST", "/api/v1/dashboard", body)
    assert status == 200, answer
    imported(api, repository, f"https://app.datadoghq.com/dashboard/{answer['id']}/shop-checkout", "--yes")
    file = repository.folder / "dashboards" / "shop-checkout.yaml"
    first, _, comment, *_ = file.read_text("utf-8").splitlines()
    assert first == "# yaml-language-server: $schema=../.ddllm/schemas/dashboards.json"
    assert comment == f"# Imported from {api.url}/dashboard/{answer['id']}"
    assert [each["key"] for each in load(file).value["shop-checkout"]["widgets"]] == ["row", "note-2"]
    assert writes(api, repository) == 0


def test_a_notebook_becomes_a_runbook(api: DatadogApi, repository: Repository):
    cell = {
        "type": "notebook_cells",
        "attributes": {"definition": {"type": "markdown", "text": "People wait. Is it the cache?"}},
    }
    attributes = {"name": "Slow checkout", "cells": [cell, cell], "time": {"live_span": "1h"}}
    status, answer = caller(api.url)(
        "POST", "/api/v1/notebooks", {"data": {"type": "notebooks", "attributes": attributes}}
    )
    assert status == 200, answer
    imported(api, repository, f"https://app.datadoghq.com/notebook/{answer['data']['id']}", "--yes")
    assert (repository.folder / "monitors" / "runbooks" / "slow-checkout.yaml").is_file()
    assert writes(api, repository) == 0


def test_the_journal_notes_it(api: DatadogApi, repository: Repository):
    imported(api, repository, str(made(api, METRIC)), "--yes")
    [journal] = (repository.folder / ".ddllm" / "journal").iterdir()
    _, line, _ = map(json.loads, journal.read_text("utf-8").splitlines())
    assert (line["action"], line["key"], line["before"]["name"]) == ("update", "checkout-latency", METRIC["name"])

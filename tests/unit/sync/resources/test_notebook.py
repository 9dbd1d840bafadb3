"""A runbook is a notebook: created once, its cells keep their ids, and what Datadog makes of it is no difference."""

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from ddllm.api.datadog import Datadog
from ddllm.definitions.document import parse
from ddllm.definitions.runbooks import RunbookDefinition, read
from ddllm.definitions.settings import load_settings
from ddllm.errors import ApiError, SyncError
from ddllm.sandbox.api import DatadogApi
from ddllm.sync.compare import Cause, Comparison, compare
from ddllm.sync.identity import Owner
from ddllm.sync.resource import Remote
from ddllm.sync.resources import resources
from ddllm.sync.resources.notebook import RESOURCE
from tests.support.conformance import Session, second_sync, sessions, unexplained
from tests.support.datadog import client, organisation
from tests.support.repository import SETTINGS

OWNER = Owner("shop", "prod")
NORMALISER = RESOURCE.normaliser
RUNBOOK = """
title: Slow start
impact: People wait.
steps:
  look: {ask: Where?}
causes:
  provider: {title: The provider is slow, do: [Wait]}
"""


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    clock = count(1_700_000_000)
    with organisation(now=lambda: next(clock)) as api:
        yield api


@pytest.fixture
def datadog(api: DatadogApi) -> Iterator[Datadog]:
    with client(api) as datadog:
        yield datadog


@pytest.fixture
def runbook(tmp_path: Path):
    def runbook(*change: str) -> RunbookDefinition:
        path = tmp_path / "settings.yaml"
        path.write_text(SETTINGS)
        text = RUNBOOK.replace(*change) if change else RUNBOOK
        assert not change or text != RUNBOOK
        [found] = read(parse(dedent(text).lstrip("\n"), "slow-start.yaml"), load_settings(path, None))
        return found.used_by(["slow", "slow-by-model"], ["LLM health"])

    return runbook


def created(datadog: Datadog, definition: RunbookDefinition, owner: Owner = OWNER) -> Remote:
    body = RESOURCE.wanted(definition, owner)
    return RESOURCE.create(datadog, owner, RESOURCE.marked(body, NORMALISER.mark_of(body)))


def compared(datadog: Datadog, definition: RunbookDefinition) -> Comparison:
    """Compare a definition with what a listing finds of it."""
    [held] = RESOURCE.listing(datadog, OWNER)
    return compare(NORMALISER, RESOURCE.wanted(definition, OWNER), held.body, held.applied)


def updated(datadog: Datadog, definition: RunbookDefinition) -> Remote:
    """Write a definition over what is held, as the engine does."""
    [held] = RESOURCE.listing(datadog, OWNER)
    wanted = RESOURCE.wanted(definition, OWNER)
    found = compare(NORMALISER, wanted, held.body, held.applied)
    body = NORMALISER.completed(wanted, held.body, found.declared)
    return RESOURCE.update(datadog, OWNER, held, RESOURCE.marked(body, NORMALISER.mark_of(wanted)))


def texts(body: Mapping[str, Any]) -> list[str]:
    return [cell["attributes"]["definition"]["text"] for cell in body["cells"]]


def test_it_is_found_by_its_place():
    assert resources()["runbooks"] is RESOURCE


def test_every_row_of_the_table_has_a_reason_and_a_path_of_its_own():
    paths = [row.path for row in NORMALISER.rows]
    assert len(paths) == len(set(paths))
    assert all(row.reason for row in NORMALISER.rows)


def test_marks_of_this_version_stay_what_they_are():
    """A change of these marks makes every notebook of every user look changed: it needs a new version of the normaliser."""
    cell = {"type": "notebook_cells", "attributes": {"definition": {"type": "markdown", "text": "x"}}}
    assert NORMALISER.mark_of({"name": "n", "cells": [cell], "metadata": {"type": "runbook"}}) == "1-d4af9e3dfbb8a2e9"


def test_the_first_cell_says_whose_it_is_in_a_line_that_is_not_shown(
    datadog: Datadog, runbook, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DD_SITE", "datadoghq.eu")
    monkeypatch.delenv("DDLLM_API_URL", raising=False)
    remote = created(datadog, runbook())
    assert remote.body["name"] == "Slow start (prod)"
    assert texts(remote.body)[0] == (
        "# Slow start\n\n**What users feel:** People wait.\n\n"
        "Runbook `slow-start` of shop/prod"
        " · [The monitors that lead here](https://app.datadoghq.eu/monitors/manage?q=tag%3A%28%22ddllm%3Ashop%2Fprod%2Fslow%22%20OR%20ddllm%3Ashop%2Fprod%2Fslow%2F%2A"
        "%20OR%20%22ddllm%3Ashop%2Fprod%2Fslow-by-model%22%20OR%20ddllm%3Ashop%2Fprod%2Fslow-by-model%2F%2A%29)"
        " · [Dashboard: LLM health](https://app.datadoghq.eu/dashboard/lists?q=LLM%20health)\n\n"
        f"[//]: # (ddllm:shop/prod/slow-start ddllm_applied:{remote.applied})"
    )
    assert remote.page == f"{datadog.connection.app_url}/notebook/{remote.id}"


def test_a_long_title_is_cut_to_what_a_name_may_have(runbook):
    name = RESOURCE.wanted(runbook("Slow start", "Slow " * 16), OWNER)["name"]
    assert len(name) == 80
    assert name.endswith("… (prod)")


def test_what_was_created_needs_no_second_sync(datadog: Datadog, runbook):
    created(datadog, runbook())
    assert compared(datadog, runbook()).cause is None


def test_an_edit_in_the_ui_is_drift_and_named_by_the_cell(api: DatadogApi, datadog: Datadog, runbook):
    remote = created(datadog, runbook())
    edited = [dict(cell) for cell in remote.body["cells"]]
    edited[1] = {**edited[1], "attributes": {"definition": {"type": "markdown", "text": "Call Bob"}}}
    api.notebooks.edit(int(remote.id), cells=edited)
    found = compared(datadog, runbook())
    assert found.cause is Cause.DRIFT
    assert [each.path for each in found.changes] == [("cells", "2", "attributes", "definition", "text")]


def test_a_changed_file_is_a_config_change_and_with_an_edit_a_conflict(api: DatadogApi, datadog: Datadog, runbook):
    remote = created(datadog, runbook())
    assert compared(datadog, runbook("Where?", "When?")).cause is Cause.CHANGE
    api.notebooks.edit(int(remote.id), name="Mine")
    assert compared(datadog, runbook("Where?", "When?")).cause is Cause.CONFLICT


def test_a_reader_who_looks_at_another_time_changes_nothing(api: DatadogApi, datadog: Datadog, runbook):
    remote = created(datadog, runbook())
    api.notebooks.edit(int(remote.id), time={"live_span": "1w"})
    assert compared(datadog, runbook()).cause is None
    assert updated(datadog, runbook("Where?", "When?")).body["time"] == {"live_span": "1w"}


def test_cells_keep_their_ids_through_an_update(datadog: Datadog, runbook):
    first = created(datadog, runbook())
    after = updated(
        datadog, runbook("title: Slow start", "title: Very slow start\nfacts: {ttft: 'p95:ddllm.ttft{$scope}'}")
    )
    assert [each["id"] for each in after.body["cells"]][:3] == [each["id"] for each in first.body["cells"]]
    assert (len(after.body["cells"]), after.id) == (4, first.id)


def test_what_datadog_knows_and_we_do_not_survives_an_update(api: DatadogApi, datadog: Datadog, runbook):
    remote = created(datadog, runbook())
    variables = [{"name": "env", "prefix": "env", "default": "prod"}]
    metadata = {**remote.body["metadata"], "take_snapshots": True}
    api.notebooks.edit(int(remote.id), template_variables=variables, metadata=metadata)
    assert compared(datadog, runbook()).cause is None
    after = updated(datadog, runbook("Where?", "When?"))
    assert (after.body["template_variables"], after.body["metadata"]["take_snapshots"]) == (variables, True)
    assert after.body["metadata"]["type"] == "runbook"


def test_only_the_owners_notebooks_are_listed(api: DatadogApi, datadog: Datadog, runbook):
    for owner in (Owner("shop", "staging"), Owner("other", "prod")):
        created(datadog, runbook(), owner)
    mine = created(datadog, runbook())
    api.requests.clear()
    assert [each.id for each in RESOURCE.listing(datadog, OWNER)] == [mine.id]
    assert [each.query["start"] for each in api.requests] == ["0", "3"]
    assert api.requests[0].query["include_cells"] == "true"
    assert list(RESOURCE.find(datadog, OWNER, "other")) == []


def test_twins_are_both_found_and_the_older_one_is_known(datadog: Datadog, runbook):
    first, second = created(datadog, runbook()), created(datadog, runbook())
    assert {each.id for each in RESOURCE.find(datadog, OWNER, "slow-start")} == {first.id, second.id}
    assert first.created < second.created


def test_a_notebook_that_is_gone_reads_as_none_and_another_failure_does_not(api: DatadogApi, datadog: Datadog, runbook):
    remote = created(datadog, runbook())
    RESOURCE.delete(datadog, remote)
    RESOURCE.delete(datadog, remote)
    assert RESOURCE.read(datadog, OWNER, remote.id) is None
    api.dials.fail(503, times=9)
    with pytest.raises(ApiError):
        RESOURCE.read(datadog, OWNER, remote.id)


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("https://app.datadoghq.com/notebook/123/slow-start?view=1", 123),
        ("https://app.datadoghq.com/notebook/123", 123),
        ("123", None),
        ("https://app.datadoghq.com/notebook/list", None),
    ],
)
def test_an_address_names_a_notebook(text: str, identifier: int | None):
    assert RESOURCE.identifier(text) == identifier


def notebook(*cells: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": "By hand", "cells": [{"id": "a", "attributes": {"definition": each}} for each in cells]}


def test_an_exported_notebook_of_text_is_a_runbook():
    marked = "People wait.\n\n[//]: # (ddllm:other/prod/x ddllm_applied:1-0000000000000000)"
    body = notebook(*({"type": "markdown", "text": text} for text in (marked, "Look here", " ", "Then there")))
    assert RESOURCE.exported(body) == {
        "title": "By hand",
        "impact": "People wait.",
        "steps": {"step_1": {"ask": "Look here"}, "step_2": {"ask": "Then there"}},
    }
    assert RESOURCE.marks(body) == ["ddllm:other/prod/x", "ddllm_applied:1-0000000000000000"]


def test_a_notebook_with_graphs_is_not_exported():
    with pytest.raises(SyncError, match="cells that a runbook cannot hold: timeseries"):
        RESOURCE.exported(notebook({"type": "markdown", "text": "x"}, {"type": "timeseries"}))


def test_a_second_sync_of_every_recorded_notebook_changes_nothing():
    found = [
        each
        for session in sessions(r"/api/v1/notebooks")
        for each in second_sync(NORMALISER, unwrapped(session), attributes)
    ]
    assert unexplained(found, {}) == []


def unwrapped(session: Session) -> Session:
    return [{**each, "sent": each["sent"] and each["sent"]["data"]["attributes"]} for each in session]


def attributes(answer: Any) -> list[Mapping[str, Any]]:
    data = answer.get("data", [])
    items = data if isinstance(data, list) else [data]
    return [{**item["attributes"], "id": item["id"]} for item in items]

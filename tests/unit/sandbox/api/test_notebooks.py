"""The sandbox keeps notebooks as Datadog does: cells as they were sent, each with an id."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.conformance import Difference, replay, sessions, unexplained
from tests.support.datadog import organisation
from tests.support.http_json import Caller, caller
from tests.support.openapi import specification

PATH = "/api/v1/notebooks"
CELL = {"type": "notebook_cells", "attributes": {"definition": {"type": "markdown", "text": "## Words"}}}
NOTEBOOK = {"name": "Slow start", "cells": [CELL], "time": {"live_span": "1h"}}


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    clock = count(1_700_000_000)
    with organisation(now=lambda: next(clock)) as api:
        yield api


@pytest.fixture
def call(api: DatadogApi) -> Caller:
    return caller(api.url)


def request(**values: Any) -> dict[str, Any]:
    return {"data": {"type": "notebooks", "attributes": {**NOTEBOOK, **values}}}


def created(call: Caller, **values: Any) -> dict[str, Any]:
    status, body = call("POST", PATH, request(**values))
    assert status == 200, body
    return body["data"]


def test_the_server_adds_its_fields_and_ids(call: Caller):
    attributes = created(call)["attributes"]
    assert attributes.keys() - NOTEBOOK.keys() == {
        "author",
        "created",
        "deleted",
        "metadata",
        "modified",
        "status",
        "tags",
        "template_variables",
    }
    assert attributes["metadata"] == {"take_snapshots": False, "is_template": False, "is_favorite": False, "type": None}
    [cell] = attributes["cells"]
    assert len(cell.pop("id")) == 8
    assert cell == CELL


def test_a_put_keeps_the_ids_that_it_names_and_the_time_of_creation(call: Caller):
    body = created(call)
    [cell] = body["attributes"]["cells"]
    _, answer = call("PUT", f"{PATH}/{body['id']}", request(name="New", cells=[cell, CELL]))
    first, second = answer["data"]["attributes"]["cells"]
    assert (first["id"], second["id"] != cell["id"]) == (cell["id"], True)
    assert answer["data"]["attributes"]["created"] == body["attributes"]["created"]
    assert answer["data"]["attributes"]["name"] == "New"


def test_a_listing_shows_cells_unless_told_otherwise_the_newest_first(call: Caller):
    first, second = created(call), created(call, metadata={"type": "runbook"})
    _, listed = call("GET", PATH)
    assert [each["id"] for each in listed["data"]] == [second["id"], first["id"]]
    assert listed["data"][0]["attributes"]["cells"] == second["attributes"]["cells"]
    _, page = call("GET", f"{PATH}?start=1&count=1&include_cells=false")
    assert [each["id"] for each in page["data"]] == [first["id"]]
    assert "cells" not in page["data"][0]["attributes"]
    assert page["meta"] == {"page": {"total_count": 2, "total_filtered_count": 1}}
    assert [each["id"] for each in call("GET", f"{PATH}?type=runbook")[1]["data"]] == [second["id"]]
    oldest = call("GET", f"{PATH}?sort_field=created&sort_dir=asc")[1]["data"]
    assert [each["id"] for each in oldest] == [first["id"], second["id"]]


def test_a_deleted_notebook_is_gone(call: Caller):
    identifier = created(call)["id"]
    assert call("DELETE", f"{PATH}/{identifier}") == (204, None)
    for method, body in (("GET", None), ("PUT", request()), ("DELETE", None)):
        assert call(method, f"{PATH}/{identifier}", body) == (404, {"errors": ["Notebook not found"]})


@pytest.mark.parametrize(
    "values",
    [{"name": "n" * 81}, {"cells": [{"type": "notebook_cells"}]}, {"metadata": {"type": "novel"}}, {"time": {"live_span": "3 days"}}],
)  # fmt: skip
def test_what_the_clients_models_do_not_take_is_refused(values: dict[str, Any]):
    with DatadogApi() as api:
        assert caller(api.url)("POST", PATH, request(**values))[0] == 400


@pytest.mark.parametrize("body", [[1], {}, {"data": {"type": "notebooks", "attributes": {"name": "n"}}}])
def test_other_shapes_are_refused_and_break_nothing(body: Any):
    with DatadogApi() as api:
        call = caller(api.url)
        path = f"{PATH}/{created(call)['id']}"
        assert [call("POST", PATH, body)[0], call("PUT", path, body)[0]] == [400, 400]


def test_answers_are_as_datadogs_description_of_its_api_says(call: Caller):
    description = specification()
    body = created(call)
    assert description.answer_problems("POST", PATH, 200, {"data": body}) == []
    for path in (PATH, f"{PATH}/{body['id']}"):
        assert description.answer_problems("GET", path, 200, call("GET", path)[1]) == []


def test_it_answers_recorded_requests_as_datadog_did():
    found: list[Difference] = []
    for session in sessions(PATH):
        with DatadogApi() as api:
            found += replay(session, caller(api.url), of_the_moment=("id", "created", "modified", "author"))
    fields = dict.fromkeys(("data.attributes.deleted", "data.attributes.tags"), "added since 2025")
    assert unexplained(found, fields) == []

"""The sandbox keeps dashboards as Datadog does: widgets verbatim, each with an id."""

from collections.abc import Iterator
from typing import Any

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.conformance import Difference, replay, sessions, unexplained
from tests.support.datadog import organisation
from tests.support.http_json import Caller, caller
from tests.support.openapi import specification

NOTE = {"definition": {"type": "note", "content": "x"}}
GROUP = {"definition": {"type": "group", "layout_type": "ordered", "widgets": [NOTE, {**NOTE, "id": 77}]}}
DASHBOARD = {"title": "LLM health!", "layout_type": "ordered", "widgets": [GROUP, NOTE]}
PATH = "/api/v1/dashboard"


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation() as api:
        yield api


@pytest.fixture
def call(api: DatadogApi) -> Caller:
    return caller(api.url)


def created(call: Caller, **values: Any) -> dict[str, Any]:
    status, body = call("POST", PATH, {**DASHBOARD, **values})
    assert status == 200, body
    return body


def test_the_server_adds_its_fields_and_ids(call: Caller):
    body = created(call)
    assert body.keys() - DASHBOARD.keys() == {
        "id",
        "url",
        "author_handle",
        "author_name",
        "created_at",
        "modified_at",
        "description",
        "template_variables",
        "notify_list",
        "restricted_roles",
    }
    assert body["url"] == f"/dashboard/{body['id']}/llm-health"
    group, note = body["widgets"]
    assert group["definition"]["widgets"][1]["id"] == 77
    assert len({group["id"], note["id"], group["definition"]["widgets"][0]["id"]}) == 3


def test_definitions_come_back_as_they_were_sent(call: Caller):
    assert created(call)["widgets"][1]["definition"] == NOTE["definition"]


def test_recipients_are_sorted(call: Caller):
    assert created(call, notify_list=["b@x", "a@x"])["notify_list"] == ["a@x", "b@x"]


def test_tabs_name_widgets_by_place_and_get_their_ids(call: Caller):
    tab = {"id": "7f0e0e4e-6c3c-4f5e-9f5b-0c3a5e6b7a80", "name": "T", "widget_ids": [5]}
    assert created(call, tabs=[tab])["tabs"][0]["widget_ids"] == [5]


def test_a_put_replaces_everything_but_the_identity(call: Caller):
    body = created(call, description="old", notify_list=["a@x"])
    status, answer = call("PUT", f"{PATH}/{body['id']}", {**DASHBOARD, "title": "New"})
    assert status == 200
    assert (answer["id"], answer["created_at"], answer["title"], answer["description"], answer["notify_list"]) == (
        body["id"],
        body["created_at"],
        "New",
        None,
        None,
    )


def test_a_put_without_ids_mints_new_ones(call: Caller):
    body = created(call)
    _, answer = call("PUT", f"{PATH}/{body['id']}", DASHBOARD)
    assert answer["widgets"][1]["id"] != body["widgets"][1]["id"]
    _, again = call("PUT", f"{PATH}/{body['id']}", {**DASHBOARD, "widgets": answer["widgets"]})
    assert again["widgets"] == answer["widgets"]


def test_a_listing_shows_no_widgets(call: Caller):
    first, second = created(call), created(call)
    _, listed = call("GET", PATH)
    assert [each["id"] for each in listed["dashboards"]] == [first["id"], second["id"]]
    assert "widgets" not in listed["dashboards"][0]
    assert call("GET", f"{PATH}?start=1&count=1")[1]["dashboards"][0]["id"] == second["id"]


def test_a_deleted_dashboard_is_gone(call: Caller):
    identifier = created(call)["id"]
    assert call("DELETE", f"{PATH}/{identifier}") == (200, {"deleted_dashboard_id": identifier})
    for method, body in (("GET", None), ("PUT", DASHBOARD), ("DELETE", None)):
        assert call(method, f"{PATH}/{identifier}", body) == (
            404,
            {"errors": [f"Dashboard with ID {identifier} not found"]},
        )


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"tags": ["env:prod"]}, "Invalid tag format. Valid tag keys are: team."),
        ({"template_variables": [{"name": "env", "default": "*", "defaults": ["*"]}]}, "'template_variables' is invalid"),
        ({"layout_type": "free"}, "'layout' is required for every widget"),
        ({"layout_type": "free", "reflow_type": "auto"}, "'reflow_type' is invalid"),
        ({"reflow_type": "auto", "widgets": [{**NOTE, "layout": {"x": 0, "y": 0, "width": 1, "height": 1}}]}, "'layout' is not allowed with automatic reflow"),
    ],
)  # fmt: skip
def test_what_datadog_refuses_is_refused(call: Caller, values: dict[str, Any], reason: str):
    assert call("POST", PATH, {**DASHBOARD, **values}) == (400, {"errors": [reason]})


@pytest.mark.parametrize(
    "body",
    [[1], {"title": "x"}, {**DASHBOARD, "template_variables": ["x"]}, {**DASHBOARD, "template_variable_presets": [{"template_variables": 1}]}],
)  # fmt: skip
def test_other_shapes_are_refused_and_break_nothing(body: Any):
    with DatadogApi() as api:
        assert caller(api.url)("POST", PATH, body)[0] == 400


@pytest.mark.parametrize(
    "widget",
    [{"definition": {"type": "noote", "content": "x"}}, {"definition": {"type": "timeseries", "requests": [{"q": 5}]}}],
)
def test_widgets_that_the_clients_models_do_not_know_are_refused(widget: dict[str, Any]):
    with DatadogApi() as api:
        status, body = caller(api.url)("POST", PATH, {**DASHBOARD, "widgets": [widget]})
    assert (status, body) == (400, {"errors": ["Invalid value: a type or enumeration in the body is unknown"]})


def test_answers_are_as_datadogs_description_of_its_api_says(call: Caller):
    description = specification()
    body = created(call)
    assert description.answer_problems("POST", PATH, 200, body) == []
    for path in (PATH, f"{PATH}/{body['id']}"):
        assert description.answer_problems("GET", path, 200, call("GET", path)[1]) == []


def test_it_answers_recorded_requests_as_datadog_did():
    """What is accepted: fields that came or went with the years, and operations that ddllm has no use for."""
    found: list[Difference] = []
    for session in sessions(r"/api/v1/dashboard(/[a-z0-9]{3}-|\Z|\?)"):
        with DatadogApi() as api:
            found += replay(session, caller(api.url), of_the_moment=OF_THE_MOMENT)
    fields = {
        "is_read_only": "no longer answered since 2025",
        "experience_type": "added to one dashboard, of the newest recordings",
    }
    recordings = {
        "delete_dashboards_returns_no_content_response": "deletes several at once",
        "get_deleted_dashboards_returns_ok_response": "deletes several at once and lists them",
        "restore_deleted_dashboards_returns_no_content_response": "brings deleted ones back",
    }
    assert unexplained(found, fields, recordings) == []


OF_THE_MOMENT = ("id", "url", "author_handle", "author_name", "created_at", "modified_at")


def test_one_that_is_read_only_cannot_be_written(api: DatadogApi, call: Caller):
    identifier = created(call)["id"]
    api.dashboards.edit(identifier, is_read_only=True)
    assert call("PUT", f"{PATH}/{identifier}", DASHBOARD) == (403, {"errors": ["This dashboard is read-only"]})


def test_presets_are_sorted_by_name(call: Caller):
    body = created(call, template_variable_presets=[{"name": "b"}, {"name": "a"}])
    assert [each["name"] for each in body["template_variable_presets"]] == ["a", "b"]


def test_a_field_of_a_newer_datadog_is_kept_as_long_as_writes_name_it():
    with DatadogApi() as api:  # the description does not know the field
        call = caller(api.url)
        identifier = created(call, invented=1)["id"]
        assert "invented" not in call("GET", f"{PATH}/{identifier}")[1]
        api.dashboards.edit(identifier, invented=2)
        assert call("PUT", f"{PATH}/{identifier}", {**DASHBOARD, "invented": 3})[1]["invented"] == 3
        assert "invented" not in call("PUT", f"{PATH}/{identifier}", DASHBOARD)[1]

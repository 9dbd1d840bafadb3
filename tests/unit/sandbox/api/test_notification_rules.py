"""The sandbox keeps notification rules as Datadog was recorded doing."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.conformance import replay, sessions, unexplained
from tests.support.datadog import organisation
from tests.support.http_json import Caller, caller
from tests.support.openapi import specification

PATH = "/api/v2/monitor/notification_rule"
ATTRIBUTES = {"name": "quiet", "filter": {"tags": ["team:ml"]}, "recipients": ["slack-ml"]}


@pytest.fixture
def call() -> Iterator[Caller]:
    with organisation() as api:
        yield caller(api.url)


def body(**values: Any) -> dict[str, Any]:
    given = {name: value for name, value in {**ATTRIBUTES, **values}.items() if value is not None}
    return {"data": {"attributes": given, "type": "monitor-notification-rule"}}


def test_recorded_sessions_are_answered_as_datadog_did(call: Caller):
    moments = ("id", "created_at", "modified_at", "included")
    found = [each for session in sessions(PATH) for each in replay(session, call, of_the_moment=moments)]
    assert unexplained(found, {}) == []


def test_a_list_comes_in_pages(call: Caller):
    made = [call("POST", PATH, body(name=name))[1]["data"]["id"] for name in "abc"]
    listed = [call("GET", f"{PATH}?page={page}&per_page=2")[1]["data"] for page in (0, 1, 2)]
    assert [[each["id"] for each in page] for page in listed] == [made[:2], made[2:], []]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"recipients": None}, "Invalid rule: exactly one of recipients and conditional_recipients is required"),
        ({"filter": None}, "Invalid filter: exactly one of tags and scope is required"),
        (
            {
                "recipients": None,
                "conditional_recipients": {"conditions": [{"scope": "env:prod", "recipients": ["@slack-ml"]}]},
            },
            "Invalid recipients: Recipient handle should not start with '@'",
        ),
    ],
)
def test_what_datadog_refuses_is_refused(call: Caller, values: dict[str, Any], reason: str):
    assert call("POST", PATH, body(**values)) == (400, {"errors": [reason]})


def test_answers_are_as_datadogs_description_of_its_api_says(call: Caller):
    _, made = call("POST", PATH, body())
    assert specification().answer_problems("POST", PATH, 200, made) == []
    for path in (PATH, f"{PATH}/{made['data']['id']}"):
        assert specification().answer_problems("GET", path, 200, call("GET", path)[1]) == []

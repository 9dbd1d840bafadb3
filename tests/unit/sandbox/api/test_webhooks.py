"""The sandbox keeps webhooks as Datadog was recorded doing."""

from collections.abc import Iterator
from typing import Any

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.conformance import replay, sessions, unexplained
from tests.support.datadog import organisation
from tests.support.http_json import Caller, caller

PATH = "/api/v1/integration/webhooks/configuration/webhooks"
WEBHOOK = {"name": "hook", "url": "https://example.com/hook"}


@pytest.fixture
def call() -> Iterator[Caller]:
    with organisation() as api:
        yield caller(api.url)


def test_recorded_sessions_are_answered_as_datadog_did(call: Caller):
    found = [each for session in sessions(PATH) for each in replay(session, call, of_the_moment=())]
    assert found
    assert unexplained(found, {"auth_method_id": "shown by newer versions of the API than the recorded one"}) == []


def test_what_a_put_leaves_out_stays(call: Caller):
    call("POST", PATH, {**WEBHOOK, "custom_headers": '{"A": "b"}', "payload": '{"id": "$ID"}'})
    _, answer = call("PUT", f"{PATH}/hook", {"url": "https://example.com/new"})
    assert (answer["url"], answer["custom_headers"], answer["payload"]) == (
        "https://example.com/new",
        '{"A": "b"}',
        '{"id": "$ID"}',
    )


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"payload": "{id: $ID}"}, "Invalid payload: not a JSON object"),
        ({"custom_headers": "A: b"}, "Invalid custom_headers: not a JSON object"),
        ({"url": "example.com"}, "Invalid url"),
    ],
)
def test_what_could_not_be_sent_is_refused(call: Caller, values: dict[str, Any], reason: str):
    assert call("POST", PATH, {**WEBHOOK, **values}) == (400, {"errors": [reason]})


def test_a_name_is_taken_once(call: Caller):
    call("POST", PATH, WEBHOOK)
    assert call("POST", PATH, WEBHOOK)[0] == 400


def test_an_edit_in_the_ui_is_no_request():
    with DatadogApi() as api:
        call = caller(api.url)
        call("POST", PATH, WEBHOOK)
        api.webhooks.edit("hook", url="https://example.com/theirs")
        assert call("GET", f"{PATH}/hook")[1]["url"] == "https://example.com/theirs"
        assert [each.method for each in api.requests] == ["POST", "GET"]

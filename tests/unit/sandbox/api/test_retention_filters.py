"""The sandbox keeps retention filters as Datadog was recorded doing."""

from collections.abc import Iterator
from typing import Any

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.conformance import replay, sessions, unexplained
from tests.support.datadog import organisation
from tests.support.http_json import Caller, caller
from tests.support.openapi import specification

PATH = "/api/v2/apm/config/retention-filters"
ATTRIBUTES = {
    "name": "exemplars",
    "enabled": True,
    "filter": {"query": "operation_name:x"},
    "filter_type": "spans-sampling-processor",
    "rate": 1,
}


@pytest.fixture
def call() -> Iterator[Caller]:
    with organisation() as api:
        yield caller(api.url)


def body(**values: Any) -> dict[str, Any]:
    return {"data": {"attributes": {**ATTRIBUTES, **values}, "type": "apm_retention_filter"}}


def test_recorded_sessions_are_answered_as_datadog_did():
    moments = ("id", "created_at", "created_by", "modified_at", "modified_by")
    with DatadogApi() as api:  # one of the recorded requests is no valid one
        call = caller(api.url)
        recorded = sessions(rf"{PATH}(/|\Z)")
        found = [each for session in recorded for each in replay(session, call, of_the_moment=moments)]
    fields = {"data": "the recorded organisation holds other filters", "data.attributes.trace_rate": "absent in 2023"}
    reasons = {
        "create_a_default_retention_filter_returns_bad_request_response": "the client's models refuse it in their words"
    }
    assert unexplained(found, fields, reasons) == []


def test_a_list_says_in_which_order_filters_take_effect(call: Caller):
    for name in "ab":
        call("POST", PATH, body(name=name))
    _, listed = call("GET", PATH)
    assert [(each["attributes"]["name"], each["attributes"]["execution_order"]) for each in listed["data"]] == [
        ("a", 1),
        ("b", 2),
    ]
    assert specification().answer_problems("GET", PATH, 200, listed) == []

"""The sandbox keeps PagerDuty's service objects as Datadog does: by name, their keys never shown."""

from collections.abc import Iterator

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.datadog import organisation
from tests.support.http_json import Caller, caller

SERVICES = "/api/v1/integration/pagerduty/configuration/services"
SERVICE = {"service_name": "llm-platform", "service_key": "a-secret-key"}


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation() as api:
        yield api


@pytest.fixture
def call(api: DatadogApi) -> Caller:
    return caller(api.url)


def test_a_key_is_taken_and_never_shown(api: DatadogApi, call: Caller):
    assert call("POST", SERVICES, SERVICE) == (201, {"service_name": "llm-platform"})
    assert call("GET", f"{SERVICES}/llm-platform") == (200, {"service_name": "llm-platform"})
    assert api.pagerduty.keys == {"llm-platform": "a-secret-key"}


def test_a_name_is_taken_once(api: DatadogApi, call: Caller):
    call("POST", SERVICES, SERVICE)
    again = {**SERVICE, "service_key": "another"}
    assert call("POST", SERVICES, again) == (400, {"errors": ["Service already exists"]})
    assert api.pagerduty.keys == {"llm-platform": "a-secret-key"}


def test_a_key_is_replaced_by_a_put_that_is_answered_with_nothing(api: DatadogApi, call: Caller):
    call("POST", SERVICES, SERVICE)
    assert call("PUT", f"{SERVICES}/llm-platform", {"service_key": "another"}) == (200, None)
    assert api.pagerduty.keys == {"llm-platform": "another"}


def test_a_deleted_service_is_gone(call: Caller):
    call("POST", SERVICES, SERVICE)
    assert call("DELETE", f"{SERVICES}/llm-platform") == (204, None)
    for method, body in (("GET", None), ("PUT", {"service_key": "x"}), ("DELETE", None)):
        assert call(method, f"{SERVICES}/llm-platform", body)[0] == 404


def test_a_service_without_a_key_is_refused():
    with DatadogApi() as api:
        status, _ = caller(api.url)("POST", SERVICES, {"service_name": "llm-platform"})
    assert (status, api.pagerduty.keys) == (400, {})


def test_the_list_that_no_documentation_names_masks_the_keys():
    with DatadogApi() as api:
        call = caller(api.url)
        call("POST", SERVICES, SERVICE)
        status, answer = call("GET", "/api/v1/integration/pagerduty")
    assert (status, answer["services"]) == (200, [{"service_name": "llm-platform", "service_key": "*****"}])

"""The sandbox keeps what is said of metrics as Datadog does: what was not said is null, tags come in any order."""

from collections.abc import Iterator
from typing import Any

import pytest

from ddllm.query.series import Series
from ddllm.query.sketch import Sketch
from ddllm.sandbox.api import DatadogApi
from tests.support.conformance import replay, sessions, unexplained
from tests.support.datadog import organisation
from tests.support.http_json import Caller, caller
from tests.support.openapi import specification

TTFT = "ddllm.ttft"
TAGS = f"/api/v2/metrics/{TTFT}/tags"
METADATA = f"/api/v1/metrics/{TTFT}"


def source(metric: str) -> Iterator[Series]:
    if metric == TTFT:
        yield Series(
            metric, "distribution", ("env:prod", "model_name:m", "service:chat"), sketches={600: Sketch([1.0])}
        )
    elif metric.startswith("Test"):
        yield Series(metric, "gauge", (), points={600: 1.0})


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation(metrics=source) as api:
        yield api


@pytest.fixture
def call(api: DatadogApi) -> Caller:
    return caller(api.url)


def configuration(name: str = TTFT, **attributes: Any) -> dict[str, Any]:
    return {"data": {"type": "manage_tags", "id": name, "attributes": attributes}}


def created(call: Caller, *tags: str, **more: Any) -> tuple[int, Any]:
    return call("POST", TAGS, configuration(metric_type="distribution", tags=[*tags], **more))


def test_recorded_sessions_are_answered_as_datadog_did(call: Caller):
    moments = ("created_at", "modified_at", "tags")
    recorded = sessions(r"/api/v2/metrics/Test\w+/(tags|all-tags)\Z")
    found = [each for session in recorded for each in replay(session, call, of_the_moment=moments)]
    reasons = {"data.attributes.ingested_tags": "shown by newer versions of the API than the recorded one"}
    assert unexplained(found, reasons) == []


def test_metadata_of_which_nothing_was_said_is_null(call: Caller):
    status, answer = call("GET", METADATA)
    assert (status, len(answer), set(answer.values())) == (200, 7, {None})


def test_metadata_that_a_write_leaves_out_stays(call: Caller):
    assert call("PUT", METADATA, {"description": "d", "unit": "second"})[1]["integration"] is None
    call("PUT", METADATA, {"description": "e"})
    _, answer = call("GET", METADATA)
    assert (answer["description"], answer["unit"]) == ("e", "second")


def test_a_metric_that_does_not_report_has_no_settings(call: Caller):
    assert call("PUT", "/api/v1/metrics/ddllm.cost", {"description": "d"})[0] == 404
    body = configuration("ddllm.cost", metric_type="count", tags=[])
    missing = (404, {"errors": ["ddllm.cost not found"]})
    assert call("POST", "/api/v2/metrics/ddllm.cost/tags", body) == missing
    assert call("GET", "/api/v2/metrics/ddllm.cost/all-tags") == missing


def test_a_configuration_is_made_once_and_then_patched(call: Caller):
    assert created(call, "env", include_percentiles=False)[0] == 201
    assert created(call, "env")[0] == 409
    status, answer = call("PATCH", TAGS, configuration(include_percentiles=True))
    attributes = answer["data"]["attributes"]
    assert (status, attributes["include_percentiles"], attributes["tags"]) == (200, True, ["env"])


def test_the_order_of_tags_changes_from_read_to_read(call: Caller):
    created(call, "a", "b", "c")
    seen = [call("GET", TAGS)[1]["data"]["attributes"]["tags"] for _ in range(2)]
    assert seen[0] != seen[1]
    assert set(seen[0]) == {"a", "b", "c"}


def test_tags_that_a_configuration_leaves_out_are_ingested_and_not_indexed(call: Caller):
    everything = ["env:prod", "model_name:m", "service:chat"]
    path = f"/api/v2/metrics/{TTFT}/all-tags"
    assert call("GET", path)[1]["data"]["attributes"] == {"tags": everything, "ingested_tags": []}
    created(call, "env")
    assert call("GET", path)[1]["data"]["attributes"] == {"tags": everything[:1], "ingested_tags": everything[1:]}
    call("PATCH", TAGS, configuration(tags=["env"], exclude_tags_mode=True))
    assert call("GET", path)[1]["data"]["attributes"] == {"tags": everything[1:], "ingested_tags": everything[:1]}


def test_a_list_shows_configurations_and_can_be_asked_for_percentiles(call: Caller):
    plain = {"type": "metrics", "id": TTFT}
    assert call("GET", "/api/v2/metrics")[1]["data"] == [plain]
    assert call("GET", "/api/v2/metrics?filter%5Binclude_percentiles%5D=true")[1]["data"] == []
    created(call, "env", include_percentiles=True)
    for query in ("", "?filter%5Binclude_percentiles%5D=true", "?filter%5Bconfigured%5D=true"):
        [listed] = call("GET", f"/api/v2/metrics{query}")[1]["data"]
        assert (listed["type"], listed["id"]) == ("manage_tags", TTFT)
    assert call("GET", "/api/v2/metrics?filter%5Bconfigured%5D=false")[1]["data"] == []


@pytest.mark.parametrize(
    ("name", "attributes", "reason"),
    [
        ("system.cpu.idle", {"metric_type": "gauge", "tags": ["env"]}, "Cannot configure tags on metric because metric is an integration metric"),
        (TTFT, {"metric_type": "count", "tags": []}, "Invalid metric_type: ddllm.ttft is a distribution"),
        (TTFT, {"metric_type": "count", "tags": [], "include_percentiles": True}, "include_percentiles is for distribution metrics"),
        (TTFT, {"metric_type": "distribution", "tags": [], "exclude_tags_mode": True}, "exclude_tags_mode needs at least one tag"),
    ],
)  # fmt: skip
def test_what_datadog_refuses_is_refused(call: Caller, name: str, attributes: dict[str, Any], reason: str):
    answer = call("POST", f"/api/v2/metrics/{name}/tags", configuration(name, **attributes))
    assert answer == (400, {"errors": [reason]})


def test_a_type_cannot_be_patched(call: Caller):
    created(call, "env")
    assert call("PATCH", TAGS, configuration(metric_type="gauge"))[0] == 400


def test_answers_are_as_datadogs_description_of_its_api_says(call: Caller):
    _, made = created(call, "env", include_percentiles=True)
    assert specification().answer_problems("POST", TAGS, 201, made) == []
    for path in (TAGS, "/api/v2/metrics", f"/api/v2/metrics/{TTFT}/all-tags"):
        assert specification().answer_problems("GET", path, 200, call("GET", path)[1]) == []
    call("PUT", METADATA, {"description": "d"})
    shown = {name: value for name, value in call("GET", METADATA)[1].items() if value is not None}
    assert specification().answer_problems("GET", METADATA, 200, shown) == []  # it does not say that fields may be null

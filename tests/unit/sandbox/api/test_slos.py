"""SLOs of the sandbox behave as recorded ones do."""

from collections.abc import Iterator
from typing import Any

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.conformance import replay, sessions, unexplained
from tests.support.datadog import organisation
from tests.support.http_json import Caller, caller
from tests.support.openapi import specification

QUERY = {"numerator": "sum:good{*}.as_count()", "denominator": "sum:all{*}.as_count()"}
SLO = {"name": "n", "type": "metric", "query": QUERY, "thresholds": [{"timeframe": "30d", "target": 99}]}
MONITOR = {"name": "m", "type": "query alert", "query": "avg(last_5m):avg:a{*} > 2", "message": "", "tags": ["t:1"]}


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation() as api:
        yield api


@pytest.fixture
def call(api: DatadogApi) -> Caller:
    return caller(api.url)


def created(call: Caller, **values: Any) -> dict[str, Any]:
    status, answer = call("POST", "/api/v1/slo", {**SLO, **values})
    assert status == 200, answer
    [body] = answer["data"]
    return body


def alert(slo: str, over: str = "30d", long: str = "1h", short: str = "5m", rate: float = 14.4) -> dict[str, Any]:
    query = f'burn_rate("{slo}").over("{over}").long_window("{long}").short_window("{short}") > {rate}'
    return {
        "name": "a",
        "type": "slo alert",
        "query": query,
        "message": "",
        "options": {"thresholds": {"critical": rate}},
    }


def test_the_server_fills_in_what_follows_from_the_thresholds(call: Caller):
    body = created(call, thresholds=[{"timeframe": "30d", "target": 99, "warning": 99.5}])
    assert body["thresholds"] == [
        {"timeframe": "30d", "target": 99.0, "target_display": "99.", "warning": 99.5, "warning_display": "99.5"}
    ]
    assert (body["timeframe"], body["target_threshold"], body["warning_threshold"]) == ("30d", 99, 99.5)


def test_tags_are_in_small_letters_and_their_order_is_never_updated(call: Caller):
    body = created(call, tags=["Z:1", "a:1"])
    assert body["tags"] == ["a:1", "z:1"]
    _, answer = call("PUT", f"/api/v1/slo/{body['id']}", {**SLO, "tags": ["z:1", "b:1", "a:1"]})
    assert answer["data"][0]["tags"] == ["a:1", "z:1", "b:1"]


def test_a_query_lingers_beside_the_specification_that_replaces_it(call: Caller):
    body = created(call)
    counts = {
        "good_events_formula": {"formula": "a"},
        "total_events_formula": {"formula": "a + b"},
        "queries": [{"data_source": "metrics", "name": each, "query": f"sum:{each}{{*}}.as_count()"} for each in "ab"],
    }
    sent = {**{name: SLO[name] for name in ("name", "type", "thresholds")}, "sli_specification": {"count": counts}}
    _, answer = call("PUT", f"/api/v1/slo/{body['id']}", sent)
    assert answer["data"][0]["query"] == {
        "numerator": "sum:a{*}.as_count()",
        "denominator": "sum:a{*}.as_count() + sum:b{*}.as_count()",
    }


def test_a_monitor_slo_shows_the_tags_of_its_monitors(call: Caller):
    monitor = call("POST", "/api/v1/monitor", MONITOR)[1]["id"]
    body = created(call, type="monitor", monitor_ids=[monitor])
    assert (body["monitor_ids"], body["monitor_tags"]) == ([monitor], ["t:1"])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"type": "monitor"}, "Invalid payload: must specify monitor_ids"),
        ({"type": "monitor", "monitor_ids": [5]}, "Invalid payload: monitors not found: [5]"),
        ({"query": {"numerator": "sum:a{*}", "denominator": "sum:b{*}"}}, "Invalid payload: queries of count types must use as_count()"),
        ({"thresholds": []}, "Invalid payload: must specify thresholds"),
        ({"thresholds": [{"timeframe": "7d", "target": 99, "warning": 98}]}, "Invalid payload: warning must be above target"),
        ({"type": "time_slice"}, "Invalid payload: must specify sli_specification"),
    ],
)  # fmt: skip
def test_what_makes_no_slo_is_refused(call: Caller, values: dict[str, Any], reason: str):
    assert call("POST", "/api/v1/slo", {**SLO, **values}) == (400, {"errors": [reason]})


def test_what_the_clients_models_do_not_know_is_refused():
    with DatadogApi() as api:
        status, _ = caller(api.url)("POST", "/api/v1/slo", {**SLO, "type": "uptime"})
    assert status == 400


def test_a_listing_filters_by_one_tag_and_comes_in_parts(call: Caller):
    for number in range(5):
        created(call, name=f"n{number}", tags=["a:1", f"odd:{number % 2}"])
    names = lambda query: [each["name"] for each in call("GET", f"/api/v1/slo?{query}")[1]["data"]]  # noqa: E731
    assert names("tags_query=odd:1") == ["n1", "n3"]
    assert names("tags_query=a:1&limit=2&offset=2") == ["n2", "n3"]
    assert names("query=N4") == ["n4"]
    assert call("GET", "/api/v1/slo?tags_query=odd:1")[1]["metadata"] == {
        "page": {"total_count": 5, "total_filtered_count": 2}
    }


def test_an_slo_that_a_monitor_alerts_on_cannot_be_deleted(call: Caller):
    slo, free = created(call)["id"], created(call)["id"]
    monitor = call("POST", "/api/v1/monitor", alert(slo))[1]["id"]
    reason = f"used in monitors: [{monitor}]"
    assert call("GET", f"/api/v1/slo/can_delete?ids={slo},{free}") == (
        409,
        {"data": {"ok": [free]}, "errors": {slo: reason}},
    )
    assert call("DELETE", f"/api/v1/slo/{slo}") == (409, {"data": [], "errors": {slo: reason}})
    assert call("DELETE", f"/api/v1/slo/{slo}?force=true")[0] == 200


def test_a_monitor_that_an_slo_uses_cannot_be_deleted(call: Caller):
    monitor = call("POST", "/api/v1/monitor", MONITOR)[1]["id"]
    slo = created(call, type="monitor", monitor_ids=[monitor])["id"]
    assert call("DELETE", f"/api/v1/monitor/{monitor}") == (
        401,
        {"errors": [f"monitor [{monitor},m] is referenced in slos: ['{slo}']"]},
    )
    assert call("GET", f"/api/v1/monitor/can_delete?monitor_ids={monitor}") == (
        409,
        {"data": {"ok": []}, "errors": {str(monitor): [f"referenced in slos: ['{slo}']"]}},
    )


@pytest.mark.parametrize(
    "wrong",
    [{"over": "7d"}, {"long": "72h"}, {"short": "60m"}, {"rate": 101}, {"slo": "0" * 32}],
)
def test_an_alert_needs_its_slo_its_timeframe_and_a_rate_that_can_be(call: Caller, wrong: dict[str, Any]):
    slo = created(call)["id"]
    status, answer = call("POST", "/api/v1/monitor/validate", alert(**{"slo": slo, **wrong}))
    assert (status, answer["errors"][0].partition(":")[0]) == (
        400,
        "The value provided for parameter 'query' is invalid",
    )
    assert call("POST", "/api/v1/monitor/validate", alert(slo)) == (200, {})


def test_answers_are_as_datadogs_description_of_its_api_says(call: Caller):
    description = specification()
    path = f"/api/v1/slo/{created(call)['id']}"
    for method, where, sent in (
        ("POST", "/api/v1/slo", SLO),
        ("GET", "/api/v1/slo", None),
        ("GET", path, None),
        ("PUT", path, SLO),
        ("DELETE", path, None),
    ):
        status, answer = call(method, where, sent)
        assert description.answer_problems(method, where, status, answer) == []


_OLD = "recorded before Datadog filled in timeframe, target_threshold and warning_threshold"

#: Recordings that are not answered as Datadog answered then.
ACCEPTED = {
    "create_an_slo_correction_returns_ok_response": _OLD,
    "create_an_slo_correction_with_rrule_returns_ok_response": _OLD,
    "get_all_slo_corrections_returns_ok_response": _OLD,
    "get_an_slo_correction_for_an_slo_returns_ok_response": _OLD,
    "update_an_slo_correction_returns_ok_response": _OLD,
}


def test_it_answers_recorded_sessions_as_datadog_did():
    found = []
    recorded = list(sessions(r"/api/v1/slo(?!/(?:correction|search|[^/?]+/history|[^/?]+/corrections))"))
    assert len(recorded) > 10
    for session in recorded:
        with DatadogApi() as api:
            found += list(
                replay(session, caller(api.url), of_the_moment=("id", "created_at", "modified_at", "creator"))
            )
    assert unexplained(found, ACCEPTED) == []

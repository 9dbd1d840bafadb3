"""The sandbox keeps monitors as Datadog does: its defaults, rewrites, refusals and listings."""

from collections.abc import Iterator
from typing import Any

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.conformance import Difference, replay, sessions, unexplained
from tests.support.datadog import organisation
from tests.support.http_json import Caller, caller
from tests.support.openapi import recordings, specification

QUERY = "avg(last_5m):avg:a{*} by {host} > 2"
MONITOR = {
    "name": "n",
    "type": "query alert",
    "query": QUERY,
    "message": "m",
    "tags": ["b:Two", "a:1"],
    "options": {"thresholds": {"critical": 2}},
}


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation(now=lambda: 1_767_603_600.0) as api:
        yield api


@pytest.fixture
def call(api: DatadogApi) -> Caller:
    return caller(api.url)


def created(call: Caller, **values: Any) -> dict[str, Any]:
    status, body = call("POST", "/api/v1/monitor", {**MONITOR, **values})
    assert status == 200, body
    return body


def refused(call: Caller, **values: Any) -> str:
    status, body = call("POST", "/api/v1/monitor/validate", {**MONITOR, **values})
    assert status == 400, body
    [reason] = body["errors"]
    return reason


def test_a_create_is_answered_with_everything_that_the_server_adds(call: Caller):
    body = created(call)
    assert body["options"] == {
        "thresholds": {"critical": 2.0},
        "notify_audit": False,
        "notify_no_data": False,
        "include_tags": True,
        "new_host_delay": 300,
        "avalanche_window": 20,
        "silenced": {},
    }
    added = body.keys() - MONITOR.keys()
    assert added >= {
        "id",
        "org_id",
        "created",
        "created_at",
        "modified",
        "deleted",
        "multi",
        "creator",
        "overall_state",
        "restricted_roles",
        "restriction_policy",
        "draft_status",
        "assets",
        "priority",
    }
    assert (body["multi"], body["overall_state"], body["created"]) == (True, "No Data", "2026-01-05T09:00:00+00:00")


def test_whole_numbers_come_back_as_floats(call: Caller):
    assert type(created(call)["options"]["thresholds"]["critical"]) is float


def test_texts_are_trimmed(call: Caller):
    body = created(
        call,
        name=" n ",
        query=f"{QUERY}\n",
        message="m\n",
        options={"thresholds": {"critical": 2}, "renotify_interval": 5, "escalation_message": "e\n"},
    )
    assert (body["name"], body["query"], body["message"], body["options"]["escalation_message"]) == (
        "n",
        QUERY,
        "m",
        "e",
    )


def test_tags_keep_their_order_and_case(call: Caller):
    assert created(call)["tags"] == ["b:Two", "a:1"]


@pytest.mark.parametrize(
    ("sent", "query", "kept"),
    [
        ("query alert", 'formula("query1").last("5m") > 2', "metric alert"),
        ("metric alert", "avg(current_1mo):avg:a{*} > 2", "query alert"),
        ("metric alert", "avg(current_1h):avg:a{*} > 2", "metric alert"),
        ("query alert", "avg(last_5m):avg:a{*} > 2", "query alert"),
    ],
)
def test_the_two_metric_types_are_rewritten_into_each_other(call: Caller, sent: str, query: str, kept: str):
    assert created(call, type=sent, query=query)["type"] == kept


def test_priority_nought_is_none():
    with DatadogApi() as api:
        assert created(caller(api.url), priority=0)["priority"] is None


def test_nulls_are_echoed(call: Caller):
    options = created(call, options={"renotify_interval": None, "timeout_h": None})["options"]
    assert (options["renotify_interval"], options["timeout_h"]) == (None, None)


def test_empty_thresholds_are_dropped(call: Caller):
    assert "thresholds" not in created(call, options={"thresholds": {}})["options"]


@pytest.mark.parametrize(
    ("sent", "absent"),
    [({"new_group_delay": 0}, "new_host_delay"), ({"on_missing_data": "show_no_data"}, "notify_no_data")],
)
def test_some_defaults_give_way_to_a_newer_option(call: Caller, sent: dict[str, Any], absent: str):
    assert absent not in created(call, options=sent)["options"]


@pytest.fixture
def lenient() -> Iterator[Caller]:
    """An organisation that takes what Datadog takes, though ddllm should not send it."""
    with DatadogApi() as api:
        yield caller(api.url)


def test_unknown_keys_are_dropped(lenient: Caller):
    body = created(lenient, classification="x", options={"thresholds": {"critical": 2}, "invented": 1})
    assert "classification" not in body
    assert "invented" not in body["options"]


def test_a_read_differs_from_the_answer_to_the_write(call: Caller):
    body = created(call)
    status, read = call("GET", f"/api/v1/monitor/{body['id']}")
    assert status == 200
    assert body.keys() - read.keys() == {"restriction_policy", "assets"}
    assert read["overall_state"] == "OK"


def test_a_put_keeps_top_level_fields_that_it_does_not_name(call: Caller):
    body = created(call, priority=3)
    _, answer = call("PUT", f"/api/v1/monitor/{body['id']}", {"name": "renamed"})
    assert (answer["name"], answer["priority"], answer["tags"], answer["options"]) == (
        "renamed",
        3,
        body["tags"],
        body["options"],
    )


def test_a_put_replaces_options_as_a_whole(call: Caller):
    body = created(call, options={"thresholds": {"critical": 2}, "renotify_interval": 60, "timeout_h": 4})
    _, answer = call("PUT", f"/api/v1/monitor/{body['id']}", {"options": {"thresholds": {"critical": 2}}})
    assert not {"renotify_interval", "timeout_h"} & answer["options"].keys()
    assert answer["options"]["include_tags"] is True


def test_a_put_keeps_mutes(api: DatadogApi, call: Caller):
    body = created(call)
    api.monitors.edit(body["id"], options={"silenced": {"*": None}})
    _, answer = call("PUT", f"/api/v1/monitor/{body['id']}", {"options": {"thresholds": {"critical": 2}}})
    assert answer["options"]["silenced"] == {"*": None}


def test_an_option_that_was_there_may_be_sent_back(api: DatadogApi, call: Caller):
    body = created(call)
    api.monitors.edit(body["id"], options={"invented": 1})
    _, answer = call(
        "PUT", f"/api/v1/monitor/{body['id']}", {"options": {"thresholds": {"critical": 2}, "invented": 1}}
    )
    assert answer["options"]["invented"] == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"type": "composite"}, "The type of a monitor cannot be changed"),
        ({"options": {"scheduling_options": {"custom_schedule": {"recurrences": [{"rrule": "FREQ=DAILY", "timezone": "UTC"}]}}}}, "Custom schedule can only be added or removed during monitor creation"),
    ],
)  # fmt: skip
def test_what_is_fixed_at_creation_cannot_be_put(call: Caller, values: dict[str, Any], reason: str):
    body = created(call)
    assert call("PUT", f"/api/v1/monitor/{body['id']}", values) == (400, {"errors": [reason]})


def test_an_equal_monitor_is_a_duplicate(call: Caller):
    first = created(call)
    status, body = call("POST", "/api/v1/monitor", MONITOR)
    assert (status, body) == (400, {"errors": [f"Duplicate of an existing monitor_id:{first['id']} org_id:1"]})
    assert created(call, tags=["other"])["id"] != first["id"]


INVALID = "The value provided for parameter 'query' is invalid"
WINDOWS = {"threshold_windows": {"trigger_window": "last_1h", "recovery_window": "last_1h"}}
SCHEDULED = {"scheduling_options": {"custom_schedule": {"recurrences": [{"rrule": "FREQ=DAILY", "timezone": "UTC"}]}}}
ANOMALY = "avg(last_6h):anomalies(avg:a{*}, 'agile', 3, direction='above', alert_window='last_1h', interval=300) >= 0.5"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"query": "avg(last_5m):avg:a{*} by {host}", "options": {}}, INVALID),
        ({"query": "avg(last_5m):avg:a{* > 2"}, INVALID),
        ({"query": "avg(last_5m):avg:a{*} => 2"}, INVALID),
        ({"query": "avg(last_5m):avg:a{$env} > 2"}, INVALID),
        ({"query": "avg:a{*} > 2"}, INVALID),
        ({"type": "log alert", "query": "query", "options": {}}, f"{INVALID}: invalid operator specified: "),
        ({"options": {"thresholds": {"critical": 3}}}, "Alert threshold (3.0) does not match that used in the query (2.0)."),
        ({"options": {"thresholds": {"critical": 2, "warning": 2}}}, "The value provided for parameter 'thresholds' is invalid: warning must be on the OK side of critical"),
        ({"query": "avg(last_5m):avg:a{*} < 2", "options": {"thresholds": {"critical": 2, "critical_recovery": 1}}}, "The value provided for parameter 'thresholds' is invalid: critical_recovery must be on the OK side of critical"),
        ({"options": {"thresholds": {"critical": 2, "warning_recovery": 1}}}, "Warning threshold is required when a warning recovery threshold is set"),
        ({"type": "composite", "query": "1 && 2", "options": {}}, "Some monitor IDs are invalid"),
        ({"type": "composite", "query": "a && b", "options": {}}, INVALID),
        ({"query": ANOMALY, "options": {}}, INVALID),
        ({"query": ANOMALY, "options": {"threshold_windows": {"trigger_window": "last_2h", "recovery_window": "last_1h"}}}, f"{INVALID}: alert_window does not match trigger_window"),
        ({"query": ANOMALY, "options": {"threshold_windows": {"trigger_window": "last_1h", "recovery_window": "last_15m"}}}, "alert and alert recovery criteria are such that the monitor can be simultaneously in alert and alert recovery states"),
        ({"options": {"on_missing_data": "resolve", "notify_no_data": True}}, "on_missing_data cannot be used together with notify_no_data"),
        ({"query": "avg(last_5m):default_zero(avg:a{*}) > 2", "options": {"on_missing_data": "resolve"}}, "Invalid on_missing_data value: resolve; valid value is: default"),
        ({"query": "avg(last_8d):avg:a{*} > 2"}, f"{INVALID}: the window last_8d is too long"),
        ({"query": "change(avg(last_3d),last_1h):avg:a{*} > 2"}, f"{INVALID}: the window last_3d is too long"),
        ({"query": "change(avg(last_5m),last_3h):avg:a{*} > 2"}, f"{INVALID}: the comparison cannot look back last_3h"),
        ({"type": "log alert", "query": 'logs("a").index("*").rollup("count").last("3d") > 2'}, f"{INVALID}: the window 3d is too long"),
        ({"type": "service check", "query": '"a".over("*").last(2).count_by_status()', "options": {}}, f"{INVALID}: a service check is grouped: .by(…)"),
        ({"type": "service check", "query": '"a".over("*").by("host").last(2).count_by_status()', "options": {"thresholds": {"critical": 3}}}, "The value provided for parameter 'thresholds' is invalid: no more than the 2 runs of the query"),
        ({"query": ANOMALY.replace("300", "1800"), "options": WINDOWS}, f"{INVALID}: interval is at most a fifth of alert_window"),
        ({"query": ANOMALY.replace("agile", "basic").replace("=300", "=300, seasonality='daily'"), "options": WINDOWS}, f"{INVALID}: basic knows no seasonality"),
        ({"query": ANOMALY.replace("0.5", "1.5"), "options": WINDOWS}, INVALID),
        ({"query": ANOMALY.replace("6h", "30m"), "options": WINDOWS}, INVALID),
        ({"options": {"on_missing_data": "show_no_data", "no_data_timeframe": 10}}, "on_missing_data cannot be used together with no_data_timeframe"),
        ({"options": {"on_missing_data": "resolve", "timeout_h": 4}}, "Invalid on_missing_data value: resolve cannot be used together with timeout_h"),
        ({"options": {"timeout_h": 25}}, "The value provided for parameter 'timeout_h' is invalid: 0 to 24"),
        ({"options": {"evaluation_delay": 90000}}, "The value provided for parameter 'evaluation_delay' is invalid: 0 to 86400"),
        ({"options": {"renotify_occurrences": 3}}, "The value provided for parameter 'renotify_occurrences' is invalid: it needs renotify_interval"),
        ({"query": "avg(last_5m):avg:a{*} > 2", "options": {"notify_by": ["*"]}}, "The value provided for parameter 'notify_by' is invalid: the query has no groups"),
        ({"options": {"notify_by": ["service"]}}, "The value provided for parameter 'notify_by' is invalid: the query is not grouped by service"),
        ({"options": {"scheduling_options": {"evaluation_window": {"hour_starts": 0, "day_starts": "04:00"}}}}, "The value provided for parameter 'evaluation_window' is invalid: hour_starts alone, or day_starts, with month_starts for months"),
        ({"options": {"scheduling_options": {"custom_schedule": {"recurrences": []}}}}, "The value provided for parameter 'custom_schedule' is invalid: one recurrence"),
        ({"options": {**SCHEDULED, "require_full_window": True}}, "The value provided for parameter 'require_full_window' is invalid: it has to be false with a custom schedule"),
        ({"priority": 9}, "The value provided for parameter 'priority' is invalid"),
        ({"tags": ["x" * 201]}, "The value provided for parameter 'tags' is invalid"),
    ],
)  # fmt: skip
def test_what_datadog_refuses_is_refused(lenient: Caller, values: dict[str, Any], reason: str):
    assert refused(lenient, **values) == reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"type": "weird alert"}, "Invalid value: a type or enumeration in the body is unknown"),
        ({"tags": "x"}, "Invalid type for variable 'tags'"),
        ({"options": {"thresholds": {"critical": "two"}}}, "Invalid type for variable 'critical'"),
        ({"options": {"on_missing_data": "zap"}}, "Invalid value: a type or enumeration in the body is unknown"),
    ],
)
def test_what_the_clients_models_do_not_know_is_refused(values: dict[str, Any], reason: str):
    with DatadogApi() as api:
        assert refused(caller(api.url), **values).startswith(reason)


def test_a_missing_field_is_named():
    with DatadogApi() as api:
        status, body = caller(api.url)("POST", "/api/v1/monitor", {"name": "n", "type": "query alert"})
    assert (status, body) == (400, {"errors": ["Missing required attributes: 'query'"]})


def test_a_valid_monitor_is_answered_with_nothing(call: Caller):
    assert call("POST", "/api/v1/monitor/validate", MONITOR) == (200, {})
    identifier = created(call)["id"]
    assert call("POST", f"/api/v1/monitor/{identifier}/validate", MONITOR) == (200, {})


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/validate")])
def test_a_monitor_that_is_not_there_is_not_found(call: Caller, method: str, path: str):
    body = MONITOR if method in {"PUT", "POST"} else None
    assert call(method, f"/api/v1/monitor/5{path}", body) == (404, {"errors": ["Monitor not found"]})


def test_a_listing_filters_by_all_tags_and_comes_in_pages(call: Caller):
    for number in range(5):
        created(call, name=f"n{number}", tags=["a:1", f"odd:{number % 2}"])
    names = lambda query: [each["name"] for each in call("GET", f"/api/v1/monitor?{query}")[1]]  # noqa: E731
    assert names("monitor_tags=a:1,odd:1") == ["n1", "n3"]
    assert names("monitor_tags=odd") == []
    assert names("page=1&page_size=2") == ["n2", "n3"]
    assert names("page=3&page_size=2") == []
    assert names("name=N4") == ["n4"]
    assert len(names("")) == 5


def test_a_member_of_a_composite_cannot_be_deleted(call: Caller):
    one, two = created(call)["id"], created(call, name="other")["id"]
    both = created(call, name="both", type="composite", query=f"{one} && {two}", options={})["id"]
    assert call("GET", f"/api/v1/monitor/can_delete?monitor_ids={one},{both}") == (
        409,
        {"data": {"ok": [both]}, "errors": {str(one): [f"referenced in composite monitors: [{both}]"]}},
    )
    assert call("DELETE", f"/api/v1/monitor/{one}")[0] == 400
    assert call("DELETE", f"/api/v1/monitor/{one}?force=true") == (200, {"deleted_monitor_id": one})
    assert call("GET", f"/api/v1/monitor/can_delete?monitor_ids={both}") == (
        200,
        {"data": {"ok": [both]}, "errors": None},
    )


def test_answers_are_as_datadogs_description_of_its_api_says(api: DatadogApi, call: Caller):
    description = specification()
    body = created(
        call,
        assets=[
            {
                "category": "runbook",
                "name": "R",
                "url": "/notebooks/1",
                "resource_key": "1",
                "resource_type": "notebook",
            }
        ],
    )
    path = f"/api/v1/monitor/{body['id']}"
    for method, where in (
        ("GET", path),
        ("GET", "/api/v1/monitor"),
        ("PUT", path),
        ("POST", f"{path}/validate"),
        ("DELETE", path),
    ):
        sent = {"name": "n"} if method == "PUT" else MONITOR if method == "POST" else None
        status, answer = call(method, where, sent)
        assert description.answer_problems(method, where, status, answer) == []
    assert description.answer_problems("POST", "/api/v1/monitor", 200, body) == []


_SINCE = "in the answers of newer recordings, and of the sandbox"

#: Where a recorded session is not answered as Datadog answered then: by field, and by recording.
FIELDS = {
    "options.avalanche_window": "in a part of the recordings; in no documentation",
    "assets": _SINCE,
    "draft_status": _SINCE,
    "restriction_policy": _SINCE,
    "restricted": _SINCE,
    "run_as": _SINCE,
    "overall_state": "the sandbox evaluates at once",
}
RECORDINGS = {
    "create_a_cipipelines_monitor_returns_ok_response": "recorded before thresholds became floats and `locked` went",
    "get_a_monitors_details_with_downtime_returns_ok_response": "shows a downtime, which the sandbox has none of",
}


def test_it_answers_recorded_sessions_as_datadog_did():
    found: list[Difference] = []
    recorded = list(sessions(r"/api/v1/monitor(?!/(?:groups|search))"))
    assert len(recorded) > 25
    moment = ("id", "org_id", "created", "created_at", "modified", "creator", "overall_state_modified")
    for session in recorded:
        with DatadogApi() as api:
            found += replay(session, caller(api.url), of_the_moment=moment)
    assert unexplained(found, FIELDS, RECORDINGS) == []


def test_a_search_finds_by_tag_type_and_name(call: Caller):
    for number in range(3):
        created(call, name=f"n{number}", tags=[f"odd:{number % 2}"], message="@slack-a-b")
    names = lambda query: [each["name"] for each in call("GET", f"/api/v1/monitor/search?{query}")[1]["monitors"]]  # noqa: E731
    assert names("query=tag:%22odd:0%22") == ["n0", "n2"]
    assert names("query=type:query%20N1") == ["n1"]
    assert names("per_page=2&page=1") == ["n2"]
    assert names("query=tag:odd") == []


def test_a_search_has_the_fields_of_the_recorded_one(call: Caller):
    created(call)
    _, answer = call("GET", "/api/v1/monitor/search")
    [recorded] = [each for each in recordings() if each["path"] == "/api/v1/monitor/search" and each["status"] == 200]
    assert answer.keys() == recorded["answer"].keys()
    assert answer["counts"].keys() == recorded["answer"]["counts"].keys()
    assert answer["metadata"].keys() == recorded["answer"]["metadata"].keys()
    assert answer["monitors"][0].keys() == recorded["answer"]["monitors"][0].keys()
    assert specification().answer_problems("GET", "/api/v1/monitor/search", 200, answer) == []

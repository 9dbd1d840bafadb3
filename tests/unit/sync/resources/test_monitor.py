"""What Datadog makes of a monitor means the same as what was sent: on recordings, and on anything that can be written."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.api.datadog import Datadog
from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import parse
from ddllm.errors import ApiError
from ddllm.sandbox.api import DatadogApi
from ddllm.sync.compare import compare
from ddllm.sync.identity import Owner
from ddllm.sync.resources import resources
from ddllm.sync.resources.monitor import RESOURCE
from tests.support.conformance import second_sync, sessions, unexplained
from tests.support.datadog import client, organisation

OWNER = Owner("shop", "prod")
NORMALISER = RESOURCE.normaliser
BODY = {
    "name": "n",
    "type": "query alert",
    "query": "avg(last_5m):avg:a{*} > 2",
    "options": {"thresholds": {"critical": 2}},
}


def definition(key: str = "slow", **values: Any) -> Definition:
    return Definition(kind="monitors", key=key, body={**BODY, **values}, source=Source(parse("", "m.yaml"), (key,)))


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation() as api:
        yield api


@pytest.fixture
def datadog(api: DatadogApi) -> Iterator[Datadog]:
    with client(api) as datadog:
        yield datadog


def test_it_is_found_by_its_place():
    assert resources()["monitors"] is RESOURCE


def test_every_row_of_the_table_has_a_reason_and_a_path_of_its_own():
    paths = [row.path for row in NORMALISER.rows]
    assert len(paths) == len(set(paths))
    assert all(row.reason for row in NORMALISER.rows)


def test_marks_of_this_version_stay_what_they_are():
    """A change of these marks makes every object of every user look changed: it needs a new version of the normaliser."""
    assert NORMALISER.version == 1
    full = {
        **BODY,
        "tags": ["b", "a"],
        "priority": 2,
        "message": "m\n",
        "options": {"thresholds": {"critical": 2.0}, "renotify_interval": 60, "evaluation_delay": 30},
    }
    assert [NORMALISER.mark_of(body) for body in (BODY, full)] == [
        "1-3125380baccee70c",
        "1-9bc763831977df37",
    ]


def objects(answer: Any) -> list[dict[str, Any]]:
    """Return the monitors of an answer."""
    found = answer if isinstance(answer, list) else [answer]
    return [each for each in found if isinstance(each, dict) and "query" in each]


def test_a_second_sync_of_recorded_monitors_does_nothing():
    recorded = list(sessions(r"/api/v1/monitor(\?|/\d+(\?|\Z)|\Z)"))
    assert len(recorded) > 25
    assert unexplained((each for one in recorded for each in second_sync(NORMALISER, one, objects)), {}) == []


def possible(options: dict[str, Any]) -> dict[str, Any]:
    """Leave out what Datadog refuses beside something else."""
    left_out = {"renotify_occurrences"} if not options.get("renotify_interval") else set()
    if "on_missing_data" in options:
        left_out |= {"no_data_timeframe"}
    if options.get("on_missing_data") == "resolve":
        left_out |= {"timeout_h"}
    return {name: value for name, value in options.items() if name not in left_out}


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "escalation_message": st.sampled_from(["", "e", "e\n"]),
        "evaluation_delay": st.sampled_from([0, 60, 900]),
        "include_tags": st.booleans(),
        "new_group_delay": st.sampled_from([0, 60]),
        "new_host_delay": st.sampled_from([300, 600]),
        "no_data_timeframe": st.sampled_from([2, 10]),
        "notification_preset_name": st.sampled_from(["show_all", "hide_handles"]),
        "notify_audit": st.booleans(),
        "notify_by": st.sampled_from([["host"], ["*"]]),
        "notify_no_data": st.just(False),
        "on_missing_data": st.sampled_from(["default", "show_no_data", "resolve"]),
        "renotify_interval": st.sampled_from([0, 30]),
        "renotify_occurrences": st.sampled_from([1, 3]),
        "renotify_statuses": st.sampled_from([["alert"], ["no data", "alert"]]),
        "require_full_window": st.booleans(),
        "timeout_h": st.sampled_from([0, 4]),
        "thresholds": st.fixed_dictionaries(
            {"critical": st.just(2)},
            optional={"critical_recovery": st.sampled_from([0, 1, 1.5]), "warning": st.sampled_from([1, 1.5])},
        ),
    },
).map(possible)
MONITORS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["n", " n "]),
        "type": st.sampled_from(["query alert", "metric alert"]),
        "query": st.sampled_from(
            [
                "avg(last_5m):avg:a{*} by {host} > 2",
                "avg(current_1mo):avg:a{*} by {host} > 2\n",
                'formula("a").last("5m") > 2',
            ]
        ),
        "options": OPTIONS,
    },
    optional={
        "message": st.sampled_from(["", "m\n"]),
        "priority": st.sampled_from([None, 1, 5]),
        "tags": st.lists(st.sampled_from(["a:1", "b:Two", "c"]), max_size=3),
        "draft_status": st.sampled_from(["draft", "published"]),
        "assets": st.just([{"category": "runbook", "name": "R", "url": "/notebooks/1"}]),
        "restricted_roles": st.just(["00000000-0000-0000-0000-000000000000"]),
    },
)


@settings(max_examples=60, deadline=None)
@given(MONITORS, MONITORS)
def test_anything_that_was_written_is_found_unchanged(first: dict[str, Any], second: dict[str, Any]):
    """Create, read, change into something else, read: each time the comparison says that nothing is to be done."""
    with organisation() as api, client(api) as datadog:
        wanted = RESOURCE.wanted(definition(**first), OWNER)
        created = RESOURCE.create(datadog, OWNER, RESOURCE.marked(wanted, NORMALISER.mark_of(wanted)))
        held = RESOURCE.read(datadog, OWNER, created.id)
        assert held is not None
        assert compare(NORMALISER, wanted, held.body, held.applied).cause is None

        wanted = RESOURCE.wanted(definition(**{"type": first["type"], **second}), OWNER)
        found = compare(NORMALISER, wanted, held.body, held.applied)
        body = NORMALISER.completed(wanted, held.body, found.declared)
        RESOURCE.update(datadog, OWNER, held, RESOURCE.marked(body, NORMALISER.mark_of(wanted)))
        after = RESOURCE.read(datadog, OWNER, created.id)
        assert after is not None
        assert compare(NORMALISER, wanted, after.body, after.applied).cause is None


def test_what_is_wanted_names_everything_that_is_managed(datadog: Datadog):
    wanted = RESOURCE.wanted(definition(tags=["a:1"]), OWNER)
    assert wanted["tags"] == ["a:1", "ddllm:shop/prod/slow", "managed_by:ddllm"]
    assert (wanted["message"], wanted["priority"]) == ("", None)


def test_nulls_are_not_sent_at_creation(api: DatadogApi, datadog: Datadog):
    RESOURCE.create(datadog, OWNER, RESOURCE.wanted(definition(options={"renotify_interval": None}), OWNER))
    assert "priority" not in api.requests[-1].body
    assert api.requests[-1].body["options"] == {}


def test_an_update_clears_a_priority_and_keeps_what_others_set(api: DatadogApi, datadog: Datadog):
    wanted = RESOURCE.wanted(definition(priority=1), OWNER)
    held = RESOURCE.create(datadog, OWNER, wanted)
    api.monitors.edit(int(held.id), options={"invented": {"x": 1}, "evaluation_delay": 60, "silenced": {"*": None}})
    now = RESOURCE.read(datadog, OWNER, held.id)
    assert now is not None
    RESOURCE.update(
        datadog, OWNER, now, NORMALISER.completed(RESOURCE.wanted(definition(), OWNER), now.body, frozenset())
    )
    [after] = api.monitors.all()
    assert after["priority"] is None
    assert after["options"].items() >= {"invented": {"x": 1}, "evaluation_delay": 60, "silenced": {"*": None}}.items()
    assert "silenced" not in api.requests[-1].body["options"]


def test_mutes_and_states_are_no_difference(api: DatadogApi, datadog: Datadog):
    wanted = RESOURCE.wanted(definition(), OWNER)
    held = RESOURCE.create(datadog, OWNER, RESOURCE.marked(wanted, NORMALISER.mark_of(wanted)))
    api.monitors.edit(
        int(held.id), options={"silenced": {"*": None}}, overall_state="Alert", matching_downtimes=[{"id": 1}]
    )
    now = RESOURCE.read(datadog, OWNER, held.id)
    assert now is not None
    assert compare(NORMALISER, wanted, now.body, now.applied).cause is None


def test_only_the_owners_monitors_are_listed(api: DatadogApi, datadog: Datadog):
    for key, owner in (("a", OWNER), ("b", Owner("shop", "staging")), ("c", Owner("other", "prod"))):
        datadog.post("/api/v1/monitor", RESOURCE.wanted(definition(key, priority=1), owner))
    datadog.post("/api/v1/monitor", {**BODY, "tags": ["ddllm:shop/prod/unmanaged"]})
    datadog.post("/api/v1/monitor", {**BODY, "tags": ["managed_by:ddllm"]})
    assert [each.key for each in RESOURCE.listing(datadog, OWNER)] == ["a"]
    assert [each.key for each in RESOURCE.find(datadog, OWNER, "unmanaged")] == ["unmanaged"]


def test_a_listing_is_filtered_by_a_tag(api: DatadogApi, datadog: Datadog):
    list(RESOURCE.listing(datadog, OWNER))
    assert api.requests[0].query == {
        "monitor_tags": "managed_by:ddllm",
        "with_downtimes": "false",
        "page": "0",
        "page_size": "1000",
    }


def test_an_empty_listing_is_not_believed_where_a_search_finds_monitors(api: DatadogApi, datadog: Datadog):
    datadog.post("/api/v1/monitor", RESOURCE.wanted(definition(), OWNER))
    api.dials.cut_listing(times=2, path="/api/v1/monitor")
    with pytest.raises(ApiError, match=r"cannot be trusted: it is empty, and a search finds 1 of ddllm's objects"):
        RESOURCE.listing(datadog, OWNER)


def test_what_was_made_meanwhile_is_listed(api: DatadogApi, datadog: Datadog):
    datadog.post("/api/v1/monitor", RESOURCE.wanted(definition(), OWNER))
    api.dials.cut_listing(path="/api/v1/monitor")
    assert [each.key for each in RESOURCE.listing(datadog, OWNER)] == ["slow"]


def test_an_organisation_without_a_search_is_believed(api: DatadogApi, datadog: Datadog):
    api.dials.fail(404, path="/search")
    assert RESOURCE.listing(datadog, OWNER) == []


def test_a_monitor_that_is_gone_reads_as_none(datadog: Datadog):
    assert RESOURCE.read(datadog, OWNER, 5) is None


def test_another_failure_to_read_is_not_taken_for_absence(api: DatadogApi, datadog: Datadog):
    api.dials.fail(503, times=9)
    with pytest.raises(ApiError):
        RESOURCE.read(datadog, OWNER, 5)


SCHEDULE = {"scheduling_options": {"custom_schedule": {"recurrences": [{"rrule": "FREQ=DAILY", "timezone": "UTC"}]}}}


@pytest.mark.parametrize(
    ("held", "wanted", "reason"),
    [
        ({"type": "metric alert"}, {"type": "query alert"}, None),
        ({"type": "query alert"}, {"type": "composite"}, "Datadog cannot turn a query alert into a composite; give the monitor another key"),
        ({"type": "x", "options": SCHEDULE}, {"type": "x", "options": SCHEDULE}, None),
        ({"type": "x"}, {"type": "x", "options": SCHEDULE}, "Datadog takes a custom schedule only at creation; give the monitor another key"),
    ],
)  # fmt: skip
def test_what_cannot_be_changed_is_refused(held: dict[str, Any], wanted: dict[str, Any], reason: str | None):
    assert RESOURCE.refusal(held, wanted) == reason


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ({"type": "service check", "options": {"thresholds": {"critical": 3}}}, {"type": "service check", "options": {"thresholds": {"critical": 3.0, "ok": 1, "warning": 1}}}),
        ({"type": "query alert", "options": {"thresholds": {"critical": 3}}}, {"type": "query alert", "options": {"thresholds": {"critical": 3, "ok": 1}}}),
        ({"type": "event alert"}, {"type": "event alert", "options": {"thresholds": {"critical": 0}, "require_full_window": True}}),
        ({"options": {"thresholds": {"critical": 4300000000}}}, {"options": {"thresholds": {"critical": "4300000000.0"}}}),
        ({"options": {"new_group_delay": 0}}, {"options": {"new_group_delay": 0, "new_host_delay": 300}}),
        ({}, {"options": {"no_data_timeframe": 10}}),
        ({}, {"tags": ["ddllm_applied:1-0000000000000000"]}),
        ({}, {"draft_status": "published", "run_as": None, "restricted": False}),
    ],
)  # fmt: skip
def test_these_mean_the_same(sent: dict[str, Any], answer: dict[str, Any]):
    declared = NORMALISER.optional(sent)
    assert NORMALISER.canonical(answer, declared) == NORMALISER.canonical(sent, declared)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ({"options": {"new_host_delay": 600}}, {}),
        (
            {"options": {"notify_no_data": True, "no_data_timeframe": 10}},
            {"options": {"notify_no_data": True, "no_data_timeframe": 20}},
        ),
        ({"options": {"thresholds": {"critical_query": "a"}}}, {}),
        ({"tags": ["a"]}, {"tags": ["a", "managed_by:ddllm"]}),
    ],
)
def test_these_do_not(sent: dict[str, Any], answer: dict[str, Any]):
    declared = NORMALISER.optional(sent)
    assert NORMALISER.canonical(answer, declared) != NORMALISER.canonical(sent, declared)

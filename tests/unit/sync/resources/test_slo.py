"""What Datadog makes of an SLO means the same as what was sent: on recordings, and on anything that can be written."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.api.datadog import Datadog
from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import parse
from ddllm.definitions.variables import Reference, Template
from ddllm.errors import ApiError
from ddllm.sandbox.api import DatadogApi
from ddllm.sync.compare import compare
from ddllm.sync.identity import Owner
from ddllm.sync.resource import Importable
from ddllm.sync.resources import resources
from ddllm.sync.resources.slo import RESOURCE
from tests.support.conformance import second_sync, sessions, unexplained
from tests.support.datadog import client, organisation

OWNER = Owner("shop", "prod")
NORMALISER = RESOURCE.normaliser
ID = "7309ff3752fd519f80f65a2ed3247dbb"
QUERY = {"numerator": "sum:good{*}.as_count()", "denominator": "sum:all{*}.as_count()"}
BODY = {"name": "n", "type": "metric", "query": QUERY, "thresholds": [{"timeframe": "30d", "target": 99}]}


def definition(key: str = "fast", **values: Any) -> Definition:
    body = {name: value for name, value in {**BODY, **values}.items() if value is not None}
    return Definition(kind="slos", key=key, body=body, source=Source(parse("", "s.yaml"), (key,)))


def put(datadog: Datadog, key: str = "fast", owner: Owner = OWNER, **values: Any) -> Any:
    wanted = RESOURCE.wanted(definition(key, **values), owner)
    return RESOURCE.create(datadog, owner, RESOURCE.marked(wanted, NORMALISER.mark_of(wanted)))


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation() as api:
        yield api


@pytest.fixture
def datadog(api: DatadogApi) -> Iterator[Datadog]:
    with client(api) as datadog:
        yield datadog


def test_it_is_found_by_its_place_and_can_be_imported():
    assert resources()["slos"] is RESOURCE
    assert isinstance(RESOURCE, Importable)


def test_every_row_of_the_table_has_a_reason_and_a_path_of_its_own():
    paths = [row.path for row in NORMALISER.rows]
    assert len(paths) == len(set(paths))
    assert all(row.reason for row in NORMALISER.rows)


def test_marks_of_this_version_stay_what_they_are():
    """A change of these marks makes every object of every user look changed: it needs a new version of the normaliser."""
    assert NORMALISER.version == 1
    slices = {"time_slice": {"comparator": "<", "threshold": 2.0, "query_interval_seconds": 300, "query": {}}}
    full = {**BODY, "type": "time_slice", "query": None, "sli_specification": slices, "tags": ["b", "a"], "groups": []}
    assert [NORMALISER.mark_of(body) for body in (BODY, full)] == [
        "1-32942c10b99f9828",
        "1-d5a802cae1e98e5a",
    ]


def objects(answer: Any) -> Iterable[Mapping[str, Any]]:
    """Return the SLOs of an answer."""
    data = answer.get("data") or []
    return [each for each in (data if isinstance(data, list) else [data]) if isinstance(each, dict)]


def test_a_second_sync_of_recorded_slos_does_nothing():
    recorded = list(sessions(r"/api/v1/slo(\?|/[0-9a-f]{32}\Z|\Z)"))
    assert len(recorded) > 10
    assert unexplained((each for one in recorded for each in second_sync(NORMALISER, one, objects)), {}) == []


TARGETS = st.sampled_from([90, 99, 99.0, 99.5])
THRESHOLDS = st.lists(st.sampled_from(["7d", "30d", "90d"]), min_size=1, max_size=3, unique=True).flatmap(
    lambda frames: st.tuples(
        *(
            st.fixed_dictionaries({"timeframe": st.just(each), "target": TARGETS}, optional={"warning": st.just(99.9)})
            for each in frames
        )
    ).map(list)
)
COUNTS = {
    "good_events_formula": {"formula": "a"},
    "bad_events_formula": {"formula": "b"},
    "queries": [{"data_source": "metrics", "name": each, "query": f"sum:{each}{{*}}.as_count()"} for each in "ab"],
}
MEASURES = st.one_of(
    st.just({"type": "metric", "query": QUERY}),
    st.just({"type": "metric", "sli_specification": {"count": COUNTS}, "query": None}),
    st.sampled_from([None, 60, 300]).map(
        lambda interval: {
            "type": "time_slice",
            "query": None,
            "sli_specification": {
                "time_slice": {
                    "comparator": "<",
                    "threshold": 2,
                    "query": {
                        "formulas": [{"formula": "q"}],
                        "queries": [{"data_source": "metrics", "name": "q", "query": "avg:a{*}"}],
                    },
                    **({"query_interval_seconds": interval} if interval else {}),
                }
            },
        }
    ),
)
SLOS = st.fixed_dictionaries(
    {"name": st.sampled_from(["n", " n "]), "thresholds": THRESHOLDS},
    optional={
        "description": st.sampled_from(["", "d"]),
        "tags": st.lists(st.sampled_from(["b:1", "a:1", "c"]), max_size=3),
    },
)


@settings(max_examples=60, deadline=None)
@given(MEASURES, SLOS, SLOS)
def test_anything_that_was_written_is_found_unchanged(
    measure: dict[str, Any], first: dict[str, Any], second: dict[str, Any]
):
    """Create, read, change into something else, read: each time the comparison says that nothing is to be done."""
    with organisation() as api, client(api) as datadog:
        held = put(datadog, **first, **measure)
        for values in (first, second):
            wanted = RESOURCE.wanted(definition(**values, **measure), OWNER)
            found = compare(NORMALISER, wanted, held.body, held.applied)
            if found.cause is not None:
                body = NORMALISER.completed(wanted, held.body, found.declared)
                RESOURCE.update(datadog, OWNER, held, RESOURCE.marked(body, NORMALISER.mark_of(wanted)))
            read = RESOURCE.read(datadog, OWNER, held.id)
            assert read is not None
            assert compare(NORMALISER, wanted, read.body, read.applied).cause is None
            [listed] = RESOURCE.listing(datadog, OWNER)
            assert compare(NORMALISER, wanted, listed.body, listed.applied).cause is None
            held = read


def test_a_metric_slo_may_move_to_a_specification(datadog: Datadog):
    held = put(datadog)
    wanted = RESOURCE.wanted(definition(query=None, sli_specification={"count": COUNTS}), OWNER)
    RESOURCE.update(datadog, OWNER, held, RESOURCE.marked(wanted, NORMALISER.mark_of(wanted)))
    read = RESOURCE.read(datadog, OWNER, held.id)
    assert read is not None
    assert "query" in read.body
    assert compare(NORMALISER, wanted, read.body, read.applied).cause is None


def test_groups_that_are_no_longer_declared_are_taken_away(api: DatadogApi, datadog: Datadog):
    monitor = datadog.post(
        "/api/v1/monitor", {"name": "m", "type": "query alert", "query": "avg(last_5m):avg:a{*} > 2"}
    )
    of_monitors = {"type": "monitor", "query": None, "monitor_ids": [monitor["id"]]}
    held = put(datadog, **of_monitors, groups=["env:prod"])
    assert held.body["groups"] == ["env:prod"]
    wanted = RESOURCE.wanted(definition(**of_monitors), OWNER)
    RESOURCE.update(datadog, OWNER, held, RESOURCE.marked(wanted, NORMALISER.mark_of(wanted)))
    assert "groups" not in api.slos.all()[0]


def test_a_reference_to_a_monitor_that_does_not_exist_yet_is_a_difference():
    held = {**BODY, "monitor_ids": [5]}
    wanted = {**BODY, "monitor_ids": [Template((Reference("monitors", "slow"),))]}
    assert compare(NORMALISER, wanted, held, None).changes


def test_only_the_owners_slos_are_listed(api: DatadogApi, datadog: Datadog):
    for key, owner in (("a", OWNER), ("b", Owner("shop", "staging")), ("c", Owner("other", "prod"))):
        put(datadog, key, owner)
    datadog.post("/api/v1/slo", {**BODY, "tags": ["ddllm:shop/prod/unmanaged"]})
    datadog.post("/api/v1/slo", {**BODY, "tags": ["managed_by:ddllm"]})
    assert [each.key for each in RESOURCE.listing(datadog, OWNER)] == ["a"]
    [found] = RESOURCE.find(datadog, OWNER, "unmanaged")
    assert (found.key, RESOURCE.is_listed(found)) == ("unmanaged", False)


def test_an_empty_listing_is_not_believed_where_a_search_finds_slos(api: DatadogApi, datadog: Datadog):
    put(datadog)
    api.dials.cut_listing(times=2, path="/api/v1/slo")
    with pytest.raises(ApiError, match=r"cannot be trusted: it is empty, and a search finds 1 of ddllm's objects"):
        RESOURCE.listing(datadog, OWNER)


def test_the_older_of_two_sorts_first():
    with organisation(now=iter([9_000_000_000, 1_000_000_000, 1_000_000_000]).__next__) as api, client(api) as datadog:
        young, old = put(datadog), put(datadog)
    assert old.created < young.created


def test_an_slo_that_is_gone_reads_as_none_and_may_be_deleted(datadog: Datadog):
    held = put(datadog)
    RESOURCE.delete(datadog, held)
    assert RESOURCE.read(datadog, OWNER, held.id) is None
    RESOURCE.delete(datadog, held)


def test_another_failure_to_read_is_not_taken_for_absence(api: DatadogApi, datadog: Datadog):
    api.dials.fail(503, times=9)
    with pytest.raises(ApiError):
        RESOURCE.read(datadog, OWNER, ID)


def test_what_monitors_use_is_not_deleted_and_named(api: DatadogApi, datadog: Datadog):
    used, free = put(datadog), put(datadog, "free")
    query = f'error_budget("{used.id}").over("30d") > 75'
    monitor = datadog.post("/api/v1/monitor", {"name": "m", "type": "slo alert", "query": query})
    assert RESOURCE.blocked(datadog, [used, free]) == {used.id: f"used in monitors: [{monitor['id']}]"}
    assert RESOURCE.blocked(datadog, [free]) == {}
    with pytest.raises(ApiError, match=r"used in monitors"):
        RESOURCE.delete(datadog, used)
    assert len(api.slos) == 2


def test_another_type_is_refused():
    assert RESOURCE.refusal(BODY, BODY) is None
    assert RESOURCE.refusal(BODY, {**BODY, "type": "monitor"}) == (
        "Datadog cannot turn a metric SLO into a monitor SLO; give the SLO another key"
    )


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        (ID, ID),
        (f"https://app.datadoghq.com/slo?slo_id={ID}&timeframe=7d", ID),
        (f"https://app.datadoghq.eu/slo/manage?query=team%3Aa&slo_id={ID}&tab=status_and_history", ID),
        (f"https://us5.datadoghq.com/slo/{ID}/edit/", ID),
        (f"https://app.datadoghq.com/slo/manage?sp=%5B%7B%22p%22%3A%7B%22id%22%3A%22{ID}%22%7D%7D%5D", ID),
        ("https://app.datadoghq.com/monitors/1234", None),
        (f"https://app.datadoghq.com/dashboard/abc-def-ghi?x={ID}", None),
        ("1234", None),
        ("fast", None),
    ],
)
def test_addresses_name_slos(text: str, identifier: str | None):
    assert RESOURCE.identifier(text) == identifier


def test_what_is_exported_is_what_a_file_says_and_plans_to_nothing(datadog: Datadog):
    thresholds = [{"timeframe": "7d", "target": 99, "warning": 99.5}, {"timeframe": "30d", "target": 99}]
    held = put(datadog, tags=["a:1"], thresholds=thresholds, description="d")
    exported = RESOURCE.exported(held.body)
    assert exported == {
        "name": "n",
        "type": "metric",
        "description": "d",
        "tags": ["a:1"],
        "query": QUERY,
        "thresholds": thresholds,
    }
    assert compare(NORMALISER, RESOURCE.wanted(definition(**exported), OWNER), held.body, None).changes == ()

"""How much a plan asks of Datadog: as little for a thousand monitors as for three."""

from collections import Counter

from ddllm.cli._definitions import load, plan_for, selected
from ddllm.sandbox.api import DatadogApi
from tests.support.commands import held, synced
from tests.support.datadog import client
from tests.support.repository import TRIO, Repository

_MOST_READS = 12


def many(number: int) -> str:
    one = TRIO.partition("many:")[0]
    return "".join(one.replace("fast:", f"fast-{each}:").replace("Fast", f"Fast {each}") for each in range(number))


def test_a_plan_that_changes_nothing_reads_no_more_for_more_monitors(api: DatadogApi, repository: Repository):
    reads = []
    for number in (3, 60):
        repository.write("monitors/many.yaml", many(number))
        synced(api, repository.folder)
        with client(api) as datadog:
            plan = plan_for(datadog, load(repository.folder, None, selected(["monitors"])), lambda _text: None)
        assert (plan.writes, plan.unchanged) == (0, number + 3)
        reads.append(Counter((each.method, each.path) for each in api.requests))
        api.requests.clear()
    assert reads[0] == reads[1]
    assert reads[0].total() <= _MOST_READS
    assert {method for method, _ in reads[0]} == {"GET"}


def test_a_first_plan_reads_no_more_for_more_monitors(api: DatadogApi, repository: Repository):
    reads = []
    for number in (30, 90):
        repository.write("monitors/many.yaml", many(number))
        with client(api) as datadog:
            plan = plan_for(datadog, load(repository.folder, None, selected(["monitors"])), lambda _text: None)
        assert plan.creates == number + 3
        reads.append(Counter(each.path for each in api.requests if each.method == "GET"))
        api.requests.clear()
    assert reads[0] == reads[1]
    assert reads[0].total() <= _MOST_READS


def test_among_many_new_ones_a_monitor_that_lost_its_tag_is_found(api: DatadogApi, repository: Repository):
    synced(api, repository.folder)
    fast = held(api, "Fast")
    api.monitors.edit(fast["id"], tags=[tag for tag in fast["tags"] if tag != "managed_by:ddllm"])
    repository.write("monitors/many.yaml", many(30))
    synced(api, repository.folder)
    assert len(api.monitors) == 33


def test_one_change_is_read_validated_and_written_alone(api: DatadogApi, repository: Repository):
    repository.write("monitors/many.yaml", many(30))
    synced(api, repository.folder)
    repository.replace("monitors/many.yaml", "Fast 7:", "Slow 7:")
    with client(api) as datadog:
        plan = plan_for(datadog, load(repository.folder, None, selected(["monitors"])), lambda _text: None)
    assert [step.definition.key for step in plan.steps] == ["fast-7"]
    asked = Counter(each.path.replace(str(plan.steps[0].held and plan.steps[0].held.id), "ID") for each in api.requests)
    assert asked["/api/v1/monitor/ID"] == asked["/api/v1/monitor/ID/validate"] == 1
    assert asked.total() <= _MOST_READS

"""A monitor that cannot see is named, with what cures it."""

from collections.abc import Iterable, Iterator

import pytest

from ddllm.api.datadog import Datadog
from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import parse
from ddllm.definitions.variables import Reference, Template
from ddllm.query.series import Series
from ddllm.sandbox.api import DatadogApi
from ddllm.sync.sight import blind_monitors
from tests.support.datadog import client, organisation

REPORTING = {"ddllm.ttft", "ddllm.requests"}


def source(metric: str) -> Iterable[Series]:
    kind = "distribution" if metric == "ddllm.ttft" else "count"
    return [Series(metric, kind, ("env:prod",), {})] if metric in REPORTING else []


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation(metrics=source) as api:
        yield api


@pytest.fixture
def datadog(api: DatadogApi) -> Iterator[Datadog]:
    with client(api) as datadog:
        yield datadog


def monitor(key: str, query: object, kind: str = "query alert") -> Definition:
    return Definition(
        kind="monitors", key=key, body={"type": kind, "query": query}, source=Source(parse("", "m.yaml"), (key,))
    )


P95 = monitor("slow", "percentile(last_5m):p95:ddllm.ttft{*} > 2")


def test_what_reports_and_needs_no_percentiles_is_seen(datadog: Datadog):
    assert blind_monitors(datadog, [monitor("busy", "sum(last_5m):sum:ddllm.requests{*}.as_count() > 2")]) == []


def test_a_metric_without_percentiles_blinds_what_reads_it_by_percentile(datadog: Datadog):
    [found] = blind_monitors(datadog, [P95, monitor("mean", "avg(last_5m):avg:ddllm.ttft{*} > 2")])
    assert (found.metric, found.reason, found.monitors) == ("ddllm.ttft", "percentiles are off", ("slow",))
    assert found.cure == "`ddllm sync metrics` switches them on"


def test_percentiles_that_are_switched_on_are_seen(datadog: Datadog):
    attributes = {"metric_type": "distribution", "include_percentiles": True, "tags": ["env"]}
    body = {"data": {"type": "manage_tags", "id": "ddllm.ttft", "attributes": attributes}}
    datadog.post("/api/v2/metrics/ddllm.ttft/tags", body)
    assert blind_monitors(datadog, [P95]) == []


def test_a_metric_that_does_not_report_is_named_once(datadog: Datadog):
    found = blind_monitors(
        datadog,
        [
            monitor("spend", "sum(last_1h):sum:ddllm.cost{*}.as_count() > 2"),
            monitor("ratio", "sum(last_1h):sum:ddllm.cost{*}.as_count() / sum:ddllm.requests{*}.as_count() > 2"),
            monitor("typo", "avg(last_1h):avg:acme.tpyo{*} > 2"),
        ],
    )
    assert [(each.metric, each.monitors) for each in found] == [
        ("acme.tpyo", ("typo",)),
        ("ddllm.cost", ("spend", "ratio")),
    ]
    assert found[0].cure == "Check the name"


def test_what_reads_no_metric_is_not_asked_for(api: DatadogApi, datadog: Datadog):
    composite = monitor("both", Template((Reference("monitors", "a"), " && ", Reference("monitors", "b"))), "composite")
    logs = monitor("logs", 'logs("error").index("*").rollup("count").last("5m") > 5', "log alert")
    assert blind_monitors(datadog, [composite, logs]) == []
    assert api.requests == []

"""What is asked of Datadog in place of monitors' metrics."""

from typing import Any

import pytest

from ddllm.alerting.watch import Watched
from ddllm.cli._backtest_run import probes_of
from ddllm.definitions.project import load_project
from ddllm.query.monitor import MetricQuery
from ddllm.query.parse import parse, parse_monitor
from ddllm.query.reads import reads
from ddllm.testing.backtest import Probe
from ddllm.testing.readings import readings_of
from tests.support.process import ROOT


def asked(query: str, *more: str, metric_type: str = "query alert") -> tuple[list[str], list[str]]:
    """Return what the monitors read then, the names of readings as `m0`, and what is asked."""
    probes = [Probe(Watched(place, f"m{place}", metric_type, each)) for place, each in enumerate((query, *more))]
    found, readings, _ = readings_of(probes)
    return [each.watched.query for each in found], [str(each.query) for each in readings]


def test_a_sum_is_asked_by_every_tag_that_is_filtered_or_grouped_by():
    reads_then, queries = asked("sum(last_5m):sum:m{a:1,!b:2} by {c}.as_count() > 3")
    assert reads_then == ["sum(last_5m):sum:m.reading_0{a:1,!b:2} by {c}.as_count() > 3"]
    assert queries == ["sum:m{a:1} by {a,b,c}.as_count().rollup(sum, 60)"]


def test_tags_that_not_all_monitors_filter_by_are_not_left_out():
    _, queries = asked("sum(last_5m):sum:m{a:1}.as_count() > 3", "sum(last_5m):sum:m{b:2}.as_count() > 3")
    assert queries == ["sum:m{*} by {a,b}.as_count().rollup(sum, 60)"]


def test_a_mean_and_a_percentile_are_asked_as_the_monitor_asks_them():
    assert asked("avg(last_5m):avg:m{a:1} by {c} > 3") == (
        ["avg(last_5m):avg:m.reading_0{*} by {c} > 3"],
        ["avg:m{a:1} by {c}.rollup(avg, 60)"],
    )
    assert asked("percentile(last_10m):p95:m{a:1} by {c} > 3") == (
        ["avg(last_10m):avg:m.reading_0{*} by {c} > 3"],
        ["p95:m{a:1} by {c}.rollup(600)"],
    )


def test_a_bare_tag_can_only_be_asked_by_datadog():
    assert asked("sum(last_5m):sum:m{prod}.as_count() > 3")[1] == ["sum:m{prod}.as_count().rollup(sum, 60)"]


def test_what_looks_back_is_read_from_further_back():
    probe = Probe(
        Watched(1, "m", "query alert", "sum(last_5m):week_before(sum:m{*}.as_count()) > 3", {"evaluation_delay": 60})
    )
    [reading] = readings_of([probe])[1]
    assert reading.back == 7 * 86_400 + 300 + 60


def test_anomalies_are_asked_in_their_own_interval():
    text = "avg(last_4h):anomalies(sum:m{*}.as_count(), 'agile', 3, alert_window='last_1h', interval=300) >= 0.5"
    assert asked(text)[1] == ["sum:m{*}.as_count().rollup(sum, 300)"]


BURN = 'burn_rate("a").over("30d").long_window("6h").short_window("30m") > 6'


def asked_of(slo: dict[str, Any]) -> tuple[Any, list[str], int]:
    """Return the SLO that is read then, what is asked, and how far back it is read."""
    [probe], [*readings], _ = readings_of([Probe(Watched(1, "m", "slo alert", BURN, slo=slo))])
    return probe.watched.slo, [str(each.query) for each in readings], max((each.back for each in readings), default=0)


def test_an_alert_on_a_burn_rate_asks_what_its_slo_counts():
    slo, queries, back = asked_of(
        {"type": "metric", "query": {"numerator": "sum:m{!s:error}.as_count()", "denominator": "sum:m{*}.as_count()"}}
    )
    assert slo["query"] == {
        "numerator": "sum:m.reading_0{!s:error}.as_count()",
        "denominator": "sum:m.reading_0{*}.as_count()",
    }
    assert (queries, back) == (["sum:m{*} by {s}.as_count().rollup(sum, 60)"], 6 * 3600)


def test_an_alert_on_slices_asks_percentiles_of_buckets_as_long_as_a_slice():
    reading = {"formulas": [{"formula": "q"}], "queries": [{"name": "q", "query": "p95:m{a:1}"}]}
    slices = {"comparator": "<", "threshold": 2, "query_interval_seconds": 300, "query": reading}
    slo, queries, back = asked_of({"type": "time_slice", "sli_specification": {"time_slice": slices}})
    read = slo["sli_specification"]["time_slice"]
    assert [each["query"] for each in read["query"]["queries"]] == ["avg:m.reading_0{*}"]
    assert {key: value for key, value in read.items() if key != "query"} == {
        key: value for key, value in slices.items() if key != "query"
    }
    assert (queries, back) == (["p95:m{a:1}.rollup(300)"], 6 * 3600 + 300)


def test_an_slo_that_is_not_evaluated_asks_nothing():
    assert asked_of({"type": "monitor"}) == ({"type": "monitor"}, [], 0)


@pytest.mark.parametrize("query", ['logs("a").index("*").rollup("count").last("5m") > 5', "this is no query"])
def test_what_is_not_run_asks_nothing(query: str):
    assert asked(query, metric_type="log alert") == ([query], [])


def test_the_library_is_read_with_fewer_queries_than_it_has():
    probes = probes_of(load_project(ROOT))
    found, readings, _ = readings_of(probes)
    for reading in readings:
        parse(str(reading.query))
    names = {each.name for each in readings}
    for each in found:
        query = parse_monitor(each.watched.query, each.watched.type)
        if isinstance(query, MetricQuery):
            assert {read.metric for read in reads(query)} <= names
    assert len(readings) < len(probes) / 2

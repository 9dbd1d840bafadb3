"""Queries in words. golden/explain.txt is what is said; GOLDEN=write renews it."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings

from ddllm.errors import QueryError
from ddllm.query.explain import explain
from ddllm.query.parse import parse, parse_monitor
from tests.unit.query.trees import EXPRESSIONS

GOLDEN = Path(__file__).with_name("golden") / "explain.txt"

MONITORS = (
    "avg(last_5m):avg:system.load.1{*} > 5",
    "percentile(last_5m):p95:ddllm.ttft{env:prod} by {service,model_name} > 2",
    "sum(last_1h):sum:ddllm.cost{env:prod,!service:batch,team} by {service}.as_count() > 12.5",
    "sum(last_1h):sum:a.bad{env:prod} by {service}.as_count() / sum:a.all{env:prod} by {service}.as_count() * (9 - 1) >= 5",
    "max(last_10m):avg:a.b{env:prod AND (x:1 OR y IN (1,2) OR z NOT IN (3))} < -0.5",
    "min(last_1d):clamp_min(max:a.restarts{*} by {d} - hour_before(max:a.restarts{*} by {d}), 0) > 5",
    "max(last_2d):max:a.b{*}.rollup(max, 3600).fill(linear) >= threshold",
    "min(current_1mo):default_zero(count(v: v>=0.5):a.b{*}.rollup(60)) < 3",
    "pct_change(avg(last_5m),last_1h):avg:a.b{*} by {host} <= -5",
    "change(max(last_1w),last_1w):avg:a.b{*}.as_rate() > 5",
    "avg(last_4h):anomalies(sum:a.b{*} by {feature}.as_count(), 'agile', 3, direction='above', alert_window='last_15m') >= 1",
    "avg(last_1h):anomalies(avg:a.b{*}, 'basic', 2) >= 0.75",
    "max(next_1w):forecast(avg:system.disk.in_use{*} by {host}, 'linear', 1) >= 90",
    '"http.can_connect".over("env:prod").exclude("host:y").by("host","url").last(4).count_by_status()',
    '"ntp.in_sync".over("*").by("*").last(1).pct_by_status()',
    r'logs("service:foo \"x y\"").index("main").rollup("cardinality","@usr.id").by("source,status").last("5m") > 2',
    'rum("@type:view").rollup("avg","@view.loading_time").last("1h") >= 3',
    'llm-observability("*").rollup("count").last("2h") > 0',
    'events("source:x").rollup("count").current("1h") > 5',
    'error_budget("abc").over("7d") > 75',
    'burn_rate("abc").over("30d").long_window("1h").short_window("5m") > 14.4',
    'formula("exclude_null(query1) / query2").last("7d") >= 5',
    'formula("query1").last("7d").anomaly(direction="above", threshold=10) >= 5',
    'formula("query1").last("7d").change("relative",5) > 10',
    'formula("query1").current("1mo").forecast() > 10',
    "!1 && (2 || 3)",
)
WIDGETS = (
    "sum:a.b{$env,service:$service.value} by {c}.as_count().rollup(sum, daily, 12am, 'America/Los_Angeles')",
    "top(sum:a.b{*} by {c}, 10, 'mean', 'desc'), 100 - a / a.b{*} * (1 - (2 - stddev:b{*}.weighted())) - -d",
    "moving_rollup(rollup(query1, 'max', 10), 60, 'avg') + percentile(query2, 'p90', {env,x}) / top(query2)",
)


def said(query: str) -> str:
    try:
        tree = parse_monitor(query)
    except QueryError:
        tree = parse(query)
    lines = [f"  {heading:<10}{sentence}".rstrip() for heading, sentence in explain(tree)]
    return "\n".join((query, *lines)) + "\n"


def test_what_is_said_is_as_the_golden_file_has_it():
    text = "\n".join(said(query) for query in (*MONITORS, *WIDGETS))
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.write_text(text, "utf-8")
    assert text == GOLDEN.read_text("utf-8")


@settings(deadline=None)  # the grammar is built once
@given(EXPRESSIONS)
def test_every_expression_can_be_said(expression):
    [(heading, sentence), *_] = explain(expression)
    assert heading == "computes"
    assert sentence
    assert "{0}" not in sentence


@pytest.mark.parametrize("operator", [">", ">=", "<", "<=", "==", "!="])
@pytest.mark.parametrize("aggregator", ["avg", "sum", "min", "max", "percentile"])
def test_every_comparison_can_be_said(aggregator: str, operator: str):
    *_, (heading, sentence) = explain(parse_monitor(f"{aggregator}(last_5m):p95:a{{*}} {operator} 5"))
    assert heading == "fires"
    assert sentence.endswith(" 5")

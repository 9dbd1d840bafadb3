"""What is right is left alone, and what is wrong in another way than a rule's example is found too."""

from pathlib import Path

import pytest

from ddllm.lint.finding import Severity
from ddllm.lint.rules import rule_of
from ddllm.lint.run import lint
from tests.support.linting import project

COUNT = "sum:ddllm.requests{env:prod}.as_count()"
ERRORS = "sum:ddllm.requests{env:prod,status:error}.as_count()"
BAND = "anomalies(sum:ddllm.cost{env:prod}.as_count(), 'agile', 3, direction='above', alert_window='last_30m', interval=60)"


def windows(trigger: str, recovery: str, query: str) -> str:
    return f"query: {query}\noptions: {{threshold_windows: {{trigger_window: {trigger}, recovery_window: {recovery}}}}}"


RIGHT = [
    ("count/ratio-mixed", f"sum(last_5m):{COUNT} / avg:kubernetes.pods.running{{env:prod}} > 5"),
    ("count/ratio-mixed", "sum:http.errors{*}.as_count() / sum:http.workers{*}"),
    ("count/not-sum", f"avg(last_4h):{BAND} >= 1"),
    ("ratio/group-mismatch", "sum(last_5m):sum:a.b{*} by {x,y}.as_count() / sum:a.c{*} by {x}.as_count() > 1"),
    ("ratio/group-mismatch", "sum(last_5m):sum:a.b{*} by {x}.as_count() / sum:a.c{*}.as_count() > 1"),
    ("ratio/group-mismatch", "sum(sum:a.b{*} by {x,y}, {x}) / sum:a.c{*} by {x}"),
    ("ratio/low-traffic", f"severity: ticket\nquery: sum(last_5m):{ERRORS} / {COUNT} > 0.1"),
    ("nodata/default-zero-alerts", f"sum(last_10m):default_zero({COUNT}) < 1"),
    ("nodata/default-zero-alerts", "avg(last_10m):default_zero(avg:a.b{*}) > 1"),
    ("nodata/default-zero-alerts", "avg(last_10m):default_zero(avg:a.b{*}) + avg:a.c{*} < 1"),
    ("nodata/default-zero-blind", f"sum(last_10m):default_zero({COUNT}) < 1"),
    ("threshold/unreachable", f"sum(last_5m):100 * {ERRORS} / {COUNT} > 5"),
    ("threshold/unreachable", "sum(last_5m):sum:a.b{x:y}.as_count() / sum:a.b{x:z}.as_count() > 5"),
    ("threshold/unreachable", "change(sum(last_5m),last_1h):sum:ddllm.requests{env:prod}.as_count() < -5"),
    ("threshold/unreachable", f"avg(last_4h):{BAND} >= 1"),
    ("threshold/percent-scale", "sum(last_1h):count:ddllm.context.utilization{env:prod}.as_count() > 20"),
    ("threshold/percent-scale", "avg(last_5m):avg:cache.hits{*} / avg:cache.evictions{*} > 90"),
    ("window/invalid", "sum(last_37m):sum:ddllm.requests{env:prod}.as_count() > 5"),
    ("window/invalid", "max(next_1w):forecast(avg:system.disk.in_use{*}, 'linear', 1) >= 0.9"),
    ("window/invalid", 'type: log alert\nquery: logs("a").index("*").rollup("count").last("2d") > 5'),
    ("window/frequency", f"severity: ticket\nquery: sum(last_1d):{COUNT} > 5"),
    ("rollup/in-monitor", "avg(last_4h):anomalies(sum:a.b{*}.rollup(sum, 60), 'agile', 3) >= 1"),
    ("percentile/averaged", "max(last_5m):p95:ddllm.ttft{env:prod} > 2"),
    ("metric/cardinality-wildcard", "sum:ddllm.cost{feature:*} by {feature}.as_count()"),
    ("metric/capped-filter", "sum(last_1h):sum:ddllm.cost{env:prod} by {feature}.as_count() > 5"),
    ("metric/capped-filter", "sum:ddllm.cost{$feature}.as_count()"),
    ("scope/contradiction", "avg:a.b{host:web-*,host:*-prod}"),
    ("scope/contradiction", "avg:a.b{!env:prod,!env:staging}"),
    ("scope/no-env", "sum(last_5m):sum:ddllm.requests{service:chat} by {env}.as_count() > 5"),
    ("aggregate/avg-of-sum", "avg:a.seconds.sum{*}.as_count() / avg:a.seconds.count{*}.as_count()"),
    ("anomaly/low-is-normal", "avg(last_4h):anomalies(sum:ddllm.requests{env:prod}.as_count(), 'agile', 3) >= 1"),
    ("anomaly/windows", "query: avg(last_1h):anomalies(avg:a.b{*}, 'basic', 2, direction='above') >= 1"),
    ("anomaly/windows", windows("last_30m", "last_16m", f"avg(last_4h):{BAND} >= 0.5")),
    ("anomaly/no-floor", "avg(last_4h):anomalies(clamp_min(sum:ddllm.cost{env:prod}.as_count(), 1), 'agile', 3) >= 1"),
    ("change/sparse", "pct_change(avg(last_5m),last_1h):avg:system.disk.in_use{*} > 50"),
    ("delay/backfilled", "query: avg(last_5m):avg:aws.lambda.enhanced.duration{*} > 5"),
    ("group/message-variable", "query: avg(last_5m):avg:a.b{service:chat} > 5\nmessage: '{{service.name}} {{value}}'"),
    (
        "group/notify-by",
        "query: avg(last_5m):avg:a.b{*} by {x} > 5\noptions: {notify_by: ['*']}",
    ),
    ("routing/reaches-nobody", "severity: info\nquery: avg(last_5m):avg:a.b{*} > 5"),
    ("routing/reaches-nobody", "query: avg(last_5m):avg:a.b{*} > 5\nmessage: 'Look. @jane@example.com'"),
    (
        "message/unknown-variable",
        "query: avg(last_5m):avg:a.b{*} > 5\nmessage: '{{eval \"last_triggered_at_epoch-1\"}}'",
    ),
    ("nodata/silence-uncovered", "severity: ticket\nquery: avg(last_5m):avg:ddllm.ttft{env:prod} > 5"),
]

WRONG = [
    ("window/invalid", "pct_change(avg(last_3d),last_1d):avg:a.b{*} > 5"),
    ("window/invalid", "avg(next_1h):avg:a.b{*} > 5"),
    ("window/invalid", 'type: log alert\nquery: logs("a").index("*").rollup("count").last("3d") > 5'),
    ("window/invalid", "avg(last_30s):avg:a.b{*} > 5"),
    ("threshold/unreachable", f"avg(last_4h):{BAND} >= 80"),
    ("threshold/unreachable", "sum(last_5m):sum:ddllm.requests{env:prod}.as_count() < 0"),
    ("threshold/percent-scale", "avg(last_15m):avg:ecs.mem.usage{*} / avg:ecs.mem.limit{*} >= 90"),
    ("function/not-in-monitors", "avg(last_1h):cumsum(avg:a.b{*}) > 5"),
    ("anomaly/windows", windows("last_15m", "last_15m", f"avg(last_4h):{BAND} >= 1")),
    ("anomaly/windows", windows("last_30m", "last_5m", f"avg(last_4h):{BAND} >= 0.5")),
    ("anomaly/windows", windows("last_30m", "last_30m", f"avg(last_15m):{BAND} >= 1")),
    (
        "anomaly/interval",
        "avg(last_4h):anomalies(sum:a.b{*}.rollup(sum, 900), 'agile', 3, alert_window='last_1h') >= 1",
    ),
    ("scope/at-prefix", "avg:a.b{*} by {@http.status_code}"),
    ("group/notify-by", "query: avg(last_5m):avg:a.b{*} by {x} > 5\noptions: {notify_by: [x]}"),
    ("group/missing-tag", "avg:ddllm.duration{env:prod} by {modle_name}"),
    ("group/message-variable", "query: avg(last_5m):avg:a.b{*} by {x} > 5\nname: 'Slow: {{y.name}}'"),
    ("message/syntax", "query: avg(last_5m):avg:a.b{*} > 5\nseverity: none\nmessage: '{{#is_alrt}}x{{/is_alrt}}'"),
    ("aggregate/avg-of-sum", "sum:ddllm.context.utilization{env:prod}"),
    ("nodata/default-zero-alerts", "avg(last_10m):default_zero(avg:a.b{*}) * 100 < 80"),
]


@pytest.mark.parametrize(("code", "text"), RIGHT)
def test_what_is_right_is_left_alone(tmp_path: Path, code: str, text: str):
    assert lint(project(tmp_path, text), [rule_of(code)]) == []


@pytest.mark.parametrize(("code", "text"), WRONG)
def test_what_is_wrong_is_found(tmp_path: Path, code: str, text: str):
    assert {each.code for each in lint(project(tmp_path, text), [rule_of(code)])} == {code}


def test_a_tag_that_may_come_from_elsewhere_is_only_mentioned(tmp_path: Path):
    [found] = lint(project(tmp_path, "avg:ddllm.duration{env:prod} by {squad}"), [rule_of("group/missing-tag")])
    assert found.severity is Severity.INFO

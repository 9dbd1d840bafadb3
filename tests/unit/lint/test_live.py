"""Rules that ask an organisation find what it says; where it does not answer, they were not checked."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.api.retry import RetryPolicy
from ddllm.lint.live import Live
from ddllm.lint.rules import rules
from ddllm.lint.run import lint
from ddllm.query.series import Series
from ddllm.query.sketch import Sketch
from ddllm.sandbox.api import DatadogApi
from tests.support.datadog import client, organisation
from tests.support.linting import project

NOW = 1_767_600_000
MINUTE, DAY = 60, 86_400
LIVE = [rule for rule in rules() if rule.is_live]

SLOW = "percentile(last_5m):p99:ddllm.ttft{env:prod,service:chat} > 2"
ODD = "avg(last_4h):anomalies(sum:ddllm.requests{env:prod}.as_count(), 'agile', 3, direction='both', interval=60, seasonality='daily') >= 1"
BY_SERVICE = """
severity: page
query: sum(last_5m):sum:ddllm.requests{env:prod} by {service}.as_count() > 500
"""


def reported(metric: str) -> Iterable[Series]:
    """Answer what two metrics reported in the last hour: 30 services, and one call with a first token in each minute."""
    minutes = range(NOW - 60 * MINUTE, NOW, MINUTE)
    if metric == "ddllm.requests":
        for number in range(30):
            yield Series(metric, "count", ("env:prod", f"service:s{number}"), dict.fromkeys(minutes, 1.0))
    elif metric == "ddllm.ttft":
        sketches = {minute: Sketch([0.5]) for minute in minutes}
        yield Series(metric, "distribution", ("env:prod", "service:chat"), {}, sketches)


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation(metrics=reported, now=lambda: NOW) as api:
        yield api


@pytest.fixture
def datadog(api: DatadogApi) -> Iterator[Datadog]:
    with client(api) as datadog:
        yield datadog


def codes(folder: Path, text: str, live: Live) -> list[str]:
    return [each.code for each in lint(project(folder, text), LIVE, live)]


def switch_percentiles_on(datadog: Datadog) -> None:
    attributes = {"metric_type": "distribution", "include_percentiles": True, "tags": ["env"]}
    body = {"data": {"type": "manage_tags", "id": "ddllm.ttft", "attributes": attributes}}
    datadog.post("/api/v2/metrics/ddllm.ttft/tags", body)


def test_what_reports_and_has_such_tags_is_fine(datadog: Datadog, tmp_path: Path):
    live = Live(datadog, now=NOW)
    assert codes(tmp_path, "sum(last_5m):sum:ddllm.requests{env:prod,service:s1*}.as_count() > 5", live) == []
    assert live.not_checked == {}


def test_a_metric_that_does_not_report_is_found(datadog: Datadog, tmp_path: Path):
    query = "sum(last_5m):sum:ddllm.cost{env:prod,service:chat}.as_count() > 5"
    assert codes(tmp_path, query, Live(datadog, now=NOW)) == ["metric/not-reporting"]


def test_percentiles_that_are_switched_off_are_found(datadog: Datadog, tmp_path: Path):
    assert "percentile/not-enabled" in codes(tmp_path, SLOW, Live(datadog, now=NOW))


def test_percentiles_that_are_switched_on_are_fine(datadog: Datadog, tmp_path: Path):
    switch_percentiles_on(datadog)
    assert "percentile/not-enabled" not in codes(tmp_path, SLOW, Live(datadog, now=NOW))


def test_a_percentile_of_few_samples_is_found(datadog: Datadog, tmp_path: Path):
    switch_percentiles_on(datadog)
    assert codes(tmp_path, SLOW, Live(datadog, now=NOW)) == ["percentile/few-samples"]


def test_a_value_that_no_series_has_is_found_with_the_one_that_was_meant(datadog: Datadog, tmp_path: Path):
    query = "avg(last_5m):avg:ddllm.ttft{env:prod,service:caht} > 2"
    [found] = lint(project(tmp_path, query), LIVE, Live(datadog, now=NOW))
    assert (found.code, found.instead) == ("scope/no-such-value", "Did you mean `chat`?")


def test_a_value_that_is_excluded_may_be_missing(datadog: Datadog, tmp_path: Path):
    query = "avg(last_5m):avg:ddllm.ttft{env:prod,!service:batch} > 2"
    assert codes(tmp_path, query, Live(datadog, now=NOW)) == []


def test_a_season_that_the_metric_has_not_lived_through_is_found(datadog: Datadog, tmp_path: Path):
    assert codes(tmp_path, ODD, Live(datadog, now=NOW)) == ["anomaly/history"]


def test_a_season_in_the_past_is_enough(tmp_path: Path):
    def months(metric: str) -> Iterable[Series]:
        points = dict.fromkeys(range(NOW - 4 * DAY, NOW, 60 * MINUTE), 1.0)
        return [Series(metric, "count", ("env:prod",), points)] if metric == "ddllm.requests" else []

    with organisation(metrics=months, now=lambda: NOW) as api, client(api) as datadog:
        assert codes(tmp_path, ODD, Live(datadog, now=NOW)) == []


def test_a_page_for_each_of_many_groups_is_found(datadog: Datadog, tmp_path: Path):
    assert codes(tmp_path, BY_SERVICE, Live(datadog, now=NOW)) == ["group/storm"]


def test_without_keys_nothing_is_missing_and_nothing_was_checked(tmp_path: Path):
    live = Live(None, silent="DD_API_KEY is not set")
    assert codes(tmp_path, SLOW, live) == []
    assert live.not_checked["percentile/not-enabled"] == "DD_API_KEY is not set"


def test_a_key_that_datadog_refuses_checks_nothing(api: DatadogApi, tmp_path: Path):
    connection = Connection(api.url, "wrong-api-key-012345", "wrong-app-key-012345")
    with Datadog(connection, policy=RetryPolicy(), sleep=lambda _seconds: None) as datadog:
        live = Live(datadog, now=NOW)
        assert codes(tmp_path, SLOW, live) == []
    assert set(live.not_checked) >= {"metric/not-reporting", "percentile/not-enabled", "scope/no-such-value"}


def test_an_ignore_of_a_live_rule_is_not_unused_where_nobody_asks(tmp_path: Path):
    comment = "# ddllm: ignore metric/not-reporting only failures make it"
    query = "sum(last_5m):sum:ddllm.refusals{env:prod}.as_count() > 5"
    assert "ignore/unused" not in {each.code for each in lint(project(tmp_path, query, comment))}

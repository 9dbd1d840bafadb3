"""SLOs and the alerts on their burn rates, from files to the sandbox's Datadog API, by real processes."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, written
from tests.support.datadog import environ
from tests.support.http_json import caller
from tests.support.process import BIN, environment
from tests.support.repository import MONITORS, Repository

SLOS = """
variables: {target: 99}
ttft-fast:
  type: time_slice
  name: "${target} % of 5-minute slices with TTFT p95 under ${limit} s"
  tags: ["topic:speed"]
  sli_specification:
    time_slice:
      comparator: "<"
      threshold: "${limit}"
      query_interval_seconds: 300
      query: {formulas: [{formula: q}], queries: [{name: q, data_source: metrics, query: "p95:ddllm.ttft{env:${env}}"}]}
  thresholds: [{timeframe: 30d, target: "${target}"}]
  burn_rate: {severity: page, fast: {long: 1h, short: 5m, rate: 14.4}}
calls-succeed:
  type: metric
  name: Calls succeed
  sli_specification:
    count:
      good_events_formula: {formula: good}
      total_events_formula: {formula: all}
      queries:
      - {name: good, data_source: metrics, query: "sum:ddllm.requests{status:ok,env:${env}}.as_count()"}
      - {name: all, data_source: metrics, query: "sum:ddllm.requests{env:${env}}.as_count()"}
  thresholds: [{timeframe: 7d, target: 99.5, warning: 99.9}, {timeframe: 30d, target: 99}]
up:
  type: monitor
  name: Not slow
  monitor_ids: ["${monitor:slow}"]
  thresholds: [{timeframe: 30d, target: 99.9}]
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path, slow=MONITORS, slos=SLOS)


def sync_both(api: DatadogApi, repository: Repository, *arguments: str) -> str:
    """Sync SLOs and monitors; it has to succeed."""
    ended = ddllm(api, repository.folder, "sync", "slos", "monitors", *arguments)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def slo(api: DatadogApi, name: str) -> dict[str, Any]:
    [found] = [each for each in api.slos.all() if name in each["name"]]
    return found


def test_each_is_made_after_what_it_needs_and_a_second_sync_writes_nothing(api: DatadogApi, repository: Repository):
    sync_both(api, repository)
    assert sorted(written(api)) == [("POST", "/api/v1/monitor")] * 2 + [("POST", "/api/v1/slo")] * 3
    [alert] = [each for each in api.monitors.all() if each["type"] == "slo alert"]
    [slow] = [each for each in api.monitors.all() if each["type"] != "slo alert"]
    fast = slo(api, "TTFT")
    assert alert["query"] == f'burn_rate("{fast["id"]}").over("30d").long_window("1h").short_window("5m") > 14.4'
    assert slo(api, "Not slow")["monitor_ids"] == [slow["id"]]
    assert {"ddllm:shop/prod/ttft-fast", "managed_by:ddllm", "topic:speed"} < set(fast["tags"])

    api.requests.clear()
    assert "nothing to do, 5 unchanged" in sync_both(api, repository)
    assert ddllm(api, repository.folder, "plan").returncode == 0
    assert written(api) == []


def test_a_changed_target_is_one_update_and_what_datadog_fills_in_stays(api: DatadogApi, repository: Repository):
    sync_both(api, repository)
    repository.replace("monitors/slos.yaml", "target: 99.9}", "target: 99.8}")
    api.requests.clear()
    sync_both(api, repository)
    changed = slo(api, "Not slow")
    assert written(api) == [("PUT", f"/api/v1/slo/{changed['id']}")]
    assert (changed["target_threshold"], changed["timeframe"]) == (99.8, "30d")


def test_an_edit_in_datadog_is_drift(api: DatadogApi, repository: Repository):
    sync_both(api, repository)
    api.slos.edit(slo(api, "Calls")["id"], description="Quiet please")
    told = ddllm(api, repository.folder, "plan", "slos")
    assert told.returncode == 2
    assert "! slos calls-succeed  drift" in told.stdout
    sync_both(api, repository)
    assert slo(api, "Calls")["description"] == ""


@pytest.mark.parametrize("kinds", [["slos"], ["monitors"]])
def test_one_kind_alone_brings_what_it_refers_to(api: DatadogApi, repository: Repository, kinds: list[str]):
    assert ddllm(api, repository.folder, "sync", *kinds).returncode == 0
    assert (len(api.slos), len(api.monitors)) == (3, 2)
    assert ddllm(api, repository.folder, "plan", *kinds).returncode == 0


def test_a_create_without_an_answer_leaves_no_twin(api: DatadogApi, repository: Repository):
    api.dials.hang_up(after=True, method="POST", path="/api/v1/slo")
    sync_both(api, repository)
    assert len(api.slos) == 3
    api.requests.clear()
    sync_both(api, repository)
    assert written(api) == []


def test_what_is_used_is_not_pruned(api: DatadogApi, repository: Repository):
    sync_both(api, repository)
    by_hand = f'error_budget("{slo(api, "Calls")["id"]}").over("30d") > 75'
    caller(api.url)("POST", "/api/v1/monitor", {"name": "By hand", "type": "slo alert", "query": by_hand})
    repository.replace("monitors/slos.yaml", "calls-succeed:", "calls-work:")
    ended = ddllm(api, repository.folder, "sync", "--prune")
    assert ended.returncode == 1
    assert "calls-succeed" in ended.stderr
    assert "used in monitors" in ended.stderr


def test_what_has_no_definition_any_more_is_pruned_alerts_before_their_slos(api: DatadogApi, repository: Repository):
    sync_both(api, repository)
    (repository.folder / "monitors" / "slos.yaml").unlink()
    api.requests.clear()
    sync_both(api, repository, "--prune")
    assert [path.split("/")[3] for _, path in written(api)] == ["monitor", "slo", "slo", "slo"] or len(api.slos) == 0
    assert (len(api.slos), len(api.monitors)) == (0, 1)


def test_an_empty_listing_means_that_nothing_is_written(api: DatadogApi, repository: Repository):
    sync_both(api, repository)
    api.requests.clear()
    api.dials.cut_listing(times=100, path="/api/v1/slo")
    ended = ddllm(api, repository.folder, "sync")
    assert (ended.returncode, written(api)) == (1, [])
    assert "/api/v1/slo cannot be trusted: it is empty" in ended.stderr


def test_two_syncs_at_once_end_with_one_of_each(api: DatadogApi, repository: Repository):
    argv = [str(BIN / "ddllm"), "sync", "slos", "monitors"]
    options: dict[str, Any] = {"env": environment(environ(api)), "cwd": repository.folder, "text": True}
    pair = [subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options) for _ in range(2)]
    told = [process.communicate(timeout=120)[0] for process in pair]
    assert [process.returncode for process in pair] == [0, 0], told
    assert (len(api.slos), len(api.monitors)) == (3, 2)
    api.requests.clear()
    sync_both(api, repository)
    assert written(api) == []

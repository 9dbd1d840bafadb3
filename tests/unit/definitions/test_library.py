"""The monitors and dashboards that ship: every query reads what ddllm really sends, and nothing else."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ddllm import catalog
from ddllm.definitions.library import library_folder
from ddllm.definitions.monitors import MonitorDefinition
from ddllm.definitions.project import Project, load_project
from ddllm.query.parse import parse, parse_monitor
from ddllm.query.reads import Read, names, reads
from tests.support.datadog import organisation
from tests.support.http_json import caller

ENVS = ("prod", "staging")
SPACES = {"count": {"sum"}, "distribution": {"p50", "p75", "p90", "p95", "p99", "count", "avg", "min", "max", "sum"}}


@pytest.fixture(scope="module", params=ENVS)
def project(request: pytest.FixtureRequest) -> Project:
    return load_project(library_folder(), request.param)


@pytest.fixture(scope="module")
def prod() -> Project:
    return load_project(library_folder(), "prod")


def monitors(project: Project) -> dict[str, MonitorDefinition]:
    return {each.key: each for each in project.of("monitors") if isinstance(each, MonitorDefinition)}


def widgets(value: Any) -> Iterator[Mapping[str, Any]]:
    for widget in value:
        yield widget
        yield from widgets(widget["definition"].get("widgets", ()))


#: Metrics of Datadog's integration with Amazon Bedrock (docs, integrations/amazon_bedrock), in a row of its own.
CLOUDWATCH = {
    "aws.bedrock.invocation_client_errors",
    "aws.bedrock.invocation_latency.p95",
    "aws.bedrock.invocation_server_errors",
    "aws.bedrock.invocation_throttles",
    "aws.bedrock.invocations",
}


def dashboard_reads(project: Project) -> Iterator[tuple[str, Read]]:
    for dashboard in project.of("dashboards"):
        for widget in widgets(dashboard.body["widgets"]):
            for request in widget["definition"].get("requests", ()):
                for query in request["queries"]:
                    for read in reads(parse(query["query"])):
                        yield widget["key"], read


def check(read: Read) -> None:
    metric = catalog.BY_NAME[read.metric]
    unknown = read.tag_keys - {*metric.tags, *catalog.UNIFIED_TAGS}
    assert not unknown, f"{read.metric} does not carry {sorted(unknown)}"
    assert read.aggregator in SPACES[metric.kind], read
    if metric.kind == "count" or read.aggregator in {"count", "sum"}:
        assert read.query.method("as_count"), f"{read.metric}: a count that is not summed as one is averaged"
    if read.is_percentile:
        assert metric.percentiles, f"{read.metric} has no percentiles"


def test_every_way_in_which_llms_fail_has_an_alert(prod: Project):
    loud: dict[str | None, set[str]] = {}
    for key, each in monitors(prod).items():
        loud.setdefault(each.severity, set()).add(key.partition("/")[0])
    assert loud.pop("none")  # parts of composites
    assert loud == {
        "page": {
            "availability-burn-fast",
            "own-calls-failing",
            "provider-incident",
            "runaway-spend-backstop",
            "runaway-spend-jump",
            "silence",
            "streams-breaking",
            "throttling-storm",
            "ttft-p95-degraded",
        },
        "ticket": {
            "answers-truncated",
            "availability-burn-slow",
            "context-bloat",
            "context-nearly-full",
            "daily-budget",
            "duration-p95-degraded",
            "feedback-drop",
            "output-length-drift",
            "queue-time-degraded",
            "refusal-spike",
            "speed-collapsed",
            "streams-abandoned",
            "structured-output-failing",
            "telemetry-losses",
            "token-spend-anomaly",
            "ttft-fast-burn-fast",
            "ttft-p95-by-model",
        },
        "info": {"tags-capped", "telemetry-faults", "unpriced-models"},
    }


def test_every_monitor_reads_metrics_and_tags_of_the_catalogue(project: Project):
    for key, monitor in monitors(project).items():
        if monitor.body["type"] == "query alert":
            found = list(reads(parse_monitor(monitor.body["query"], monitor.body["type"])))
            assert found, key
            for read in found:
                check(read)
                assert "env" in read.tag_keys, f"{key} would alert on every environment"


def test_every_widget_reads_metrics_and_tags_of_the_catalogue(project: Project):
    found = list(dashboard_reads(project))
    assert len(found) > 40
    for key, read in found:
        if not (key.startswith("cloudwatch-") and read.metric in CLOUDWATCH):
            check(read)


def test_every_widget_obeys_the_template_variables_that_its_metric_carries(prod: Project):
    for dashboard in prod.of("dashboards"):
        offered = {variable["name"]: variable["prefix"] for variable in dashboard.body["template_variables"]}
        for key, read in dashboard_reads(prod):
            if key.startswith("cloudwatch-"):  # the whole account: it has none of these tags
                continue
            carried = {*catalog.BY_NAME[read.metric].tags, *catalog.UNIFIED_TAGS}
            assert read.variables == {name for name, tag in offered.items() if tag in carried}, key


def test_the_dashboards_rows_follow_the_questions_of_on_call(prod: Project):
    [dashboard] = prod.of("dashboards")
    rows = [widget["key"] for widget in dashboard.body["widgets"]]
    assert rows[:4] == ["token-economics", "latency", "quality", "provider-health"]
    assert rows[4:] == ["drift", "comparison", "incidents", "telemetry", "cloudwatch"]


def test_a_row_is_headed_by_the_state_of_its_monitors(prod: Project):
    """Every monitor that notifies stands in one row, whose header and whose widget of states name the same ones."""
    [dashboard] = prod.of("dashboards")
    shown: list[str] = []
    for row in dashboard.body["widgets"]:
        first = row["definition"]["widgets"][0]["definition"]
        if "monitors" in row:
            assert first["type"] == "manage_status", row["key"]
            stated = re.findall(r"ddllm:llm-health/prod/([\w*-]+)", first["query"])
            assert [key for key in stated if not key.endswith("*")] == row["monitors"]
            assert (library_folder() / "monitors" / "runbooks" / f"{row['runbook']}.yaml").is_file()
            shown += stated
        else:
            assert first["type"] != "manage_status", row["key"]
    loud = {
        key.replace("by-model/", "by-model*/").partition("/")[0]
        for key, each in monitors(prod).items()
        if each.severity != "none"
    }
    assert sorted(shown) == sorted(loud)


def test_spend_is_drawn_with_the_band_of_its_monitor(prod: Project):
    [dashboard] = prod.of("dashboards")
    formulas = [
        formula["formula"]
        for widget in widgets(dashboard.body["widgets"])
        for request in widget["definition"].get("requests", ())
        for formula in request["formulas"]
    ]
    query = monitors(prod)["token-spend-anomaly"].body["query"]
    [band] = [formula for formula in formulas if "anomalies(" in formula]
    [(algorithm, deviations)] = re.findall(r"'(\w+)', (\d+)", band)
    assert f"'{algorithm}', {deviations}," in query


def without_keys(value: Any) -> list[dict[str, Any]]:
    """The widgets as Datadog takes them."""
    found = [{name: part for name, part in widget.items() if name in {"definition", "layout"}} for widget in value]
    for widget in found:
        if "widgets" in widget["definition"]:
            widget["definition"] = {**widget["definition"], "widgets": without_keys(widget["definition"]["widgets"])}
    return found


def test_datadogs_models_take_every_dashboard(project: Project):
    with organisation() as api:
        for dashboard in project.of("dashboards"):
            body = {**dashboard.body, "widgets": without_keys(dashboard.body["widgets"])}
            assert caller(api.url)("POST", "/api/v1/dashboard", body)[0] == 200


def test_a_formula_uses_the_queries_beside_it(prod: Project):
    for dashboard in prod.of("dashboards"):
        for widget in widgets(dashboard.body["widgets"]):
            for request in widget["definition"].get("requests", ()):
                beside = {query["name"] for query in request["queries"]}
                for formula in request["formulas"]:
                    assert names(parse(formula["formula"])) <= beside, (widget["key"], formula)


def grouped_by(monitor: MonitorDefinition) -> frozenset[str]:
    """The tags that tell a monitor's groups apart: those of every metric that it reads."""
    found = reads(parse_monitor(monitor.body["query"], monitor.body["type"]))
    return frozenset.intersection(*(read.tag_keys for read in found))


def test_a_message_names_only_groups_that_the_monitor_has(project: Project):
    everything = {key: each for key, each in monitors(project).items() if each.body["type"] != "slo alert"}
    for key, monitor in everything.items():
        members = [everything[each.key] for each in monitor.members] or [monitor]
        groups = frozenset.intersection(*map(grouped_by, members))
        named = set(re.findall(r"\{\{(\w+)\.name\}\}", f"{monitor.body['name']}{monitor.body['message']}"))
        assert named <= groups, key


def test_every_loud_monitor_says_what_it_means_and_where_to_look(prod: Project):
    for key, monitor in monitors(prod).items():
        if monitor.severity != "none":
            assert "Look first" in str(monitor.body["message"]), key


def test_percentiles_and_rates_have_a_floor(prod: Project):
    """A p95 of a few calls is the slowest of them; one failure of twelve answers is 8 %."""
    everything = monitors(prod)
    guarded = {each.key for monitor in everything.values() for each in monitor.members}
    for key, monitor in everything.items():
        query = monitor.body["query"]
        if isinstance(query, str) and ("percentile(" in query or " / " in query):
            assert monitor.severity == "none", key
            assert key in guarded, key


def test_anomaly_monitors_say_both_windows_and_look_upwards_only(prod: Project):
    for key, monitor in monitors(prod).items():
        query = monitor.body["query"]
        if isinstance(query, str) and "anomalies(" in query:
            windows = monitor.body["options"]["threshold_windows"]
            assert f"alert_window='{windows['trigger_window']}'" in query, key
            assert windows["recovery_window"], key
            assert "direction='above'" in query, key
            assert "count_default_zero='true'" in query, key
            assert 0 < monitor.body["options"]["thresholds"]["critical"] <= 1, key


def test_only_modern_options_are_written(project: Project):
    for key, monitor in monitors(project).items():
        legacy = {"notify_no_data", "no_data_timeframe", "new_host_delay", "locked"}
        assert not legacy & monitor.body.get("options", {}).keys(), key


def test_staging_wakes_nobody():
    staging = load_project(library_folder(), "staging")
    assert "page" not in {monitor.severity for monitor in monitors(staging).values()}

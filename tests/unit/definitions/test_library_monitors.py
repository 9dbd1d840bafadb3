"""What every monitor that ships keeps to: it has a reason to be believed, somebody to tell, and something to do."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from ddllm.definitions.document import load
from ddllm.definitions.library import library_folder
from ddllm.definitions.monitors import MonitorDefinition
from ddllm.definitions.project import load_project
from ddllm.definitions.variables import references
from ddllm.query.monitor import MetricQuery
from ddllm.query.parse import parse_monitor
from ddllm.query.reads import Read, reads

FOLDER = library_folder() / "monitors"

#: Metrics, and tags of metrics, of what went wrong or costs money: their groups begin with it.
BAD_METRICS = re.compile(r"ddllm\.(structured\.failures|refusals|cost|telemetry)")
BAD_TAGS = re.compile(r"outcome|error_type|status:abandoned|finish_reason:length|kind:thumbs_down")


def monitors() -> dict[str, MonitorDefinition]:
    definitions = load_project(library_folder(), "prod").of("monitors")
    return {each.key: each for each in definitions if isinstance(each, MonitorDefinition)}


MONITORS = monitors()
SIMPLE = {key: each for key, each in MONITORS.items() if each.body["type"] == "query alert"}
COMPOSITES = {key: each for key, each in MONITORS.items() if each.body["type"] == "composite"}
LOUD = {key: each for key, each in MONITORS.items() if each.severity in {"page", "ticket"}}
ANOMALIES = {key: each for key, each in SIMPLE.items() if "anomalies(" in each.body["query"]}


def of(found: Mapping[str, MonitorDefinition]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("monitor", [pytest.param(each, id=key) for key, each in found.items()])


def options(monitor: MonitorDefinition) -> Mapping[str, Any]:
    found = monitor.body.get("options", {})
    assert isinstance(found, dict)
    return found


def members(monitor: MonitorDefinition) -> list[str]:
    """The monitors of which a composite is made."""
    return [each.key for each in references(monitor.body["query"])]


def written_message(monitor: MonitorDefinition) -> str:
    """The message as the file has it; ddllm adds links and handles."""
    found = monitor.source.document.value
    for step in (*monitor.source.route, "message"):
        found = found[step]
    assert isinstance(found, str)
    return found


def tree(monitor: MonitorDefinition) -> MetricQuery:
    found = parse_monitor(monitor.body["query"], monitor.body["type"])
    assert isinstance(found, MetricQuery)
    return found


def read_by(monitor: MonitorDefinition) -> list[Read]:
    return list(reads(tree(monitor)))


def groups(monitor: MonitorDefinition) -> frozenset[str]:
    """The tags by which a monitor is grouped: the same for every metric that it reads, or nothing would join."""
    [found] = {frozenset(read.group_keys) for read in read_by(monitor)}
    return found


def begins_with_a_failure(monitor: MonitorDefinition) -> bool:
    return any(
        BAD_METRICS.match(read.metric) or any(map(BAD_TAGS.match, map(str, read.filters))) for read in read_by(monitor)
    )


@of(LOUD)
def test_who_is_told_has_a_runbook(monitor: MonitorDefinition):
    assert monitor.runbook is not None
    assert (FOLDER / "runbooks" / f"{monitor.runbook}.yaml").is_file()


@of({key: each for key, each in LOUD.items() if each.severity == "page"})
def test_a_page_comes_with_its_context(monitor: MonitorDefinition):
    assert monitor.collect_context


@of(LOUD)
def test_a_message_says_what_users_notice_and_addresses_nobody(monitor: MonitorDefinition):
    message = monitor.meaning
    assert re.search(r"[Uu]sers|People|people|answers", message)
    assert "@" not in message
    assert "http" not in message


@of(COMPOSITES)
def test_the_parts_of_a_composite_are_silent_and_grouped_alike(monitor: MonitorDefinition):
    parts = [SIMPLE[key] for key in members(monitor)]
    assert len(parts) >= 2
    assert {part.severity for part in parts} == {"none"}
    assert len({groups(part) for part in parts}) == 1, "groups join on the tags that all parts have"


def test_every_silent_monitor_is_part_of_a_composite():
    used = {key for monitor in COMPOSITES.values() for key in members(monitor)}
    assert {key for key, each in SIMPLE.items() if each.severity == "none"} == used


@of(SIMPLE)
def test_missing_data_is_decided_by_the_file(monitor: MonitorDefinition):
    """Else a percentile keeps the last state for ever. Only silence waits for nothing, which Datadog evaluates as 0 there."""
    policy = options(monitor)["on_missing_data"]
    wanted = "default" if monitor.key == "silence-now" else "show_no_data" if monitor.key in ANOMALIES else "resolve"
    assert policy == wanted


@of(SIMPLE)
def test_groups_that_begin_with_a_failure_are_watched_at_once(monitor: MonitorDefinition):
    """A group is new when it has not been seen for a day, and a failure's is: a delay would hide its first minutes."""
    if not groups(monitor):
        assert "new_group_delay" not in options(monitor)
    elif begins_with_a_failure(monitor) and monitor.key not in ANOMALIES:
        assert options(monitor)["new_group_delay"] == 0
    else:
        assert options(monitor)["new_group_delay"] == 300


@of({key: each for key, each in SIMPLE.items() if "critical_recovery" in each.body["options"]["thresholds"]})
def test_a_monitor_recovers_on_the_side_that_is_well(monitor: MonitorDefinition):
    thresholds = options(monitor)["thresholds"]
    comparison = tree(monitor).comparison
    assert comparison.threshold is not None
    distance = comparison.threshold - thresholds["critical_recovery"]
    assert distance > 0 if comparison.operator.startswith(">") else distance < 0


@of({key: each for key, each in SIMPLE.items() if re.search(r"percentile\(| / |pct_change", each.body["query"])})
def test_what_sways_has_a_recovery_threshold(monitor: MonitorDefinition):
    """Shares of kinds of failure have none: they say which kind it is, and the rate beside them recovers."""
    if not monitor.key.endswith(("mostly-theirs", "mostly-ours")):
        assert "critical_recovery" in options(monitor)["thresholds"]


@of({key: each for key, each in SIMPLE.items() if key not in ANOMALIES})
def test_counts_are_summed_over_the_window_and_percentiles_are_those_of_the_window(monitor: MonitorDefinition):
    percentile = any(read.is_percentile for read in read_by(monitor))
    assert tree(monitor).aggregator == ("percentile" if percentile else "sum")


@of({key: each for key, each in LOUD.items() if each.severity == "page" and each.body["type"] != "slo alert"})
def test_what_pages_is_evaluated_every_minute(monitor: MonitorDefinition):
    """Windows of a day and more are evaluated every ten minutes or later."""
    parts = [SIMPLE[key] for key in members(monitor)] or [monitor]
    assert max(tree(part).window.seconds for part in parts) < 86_400


@of({key: each for key, each in SIMPLE.items() if "ddllm.cost" in each.body["query"]})
def test_spend_is_looked_at_upwards(monitor: MonitorDefinition):
    assert tree(monitor).comparison.operator in {">", ">="}


def test_each_model_of_the_settings_has_its_own_monitor():
    models = load(FOLDER / "settings.yaml").value["variables"]["models"]
    for model, numbers in models.items():
        composite = COMPOSITES[f"ttft-p95-by-model/{model}"]
        assert set(members(composite)) == {
            f"ttft-by-model-high/{model}",
            "ttft-by-model-enough-samples",
        }
        part = SIMPLE[f"ttft-by-model-high/{model}"]
        assert f"model_name:{model}*" in part.body["query"]
        assert tree(part).comparison.threshold == numbers["ttft_seconds"]


def test_every_number_in_the_settings_has_its_reason():
    """A comment above its group of numbers, or beside it."""
    text = (FOLDER / "settings.yaml").read_text("utf-8")
    reasoned = False
    for line in text.partition("\nvariables:\n")[2].partition("\nenvs:")[0].splitlines():
        if not line.strip():
            reasoned = False
        elif line.lstrip().startswith("#"):
            reasoned = True
        else:
            assert reasoned or "#" in line, line


def test_every_number_in_the_settings_is_used():
    names = load(FOLDER / "settings.yaml").value["variables"]
    root = library_folder()
    files = [*FOLDER.glob("*.yaml"), *(root / "dashboards").glob("*.yaml")]
    written = "\n".join(path.read_text("utf-8") for path in files)
    assert [name for name in names if f"${{{name}}}" not in written] == []


def test_no_two_monitors_have_one_name():
    names = [each.body["name"] for each in MONITORS.values()]
    assert len(set(names)) == len(names)

"""Monitors are Datadog's own JSON plus a few fields that ddllm resolves."""

from pathlib import Path
from textwrap import dedent
from typing import Any, get_args

import pytest
from datadog_api_client.v1.model.monitor_options import MonitorOptions
from datadog_api_client.v1.model.monitor_thresholds import MonitorThresholds
from datadog_api_client.v1.model.monitor_type import MonitorType as ClientMonitorType

from ddllm.definitions.document import parse
from ddllm.definitions.monitors import MonitorDefinition, MonitorType, Options, Thresholds, read
from ddllm.definitions.settings import load_settings
from ddllm.errors import DefinitionError
from tests.support.repository import SETTINGS


def monitors(
    text: str, tmp_path: Path, *, env: str | None = None, settings: str = SETTINGS
) -> dict[str, MonitorDefinition]:
    path = tmp_path / "settings.yaml"
    path.write_text(settings)
    return {each.key: each for each in read(parse(dedent(text).lstrip("\n"), "m.yaml"), load_settings(path, env))}


def error(text: str, tmp_path: Path) -> str:
    with pytest.raises(DefinitionError) as caught:
        monitors(text, tmp_path)
    return str(caught.value)


SLOW = """
slow:
  severity: page
  name: "Over ${limit} s"
  type: query alert
  query: percentile(last_5m):p95:ddllm.ttft{env:${env}} by {service} > ${limit}
"""


def body(text: str, tmp_path: Path, **options: Any) -> Any:
    [found] = monitors(text, tmp_path, **options).values()
    return found.body


def test_variables_are_put_in(tmp_path: Path):
    slow = body(SLOW, tmp_path)
    assert slow["name"] == "Over 2 s"
    assert slow["query"] == "percentile(last_5m):p95:ddllm.ttft{env:prod} by {service} > 2"


def test_the_environment_chooses_its_variables(tmp_path: Path):
    assert body(SLOW, tmp_path, env="staging")["query"].endswith("{env:staging} by {service} > 4")


def test_a_files_own_variables_go_first(tmp_path: Path):
    assert body(f"variables: {{limit: 7}}{SLOW}", tmp_path)["query"].endswith("> 7")


def test_the_critical_threshold_is_taken_from_the_query(tmp_path: Path):
    assert body(SLOW, tmp_path)["options"] == {"thresholds": {"critical": 2}}


def test_other_thresholds_are_kept_beside_it(tmp_path: Path):
    text = f"{SLOW.rstrip()}\n  options: {{thresholds: {{critical: 2.0, warning: 1}}}}\n"
    assert body(text, tmp_path)["options"] == {"thresholds": {"critical": 2, "warning": 1}}


def test_a_threshold_that_differs_from_the_query_is_an_error_at_its_place(tmp_path: Path):
    text = f"{SLOW.rstrip()}\n  options:\n    thresholds: {{critical: 3}}\n"
    assert error(text, tmp_path) == (
        "m.yaml:7:18: `options.thresholds.critical` is 3, and the query compares with 2. Leave `critical` out: it is taken from the query"
    )


@pytest.mark.parametrize(
    ("severity", "priority", "tags"),
    [
        ("page", 2, ["severity:page"]),
        ("ticket", 3, ["severity:ticket"]),
        ("info", 4, ["severity:info"]),
        ("none", None, []),
    ],
)
def test_the_severity_gives_priority_and_tag(tmp_path: Path, severity: str, priority: int | None, tags: list[str]):
    found = body(SLOW.replace("page", severity), tmp_path)
    assert (found["priority"], found["tags"]) == (priority, tags)


def test_a_written_priority_holds(tmp_path: Path):
    assert body(f"{SLOW.rstrip()}\n  priority: 1\n", tmp_path)["priority"] == 1


def test_staging_pages_nobody(tmp_path: Path):
    [found] = monitors(SLOW, tmp_path, env="staging").values()
    assert found.severity == "ticket"
    assert found.body["tags"] == ["severity:ticket"]
    assert found.body["priority"] == 3


def test_the_team_is_the_definitions_or_that_of_the_settings(tmp_path: Path):
    settings = f"team: platform\n{SETTINGS}"
    assert "team:platform" in body(SLOW, tmp_path, settings=settings)["tags"]
    assert "team:search" in body(f"{SLOW.rstrip()}\n  team: search\n", tmp_path, settings=settings)["tags"]


def test_fields_of_ddllm_do_not_reach_datadog(tmp_path: Path):
    text = f"{SLOW.rstrip()}\n  runbook: slow-first-token\n  collect_context: true\n  team: search\n"
    [found] = monitors(text, tmp_path).values()
    assert found.body.keys() == {"name", "type", "query", "options", "tags", "priority"}
    assert (found.runbook, found.collect_context, found.team) == ("slow-first-token", True, "search")


EACH = """
by-model:
  for_each: {model: "${models}"}
  name: "Slow: ${model.key}"
  type: query alert
  query: percentile(last_10m):p95:ddllm.ttft{model_name:${model.key}*} by {service} > ${model.ttft_seconds}
"""
MODELS = f"{SETTINGS.rstrip()}\n".replace(
    "  limit: 2\n", "  limit: 2\n  models: {a-1: {ttft_seconds: 1.2}, b-2: {ttft_seconds: 2}}\n"
)


def test_for_each_makes_one_monitor_an_item(tmp_path: Path):
    found = monitors(EACH, tmp_path, settings=MODELS)
    assert list(found) == ["by-model/a-1", "by-model/b-2"]
    assert found["by-model/a-1"].body["query"].endswith("{model_name:a-1*} by {service} > 1.2")
    assert found["by-model/b-2"].body["options"] == {"thresholds": {"critical": 2}}


def test_for_each_takes_a_list(tmp_path: Path):
    text = (
        EACH.replace('{model: "${models}"}', "{model: [x, y]}")
        .replace("${model.key}", "${model}")
        .replace("${model.ttft_seconds}", "1")
    )
    assert [each.body["name"] for each in monitors(text, tmp_path).values()] == ["Slow: x", "Slow: y"]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{}", "`for_each` takes one variable and its items"),
        ("{model: []}", "m.yaml:2:21: `for_each`: `model` must be a list or a mapping that is not empty"),
        ("{model: ['a b']}", "`for_each`: `a b` cannot be part of a key"),
        ('{model: "${modles}"}', "there is no variable `modles`"),
    ],
)
def test_a_for_each_that_cannot_be_is_named(tmp_path: Path, written: str, message: str):
    assert message in error(EACH.replace('{model: "${models}"}', written), tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("  query:", "  qurey:"), "m.yaml:5:3: unknown key `qurey`. Did you mean `query`?"),
        (("  name:", "  nam:"), "`name` is missing"),
        (("query alert", "querry alert"), "m.yaml:4:9: `type` should be 'audit alert'"),
        (("page", "loud"), "m.yaml:2:13: `severity` should be 'page', 'ticket', 'info' or 'none'"),
        (("slow:", "Slow:"), "m.yaml:1:1: `Slow` cannot be a key"),
        (("> ${limit}\n", "> ${limt}\n"), "m.yaml:5:72: there is no variable `limt`. Did you mean `limit`?"),
        (("  type:", "  priority: 9\n  type:"), "m.yaml:4:13: `priority` should be less than or equal to 5"),
        (("  type:", "  priority: '1'\n  type:"), "m.yaml:4:13: `priority` should be a valid integer"),
        (("  type:", "  tags: [a, 5]\n  type:"), "m.yaml:4:13: `tags.1` should be a valid string"),
        (("  type:", "  tags: [ddllm:shop/prod/slow]\n  type:"), "m.yaml:4:10: the tag `ddllm:shop/prod/slow` is one by which ddllm knows its own"),
        (("  type:", "  options: {thresholds: {warnin: 1}}\n  type:"), "m.yaml:4:26: unknown key `options.thresholds.warnin`. Did you mean `warning`?"),
        (("  type:", "  options: {on_missing_data: show}\n  type:"), "`options.on_missing_data` should be 'default'"),
        (("  type:", "  options: {silenced: {}}\n  type:"), "unknown key `options.silenced`"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, change: tuple[str, str], message: str):
    assert message in error(SLOW.replace(*change), tmp_path)


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path):
    second = SLOW.replace("slow:", "second:").replace("page", "loud")
    text = error(SLOW.replace("  query:", "  qurey:") + second, tmp_path)
    assert text.startswith("3 things are wrong in the definitions:\n")
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["m.yaml:1:1:", "m.yaml:5:3:", "m.yaml:8:13:"]


@pytest.mark.parametrize("text", ["- a", "slow: 5", "slow:"])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str):
    assert "must be a mapping" in error(text, tmp_path)


def test_an_empty_file_holds_no_monitors(tmp_path: Path):
    assert monitors("# nothing yet", tmp_path) == {}


def test_a_composite_knows_its_members(tmp_path: Path):
    text = "both: {name: Both, type: composite, query: '${monitor:a} && ${monitor:b}'}"
    [found] = monitors(text, tmp_path).values()
    assert {each.key for each in found.references} == {"a", "b"}
    assert "options" not in found.body


def test_a_composite_of_more_members_than_datadog_takes_is_refused(tmp_path: Path):
    query = " && ".join(f"${{monitor:m-{number}}}" for number in range(11))
    assert "a composite has at most 10 members, and this one has 11" in error(
        f"both: {{name: B, type: composite, query: '{query}'}}", tmp_path
    )


def test_derived_values_are_placed_where_they_come_from(tmp_path: Path):
    [found] = monitors(SLOW, tmp_path).values()
    assert found.source.at(("options", "thresholds", "critical")).line == 5
    assert found.source.at(("priority",)).line == 2
    assert found.source.at(("name",)).line == 3
    assert found.source.at(("message",)).line == 1


def test_the_models_know_every_field_and_type_of_the_installed_client():
    server_owned = {"silenced"}
    assert set(Options.model_fields) == set(MonitorOptions.attribute_map) - server_owned
    assert set(Thresholds.model_fields) == set(MonitorThresholds.attribute_map)
    assert set(get_args(MonitorType)) == set(ClientMonitorType.allowed_values)

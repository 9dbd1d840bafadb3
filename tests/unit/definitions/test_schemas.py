"""The JSON Schemas of definition files: editors take what ddllm takes, and refuse what it refuses."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner

from ddllm.cli import cli
from ddllm.definitions.document import parse
from ddllm.definitions.library import library_folder
from ddllm.definitions.schemas import KINDS, FileKind, kind_of, text
from tests.support.process import ROOT

MONITOR = "slow:\n  name: n\n  type: query alert\n  query: q > 1\n"


@cache
def validator(kind: str) -> Any:
    return jsonschema_rs.validator_for(KINDS[kind].schema())


def problems(kind: str, yaml: str) -> list[str]:
    return [each.message for each in validator(kind).iter_errors(parse(yaml, "a.yaml").value)]


def shipped() -> Iterator[tuple[str, FileKind]]:
    folder = library_folder()
    for path in sorted([*folder.glob("monitors/**/*.yaml"), *folder.glob("dashboards/*.yaml")]):
        file = path.relative_to(folder).as_posix()
        kind = kind_of(file)
        if kind:
            yield file, kind


@pytest.mark.parametrize("kind", KINDS)
def test_every_schema_is_one(kind: str):
    jsonschema_rs.meta.validate(KINDS[kind].schema())


@pytest.mark.parametrize(("file", "kind"), list(shipped()), ids=lambda each: each if isinstance(each, str) else "")
def test_every_shipped_file_keeps_to_its_schema(file: str, kind: FileKind):
    assert problems(kind.name, (library_folder() / file).read_text("utf-8")) == []


@pytest.mark.parametrize(("file", "kind"), list(shipped()), ids=lambda each: each if isinstance(each, str) else "")
def test_every_shipped_file_begins_with_the_line_that_names_its_schema(file: str, kind: FileKind):
    assert (library_folder() / file).read_text("utf-8").partition("\n")[0] == kind.header(file)


@pytest.mark.parametrize(("kind", "file"), [("ddllm", "ddllm.yaml"), ("workload", "compare.yaml")])
def test_the_examples_keep_to_their_schemas(kind: str, file: str):
    assert problems(kind, (ROOT / "examples" / file).read_text("utf-8")) == []


SLO = 'fast: {type: time_slice, name: n, sli_specification: {time_slice: {}}, thresholds: [{timeframe: 30d, target: "${t}"}]}'


def test_an_slo_keeps_to_its_schema():
    assert problems("slos", SLO) == []


@pytest.mark.parametrize(
    ("kind", "yaml"),
    [
        ("slos", SLO.replace("30d", "31d")),
        ("slos", SLO.replace("target", "goal")),
        ("slos", SLO.replace("time_slice, ", "slice, ")),
        ("monitors", MONITOR.replace("query:", "qurey:")),
        ("monitors", MONITOR.replace("query alert", "query alerts")),
        ("monitors", MONITOR + "  severity: loud\n"),
        ("monitors", MONITOR + "  options: {new_group_delay: soon}\n"),
        ("monitors", MONITOR + "  options: {thresholds: {critcal_recovery: 1}}\n"),
        ("monitors", MONITOR + "  tags: one\n"),
        ("monitors", MONITOR.replace("slow:", "Slow:")),
        ("monitors", MONITOR.replace("query alert", "composite") + "  options: {on_missing_data: resolve}\n"),
        ("monitors", MONITOR + "  options: {synthetics_check_id: abc}\n"),
        ("monitors", "variables: [1]\n" + MONITOR),
        ("settings", "project: Shop\n"),
        ("settings", "team: a\n"),
        ("dashboards", "aa: {title: t, layout_type: ordered, widgets: [{definition: {type: note}}]}\n"),
        ("dashboards", "aa: {title: t, layout_type: ordered, widgets: [{key: k, definition: {}}]}\n"),
        ("dashboards", "aa: {title: t, layout_type: ordered, widgets: [{key: g, definition: {type: group, widgets: [{}]}}]}\n"),
        ("ddllm", "caps: {features: 1}\n"),
        ("ddllm", "metrics: {exclude: [ddllm.nothing]}\n"),
        ("ddllm", "tags: {exclude: [service]}\n"),
        ("ddllm", "prices: {models: {a: {input: 1}}}\n"),
        ("workload", "name: a\nmodels: [{model: m}]\nprompts: [{messages: []}]\n"),
    ],
)  # fmt: skip
def test_a_file_with_a_slip_does_not(kind: str, yaml: str):
    assert problems(kind, yaml)


@pytest.mark.parametrize(
    "more",
    [
        '  priority: "${urgency}"\n',
        '  severity: "${how_loud}"\n',
        '  options: {new_group_delay: "${warm_up}", thresholds: {critical_recovery: "${low}"}}\n',
        '  options: {require_full_window: "${full}"}\n',
        '  tags: "${tags}"\n',
        '  options: "${options}"\n',
        '  for_each: {model: "${models}"}\n',
        "  for_each: {model: [a, b]}\n",
    ],
)
def test_a_variable_may_stand_for_any_value(more: str):
    assert problems("monitors", MONITOR + more) == []


def test_text_that_only_holds_a_variable_is_no_number():
    assert problems("monitors", MONITOR + '  options: {new_group_delay: "${a} seconds"}\n')


@pytest.mark.parametrize("kind", ["monitors", "dashboards"])
def test_a_file_without_definitions_is_fine(kind: str):
    assert problems(kind, "") == []


def test_a_model_tells_what_it_is_for():
    schema = KINDS["monitors"].schema()
    assert (
        schema["$defs"]["ThresholdWindows"]["description"] == "`options.threshold_windows`: anomaly monitors need both."
    )


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("monitors/a.yaml", "monitors"),
        ("monitors/deep/er.yaml", "monitors"),
        ("monitors/settings.yaml", "settings"),
        ("monitors/slos.yaml", "slos"),
        ("dashboards/a.yaml", "dashboards"),
        ("ddllm.yaml", "ddllm"),
        ("monitors/tests/a.yaml", "tests"),
        ("monitors/README.md", None),
        ("other.yaml", None),
    ],
)
def test_a_files_place_tells_its_kind(file: str, kind: str | None):
    found = kind_of(file)
    assert (found.name if found else None) == kind


@pytest.mark.parametrize(
    ("file", "path"),
    [("ddllm.yaml", ".ddllm"), ("monitors/a.yaml", "../.ddllm"), ("monitors/deep/a.yaml", "../../.ddllm")],
)
def test_the_header_leads_from_the_file_to_the_schema(file: str, path: str):
    kind = kind_of(file)
    assert kind is not None
    assert kind.header(file) == f"# yaml-language-server: $schema={path}/schemas/{kind.name}.json"


# -- ddllm schema


def schema(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["schema", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_the_command_prints_one_schema():
    assert schema("settings") == text(KINDS["settings"].schema())


def test_the_command_lists_the_kinds():
    golden = Path(__file__).parent / "golden" / "schema.txt"
    assert schema() == golden.read_text("utf-8")


def test_the_command_prints_all_as_one_object():
    assert json.loads(schema("--format", "json")).keys() == KINDS.keys()


def test_the_command_writes_all_to_a_folder(tmp_path: Path):
    folder = tmp_path / "a" / "b"
    assert schema("--all", str(folder)) == f"{len(KINDS)} schemas written to {folder}\n"
    assert {path.name for path in folder.iterdir()} == {f"{name}.json" for name in KINDS}
    assert json.loads((folder / "monitors.json").read_text("utf-8")) == KINDS["monitors"].schema()


def test_an_unknown_kind_is_told_with_the_nearest():
    result = CliRunner().invoke(cli, ["schema", "monitor"])
    assert str(result.exception) == "there is no kind of file `monitor`. Did you mean `monitors`?"


ROUTING = """
pagerduty: {region: eu, services: {llm: {key: "${secret:K}"}}, rest: {token: "${secret:T}", from: oncall@example.com}}
context: {url: "https://context.example.com", token: "${secret:T}", page_content: "${page_content}"}
routes: [{match: {severity: page, feature: search}, notify: ["@pagerduty-llm"], context: attach}]
notification_rules: {quiet: {filter: {tags: [a]}, recipients: [slack-x]}}
"""


def test_routing_keeps_to_its_schema():
    assert problems("routing", ROUTING) == []
    assert problems("routing", ROUTING.replace("severity:", "severty:"))
    assert problems("routing", ROUTING.replace("context: attach", "context: always"))

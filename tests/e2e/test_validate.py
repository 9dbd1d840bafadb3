"""`ddllm validate` as a real process: without a network and without keys."""

import json
from pathlib import Path

import pytest

from tests.support.datadog import environ, organisation
from tests.support.forked import run_ddllm
from tests.support.process import BIN, Ended, environment, run
from tests.support.repository import MONITORS, Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path, slow=MONITORS)


@pytest.fixture
def broken(repository: Repository) -> Repository:
    repository.write("monitors/a.yaml", "aa: [")
    repository.write("monitors/b.yaml", "bb: {severity: loud, name: n, type: query alert, query: q > 1}")
    repository.write("monitors/c.yaml", "cc: {nmae: n, name: n, type: query alert, query: q > 1}")
    return repository


def validate(folder: Path, *arguments: str, code: int = 0) -> Ended:
    ended = run_ddllm("validate", *arguments, env=environment({}), cwd=folder)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    return ended


def test_what_can_be_used_is_counted_by_kind(repository: Repository):
    repository.replace("monitors/slow.yaml", "severity: page", "severity: info")
    assert validate(repository.folder).stdout == "shop/prod: 1 monitor, all well.\n"


def test_json_counts_as_well(repository: Repository):
    told = validate(repository.folder.parent, str(repository.folder), "--env", "staging", "--format", "json").stdout
    told = json.loads(told)
    assert (told["project"], told["env"], told["definitions"]) == ("shop", "staging", {"monitors": 1})
    assert told["problems"] == told["not_checked"] == []


def test_all_that_is_wrong_is_told_in_one_go(broken: Repository):
    first, *rest = validate(broken.folder, code=1).stderr.splitlines()
    assert first == "ddllm: 3 things are wrong in the definitions:"
    assert [line.split(" ", 3)[2] for line in rest] == [
        "monitors/a.yaml:2:1:",
        "monitors/b.yaml:1:16:",
        "monitors/c.yaml:1:6:",
    ]


def test_what_the_loader_refuses_bears_the_code_of_its_rule(repository: Repository):
    repository.write(
        "monitors/a.yaml",
        "aa: {severity: info, name: n, type: query alert, query: 'avg(last_5m):avg:ddllm.ttft{*} > 1', message: m,"
        " options: {thresholds: {critical: 2}}}\n",
    )
    told = validate(repository.folder, code=1).stderr
    assert "threshold/mismatch: " in told


TESTS = """\
monitors: [../slow.yaml]
tests:
- name: one
  series:
  - {metric: "ddllm.ttft{env:prod}", values: 1x30}
  expect:
  - {never: true, monitor: MONITOR}
"""


def test_files_of_tests_are_read_too(repository: Repository):
    repository.replace("monitors/slow.yaml", "severity: page", "severity: info")
    [key] = [line.rstrip(":") for line in MONITORS.splitlines() if line and line[0].isalpha()][:1]
    repository.write("monitors/tests/t.yaml", TESTS.replace("MONITOR", key))
    assert validate(repository.folder).stdout.endswith("all well.\n")
    repository.write("monitors/tests/t.yaml", TESTS.replace("MONITOR", key[:-1]))
    repository.write("monitors/tests/u.yaml", TESTS.replace("series", "serie"))
    repository.write("monitors/tests/v.yaml", TESTS.replace("slow", "slaw"))
    told = validate(repository.folder, code=1).stderr
    assert f"monitors/tests/t.yaml:7:28: there is no monitor `{key[:-1]}`. Did you mean `{key}`?" in told
    assert "monitors/tests/u.yaml:4:3: unknown key `tests.0.serie`. Did you mean `series`?" in told
    assert "monitors/tests/v.yaml:1:12: `../slaw.yaml` finds no monitor" in told


def test_json_holds_the_place_of_everything_that_is_wrong(broken: Repository):
    told = json.loads(validate(broken.folder, "--format", "json", code=1).stdout)
    assert (told["project"], told["definitions"]) == (None, {})
    assert [(each["file"], each["line"], each["column"]) for each in told["problems"]] == [
        ("monitors/a.yaml", 2, 1),
        ("monitors/b.yaml", 1, 16),
        ("monitors/c.yaml", 1, 6),
    ]
    assert told["problems"][2]["message"] == "unknown key `nmae`"
    assert told["problems"][2]["hint"] == "Did you mean `name`?"


def test_github_shows_each_fault_at_its_line(broken: Repository):
    lines = validate(broken.folder, "--format", "github", code=1).stdout.splitlines()
    assert lines[2] == "::error file=monitors/c.yaml,line=1,col=6::unknown key `nmae`. Did you mean `name`?"


def test_what_github_would_read_as_a_command_is_escaped(repository: Repository):
    repository.write("monitors/a,b.yaml", 'bb: {name: n, type: query alert, query: "%0A > ${x}"}')
    [line] = validate(repository.folder, "--format", "github", code=1).stdout.splitlines()
    assert line.startswith("::error file=monitors/a%2Cb.yaml,line=1,col=")


def test_github_hears_of_a_fault_without_a_place(tmp_path: Path):
    [line] = validate(tmp_path, "--format", "github", code=1).stdout.splitlines()
    assert line.startswith("::error::there is no folder monitors/ in ")


def test_the_applications_file_is_read_too(repository: Repository):
    repository.write("ddllm.yaml", "capz: {feature: 50}")
    told = validate(repository.folder, code=1).stderr
    assert told == "ddllm: ddllm.yaml:1:1: unknown key in the file: 'capz'. Did you mean 'caps'?\n"


NOT_SUM = """
many:
  severity: ticket
  name: Many calls
  type: query alert
  query: avg(last_5m):sum:ddllm.requests{env:${env}}.as_count() > 5
"""


@pytest.fixture
def faulty(repository: Repository) -> Repository:
    repository.write("monitors/many.yaml", NOT_SUM)
    return repository


def test_a_finding_shows_its_place_the_query_with_a_caret_what_to_write_and_why(faulty: Repository):
    lines = validate(faulty.folder, code=1).stdout.splitlines()
    assert lines[:5] == [
        "monitors/many.yaml:5:3: error count/not-sum: `avg` of a count depends on the size of the buckets",
        "    avg(last_5m):sum:ddllm.requests{env:prod}.as_count() > 5",
        "    ^",
        "    instead: sum(last_5m):…",
        "    why: A count is added up over the window; any other aggregation depends on how Datadog cuts the window into buckets.",
    ]
    assert lines[-1].startswith("shop/prod: 2 monitors, 1 error")


def test_json_holds_the_findings(faulty: Repository):
    first, *_ = json.loads(validate(faulty.folder, "--format", "json", code=1).stdout)["findings"]
    place = {"file": "monitors/many.yaml", "line": 5, "column": 3, "caret": 0}
    assert first.items() >= {"code": "count/not-sum", "severity": "error", "key": "many", **place}.items()


def test_github_shows_a_finding_at_its_line(faulty: Repository):
    first, *_ = validate(faulty.folder, "--format", "github", code=1).stdout.splitlines()
    assert first == (
        "::error file=monitors/many.yaml,line=5,col=3::count/not-sum: `avg` of a count depends on the size of the buckets. "
        "sum(last_5m):…"
    )


@pytest.mark.parametrize(("severity", "code"), [("error", 0), ("warning", 1)])
def test_warnings_fail_only_where_they_shall(repository: Repository, severity: str, code: int):
    repository.replace("monitors/slow.yaml", "slow:", "# ddllm: ignore count/not-sum nobody knows\nslow:")
    told = validate(repository.folder, "--fail-on", severity, code=code).stdout
    assert "monitors/slow.yaml:1:1: warning ignore/unused: `count/not-sum` finds nothing here any more" in told


def test_without_keys_what_only_datadog_knows_is_not_checked(repository: Repository):
    repository.replace("monitors/slow.yaml", "severity: page", "severity: info")
    lines = validate(repository.folder, "--live").stdout.splitlines()
    assert "not checked percentile/not-enabled: DD_API_KEY and DD_APP_KEY are not set" in lines
    assert lines[-1] == "shop/prod: 1 monitor, nothing found, but not all was checked."


def test_what_datadog_says_is_a_finding(repository: Repository):
    with organisation() as api:
        command = [str(BIN / "ddllm"), "validate", "--live", "--format", "json"]
        told = json.loads(run(command, environment(environ(api)), cwd=repository.folder).stdout)
    assert "metric/not-reporting" in {each["code"] for each in told["findings"]}
    assert told["not_checked"] == []
    assert api.writes == []

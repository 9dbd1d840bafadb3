"""A repository as `ddllm init` lays it out: complete, valid, and nothing of the user's is written over."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from click.testing import CliRunner

from ddllm.cli import cli
from ddllm.definitions.layout import Ci, State, lay_out, project_of
from ddllm.definitions.project import load_project
from ddllm.definitions.schemas import KINDS, kind_of
from ddllm.errors import ConfigError
from ddllm.settings.file import load_file
from ddllm.version import VERSION


def laid(folder: Path, *, project: str = "shop", team: str | None = None, ci: Ci = "github") -> dict[str, State]:
    return {each.path: each.state for each in lay_out(folder, project=project, team=team, ci=ci)}


def init(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["init", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fresh")
    laid(folder, team="ml")
    return folder


def test_the_definitions_can_be_used_as_they_are(fresh: Path):
    project = load_project(fresh)
    assert (project.name, project.env) == ("shop", "prod")
    assert len(project.of("monitors")) > 7
    assert all("team:ml" in each.body["tags"] for each in project.of("monitors"))


def test_every_file_begins_with_its_schema_and_keeps_to_it(fresh: Path):
    checked = 0
    for path, text in files(fresh).items():
        kind = kind_of(path)
        if kind is not None:
            first = text.partition("\n")[0]
            assert first == kind.header(path)
            schema = (fresh / path).parent / first.partition("$schema=")[2]
            validator = jsonschema_rs.validator_for(json.loads(schema.read_text("utf-8")))
            assert [each.message for each in validator.iter_errors(yaml.safe_load(text) or {})] == [], path
            checked += 1
    assert checked > 10


def test_the_example_for_the_application_is_read(fresh: Path):
    load_file(fresh / "ddllm.yaml")


def test_nothing_of_the_templates_is_left_open(fresh: Path):
    assert not [path for path, text in files(fresh).items() if "@VERSION@" in text or "@PROJECT@" in text]
    assert f"ddllm[test]=={VERSION}" in (fresh / "README.md").read_text("utf-8")


def test_a_second_time_changes_nothing(tmp_path: Path):
    laid(tmp_path)
    before = files(tmp_path)
    assert set(laid(tmp_path).values()) == {State.SAME}
    assert files(tmp_path) == before


def test_what_is_there_is_kept_and_named(tmp_path: Path):
    (tmp_path / "README.md").write_text("Mine.\n")
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors" / "ttft.yaml").write_text("# mine\n")
    states = laid(tmp_path)
    assert {path for path, state in states.items() if state is State.KEPT} == {"README.md", "monitors/ttft.yaml"}
    assert (tmp_path / "README.md").read_text() == "Mine.\n"
    assert "kept: it differs  README.md" in init(str(tmp_path), "--project", "shop").splitlines()


def test_gitignore_gets_the_lines_that_it_lacks(tmp_path: Path):
    (tmp_path / ".gitignore").write_text("*.log\nplan.json")
    assert laid(tmp_path)[".gitignore"] is State.ADDED
    lines = (tmp_path / ".gitignore").read_text().splitlines()
    assert lines[:2] == ["*.log", "plan.json"]
    assert lines.count("plan.json") == 1
    assert ".ddllm/journal/" in lines


@pytest.mark.parametrize(
    ("folder", "project"),
    [("Shop Monitors", "shop-monitors"), ("llm", "llm"), ("1", "llm-health"), ("9lives", "llm-health"), ("a" * 60, "llm-health")],
)  # fmt: skip
def test_the_project_has_the_folders_name_where_it_can(tmp_path: Path, folder: str, project: str):
    assert project_of(tmp_path / folder) == project


@pytest.mark.parametrize(("project", "team"), [("Shop", None), ("shop", "My Team")])
def test_a_name_that_cannot_be_one_writes_nothing(tmp_path: Path, project: str, team: str | None):
    with pytest.raises(ConfigError, match="cannot be the name of a"):
        laid(tmp_path, project=project, team=team)
    assert list(tmp_path.iterdir()) == []


def test_it_ends_with_the_next_commands(tmp_path: Path):
    lines = init(str(tmp_path), "--ci", "none").splitlines()
    assert [line.split("#")[0].strip() for line in lines[-4:]] == [
        f"cd {tmp_path}",
        "ddllm validate",
        "ddllm plan",
        "ddllm sync",
    ]


# -- CI


def workflow(folder: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((folder / ".github" / "workflows" / "ddllm.yml").read_text("utf-8"))
    return found


def test_without_ci_there_is_none(tmp_path: Path):
    assert not [path for path in laid(tmp_path, ci="none") if path.startswith((".github", ".gitlab"))]


def test_the_workflow_of_github_is_one(fresh: Path):
    content = workflow(fresh)
    assert set(content) == {
        "name",
        True,
        "permissions",
        "env",
        "jobs",
    }  # YAML 1.1 takes `on` for true, and GitHub does not
    assert set(content[True]) == {"push", "pull_request", "schedule", "workflow_dispatch"}
    for job in content["jobs"].values():
        assert set(job) <= {"if", "needs", "runs-on", "permissions", "env", "steps", "concurrency"}
        assert all(set(step) <= {"uses", "with", "run", "name", "env", "if"} for step in job["steps"])
        assert all(("uses" in step) != ("run" in step) for step in job["steps"])
        assert {job.get("needs", "validate")} <= set(content["jobs"])


def test_github_syncs_one_run_at_a_time_and_keeps_the_journal(fresh: Path):
    sync = workflow(fresh)["jobs"]["sync"]
    assert sync["concurrency"] == {"group": "ddllm-sync", "cancel-in-progress": False}
    keep = sync["steps"][-1]
    assert (keep["if"], keep["with"]["path"], keep["with"]["include-hidden-files"]) == (
        "always()",
        ".ddllm/journal/",
        True,
    )


def test_only_the_jobs_that_ask_datadog_have_its_keys(fresh: Path):
    jobs = workflow(fresh)["jobs"]
    assert {name for name, job in jobs.items() if "DD_APP_KEY" in job.get("env", {})} == {"plan", "sync", "drift"}


def test_the_pipeline_of_gitlab_is_one(tmp_path: Path):
    laid(tmp_path, ci="gitlab")
    assert yaml.safe_load((tmp_path / ".gitlab-ci.yml").read_text()) == {"include": [{"local": ".gitlab/ddllm.yml"}]}
    content = yaml.safe_load((tmp_path / ".gitlab" / "ddllm.yml").read_text("utf-8"))
    jobs = {name: job for name, job in content.items() if name.startswith("ddllm-")}
    assert set(jobs) == {"ddllm-validate", "ddllm-plan", "ddllm-sync", "ddllm-drift"}
    known = {"extends", "stage", "rules", "script", "artifacts", "resource_group", "interruptible"}
    for job in jobs.values():
        assert set(job) <= known
        assert job["stage"] in content["stages"]
        assert all(isinstance(line, str) for line in job["script"])
    assert jobs["ddllm-sync"]["resource_group"] == "ddllm-sync"
    assert jobs["ddllm-sync"]["artifacts"]["paths"] == [".ddllm/journal/"]


def test_the_hook_of_pre_commit_is_one(fresh: Path):
    [repository] = yaml.safe_load((fresh / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    [hook] = repository["hooks"]
    assert (repository["repo"], hook["entry"], hook["pass_filenames"]) == ("local", "ddllm validate", False)


def test_schemas_of_every_kind_are_there(fresh: Path):
    assert {path.stem for path in (fresh / ".ddllm" / "schemas").iterdir()} == KINDS.keys()

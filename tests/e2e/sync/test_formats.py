"""A plan as people and programs read it: the same bytes with and without a terminal's promises."""

import json

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, held, synced
from tests.support.process import ROOT
from tests.support.repository import TRIO, Repository

_GOLDEN = ROOT / "tests" / "e2e" / "sync" / "golden"
_LIMIT = 65_536  # characters of a comment on GitHub


@pytest.fixture
def changes(api: DatadogApi, repository: Repository) -> None:
    """Make a plan with every cause: new, change, drift, conflict, and an orphan."""
    one = TRIO.partition("many:")[0]

    def monitors(*keys: str) -> str:
        return "".join(one.replace("fast:", f"{key}:").replace("Fast", key) for key in keys)

    repository.write("monitors/more.yaml", monitors("gone", "theirs", "both-sides"))
    synced(api, repository.folder)
    repository.write("monitors/more.yaml", monitors("theirs", "both-sides", "new"))
    repository.replace("monitors/more.yaml", 'name: "both-sides: over ${limit} s"', 'name: "Ours: over ${limit} s"')
    repository.replace("monitors/trio.yaml", "message: People wait.", "message: |\n    People wait.\n    And leave.")
    api.monitors.edit(held(api, "theirs")["id"], message="Call me\nfirst.")
    api.monitors.edit(held(api, "both-sides")["id"], name="Theirs")


@pytest.mark.usefixtures("changes")
@pytest.mark.parametrize(("form", "file"), [("text", "plan.txt"), ("json", "plan.json"), ("markdown", "plan.md")])
def test_a_plan_is_told_in_each_form(api: DatadogApi, repository: Repository, form: str, file: str):
    ended = ddllm(api, repository.folder, "plan", "monitors", "--prune", "--format", form)
    assert ended.returncode == 2
    assert ended.stderr == ""
    golden = _GOLDEN / file
    told = ended.stdout.replace(api.url, "https://app.datadoghq.com")
    assert told == golden.read_text(encoding="utf-8")
    if form == "json":
        json.loads(told)


@pytest.mark.usefixtures("changes")
@pytest.mark.parametrize(
    "variables", [{"NO_COLOR": "1", "TERM": "xterm-256color"}, {"TERM": "dumb", "COLUMNS": "40"}], ids=str
)
def test_what_is_piped_is_the_same_everywhere(api: DatadogApi, repository: Repository, variables: dict[str, str]):
    told = ddllm(api, repository.folder, "plan", "monitors", "--prune", **variables).stdout
    assert told.replace(api.url, "https://app.datadoghq.com") == (_GOLDEN / "plan.txt").read_text(encoding="utf-8")


def test_the_plan_of_many_monitors_fits_into_a_comment(api: DatadogApi, repository: Repository):
    one = TRIO.partition("many:")[0]
    text = "".join(one.replace("fast:", f"fast-{number}:").replace("Fast", f"Fast {number}") for number in range(300))
    repository.write("monitors/trio.yaml", text)
    synced(api, repository.folder)
    repository.write("monitors/trio.yaml", text.replace("  options:", f"  message: {'long ' * 200}\n  options:"))
    told = ddllm(api, repository.folder, "plan", "monitors", "--format", "markdown").stdout
    assert 40_000 < len(told) <= _LIMIT
    assert "0 to create, 300 to update" in told
    assert told.count("```") % 2 == 0
    assert told.splitlines()[-1].endswith(" more")

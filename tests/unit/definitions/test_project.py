"""A repository of definitions is read whole, and checked together."""

from pathlib import Path

import pytest

from ddllm.definitions.problems import DefinitionListError
from ddllm.definitions.project import load_project
from ddllm.definitions.runbooks import RunbookDefinition
from ddllm.errors import DefinitionError
from tests.support.repository import MONITORS, Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path, slow=MONITORS)


RUNBOOK = "title: Slow\nimpact: People wait.\nsteps: {look: {ask: Where?}}\n"

BOARD = """
health:
  title: Health
  layout_type: ordered
  widgets:
  - key: row
    runbook: slow-start
    monitors: [slow]
    definition: {type: group, layout_type: ordered, widgets: []}
"""


def error(repository: Repository, **options: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        load_project(repository.folder, **options)
    return str(caught.value)


def test_every_file_below_monitors_is_read_but_those_of_other_formats(repository: Repository):
    repository.write("monitors/deep/er/other.yaml", MONITORS.replace("slow:", "other:"))
    for name in ("tests/slow", ".hidden/x"):
        repository.write(f"monitors/{name}.yaml", "not: [a, monitor")
    repository.write("monitors/README.md", "words")
    assert [each.key for each in load_project(repository.folder).of("monitors")] == ["other", "slow"]


def test_dashboards_are_read_beside_them(repository: Repository):
    repository.write("dashboards/health.yaml", "health: {title: T, layout_type: ordered, widgets: []}")
    project = load_project(repository.folder, "staging")
    assert [each.key for each in project.of("dashboards")] == ["health"]
    assert (project.name, project.env) == ("shop", "staging")


def test_a_folder_without_monitors_is_named(tmp_path: Path):
    with pytest.raises(DefinitionError) as caught:
        load_project(tmp_path)
    assert str(caught.value) == (
        f"there is no folder monitors/ in {tmp_path}. Run ddllm in the folder that holds monitors/, or name that folder with --dir"
    )


def test_a_key_in_two_files_is_named_with_both_places(repository: Repository):
    repository.write("monitors/again.yaml", MONITORS)
    text = error(repository)
    assert "slow.yaml:1:1: the key `slow` is used twice, first at " in text
    assert text.endswith("again.yaml:1")


def test_a_file_that_would_not_be_read_is_an_error(repository: Repository):
    repository.write("monitors/more.yml", MONITORS)
    assert error(repository).endswith("more.yml: the file is not read. Definition files end in .yaml")


def test_a_reference_to_nothing_is_named_with_the_nearest_key(repository: Repository):
    repository.write("monitors/both.yaml", "both:\n  name: Both\n  type: composite\n  query: ${monitor:slwo} && 1\n")
    assert "both.yaml:4:10: `${monitor:slwo}` refers to nothing. Did you mean `slow`?" in error(repository)


def test_a_composite_cannot_be_part_of_another(repository: Repository):
    repository.write(
        "monitors/both.yaml",
        "one: {name: A, type: composite, query: '${monitor:slow} && 1'}\ntwo: {name: B, type: composite, query: '${monitor:one} || 1'}\n",
    )
    assert "`${monitor:one}` is a composite, which cannot be part of another one" in error(repository)


def test_a_runbook_that_is_named_must_exist(repository: Repository):
    repository.replace("monitors/slow.yaml", "  severity: page\n", "  severity: page\n  runbook: slow-first-token\n")
    text = error(repository)
    assert "slow.yaml:3:12: there is no runbook `slow-first-token`" in text
    repository.write("monitors/runbooks/slow-first-token.yaml", RUNBOOK)
    assert load_project(repository.folder).definitions


def test_a_runbook_knows_what_leads_to_it(repository: Repository):
    repository.replace("monitors/slow.yaml", "  severity: page\n", "  severity: page\n  runbook: slow-start\n")
    repository.write("monitors/runbooks/slow-start.yaml", RUNBOOK)
    repository.write("monitors/runbooks/other.yaml", RUNBOOK)
    repository.write("dashboards/health.yaml", BOARD)
    found = {each.key: each for each in load_project(repository.folder).of("runbooks")}
    assert isinstance(found["slow-start"], RunbookDefinition)
    assert isinstance(found["other"], RunbookDefinition)
    assert (found["slow-start"].monitors, found["slow-start"].dashboards) == (("slow",), ("Health",))
    assert (found["other"].monitors, found["other"].dashboards) == ((), ())


def test_a_dashboard_with_a_row_for_its_monitor_leads_to_a_runbook_too(repository: Repository):
    named = "  severity: page\n  runbook: other\n  for_each: {item: [a, b]}\n"
    repository.replace("monitors/slow.yaml", "  severity: page\n", named)
    repository.write("monitors/runbooks/slow-start.yaml", RUNBOOK)
    repository.write("monitors/runbooks/other.yaml", RUNBOOK)
    repository.write("dashboards/health.yaml", BOARD)
    [other, _] = load_project(repository.folder).of("runbooks")
    assert isinstance(other, RunbookDefinition)
    assert (other.key, other.monitors, other.dashboards) == ("other", ("slow",), ("Health",))


def test_a_runbook_that_goes_on_with_no_other_is_an_error(repository: Repository):
    repository.write("monitors/runbooks/a-first.yaml", RUNBOOK + "causes: {x: {goto_runbook: a-frist}}\n")
    assert "a-first.yaml:4:28: there is no runbook `a-frist`. Did you mean `a-first`?" in error(repository)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("slow-start", "slow-strat"), "health.yaml:6:14: `${runbook:slow-strat}` refers to nothing. Did you mean `slow-start`?"),
        (("[slow]", "[slow, slwo]"), "health.yaml:7:22: there is no monitor `slwo`. Did you mean `slow`?"),
    ],
)  # fmt: skip
def test_what_heads_a_row_must_exist(repository: Repository, change: tuple[str, str], message: str):
    repository.write("monitors/runbooks/slow-start.yaml", RUNBOOK)
    repository.write("dashboards/health.yaml", BOARD.replace(*change))
    assert message in error(repository)


def test_a_row_may_name_the_monitors_of_a_for_each_by_their_common_key(repository: Repository):
    repository.replace("monitors/slow.yaml", "  severity: page\n", "  severity: page\n  for_each: {item: [a, b]}\n")
    repository.write("monitors/runbooks/slow-start.yaml", RUNBOOK)
    repository.write("dashboards/health.yaml", BOARD)
    assert [each.key for each in load_project(repository.folder).of("monitors")] == ["slow/a", "slow/b"]


def test_errors_of_all_files_are_told_together(repository: Repository):
    repository.write("monitors/a.yaml", "a: [")
    repository.write("monitors/b.yaml", "bb: {nme: x}")
    with pytest.raises(DefinitionListError) as caught:
        load_project(repository.folder)
    assert len(caught.value.problems) == 5
    assert all(each.where for each in caught.value.problems)


def test_paths_are_shown_from_the_current_folder(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(repository.folder)
    assert load_project(Path()).definitions[0].source.position.short == "monitors/slow.yaml:1"

"""Dashboards are Datadog's own JSON, with a key on each widget."""

from pathlib import Path
from textwrap import dedent

import pytest

from ddllm.definitions.dashboards import DashboardDefinition, read
from ddllm.definitions.document import parse
from ddllm.definitions.settings import load_settings
from ddllm.definitions.variables import Reference
from ddllm.errors import DefinitionError
from tests.support.repository import SETTINGS

DASHBOARD = """
health:
  title: Health of ${project}
  layout_type: ordered
  widgets:
  - key: row
    definition:
      type: group
      widgets:
      - {key: spend, definition: {type: note, content: "${limit}"}}
"""


def dashboards(text: str, tmp_path: Path) -> list[DashboardDefinition]:
    path = tmp_path / "settings.yaml"
    path.write_text(SETTINGS)
    return read(parse(dedent(text).lstrip("\n"), "d.yaml"), load_settings(path, None))


def test_variables_are_put_in(tmp_path: Path):
    [found] = dashboards(DASHBOARD, tmp_path)
    assert found.body["title"] == "Health of shop"
    assert found.body["widgets"][0]["definition"]["widgets"][0]["definition"]["content"] == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("key: spend", "key: row"),
            "d.yaml:9:15: the widget key `row` is used twice in the dashboard, first in line 5",
        ),
        (("{key: spend, ", "{"), "`key` is missing"),
        (("type: note, ", ""), "d.yaml:9:22: the definition of widget `spend` has no `type`"),
        (("key: spend", "key: spend, titel: x"), "unknown key `titel`"),
        (("layout_type: ordered", "layout_type: flowing"), "`layout_type` should be 'ordered' or 'free'"),
        (("title:", "titel:"), "unknown key `titel`. Did you mean `title`?"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, change: tuple[str, str], message: str):
    with pytest.raises(DefinitionError) as caught:
        dashboards(DASHBOARD.replace(*change), tmp_path)
    assert message in str(caught.value)


ROW = """
health:
  title: T
  layout_type: ordered
  description: Words
  tabs: [{name: One, widget_ids: [row, "@1"]}]
  widgets:
  - key: row
    runbook: slow-start
    monitors: [slow]
    definition: {type: group, layout_type: ordered, widgets: [{key: a, definition: {type: note}}]}
"""


def test_a_group_may_be_headed_by_a_runbook_and_monitors(tmp_path: Path):
    [found] = dashboards(ROW, tmp_path)
    [row] = found.rows
    assert (row.runbook, row.monitors) == ("slow-start", ("slow",))
    assert found.references == {Reference("runbooks", "slow-start")}
    assert str(found.where(Reference("runbooks", "slow-start"))) == "d.yaml:8:14"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("type: group", "type: note"), "d.yaml:7:5: `row` is no group: `runbook` and `monitors` head groups alone"),
        (("{key: a, ", "{key: a, layout: {x: 0}, "), "`row` has widgets with a `layout`, which leaves no place for the links"),
        (("[row, ", "[rwo, "), "d.yaml:5:35: the dashboard has no widget `rwo`. Did you mean `row`?"),
        (('"@1"', '"@2"'), "the dashboard has no widget `@2`"),
        (("{name: One", "{id: x, name: One"), "d.yaml:5:15: `tabs.0.id` must be a UUID; leave it out and ddllm makes one"),
        (("Words", "ddllm:shop/prod/other"), "d.yaml:4:16: the description holds a mark by which ddllm knows its own"),
    ],
)  # fmt: skip
def test_what_a_row_or_a_tab_cannot_be_is_refused(tmp_path: Path, change: tuple[str, str], message: str):
    with pytest.raises(DefinitionError) as caught:
        dashboards(ROW.replace(*change), tmp_path)
    assert message in str(caught.value)


def test_an_empty_file_holds_no_dashboards(tmp_path: Path):
    assert dashboards("", tmp_path) == []

"""Dashboards are Datadog's own JSON, with a key on each widget."""

from pathlib import Path
from textwrap import dedent

import pytest

from ddllm.definitions.dashboards import read
from ddllm.definitions.definition import Definition
from ddllm.definitions.document import parse
from ddllm.definitions.settings import load_settings
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


def dashboards(text: str, tmp_path: Path) -> list[Definition]:
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


def test_an_empty_file_holds_no_dashboards(tmp_path: Path):
    assert dashboards("", tmp_path) == []

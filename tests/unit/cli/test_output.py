"""Where results go, and what is said of places that cannot take them."""

from pathlib import Path

import pytest
from rich.console import Group
from rich.text import Text

from ddllm.cli._output import plain, refuse_unwritable, show, write_text
from ddllm.cli._tables import Column, Table, name
from ddllm.errors import DdllmError


def test_a_text_goes_to_a_file_or_to_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_text("ä\n", tmp_path / "a.txt")
    write_text("ö\n", None)
    assert ((tmp_path / "a.txt").read_text("utf-8"), capsys.readouterr().out) == ("ä\n", "ö\n")


def test_what_is_no_terminal_gets_full_lines_without_spaces_at_their_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    table = Table([name("name"), Column("tags", "text")])
    table.add_row("a" * 90, "b " * 90)
    table.add_row("short", "")
    thing = Group(Text("word " * 100, style="bold"), table)
    lines = plain(thing).splitlines()
    assert lines[0] == ("word " * 100).rstrip()
    assert lines[2] == f"{'a' * 90}  {('b ' * 90).rstrip()}"
    assert lines[3] == "short"
    show(thing)
    show(thing, tmp_path / "a.txt")
    assert capsys.readouterr().out == (tmp_path / "a.txt").read_text("utf-8") == plain(thing)


def test_a_place_that_cannot_take_it_is_refused_first(tmp_path: Path):
    refuse_unwritable(tmp_path / "a.txt")
    with pytest.raises(DdllmError, match="there is no folder"):
        refuse_unwritable(tmp_path / "nowhere" / "a.txt")
    with pytest.raises(DdllmError, match="this is a folder"):
        refuse_unwritable(tmp_path)
    with pytest.raises(DdllmError, match="the file cannot be written: Is a directory"):
        write_text("", tmp_path)


def test_a_place_that_is_not_the_users_is_refused_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(DdllmError, match="cannot be written: Permission denied"):
        refuse_unwritable(tmp_path / "a.txt")

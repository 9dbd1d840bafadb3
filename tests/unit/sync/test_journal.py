"""A journal holds each write before it happens, and nothing secret."""

import json
from pathlib import Path

import pytest

from ddllm.errors import SyncError
from ddllm.sync import journal
from ddllm.sync.identity import Owner
from ddllm.sync.journal import Journal
from ddllm.sync.resource import Remote
from tests.support.things import OWNER, Things

HELD = Remote(7, "a", "1-old", "/things/7", {"value": 1, "headers": "s3cret-planted"})


class Hiding(Things):
    """Things with a field that may hold a secret."""

    hidden = frozenset({"headers"})


def test_a_write_is_read_back_as_it_was_noted(tmp_path: Path):
    written = Journal(tmp_path, OWNER)
    written.end(written.begin("update", Things(), "a", HELD, "1-new"), 7, "hash")
    written.begin("create", Things(), "b", None, "1-b")
    run = journal.read(written.path)
    assert (run.name, run.owner) == (written.name, OWNER)
    [update, create] = run.entries
    assert (update.action, update.key, update.id, update.mark, update.left) == ("update", "a", 7, "1-new", "hash")
    assert update.before == HELD.body
    assert (create.id, create.before, create.left) == (None, None, None)


def test_it_is_on_the_disk_before_the_write(tmp_path: Path):
    written = Journal(tmp_path, OWNER)
    written.begin("delete", Things(), "a", HELD, None)
    assert json.loads(written.path.read_text("utf-8").splitlines()[1])["before"] == HELD.body


def test_a_run_without_writes_leaves_no_file(tmp_path: Path):
    written = Journal(tmp_path, OWNER)
    assert not written.is_used
    assert list(tmp_path.iterdir()) == []


def test_fields_that_may_hold_secrets_are_left_out(tmp_path: Path):
    written = Journal(tmp_path, OWNER)
    written.begin("update", Hiding(), "a", HELD, None)
    assert "s3cret-planted" not in written.path.read_text("utf-8")


def test_a_line_that_was_cut_off_counts_for_nothing(tmp_path: Path):
    written = Journal(tmp_path, OWNER)
    number = written.begin("create", Things(), "a", None, "1-a")
    with written.path.open("a", encoding="utf-8") as file:
        file.write(f'{{"n": {number}, "do')
    assert [each.left for each in journal.read(written.path).entries] == [None]


def test_a_journal_that_cannot_be_written_stops_the_run(tmp_path: Path):
    (tmp_path / ".ddllm").write_text("a file", "utf-8")
    with pytest.raises(SyncError, match=r"the journal .* cannot be written"):
        Journal(tmp_path, OWNER).begin("create", Things(), "a", None, None)


@pytest.mark.parametrize("text", ["", "[]\n", "{}\n", "no json\n", '{"ddllm_journal": 1}\n', "\x00\n"])
def test_what_is_no_journal_is_one_sentence(tmp_path: Path, text: str):
    file = tmp_path / "x.jsonl"
    file.write_text(text, "utf-8")
    with pytest.raises(SyncError, match=r"x\.jsonl is not a journal of ddllm"):
        journal.read(file)


def test_a_run_is_found_by_the_beginning_of_its_name(tmp_path: Path):
    one, two = Journal(tmp_path, OWNER), Journal(tmp_path, Owner("other", "prod"))
    for each in (one, two):
        each.begin("create", Things(), "a", None, None)
    assert journal.find(tmp_path, one.name) == one.path
    assert journal.find(tmp_path, str(two.path)) == two.path
    with pytest.raises(SyncError, match=r"there is no journal of a run `1999`\. The latest in .*: .*" + two.name[-6:]):
        journal.find(tmp_path, "1999")
    with pytest.raises(SyncError, match="2 runs begin with `20`"):
        journal.find(tmp_path, "20")

"""A run is undone from its journal: as far as nobody changed anything since, and no further."""

from pathlib import Path

import pytest

from ddllm.definitions.definition import Definition
from ddllm.errors import ApiError, SyncError
from ddllm.sync import journal
from ddllm.sync.apply import PartialSyncError, apply_plan
from ddllm.sync.journal import Run
from ddllm.sync.rollback import Rollback, apply_rollback, check_rollback, plan_rollback
from tests.support.things import Fault, Things, planned, thing, writer


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def things() -> Things:
    return Things()


def sync(things: Things, *definitions: Definition, prune: bool = False) -> Run:
    """Sync; return what its journal says."""
    writes = writer(things)
    apply_plan(writes, planned(things, *definitions, prune=prune), lambda _outcome: None)
    return journal.read(writes.journal.path)


def undo(things: Things, run: Run) -> Rollback:
    """Roll back; return what was decided."""
    writes = writer(things)
    rollback = plan_rollback(writes, run)
    apply_rollback(writes, rollback, lambda _reversal, _remote: None)
    return rollback


def told(rollback: Rollback) -> list[tuple[str, str]]:
    return [(each.action, each.key) for each in rollback.reversals]


def test_everything_is_as_it_was(things: Things):
    things.put_there("changed", 1)
    things.put_there("gone", 1)
    before = dict(things.held)
    run = sync(things, thing("changed", 2), thing("new", 1), prune=True)
    assert told(undo(things, run)) == [("recreate", "gone"), ("delete", "new"), ("restore", "changed")]
    assert {each["value"] for each in things.held.values()} == {1}
    assert things.held[1] == before[1]
    assert things.held[4] == {**before[2], "id": 4}
    assert not planned(things, thing("changed", 1), thing("gone", 1)).steps


def test_a_second_rollback_does_nothing(things: Things):
    things.put_there("changed", 1)
    things.put_there("gone", 1)
    run = sync(things, thing("changed", 2), thing("new", 1), prune=True)
    undo(things, run)
    again = undo(things, run)
    assert (again.reversals, again.left) == ((), ())


def test_a_rollback_can_be_rolled_back(things: Things):
    things.put_there("changed", 1)
    run = sync(things, thing("changed", 2))
    writes = writer(things)
    apply_rollback(writes, plan_rollback(writes, run), lambda _reversal, _remote: None)
    undo(things, journal.read(writes.journal.path))
    assert things.held[1]["value"] == 2


def test_what_somebody_changed_since_is_named_and_left(things: Things):
    things.put_there("changed", 1)
    run = sync(things, thing("changed", 2), thing("new", 1))
    for held in things.held.values():
        held["value"] = 7
    rollback = undo(things, run)
    assert [(each.key, each.reason) for each in rollback.left] == [
        ("new", "somebody changed it since"),
        ("changed", "somebody changed it since"),
    ]
    assert {each["value"] for each in things.held.values()} == {7}


def test_what_somebody_deleted_since_is_named(things: Things):
    things.put_there("changed", 1)
    run = sync(things, thing("changed", 2))
    things.held.clear()
    assert [each.reason for each in undo(things, run).left] == ["it was deleted since"]


def test_what_was_made_again_is_known_by_its_new_id_in_what_uses_it(things: Things):
    sync(things, thing("a", 1), thing("uses", 0, "a"))
    run = sync(things, prune=True)
    assert not things.held
    undo(things, run)
    [a] = [each for each in things.held.values() if "ddllm:shop/prod/a" in each["marks"]]
    [uses] = [each for each in things.held.values() if "ddllm:shop/prod/uses" in each["marks"]]
    assert uses["uses"] == a["id"] == 3


def test_a_run_that_broke_off_is_undone_as_far_as_it_came(things: Things):
    things.put_there("a", 1)
    things.faults = [None, Fault(ApiError("no", status=400))]
    writes = writer(things)
    with pytest.raises(PartialSyncError):
        apply_plan(writes, planned(things, thing("a", 2), thing("b", 1)), lambda _outcome: None)
    assert told(undo(things, journal.read(writes.journal.path))) == [("restore", "a")]
    assert {each["value"] for each in things.held.values()} == {1}


def test_a_write_whose_end_was_not_noted_is_undone_where_it_happened(things: Things):
    run = sync(things, thing("a", 1))
    [path] = Path(".ddllm/journal").glob("*.jsonl")
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    assert journal.read(path).entries[0].left is None
    assert run.entries[0].left is not None
    assert told(undo(things, journal.read(path))) == [("delete", "a")]
    assert not things.held


def test_what_an_organisation_shares_stays(things: Things, monkeypatch: pytest.MonkeyPatch):
    run = sync(things, thing("a", 1))
    monkeypatch.setattr(Things, "is_owned", False)
    assert [each.reason for each in undo(things, run).left] == ["the organisation shares it, so it stays"]
    assert things.held


def test_more_deletions_than_allowed_are_refused(things: Things):
    run = sync(things, thing("a", 1), thing("b", 1))
    with pytest.raises(SyncError, match=r"2 objects that the run made would be deleted, and 1 may be.*--max-deletes 2"):
        check_rollback(plan_rollback(writer(things), run), 1)

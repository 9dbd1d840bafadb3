"""A saved plan writes what was reviewed; a snapshot stands for Datadog where Datadog cannot be asked."""

from pathlib import Path

import pytest

from ddllm.definitions.definition import Definition
from ddllm.errors import SyncError
from ddllm.sync import saved, snapshot
from ddllm.sync.identity import Owner
from ddllm.sync.plan import Plan
from ddllm.sync.saved import SavedPlan
from tests.support.things import OWNER, Things, planned, thing


def kept(things: Things, plan: Plan, folder: Path) -> SavedPlan:
    saved.save(plan, {"things": things}, folder / "plan.json")
    return saved.load(folder / "plan.json")


def again(things: Things, reviewed: SavedPlan, *definitions: Definition, prune: bool = False) -> Plan:
    """Plan anew, and keep what was reviewed."""
    plan = planned(things, *definitions, prune=prune)
    return saved.only_saved(plan, reviewed, definitions, {"things": things})


def keys(plan: Plan) -> list[str]:
    return [step.definition.key for step in plan.steps] + [each.remote.key for each in plan.deletions]


def test_it_chooses_exactly_what_it_holds(tmp_path: Path):
    things = Things()
    things.put_there("gone", 1)
    reviewed = kept(things, planned(things, thing("a", 1), prune=True), tmp_path)
    assert reviewed.prunes
    assert keys(again(things, reviewed, thing("a", 1), thing("later", 1), prune=True)) == ["a", "gone"]


@pytest.mark.parametrize("side", ["file", "datadog"])
def test_it_is_refused_where_a_side_moved(tmp_path: Path, side: str):
    things = Things()
    things.put_there("a", 1)
    reviewed = kept(things, planned(things, thing("a", 2)), tmp_path)
    if side == "datadog":
        things.held[1]["value"] = 5
    with pytest.raises(SyncError, match=r"the plan no longer holds: a changed since.*Nothing was written"):
        again(things, reviewed, thing("a", 3 if side == "file" else 2))


def test_it_is_refused_where_a_definition_is_gone(tmp_path: Path):
    things = Things()
    reviewed = kept(things, planned(things, thing("a", 1)), tmp_path)
    with pytest.raises(SyncError, match="the plan no longer holds: a changed since"):
        again(things, reviewed)


def test_it_is_refused_where_the_definition_of_what_it_deletes_came_back(tmp_path: Path):
    things = Things()
    things.put_there("a", 1)
    reviewed = kept(things, planned(things, prune=True), tmp_path)
    with pytest.raises(SyncError, match="the plan no longer holds: a changed since"):
        again(things, reviewed, thing("a", 1), prune=True)


def test_what_is_done_already_is_not_done_again(tmp_path: Path):
    things = Things()
    reviewed = kept(things, planned(things, thing("a", 1), thing("b", 1)), tmp_path)
    things.put_there("a", 1)
    assert keys(again(things, reviewed, thing("a", 1), thing("b", 1))) == ["b"]


def test_another_owners_plan_is_refused(tmp_path: Path):
    things = Things()
    reviewed = SavedPlan(Owner("shop", "staging"), kept(things, planned(things), tmp_path).writes)
    with pytest.raises(SyncError, match="the plan is for shop/staging, and the files are for shop/prod"):
        again(things, reviewed)


@pytest.mark.parametrize("text", ["", "[]", "{}", "no json", '{"ddllm_plan": 1}'])
def test_what_is_no_plan_is_one_sentence(tmp_path: Path, text: str):
    file = tmp_path / "x.json"
    file.write_text(text, "utf-8")
    with pytest.raises(SyncError, match=r"x\.json is not a plan of ddllm"):
        saved.load(file)
    with pytest.raises(SyncError, match=r"x\.json is not a snapshot of ddllm"):
        snapshot.load(file, OWNER)

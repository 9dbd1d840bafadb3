"""What to write is decided by a pure function."""

from typing import Any

import pytest

from ddllm.definitions.variables import Reference, Secret, Template
from ddllm.errors import DefinitionError, SyncError
from ddllm.sync.compare import Cause
from ddllm.sync.plan import Plan, check_deletes, check_drift, check_secrets, in_order, only_drift
from tests.support.things import Things, planned, thing


def told(found: Plan) -> list[tuple[str, str]]:
    return [(step.definition.key, step.cause.value) for step in found.steps]


@pytest.fixture
def things() -> Things:
    return Things()


def test_what_is_not_there_is_created(things: Things):
    found = planned(things, thing("a", 1))
    assert told(found) == [("a", "new")]
    assert found.steps[0].creates
    assert repr(found) == "<Plan shop/prod: 1 to create, 0 to update, 0 to delete, 0 unchanged>"


def test_what_is_there_and_equal_is_left_alone(things: Things):
    things.put_there("a", 1)
    found = planned(things, thing("a", 1))
    assert (found.steps, found.unchanged) == ((), 1)


def test_causes_are_told_apart(things: Things):
    for key in ("changed", "drifted", "both"):
        things.put_there(key, 1)
    things.held[2]["value"] = things.held[3]["value"] = 9
    found = planned(things, thing("changed", 2), thing("drifted", 1), thing("both", 2))
    assert told(found) == [("changed", "config change"), ("drifted", "drift"), ("both", "conflict")]


def test_a_change_is_told_field_by_field_with_its_place(things: Things):
    things.put_there("a", 1)
    [step] = planned(things, thing("a", 2)).steps
    [change] = step.changes
    assert (change.path, change.old, change.new) == (("value",), 1, 2)
    assert step.definition.source.at(change.path).short == "things.yaml:2"


def test_members_come_before_what_uses_them(things: Things):
    found = planned(things, thing("both", 0, "a", "b"), thing("b", 1), thing("a", 1))
    assert [step.definition.key for step in found.steps][-1] == "both"


def test_references_to_what_exists_are_filled_in(things: Things):
    identifier = things.put_there("a", 1)
    [step] = planned(things, thing("a", 1), thing("uses", 0, "a")).steps
    assert step.wanted["uses"] == identifier


def test_references_to_what_will_be_created_wait(things: Things):
    step = planned(things, thing("a", 1), thing("uses", 0, "a")).steps[1]
    assert step.wanted["uses"].references == (Reference("things", "a"),)


def test_definitions_that_need_each_other_are_named():
    with pytest.raises(SyncError, match=r"definitions refer to each other in a circle: \w -> \w"):
        in_order([thing("a", 1, "b"), thing("b", 1, "a")], {"things": Things()})


def test_what_no_definition_describes_any_more_is_named_and_left_alone(things: Things):
    things.put_there("old", 1)
    found = planned(things, thing("new", 1))
    assert [each.remote.key for each in found.orphans] == ["old"]
    assert told(found) == [("new", "new")]


def test_what_datadog_cannot_do_is_an_error_with_its_place(things: Things):
    things.put_there("a", 1, kind="round")
    with pytest.raises(DefinitionError, match=r"things\.yaml:1:1: `a`: a thing keeps its kind"):
        planned(things, thing("a", 1, kind="square"))


def drifted(cause: Cause) -> Plan:
    things = Things()
    things.put_there("a", 1)
    things.held[1]["value"] = 9
    value: Any = 1 if cause is Cause.DRIFT else 2
    return planned(things, thing("a", value))


def test_drift_is_overwritten_unless_told_otherwise():
    check_drift(drifted(Cause.DRIFT), None)
    check_drift(drifted(Cause.DRIFT), "overwrite")
    with pytest.raises(SyncError, match=r"changed in Datadog since the last sync: a\. Nothing was written"):
        check_drift(drifted(Cause.DRIFT), "fail")


def test_a_conflict_needs_a_decision():
    check_drift(drifted(Cause.CONFLICT), "overwrite")
    for choice in (None, "fail"):
        with pytest.raises(SyncError, match=r"Nothing was written"):
            check_drift(drifted(Cause.CONFLICT), choice)  # type: ignore[arg-type]


def test_secrets_that_are_due_must_be_set(things: Things):
    token = Template((Secret("A_TOKEN"),))
    found = planned(things, thing("a", 1, token=token), thing("b", 1, token=token))
    with pytest.raises(SyncError, match="A_TOKEN is not set in the environment: needed for"):
        check_secrets(found, {})
    check_secrets(found, {"A_TOKEN": "t0ken"})


def test_rotation_sends_what_holds_a_secret_again(things: Things):
    things.put_there("a", 1)
    things.put_there("b", 1)
    definitions = thing("a", 1, token=Template((Secret("A_TOKEN"),))), thing("b", 1)
    assert told(planned(things, *definitions, rotate=True)) == [("a", "rotate")]


def test_what_only_datadog_can_make_is_waited_for(things: Things, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Things, "pending", lambda _self, definition: f"{definition.key} has not come yet")
    things.put_there("b", 1)
    found = planned(things, thing("a", 1), thing("b", 2))
    assert told(found) == [("b", "config change")]
    assert [(each.definition.key, each.reason) for each in found.pending] == [("a", "a has not come yet")]


def test_orphans_are_deleted_with_prune_alone(things: Things):
    things.put_there("a", 1)
    kept, pruned = planned(things), planned(things, prune=True)
    assert ([each.remote.key for each in kept.orphans], kept.deletions) == (["a"], ())
    assert ([each.remote.key for each in pruned.deletions], pruned.orphans) == (["a"], ())


def test_what_an_organisation_shares_is_no_orphan(things: Things, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Things, "is_owned", False)
    things.put_there("a", 1)
    assert planned(things, prune=True).deletions == ()


def test_more_deletions_than_allowed_stop_everything(things: Things):
    things.put_there("a", 7)
    things.put_there("b", 7)
    found = planned(things, prune=True)
    check_deletes(found, 2)
    with pytest.raises(SyncError, match=r"2 objects would be deleted, and 1 may be: a, b.*--max-deletes 2"):
        check_deletes(found, 1)


def test_only_drift_leaves_out_what_the_files_changed(things: Things):
    for key in ("changed", "drifted"):
        things.put_there(key, 1)
    things.held[2]["value"] = 9
    found = only_drift(planned(things, thing("changed", 2), thing("drifted", 1), thing("new", 1)))
    assert told(found) == [("drifted", "drift")]

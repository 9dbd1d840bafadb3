"""What to write is decided by a pure function."""

from typing import Any

import pytest

from ddllm.definitions.variables import Reference
from ddllm.errors import DefinitionError, SyncError
from ddllm.sync.compare import Cause
from ddllm.sync.plan import Plan, check_drift, in_order
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

"""A composite's state follows from its members' states, group by group."""

import numpy as np
import pytest

from ddllm.alerting.composite import Group, MemberStates, composite
from ddllm.alerting.state import State
from ddllm.query.monitor import CompositeQuery
from ddllm.query.parse import parse_monitor

LETTERS = {"O": State.OK, "W": State.WARN, "A": State.ALERT, "N": State.NO_DATA, "-": State.ABSENT}


def member(**groups: str) -> MemberStates:
    """Return a member; a group is written `service_chat`, the empty one `_`."""
    return MemberStates(
        {_group(name): np.array([LETTERS[each] for each in row], np.int8) for name, row in groups.items()}
    )


def _group(name: str) -> Group:
    return (
        ()
        if name == "_"
        else tuple((key, value) for key, _, value in (each.partition("_") for each in name.split("__")))
    )


def combined(query: str, *members: MemberStates) -> dict[Group, str]:
    parsed = parse_monitor(query, "composite")
    assert isinstance(parsed, CompositeQuery)
    found = composite(parsed.condition, dict(enumerate(members, start=1)))
    letters = {state: letter for letter, state in LETTERS.items()}
    return {group: "".join(letters[State(each)] for each in row) for group, row in found.items()}


@pytest.mark.parametrize(
    ("one", "other", "both", "either"),
    [
        ("A", "W", "W", "A"),
        ("A", "N", "N", "A"),
        ("A", "O", "O", "A"),
        ("W", "N", "N", "W"),
        ("W", "O", "O", "W"),
        ("N", "O", "O", "N"),
        ("A", "A", "A", "A"),
        ("O", "O", "O", "O"),
    ],
)
def test_two_members_combine_as_datadogs_table_says(one: str, other: str, both: str, either: str):
    for left, right in ((one, other), (other, one)):
        assert combined("1 && 2", member(_=left), member(_=right)) == {(): both}
        assert combined("1 || 2", member(_=left), member(_=right)) == {(): either}


@pytest.mark.parametrize(("state", "turned"), [("A", "O"), ("W", "O"), ("O", "A"), ("N", "N")])
def test_a_member_can_be_turned_round(state: str, turned: str):
    assert combined("!1", member(_=state)) == {(): turned}


def test_parentheses_group():
    members = member(_="AAO"), member(_="AOO"), member(_="OOA")
    assert combined("1 && (2 || 3)", *members) == {(): "AOO"}
    assert combined("1 && 2 || 3", *members) == {(): "AOA"}


def test_groups_meet_by_the_values_of_their_tags():
    found = combined("1 && 2", member(service_a="AO", service_b="AA"), member(service_b="OA", service_c="AA"))
    assert found == {(("service", "b"),): "OA"}


def test_tags_that_one_member_has_alone_tell_groups_apart():
    found = combined("1 && 2", member(service_a="A"), member(service_a__model_x="A", service_a__model_y="O"))
    assert found == {
        (("service", "a"), ("model", "x")): "A",
        (("service", "a"), ("model", "y")): "O",
    }


def test_a_member_without_groups_counts_for_every_group():
    assert combined("1 && 2", member(_="AO"), member(service_a="AA")) == {(("service", "a"),): "AO"}


def test_a_group_that_a_member_does_not_have_at_the_time_is_not_there():
    assert combined("1 && 2", member(service_a="-A"), member(service_a="AA")) == {(("service", "a"),): "-A"}

"""Two bodies that mean the same have one canonical form."""

from typing import Any

import pytest

from ddllm.sync.normalise import ABSENT, Normaliser, Row, aliases, gone, text, unless, unordered

NORMALISER = Normaliser(
    version=3,
    rows=(
        Row("name", "", text),
        Row("tags", "", unordered),
        Row("type", "", aliases({"old": "new"})),
        Row("priority", "", unless(0)),
        Row("id", "", gone),
        Row("roles", "", managed=False, cleared=[]),
        Row("options.audit", "", unless(False)),
        Row("options.delay", "", unless(0), managed=False),
        Row("options.limits", ""),
    ),
    inside=("options",),
)


def canonical(body: dict[str, Any], *declared: tuple[str, ...]) -> dict[str, Any]:
    return NORMALISER.canonical(body, frozenset(declared))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "a"}, {"name": " a\n"}),
        ({"tags": ["b", "a", "a"]}, {"tags": ["a", "b"]}),
        ({"type": "old"}, {"type": "new"}),
        ({}, {"priority": 0}),
        ({}, {"priority": None, "options": {}, "tags": [], "name": " "}),
        ({}, {"options": {"audit": False}}),
        ({"options": {"limits": {"high": 2}}}, {"options": {"limits": {"high": 2.0, "low": None}, "audit": False}}),
        ({}, {"id": 5}),
        ({}, {"options": {"delay": 5, "invented": 1}, "roles": ["x"], "new_field": {"deep": 1}}),
    ],
)
def test_what_means_the_same_is_the_same(one: dict[str, Any], other: dict[str, Any]):
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "a"}, {"name": "b"}),
        ({"tags": ["a"]}, {"tags": ["A"]}),
        ({"options": {"limits": {"high": 2}}}, {"options": {"limits": {"high": 2.5}}}),
        ({"options": {"audit": True}}, {}),
        ({"priority": 1}, {"priority": True}),
    ],
)
def test_what_means_something_else_is_not(one: dict[str, Any], other: dict[str, Any]):
    assert NORMALISER.mark(canonical(one)) != NORMALISER.mark(canonical(other))


def test_an_optional_field_counts_where_it_is_declared():
    assert canonical({"options": {"delay": 5, "invented": 1}}, ("options", "delay")) == {"options": {"delay": 5}}
    assert canonical({"options": {"invented": 1}}, ("options", "invented")) == {"options": {"invented": 1}}


def test_optional_fields_of_a_body_are_those_with_a_value():
    body = {"name": "a", "roles": [], "new_field": 1, "options": {"delay": 0, "invented": 1, "audit": True}}
    assert NORMALISER.optional(body) == {("new_field",), ("options", "invented")}


def test_the_mark_carries_the_version():
    assert NORMALISER.mark({}).startswith("3-")


def test_a_canonical_form_is_its_own_canonical_form():
    body = {"name": " a ", "tags": ["b", "a"], "type": "old", "options": {"audit": True, "limits": {"x": 1.0}}}
    assert canonical(canonical(body)) == canonical(body)


def test_what_was_declared_is_found_again_from_the_mark():
    held = {"name": "a", "roles": ["x"], "options": {"delay": 5, "invented": 1}}
    for declared in (frozenset(), frozenset({("roles",)}), frozenset({("roles",), ("options", "delay")})):
        mark = NORMALISER.mark(NORMALISER.canonical(held, declared))
        assert NORMALISER.declared_when(held, mark, frozenset()) == declared


def test_a_body_that_changed_since_has_no_such_mark():
    mark = NORMALISER.mark(canonical({"name": "a"}))
    assert NORMALISER.declared_when({"name": "b"}, mark, frozenset()) is None


def test_a_write_that_replaces_everything_sends_back_what_it_does_not_know():
    whole = Normaliser(
        version=1, rows=(Row("id", "", gone), Row("note", ""), Row("roles", "", managed=False)), replaces=True
    )
    old = {"id": 5, "note": "old", "roles": ["x"], "invented": {"by": "others"}, "nothing": None}
    sent = whole.completed({"name": "a"}, old, frozenset())
    assert sent == {"name": "a", "roles": ["x"], "invented": {"by": "others"}}


def test_many_fields_of_the_servers_own_do_not_hide_what_was_declared():
    held = {"roles": ["x"], **{f"new_{number}": number for number in range(20)}}
    mark = NORMALISER.mark(NORMALISER.canonical(held, frozenset({("roles",)})))
    assert NORMALISER.declared_when(held, mark, frozenset({("roles",)})) == {("roles",)}


def test_what_nobody_declared_is_sent_back_and_what_is_no_longer_declared_is_cleared():
    old = {"name": "a", "roles": ["x"], "options": {"delay": 5, "invented": 1, "audit": True}}
    sent = NORMALISER.completed({"name": "b", "options": {}}, old, frozenset({("roles",), ("options", "delay")}))
    assert sent == {"name": "b", "roles": [], "options": {"invented": 1}}


def test_what_is_declared_is_sent_as_declared():
    sent = NORMALISER.completed({"options": {"delay": 7}}, {"options": {"delay": 5}}, frozenset({("options", "delay")}))
    assert sent == {"options": {"delay": 7}}


def test_completing_leaves_its_arguments_alone():
    body: dict[str, Any] = {"options": {}}
    NORMALISER.completed(body, {"options": {"invented": 1}}, frozenset())
    assert body == {"options": {}}


def test_absence_has_a_name():
    assert repr(ABSENT) == "absent"

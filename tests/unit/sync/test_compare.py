"""Three sides without a state file: the definition, the object, and the mark that the last sync left."""

from typing import Any

import pytest

from ddllm.sync.compare import Cause, Change, compare, differences
from ddllm.sync.normalise import ABSENT, Normaliser, Row, unless

NORMALISER = Normaliser(
    version=1,
    rows=(
        Row("limit", ""),
        Row("name", ""),
        Row("options.delay", "", unless(0), managed=False),
        Row("options.audit", "", unless(False)),
    ),
    inside=("options",),
)
LAST = {"name": "n", "limit": 2}
MARK = NORMALISER.mark_of(LAST)


def cause(wanted: dict[str, Any], held: dict[str, Any], applied: str | None = MARK) -> Cause | None:
    return compare(NORMALISER, wanted, held, applied).cause


def test_nothing_changed():
    assert cause(LAST, {**LAST, "options": {"audit": False}, "id": 7}) is None


def test_the_file_changed():
    assert cause({**LAST, "limit": 3}, LAST) is Cause.CHANGE


def test_somebody_changed_the_object():
    assert cause(LAST, {**LAST, "limit": 3}) is Cause.DRIFT


def test_both_changed():
    assert cause({**LAST, "limit": 3}, {**LAST, "limit": 4}) is Cause.CONFLICT


def test_both_changed_to_the_same():
    assert cause({**LAST, "limit": 3}, {**LAST, "limit": 3}) is Cause.MARK


@pytest.mark.parametrize("applied", [None, "0-0123456789abcdef"])
def test_without_a_mark_of_this_version_only_two_sides_are_known(applied: str | None):
    assert cause({**LAST, "limit": 3}, LAST, applied) is Cause.CHANGE
    assert cause(LAST, LAST, applied) is Cause.MARK


def test_an_option_that_was_set_elsewhere_and_is_not_declared_is_no_drift():
    assert cause(LAST, {**LAST, "options": {"delay": 60, "invented": 1}}) is None


def test_an_option_that_is_no_longer_declared_is_a_change_of_the_file():
    before = {**LAST, "options": {"delay": 60}}
    found = compare(NORMALISER, LAST, before, NORMALISER.mark_of(before))
    assert found.cause is Cause.CHANGE
    assert found.changes == (Change(("options",), {"delay": 60}, ABSENT),)
    assert found.declared == {("options", "delay")}


def test_a_declared_option_that_was_changed_is_drift():
    wanted = {**LAST, "options": {"delay": 60}}
    assert cause(wanted, {**LAST, "options": {"delay": 90}}, NORMALISER.mark_of(wanted)) is Cause.DRIFT


def test_differences_are_named_by_path():
    old = {"a": 1, "b": {"c": 2, "d": [1]}}
    new = {"b": {"c": 3, "d": [1, 2]}, "e": None}
    assert list(differences(old, new)) == [
        Change(("a",), 1, ABSENT),
        Change(("b", "c"), 2, 3),
        Change(("b", "d"), [1], [1, 2]),
        Change(("e",), ABSENT, None),
    ]

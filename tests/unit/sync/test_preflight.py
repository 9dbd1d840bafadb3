"""Datadog sees everything before anything is written."""

import pytest

from ddllm.definitions.definition import Definition
from ddllm.definitions.problems import DefinitionListError
from ddllm.errors import ApiError, DefinitionError
from ddllm.sync.plan import make_plan
from ddllm.sync.preflight import validate_plan
from tests.support.things import OWNER, Things, thing


def validate(things: Things, *definitions: Definition) -> None:
    plan = make_plan({"things": things}, definitions, {}, OWNER, {})
    validate_plan(None, {"things": things}, plan)  # type: ignore[arg-type]


def test_every_step_is_validated():
    things = Things()
    validate(things, thing("a", 1), thing("b", 1))
    assert sorted(things.calls) == ["validate a", "validate b"]


def test_what_refers_to_objects_that_do_not_exist_yet_waits():
    things = Things()
    validate(things, thing("a", 1), thing("uses", 1, "a"))
    assert things.calls == ["validate a"]


def test_a_refusal_names_the_field_that_datadog_names():
    things = Things()
    things.refused = {"a"}
    with pytest.raises(DefinitionError) as caught:
        validate(things, thing("a", 1))
    assert (
        str(caught.value) == "things.yaml:2:3: Datadog refuses `a`: The value provided for parameter 'value' is invalid"
    )


def test_all_refusals_are_told():
    things = Things()
    things.refused = {"a", "b"}
    with pytest.raises(DefinitionListError) as caught:
        validate(things, thing("a", 1), thing("b", 1), thing("c", 1))
    assert [str(each).split("`")[1] for each in caught.value.problems] == ["a", "b"]


@pytest.mark.parametrize("status", [0, 401, 403, 429, 503])
def test_what_says_nothing_of_the_definition_is_told_as_it_is(status: int, monkeypatch: pytest.MonkeyPatch):
    things = Things()

    def fail(*_args: object) -> None:
        raise ApiError("no", status=status)

    monkeypatch.setattr(things, "validate", fail)
    with pytest.raises(ApiError, match="no"):
        validate(things, thing("a", 1))

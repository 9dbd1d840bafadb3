"""Variables are put in with their type, unknown ones are named with their place, references wait for their ids."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.definitions.document import parse
from ddllm.definitions.variables import Layer, Reference, Scope, Template, fill, references
from ddllm.errors import DefinitionError


def scope(**values: Any) -> Scope:
    return Scope((Layer(values),))


def resolve(value: Any, where: Scope) -> Any:
    document = parse("here: " + repr(value) if isinstance(value, str) else "here: 1", "m.yaml")
    return where.resolve(value, document, ("here",))


def error(text: str, where: Scope) -> str:
    document = parse(f"here: >-\n  {text}\n", "m.yaml")
    with pytest.raises(DefinitionError) as caught:
        where.resolve(document.value["here"], document, ("here",))
    return str(caught.value)


@pytest.mark.parametrize("value", [2, 1.6, True, None, "text", [1, 2], {"a": 1}])
def test_a_whole_variable_keeps_its_type(value: object):
    assert resolve("${x}", scope(x=value)) == value


@pytest.mark.parametrize(("value", "text"), [(2, "> 2"), (1.5, "> 1.5"), (True, "> true"), ("x", "> x")])
def test_a_variable_inside_text_is_written_as_text(value: object, text: str):
    assert resolve("> ${x}", scope(x=value)) == text


def test_fields_are_reached_by_dots():
    models = {"llama3-2-90b": {"ttft_seconds": 1.2}}
    assert resolve("${models.llama3-2-90b.ttft_seconds}", scope(models=models)) == 1.2


def test_values_inside_lists_and_mappings_are_resolved():
    assert resolve({"a": ["${x}", {"b": "-${x}-"}]}, scope(x=1)) == {"a": [1, {"b": "-1-"}]}


def test_a_doubled_dollar_is_a_literal_one_and_templates_of_datadog_pass_through():
    assert (
        resolve("$${x} {{value}} {{#is_alert}}$5{{/is_alert}}", scope())
        == "${x} {{value}} {{#is_alert}}$5{{/is_alert}}"
    )


def test_the_first_layer_that_has_a_name_wins():
    assert resolve("${x}", scope(x=1).within(Layer({"x": 2}))) == 2


def test_variables_may_use_each_other():
    document = parse("variables: {a: '${b} and ${env}', b: one}", "s.yaml")
    layers = (Layer(document.value["variables"], document, ("variables",)), Layer({"env": "prod"}))
    assert resolve("${a}", Scope(layers)) == "one and prod"


def test_variables_that_use_each_other_in_a_circle_are_named():
    document = parse("variables: {a: '${b}', b: '${a}'}", "s.yaml")
    where = Scope((Layer(document.value["variables"], document, ("variables",)),))
    assert "variables use each other in a circle: a -> b -> a" in error("${a}", where)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x > ${ttft_secnds}", "m.yaml:2:7: there is no variable `ttft_secnds`. Did you mean `ttft_seconds`?"),
        ("${model.ttf}", "m.yaml:2:3: `${model}` has no field `ttf`. Did you mean `ttft`?"),
        ("${ttft_seconds.x}", "m.yaml:2:3: `${ttft_seconds}` has no field `x`"),
        ("a ${ttft", "m.yaml:2:5: `${` is never closed. A literal `${` is written `$${`"),
        ("${a b}", "m.yaml:2:3: `${a b}` is not the name of a variable. A literal `${` is written `$${`"),
        ("${}", "m.yaml:2:3: `${}` is not the name of a variable. A literal `${` is written `$${`"),
        ("a ${model}", "m.yaml:1:7: a variable inside `a ${model}` holds a mapping, which cannot stand inside text"),
        ("${secret:PD_KEY}", "m.yaml:2:3: `${secret:PD_KEY}` may not stand here. A secret may only stand in a field"),
        ("${moniter:x}", "m.yaml:2:3: `${moniter:…}` refers to nothing. Did you mean `monitor`?"),
    ],
)
def test_what_cannot_be_resolved_is_named_with_its_place(text: str, message: str):
    assert error(text, scope(ttft_seconds=2, model={"ttft": 1})).startswith(message)


def test_a_secrets_value_is_never_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PD_KEY", "planted-secret")
    assert "planted-secret" not in error("${secret:PD_KEY}", scope())


def test_a_key_cannot_hold_a_variable():
    with pytest.raises(DefinitionError, match="only values can"):
        resolve({"${x}": 1}, scope(x=1))


def test_references_wait_for_the_ids_of_what_they_name():
    query = resolve("${monitor:a} && !${monitor:b}", scope())
    assert isinstance(query, Template)
    assert str(query) == "${monitor:a} && !${monitor:b}"
    a, b = references(query)
    assert (a, b) == (Reference("monitors", "a"), Reference("monitors", "b"))
    assert fill({"query": query}, {a: 1, b: 2}) == {"query": "1 && !2"}
    assert str(fill(query, {a: 1})) == "1 && !${monitor:b}"


def test_a_whole_reference_becomes_the_id_itself():
    assert fill([resolve("${monitor:a}", scope())], {Reference("monitors", "a"): 17}) == [17]


def test_a_reference_inside_a_variable_is_kept():
    document = parse("variables: {both: '${monitor:a} && ${monitor:b}'}", "s.yaml")
    where = Scope((Layer(document.value["variables"], document, ("variables",)),))
    assert str(resolve("(${both})", where)) == "(${monitor:a} && ${monitor:b})"


@given(st.text(st.characters(codec="utf-8", exclude_characters="$"), max_size=40))
def test_text_without_a_dollar_is_left_alone(text: str):
    assert scope().resolve(text, parse("", "m.yaml"), ()) == text


@given(st.text("ab${}x", max_size=20))
def test_any_text_can_be_written_by_doubling_its_dollars(text: str):
    escaped = text.replace("${", "$${")
    if "$$${" not in escaped:  # `$` before `${` reads as the escape of the first
        assert scope().resolve(escaped, parse("", "m.yaml"), ()) == text


def test_a_variable_may_stand_inside_a_reference():
    """The instances of one `for_each` refer to those of another."""
    found = resolve("${monitor:slow/${model.key}} && 1", scope(model={"key": "llama3-2-90b"}))
    assert found == Template((Reference("monitors", "slow/llama3-2-90b"), " && 1"))


def test_a_variable_inside_a_variable_is_no_name():
    assert "`${a${b}}` is not the name of a variable" in error("${a${b}}", scope(a=1, b=2))

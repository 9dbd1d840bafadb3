"""YAML is read safely, and every value knows where it was written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.definitions.document import load, parse
from ddllm.definitions.writing import block, inline
from ddllm.errors import DefinitionError


def error(text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        parse(text, "m.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("12", 12),
        ("-3", -3),
        ("012", "012"),
        ("1:30", "1:30"),
        ("1e3", 1000.0),
        ("0.5", 0.5),
        (".5", ".5"),
        ("1_000", "1_000"),
        ("2026-01-05", "2026-01-05"),
        ("0x1F", "0x1F"),
        (".inf", ".inf"),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
    ],
)
def test_a_plain_word_means_what_it_means_in_json(text: str, value: object):
    read = parse(f"key: {text}", "m.yaml").value["key"]
    assert read == value
    assert type(read) is type(value)


def test_keys_are_text():
    assert parse("on: 1\n5: 2\ntrue: 3", "m.yaml").value == {"on": 1, "5": 2, "true": 3}


def test_a_key_written_twice_is_an_error_that_names_both_lines():
    assert error("a: 1\nb: 2\na: 3") == "m.yaml:3:1: the key `a` is written twice, first in line 1"


def test_a_key_written_twice_deep_inside_is_found():
    assert error("a:\n- {b: 1, b: 2}").startswith("m.yaml:2:10: the key `b` is written twice")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "m.yaml:2:1: this is not YAML: did not find expected ',' or ']'"),
        ("a: !Ref x", "m.yaml:1:4: the tag `!Ref` is not allowed here"),
        ("a: !!python/object:os.system {}", "m.yaml:1:4: the tag `!!python/object:os.system` is not allowed here"),
        ("a: !!binary aGk=", "m.yaml:1:4: the tag `!!binary` is not allowed here"),
        ("a: !!int five", "m.yaml:1:4: the tag `!!int` is not allowed here"),
        ("a: &x [*x]", "m.yaml:1:4: an anchor contains itself"),
        ("a: 1\n---\nb: 2", "m.yaml:2:1: this is not YAML: a file holds one document, and here a second one begins"),
        ("a:\n\tb: 1", "m.yaml:2:1: this is not YAML: a tab stands where spaces must"),
        ("[a]: 1", "m.yaml:1:1: a key must be text"),
        ("a: *nowhere", "m.yaml:1:4: this is not YAML: found undefined alias"),
        ("<<: 3", "m.yaml:1:5: `<<` takes a mapping, or a list of mappings"),
        ("a: \x07", "m.yaml: this is not YAML: "),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(text: str, message: str):
    assert error(text).startswith(message)


def test_every_value_and_key_knows_its_place():
    document = parse("a:\n  b: [1, {c: 2}]\n", "m.yaml")
    assert str(document.at(("a", "b", 1, "c"))) == "m.yaml:2:14"
    assert str(document.key(("a", "b", 1, "c"))) == "m.yaml:2:11"
    assert document.at(("a",)).short == "m.yaml:2"


def test_the_place_of_a_value_that_was_not_written_is_the_nearest_one_around_it():
    document = parse("a:\n  b: 1\n", "m.yaml")
    assert str(document.at(("a", "x", "y"))) == "m.yaml:2:3"
    assert str(document.key(("a", "x"))) == "m.yaml:1:1"
    assert not document.holds(("a", "x"))


def test_text_is_found_inside_a_block():
    document = parse("message: |\n  one\n  two ${x}\nother: ${x}\n", "m.yaml")
    assert str(document.find(("message",), "${x}")) == "m.yaml:3:7"
    assert str(document.find(("message",), "${y}")) == "m.yaml:1:10"


def test_a_merged_mapping_gives_way_to_what_is_written_beside_it():
    document = parse("base: &base {a: 1, b: 2}\nuse:\n  a: 3\n  <<: *base\n", "m.yaml")
    assert document.value["use"] == {"a": 3, "b": 2}
    assert document.at(("use", "a")).line == 3
    assert document.at(("use", "b")).line == 1


def test_anchors_that_would_fill_the_memory_are_stopped():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)]
    assert error("\n".join(lines)) == "m.yaml: anchors repeated inside each other make the file too large"


def test_a_file_that_is_nested_too_deeply_is_refused():
    assert error("[" * 5000 + "]" * 5000) == "m.yaml: the file is nested too deeply"


def test_an_empty_file_holds_nothing():
    assert parse("# a comment\n", "m.yaml").value is None
    assert str(parse("", "m.yaml").at(("a", "b"))) == "m.yaml:1:1"


def test_a_file_that_is_not_text_is_named(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_bytes(b"a: \xff\xfe")
    with pytest.raises(DefinitionError, match=r"m\.yaml: the file is not UTF-8 text \(byte 3\)"):
        load(path, shown="m.yaml")
    with pytest.raises(DefinitionError, match="the file cannot be read: No such file"):
        load(tmp_path / "none.yaml")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz-", min_size=1, max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON, st.booleans())
def test_json_written_as_yaml_is_read_back(value: object, flow: bool):
    text = block({"value": value}) if not flow else f"value: {inline(value)}\n"
    document = parse(text, "m.yaml")
    read = document.value["value"]
    assert read == value
    for route in document._values:
        assert document.at(route).line <= text.count("\n") + 1

"""Changes in files that people wrote: the value is another one, and nothing else of the file changes."""

from difflib import ndiff
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.definitions.document import Route, parse
from ddllm.definitions.editing import append, carried, put, remove
from ddllm.definitions.writing import block
from ddllm.errors import DefinitionError

FILE = """\
# About the file.
slow:            # about the monitor
  name: "Slow: over ${limit} s"       # about the name
  type: query alert
  query: >-
    sum(last_5m):sum:ddllm.requests{env:${env}} by {service}.as_count()
    / sum:ddllm.requests{env:${env}}.as_count() > 2
  message: |
    People wait.

    Look first at the dashboard.

  # about the tags
  tags:
  - one:1     # about one
  - two:2
  - three:3
  options:
    thresholds: {critical_recovery: 1, warning: 1.5}   # about thresholds
    new_group_delay: 300
    on_missing_data: resolve

# About the other.
other: {name: n, tags: [a, b], options: {timeout_h: 1}}
"""


def changed(route: Route, value: Any) -> list[str]:
    """Put a value and return the lines that are not as they were, `-` before and `+` after."""
    return difference(put(parse(FILE, "a.yaml"), route, value))


def difference(text: str) -> list[str]:
    return [line for line in ndiff(FILE.splitlines(), text.splitlines()) if line[0] in "+-"]


def test_a_quoted_text_stays_quoted_and_its_comment_stays():
    assert changed(("slow", "name"), "Slow: over 3 s") == [
        '-   name: "Slow: over ${limit} s"       # about the name',
        '+   name: "Slow: over 3 s"       # about the name',
    ]


def test_a_folded_text_is_folded_where_it_was():
    new = "sum(last_5m):sum:ddllm.requests{env:${env}} by {service}.as_count() / sum:ddllm.requests{env:${env}}.as_count() > 3"
    assert changed(("slow", "query"), new) == [
        "-     / sum:ddllm.requests{env:${env}}.as_count() > 2",
        "+     / sum:ddllm.requests{env:${env}}.as_count() > 3",
    ]


def test_of_a_block_only_the_lines_that_differ_change():
    assert changed(("slow", "message"), "People wait.\n\nLook at the runbook.\n") == [
        "-     Look first at the dashboard.",
        "+     Look at the runbook.",
    ]


def test_items_are_taken_out_of_a_list_and_added_to_its_end():
    assert changed(("slow", "tags"), ["one:1", "three:3", "four:4"]) == ["-   - two:2", "+   - four:4"]


def test_a_number_inside_of_brackets_changes_alone():
    assert changed(("slow", "options", "thresholds", "warning"), 1.75) == [
        "-     thresholds: {critical_recovery: 1, warning: 1.5}   # about thresholds",
        "+     thresholds: {critical_recovery: 1, warning: 1.75}   # about thresholds",
    ]


def test_a_key_is_added_at_the_end_of_its_mapping():
    assert changed(("slow", "options", "renotify_interval"), 30) == ["+     renotify_interval: 30"]


def test_a_key_is_added_inside_of_brackets():
    assert changed(("other", "options", "renotify_interval"), 30) == [
        "- other: {name: n, tags: [a, b], options: {timeout_h: 1}}",
        "+ other: {name: n, tags: [a, b], options: {timeout_h: 1, renotify_interval: 30}}",
    ]


def test_a_key_brings_the_mappings_around_it():
    assert changed(("slow", "extra", "deep", "key"), "x")[-3:] == ["+   extra:", "+     deep:", "+       key: x"]


def test_a_removed_key_takes_its_line_with_it():
    assert difference(remove(parse(FILE, "a.yaml"), ("slow", "options", "new_group_delay"))) == [
        "-     new_group_delay: 300"
    ]


def test_a_mapping_that_would_be_empty_goes_too():
    assert difference(remove(parse(FILE, "a.yaml"), ("other", "options", "timeout_h"))) == [
        "- other: {name: n, tags: [a, b], options: {timeout_h: 1}}",
        "+ other: {name: n, tags: [a, b]}",
    ]


def test_what_an_anchor_shares_is_not_changed():
    text = "aa: {tags: &both [a]}\nbb: {tags: *both}\n"
    with pytest.raises(DefinitionError, match=r"^a.yaml:2:6: `tags` cannot be written into the file"):
        put(parse(text, "a.yaml"), ("bb", "tags"), ["b"])


def test_an_entry_is_appended_below_a_comment():
    text = append(FILE, "third", {"name": "n", "message": "a\nb\n"}, "From elsewhere")
    assert difference(text) == [
        "+ ",
        "+ # From elsewhere",
        "+ third:",
        "+   name: n",
        "+   message: |",
        "+     a",
        "+     b",
    ]


# -- any file, any change

WORDS = st.text("ab ${}:#\n-'\"", max_size=8)
SCALARS = WORDS | st.integers(0, 9) | st.booleans()
BODIES = st.dictionaries(
    st.sampled_from(["name", "query", "message", "tags", "options"]),
    SCALARS | st.lists(WORDS, max_size=3) | st.dictionaries(st.sampled_from("abc"), SCALARS, max_size=3),
    min_size=1,
)
FILES = st.dictionaries(st.sampled_from(["aa", "bb", "cc"]), BODIES, min_size=1)


def commented(text: str) -> str:
    """Put a comment behind every line that can have one."""
    return "".join(
        f"{line} # c\n" if line.endswith(":") or line[-1:].isdigit() else f"{line}\n" for line in text.splitlines()
    )


@settings(max_examples=200, deadline=None)
@given(FILES, st.data())
def test_any_value_can_be_put_into_any_file(value: dict[str, Any], data: st.DataObject):
    text = commented(block(value)) if data.draw(st.booleans()) else block(value)
    document = parse(text, "a.yaml")
    key = data.draw(st.sampled_from(sorted(document.value)))
    name = data.draw(st.sampled_from(["name", "query", "message", "tags", "options"]))
    new = data.draw(
        SCALARS | st.lists(WORDS, max_size=3) | st.dictionaries(st.sampled_from("abc"), SCALARS, max_size=3)
    )
    made = put(document, (key, name), new)
    assert parse(made, "a.yaml").value == {**document.value, key: {**document.value[key], name: new}}
    assert made.count("# c") == text.count("# c") or name in document.value[key]


@settings(max_examples=200, deadline=None)
@given(FILES, st.data())
def test_any_key_can_be_taken_out_of_any_file(value: dict[str, Any], data: st.DataObject):
    document = parse(commented(block(value)), "a.yaml")
    several = [key for key, body in document.value.items() if len(body) > 1]
    if several:
        key = data.draw(st.sampled_from(several))
        name = data.draw(st.sampled_from(sorted(document.value[key])))
        left = {each: item for each, item in document.value[key].items() if each != name}
        assert parse(remove(document, (key, name)), "a.yaml").value == {**document.value, key: left}


# -- pieces


@pytest.mark.parametrize(
    ("new", "written", "lost"),
    [
        ("p95:a{env:prod} > 3", "p95:a{env:${env}} > 3", ["${limit}"]),
        ("p95:a{env:prod,b:c} > 2", "p95:a{env:${env},b:c} > ${limit}", []),
        ("p95:a{env:dev} > 2", "p95:a{env:dev} > ${limit}", ["${env}"]),
        ("p95:a{env:prod} > 20", "p95:a{env:${env}} > 20", ["${limit}"]),
    ],
)
def test_pieces_stay_where_what_they_mean_stands_unchanged(new: str, written: str, lost: list[str]):
    pieces = [("p95:a{env:", "p95:a{env:"), ("${env}", "prod"), ("} > ", "} > "), ("${limit}", "2")]
    assert carried(pieces, new) == (written, lost)


@given(st.lists(st.tuples(st.text("ab", max_size=3), st.text("ab", max_size=3))), st.text("ab", max_size=12))
def test_what_is_carried_means_the_new_text(pairs: list[tuple[str, str]], new: str):
    pieces = [(f"<{number}>", meaning) if form else (meaning, meaning) for number, (form, meaning) in enumerate(pairs)]
    written, lost = carried(pieces, new)
    for form, meaning in pieces:
        if form != meaning:
            assert written.count(form) + (form in lost) == 1
            written = written.replace(form, meaning)
    assert written == new

"""A plan as people, programs and pull requests see it."""

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from ddllm.cli._plan_view import plan_json, plan_markdown, print_outcomes, print_plan, shown, summary
from ddllm.definitions.variables import Reference, Template
from ddllm.sync.apply import Outcome, Result
from ddllm.sync.compare import Cause, Change
from ddllm.sync.normalise import ABSENT
from ddllm.sync.plan import Orphan, Pending, Plan, Step
from ddllm.sync.resource import Remote
from tests.support.things import OWNER, thing


def remote(key: str) -> Remote:
    return Remote(7, key, "1-abc", "https://app.example/7", {})


def step(key: str, cause: Cause, *changes: Change) -> Step:
    held = None if cause is Cause.NEW else remote(key)
    return Step(thing(key, 1), cause, {}, held, changes)


PLAN = Plan(
    OWNER,
    (
        step("new-one", Cause.NEW),
        step("changed", Cause.CHANGE, Change(("value",), 2, 3.5), Change(("tags",), ABSENT, ["a", "b"])),
        step("drifted", Cause.DRIFT, Change(("message",), "one\ntwo\nthree\n", "one\n2\nthree\n")),
        step("both", Cause.CONFLICT, Change(("uses",), "1", Template((Reference("monitors", "x"), " && 2")))),
        step("marked", Cause.MARK),
    ),
    4,
    (Orphan("things", remote("old")),),
    {},
)
EMPTY = Plan(OWNER, (), 4, (), {})


def printed(plan: Plan, *, color: bool = False) -> str:
    out = io.StringIO()
    print_plan(Console(file=out, force_terminal=color, width=40, no_color=not color), plan)
    return out.getvalue()


def test_what_waits_for_the_same_is_told_in_one_line():
    pending = [Pending(thing(key, 1), "not there yet") for key in "abcde"] + [Pending(thing("f", 1), "asleep")]
    assert printed(replace(EMPTY, pending=tuple(pending))).splitlines() == [
        "… things a, b, c and 2 more  not there yet",
        "… things f  asleep",
        "shop/prod: nothing to do, 4 unchanged, 6 to wait for.",
    ]


def test_a_plan_is_told_line_by_line_with_places_and_values():
    assert printed(PLAN).splitlines() == [
        "+ things new-one  new  things.yaml:1",
        "~ things changed  config change  things.yaml:1",
        "    value  2 -> 3.5  things.yaml:2",
        '    tags  nothing -> ["a", "b"]  things.yaml:1',
        "! things drifted  drift: changed in Datadog; the file wins  things.yaml:1",
        "    message  things.yaml:1",
        "      @@ -1,3 +1,3 @@",
        "       one",
        "      -two",
        "      +2",
        "       three",
        "! things both  conflict: changed both here and in Datadog  things.yaml:1",
        "    uses  1 -> ${monitor:x} && 2  things.yaml:1",
        "~ things marked  as the file says; its mark is renewed  things.yaml:1",
        "? things old  in Datadog, and in no file any more; left alone  https://app.example/7",
        "shop/prod: 1 to create, 4 to update, 4 unchanged.",
    ]


def test_colours_are_for_terminals():
    assert "\x1b[" not in printed(PLAN)
    assert "\x1b[" in printed(PLAN, color=True)


def test_text_of_definitions_is_no_markup():
    plan = Plan(OWNER, (step("a", Cause.CHANGE, Change(("value",), "[red]x[/red]", "[bold]")),), 0, (), {})
    assert "[red]x[/red] -> [bold]" in printed(plan)


def test_a_long_text_is_cut():
    change = Change(("message",), "\n".join(map(str, range(60))), "x\n")
    lines = printed(Plan(OWNER, (step("a", Cause.CHANGE, change),), 0, (), {})).splitlines()
    assert len(lines) == 24
    assert lines[-2].strip() == "… 42 lines more"


def test_nothing_to_do_is_said_so():
    assert printed(EMPTY) == "shop/prod: nothing to do, 4 unchanged.\n"
    assert summary(EMPTY) == "shop/prod: nothing to do, 4 unchanged."


@pytest.mark.parametrize(
    ("value", "text"), [(ABSENT, "nothing"), ("a", "a"), (None, "null"), ({"ä": 1}, '{"ä": 1}'), (2.0, "2.0")]
)
def test_values_are_shown_on_one_line(value: Any, text: str):
    assert shown(value) == text


def test_json_holds_everything():
    found = plan_json(PLAN, [Outcome("things", "new-one", Result.CREATED, remote("new-one"))])
    assert (found["project"], found["env"]) == ("shop", "prod")
    assert found["summary"] == {
        "create": 1,
        "update": 4,
        "delete": 0,
        "unchanged": 4,
        "drift": 1,
        "conflict": 1,
        "orphans": 1,
        "pending": 0,
    }
    assert found["steps"][0] == {
        "kind": "things",
        "key": "new-one",
        "action": "create",
        "cause": "new",
        "id": None,
        "file": "things.yaml",
        "line": 1,
        "changes": [],
    }
    assert found["steps"][1]["changes"] == [
        {"path": "value", "old": 2, "new": 3.5, "file": "things.yaml", "line": 2},
        {"path": "tags", "old": None, "new": ["a", "b"], "file": "things.yaml", "line": 1},
    ]
    assert found["steps"][3]["changes"][0]["new"] == "${monitor:x} && 2"
    assert found["orphans"] == [{"kind": "things", "key": "old", "id": 7, "url": "https://app.example/7"}]
    assert found["outcomes"] == [
        {"kind": "things", "key": "new-one", "result": "created", "id": 7, "url": "https://app.example/7"}
    ]
    assert "outcomes" not in plan_json(PLAN)


def test_markdown_is_a_comment_with_diffs():
    text = plan_markdown(PLAN)
    assert text.startswith("### ddllm plan for `shop/prod`\n\nshop/prod: 1 to create, 4 to update, 4 unchanged.\n")
    assert (
        "- **config change**: things `changed`, `things.yaml:1` ([open](https://app.example/7))\n  ```diff\n  # value\n  - 2\n  + 3.5\n"
        in text
    )
    assert text.endswith("- `old` is in Datadog, and in no file any more ([open](https://app.example/7))")


def test_markdown_fits_into_a_comment():
    steps = tuple(
        step(f"key-{number}", Cause.CHANGE, Change(("value",), "x" * 500, "y" * 500)) for number in range(200)
    )
    text = plan_markdown(Plan(OWNER, steps, 0, (), {}))
    assert len(text) < 61_000
    assert text.splitlines()[-1].startswith("… ")


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (Result.CREATED, "created things changed"),
        (Result.MOVED, "skipped: it changed in Datadog since it was read things changed"),
    ],
)
def test_an_outcome_is_one_line(result: Result, text: str):
    out = io.StringIO()
    with print_outcomes(Console(file=out, width=20), 1) as report:
        report(Outcome("things", "changed", result, remote("changed")))
    assert out.getvalue() == f"{text}  https://app.example/7\n"

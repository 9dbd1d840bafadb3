"""Outcomes of monitor tests as people and programs see them. The files below golden/ are what is printed; GOLDEN=write renews them."""

import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ddllm.cli._output import plain
from ddllm.cli._test_view import Results, as_json, render
from ddllm.testing.coverage import coverage
from tests.support.monitor_testing import GOOD, Trial

GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture
def results(tmp_path, monkeypatch) -> Results:
    """A test that fails in two ways, with its coverage; times are made up."""
    monkeypatch.chdir(tmp_path)
    tested = Trial(tmp_path)
    tested.expect(
        "{at: 5m, monitor: failing, state: Warn}",
        '{at: 2m, monitor: errors, group: "service:search", state: OK}',
        values="0x5 1+1x5 7x5 0x20 _x10",
        more=f"  - {{metric: {GOOD}, values: 9x45}}",
    )
    outcomes = [replace(each, seconds=0.5) for each in tested.outcomes()]
    return Results(outcomes, 1.25, coverage(tested.suite().subjects, outcomes))


def golden(name, text):
    path = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def on_a_terminal(results, width, **options):
    console = Console(file=io.StringIO(), width=width, highlight=False, **options)
    console.print(render(results, width))
    return console.file.getvalue()


def test_a_terminal_shows_states_and_values_over_time(results):
    text = on_a_terminal(results, 100)
    golden("test-terminal.txt", "\n".join(line.rstrip() for line in text.splitlines()) + "\n")


def test_a_pipe_gets_the_states_in_words(results):
    golden("test-pipe.txt", plain(render(results, None)))


def test_colour_is_left_out_where_nobody_wants_it(results, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in on_a_terminal(results, 100, force_terminal=True)


def test_a_program_gets_everything_that_is_said(results):
    golden("test.json", json.dumps(as_json(results), indent=2, ensure_ascii=False) + "\n")


def test_an_approximation_is_called_one_in_text_and_json(results):
    [outcome] = results.outcomes
    approximate = Results([replace(outcome, failures=(), approximate=("spend",))], 1)
    assert "spend: approximate: Datadog does not publish" in plain(render(approximate, None))
    assert as_json(approximate)["approximate"].startswith("approximate")
    assert as_json(approximate)["tests"][0]["approximate"] == ["spend"]

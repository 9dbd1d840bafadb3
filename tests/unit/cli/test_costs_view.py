"""The cost report as a person sees it, at a fixed width."""

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from ddllm import catalog
from ddllm.analysis.costs import analyse
from ddllm.analysis.sources import RecordedSource
from ddllm.cli._costs_view import render
from ddllm.query.recordings import Recording
from tests.support.spending import END, SONNET, START, WINDOW, count, history

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "support" / "fixtures" / "costs.txt"


def report(recording: Recording, env: str | None = "prod"):
    return analyse(
        RecordedSource(recording, WINDOW, "day.jsonl"),
        WINDOW,
        env=env,
        saving=lambda _provider, _vendor, model: 2e-6 if model == SONNET else 0,
    )


def drawn(recording: Recording, *, top: int = 10, width: int = 100, ascii_only: bool = False, **console) -> str:
    stream = StringIO()
    Console(file=stream, width=width, **console).print(render(report(recording), top=top, ascii_only=ascii_only))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def test_the_whole_report():
    assert drawn(history()) == GOLDEN.read_text("utf-8")


def test_the_guide_shows_the_report_as_it_is():
    assert f"```text\n{drawn(history())}```" in (ROOT / "docs" / "costs.md").read_text("utf-8")


def test_an_output_without_blocks_gets_signs():
    text = drawn(history(), ascii_only=True)
    assert "$6.00  ####################" in text
    assert "█" not in text


def test_a_table_is_cut_and_says_so():
    text = drawn(history(), top=2)
    assert "… and 3 more (--top 5 shows them)" in text
    assert "reply" not in text


def test_colours_are_for_terminals_that_want_them(monkeypatch):
    assert "\x1b[" not in drawn(history())
    assert "\x1b[36m" in drawn(history(), force_terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[36m" not in drawn(history(), force_terminal=True)


def test_nothing_is_said_in_one_line():
    assert drawn(Recording(60, START, END)) == (
        "no LLM calls in env prod, 2026-01-05 00:00 to 2026-01-05 06:00 UTC, says day.jsonl\n"
    )


@pytest.mark.parametrize("width", [40, 60, 70, 80, 100])
def test_no_terminal_is_too_narrow_for_names_and_money(width: int):
    text = drawn(history(), width=width)
    for name in ("qa", "triage", "reply", "title", "search", "inbox", "batch", "ask", "answer"):
        assert re.search(rf"^{name} +~?\$\d+\.\d\d", text, re.MULTILINE), name
    assert re.search(r"^claude-.*-v1 +\$60\.00", text, re.MULTILINE)
    assert re.search(r"^claude-.*-v1 +\$35\.00", text, re.MULTILINE)
    tables = [line for line in text.splitlines() if re.match(r"\S+ +\S* *~?\$", line)]
    assert max(map(len, tables)) <= width


def test_the_bar_goes_first_then_what_failed_then_the_sum():
    headers = ["  cumulative  failed or abandoned", "  cumulative", ""]
    for width, header, bar in ((99, headers[0], True), (79, headers[0], False), (60, headers[1], False)):
        [model] = re.findall(r"^model  .*\n.*", drawn(history(), width=width), re.MULTILINE)
        assert model.splitlines()[0].split("share")[1] == header
        assert ("█" in model) is bar
    [model] = re.findall(r"^model  .*", drawn(history(), width=42), re.MULTILINE)
    assert model.endswith("share")


def test_the_plural_is_of_more_than_one():
    [series] = [each for each in history().series if each.metric == "ddllm.cost"][:1]
    one = Recording(60, START, END, (series, count(catalog.REQUESTS, 1, env="prod", status="ok")))
    assert "for 1 call in env prod" in drawn(one)
    assert "0 attempts beyond the first of 1 call;" in drawn(one)


def test_waste_that_is_all_zeros_is_left_out():
    free = count(catalog.REQUESTS, 4, env="prod", prompt_template="free", status="error")
    text = drawn(Recording(60, START, END, (*history().series, free)))
    assert "free" not in text


def test_a_tag_that_is_left_out_is_said_to_be():
    spent = count(catalog.COST, 5, env="prod", feature="chat")
    text = drawn(Recording(60, START, END, (spent,)))
    assert re.search(r"^excluded or unknown +\$5\.00 +100 % +100 % +\$0\.00", text, re.MULTILINE)
    assert "Spend by template: no spend names a template" in text


def test_a_name_is_no_markup():
    assert "[bold]" in drawn(
        Recording(60, START, END, tuple(_renamed(series) for series in history().series)), width=200
    )


def _renamed(series):
    tags = tuple(tag.replace("prompt_template:qa", "prompt_template:[bold]") for tag in series.tags)
    return type(series)(series.metric, series.kind, tags, points=series.points, sketches=series.sketches)

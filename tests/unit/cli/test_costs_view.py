"""The cost report as a person sees it, at a fixed width."""

from io import StringIO
from pathlib import Path

from rich.console import Console

from ddllm.analysis.costs import analyse
from ddllm.analysis.sources import RecordedSource
from ddllm.cli._costs_view import render
from ddllm.query.recordings import Recording
from tests.support.spending import END, SONNET, START, WINDOW, history

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


def test_a_name_is_no_markup():
    assert "[bold]" in drawn(
        Recording(60, START, END, tuple(_renamed(series) for series in history().series)), width=200
    )


def _renamed(series):
    tags = tuple(tag.replace("prompt_template:qa", "prompt_template:[bold]") for tag in series.tags)
    return type(series)(series.metric, series.kind, tags, points=series.points, sketches=series.sketches)

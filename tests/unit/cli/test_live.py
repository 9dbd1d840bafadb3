"""The table, at fixed widths."""

from io import StringIO

import pytest
from rich.console import Console, RenderableType

from ddllm.cli._live import live, render
from ddllm.cli._summary import Row, Snapshot
from ddllm.sandbox.agent import Agent

CHAT = Row(
    feature="chat",
    model_name="claude-3-5-sonnet-20241022-v2",
    requests=1234,
    errors=3,
    dollars=12.5,
    input_tokens=1_250_000,
    output_tokens=48_300,
    cache_read_tokens=500_000,
    attempts=1250,
    throttled=11,
    refusals=2,
    ttft_p50=0.412,
    ttft_p95=1.9,
    tokens_per_second_p50=61.4,
    duration_p95=8.25,
)
SEARCH = Row(
    feature="search suggestions",
    model_name="llama3-2-90b-instruct-v1",
    requests=8,
    attempts=8,
    dollars=0.0042,
    input_tokens=900,
    output_tokens=80,
)
EXTRACT = Row(feature="extract", model_name="imported-legal-7b", requests=2, attempts=2, unpriced=2)
TOTAL = Row(
    requests=1244,
    errors=3,
    dollars=12.5042,
    unpriced=2,
    input_tokens=1_250_900,
    output_tokens=48_380,
    attempts=1260,
    ttft_p95=1.9,
)
BUSY = Snapshot(total=TOTAL, rows=(CHAT, SEARCH, EXTRACT), dollars_per_hour=75.03, packets=900)


def drawn(renderable: RenderableType, width: int) -> str:
    console = Console(file=StringIO(), width=width, color_system=None, highlight=False)
    console.print(renderable)
    assert isinstance(console.file, StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


GOLDEN = {
    150: """\
1244 calls · 3 errors · ≥$12.50 · $75.03/h · 1.3M tokens in · 48.4k out · TTFT p95 1.90 s

                                                                tokens  tokens   from    TTFT    TTFT  tokens/s  duration
feature     model                      calls  errors     spend      in     out  cache     p50     p95       p50       p95  throttled  retries  refused
chat        claude-3-5-sonnet-202410…   1234       3    $12.50    1.2M   48.3k   40 %  412 ms  1.90 s        61    8.25 s         11       16        2
search su…  llama3-2-90b-instruct-v1       8       0   $0.0042     900      80    0 %                                              0        0        0
extract     imported-legal-7b              2       0  unpriced       0       0                                                     0        0        0

2 calls went to models without a known price, so spending is more than this (set prices in ddllm.yaml)""",
    110: """\
1244 calls · 3 errors · ≥$12.50 · $75.03/h · 1.3M tokens in · 48.4k out · TTFT p95 1.90 s

                                                                   tokens  tokens    TTFT  tokens/s
feature     model                         calls  errors     spend      in     out     p95       p50  throttled
chat        claude-3-5-sonnet-20241022-…   1234       3    $12.50    1.2M   48.3k  1.90 s        61         11
search su…  llama3-2-90b-instruct-v1          8       0   $0.0042     900      80                            0
extract     imported-legal-7b                 2       0  unpriced       0       0                            0

2 calls went to models without a known price, so spending is more than this (set prices in ddllm.yaml)""",
    80: """\
1244 calls · 3 errors · ≥$12.50 · $75.03/h · 1.3M tokens in · 48.4k out · TTFT
p95 1.90 s

                                                                  tokens    TTFT
feature     model                        calls  errors     spend     out     p95
chat        claude-3-5-sonnet-20241022…   1234       3    $12.50   48.3k  1.90 s
search su…  llama3-2-90b-instruct-v1         8       0   $0.0042      80
extract     imported-legal-7b                2       0  unpriced       0

2 calls went to models without a known price, so spending is more than this (set
prices in ddllm.yaml)""",
}


@pytest.mark.parametrize("width", [150, 110, 80])
def test_the_table_fits_its_width(width: int):
    assert drawn(render(BUSY, width=width), width) == GOLDEN[width]


def test_without_a_width_nothing_is_left_out_or_cut():
    text = drawn(render(BUSY), 250)
    for word in ("refused", "cache", "throttled", "claude-3-5-sonnet-20241022-v2", "search suggestions"):
        assert word in text


@pytest.mark.parametrize("width", range(40, 160, 7))
def test_no_line_is_wider_than_the_terminal_and_every_row_is_one_line(width: int):
    lines = drawn(render(BUSY, width=width), width).splitlines()
    assert all(len(line) <= width for line in lines)
    assert sum(line.startswith(("chat", "search", "extract")) for line in lines) == 3


def test_names_are_shown_as_they_are():
    row = Row(feature="[bold]x[/]", model_name=":smile:", requests=1)
    text = drawn(render(Snapshot(total=row, rows=(row,))), 200)
    assert "[bold]x[/]  :smile:" in text


def test_before_the_first_call():
    assert drawn(render(Snapshot(total=Row())), 80) == "no LLM calls so far"


def test_metrics_of_others_alone_lead_to_the_question_that_helps():
    assert drawn(render(Snapshot(total=Row(), packets=4, others=3)), 200) == (
        "no LLM calls so far\n"
        "3 metrics arrived, but none of ddllm's: does the process run under ddtrace-run, and is ddllm installed there?"
    )


def test_losses_are_never_silent():
    text = drawn(
        render(
            Snapshot(
                total=Row(), losses={"dropped: queue_full": 12, "capped: feature": 3}, malformed=2, not_forwarded=7
            )
        ),
        200,
    )
    assert text.splitlines()[1:] == [
        "ddllm itself lost: 3 capped: feature, 12 dropped: queue_full",
        "2 lines were no DogStatsD",
        "7 packets could not be passed on to the agent",
    ]


@pytest.mark.parametrize(
    ("dollars", "text"),
    [(0, "$0.00"), (0.00003, "<$0.0001"), (0.0123, "$0.0123"), (1.5, "$1.50"), (12345.678, "$12,345.68")],
)
def test_dollars(dollars: float, text: str):
    assert f"1 call · 0 errors · {text} ·" in drawn(render(Snapshot(total=Row(requests=1, dollars=dollars))), 100)


@pytest.mark.parametrize(
    ("tokens", "text"),
    [(0, "0"), (9999, "9999"), (10_000, "10.0k"), (2_500_000, "2.5M"), (3e9, "3.0G"), (float("inf"), "infG")],
)
def test_tokens(tokens: float, text: str):
    assert f"· {text} tokens in" in drawn(render(Snapshot(total=Row(requests=1, input_tokens=tokens))), 100)


@pytest.mark.parametrize(("seconds", "text"), [(0.0123, "12 ms"), (1.234, "1.23 s"), (250.0, "250 s")])
def test_seconds(seconds: float, text: str):
    assert drawn(render(Snapshot(total=Row(requests=1, ttft_p95=seconds))), 100).endswith(f"TTFT p95 {text}")


def test_the_live_table_is_gone_at_the_end():
    console = Console(file=StringIO(), width=80, force_terminal=True, color_system=None)
    with Agent() as agent, live(agent, console, lambda: 0.0):
        console.print("a line of the application")
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    assert "a line of the application" in text
    assert "no LLM calls so far" in text
    assert text.endswith("\x1b[1A\x1b[2K")

"""The page of a comparison: whole in itself, and drawn by a real browser."""

import html
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from ddllm.analysis.compare import Outcome
from ddllm.analysis.compare.report import report
from ddllm.cli._compare_html import page, script
from ddllm.cli._compare_view import NO_CALLS, SIMULATED, Ending
from ddllm.errors import DdllmError
from tests.support.comparison import CLAUDE, calls, priced, workload
from tests.support.comparison import SHOP as FOUND

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)

DONE = Ending(outcome=Outcome(80, 0), spent=0.1893, limit=0.25, results="shop.jsonl")


@pytest.fixture(scope="module")
def plotly():
    return script()


def test_it_says_what_the_table_says():
    text = page(FOUND, replace(DONE, outcome=Outcome(1, 7, "budget"), results="<b>.jsonl"), "")
    assert "<title>shop: models compared</title>" in text
    assert re.search(r'<p class="remark">stopped by the budget: .*&lt;b&gt;.jsonl</p>', text)
    assert text.count('<td class="winner">') == sum(row.winner is not None for row in FOUND.rows)
    for row in FOUND.rows:
        assert html.escape(row.conclusion) in text


def test_it_needs_nothing_from_elsewhere():
    text = page(FOUND, DONE, "")
    assert not re.search(r"""(?:src|href)=|@import|url\(""", text)


def test_nothing_that_a_user_wrote_becomes_markup():
    hostile = replace(FOUND, name="</script><script>alert(1)</script>")
    models = tuple(replace(model, id='"><img>') for model in FOUND.models)
    text = page(replace(hostile, models=models), replace(DONE, results="<img>"), "")
    assert "<img>" not in text
    assert text.count("<script") == text.count("</script>") == 3


def test_a_report_of_nothing_is_a_page_too():
    text = page(report(workload(), []), DONE, "")
    assert "0 of 12 calls" in text
    assert f"<p>{NO_CALLS}</p>" in text
    assert not {"<table>", "Metric by metric"} & set(re.findall(r"<table>|Metric by metric", text))


def test_a_missing_library_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(DdllmError, match=r"a page needs plotly. pip install 'ddllm\[sandbox\]', or use --format text"):
        script()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on the PATH")
def test_a_browser_draws_every_plot(tmp_path, plotly):
    path = tmp_path / "page.html"
    path.write_text(page(FOUND, DONE, plotly), "utf-8")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-dev-shm-usage",
    ]
    done = subprocess.run(
        [
            BROWSER,
            *flags,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=20000",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    plots = re.findall(r'<div id="?([a-z0-9-]+)"? class="js-plotly-plot">', done.stdout)
    assert plots == [*(f"metric-{index}" for index in range(len(FOUND.rows))), "ratios", "points"]
    drawn = done.stdout.partition('<script type="application/json"')[0]
    points = len(re.findall(r'<path class="point"', drawn))
    assert points == sum(len(row.estimates) + len(row.pairs) for row in FOUND.rows)
    assert len(re.findall(r'<path class="xerror"', drawn)) == points


def figures(text):
    return json.loads(re.search(r'id="figures">(.*?)</script>', text).group(1))


def test_calls_spending_tokens_and_the_date_are_told():
    text = page(FOUND, DONE, "")
    assert '<tr class="total"><td>calls</td><td>40</td><td>40</td></tr>' in text
    assert '<tr class="total"><td>spent</td><td>$0.199</td><td>$0.0215</td></tr>' in text
    assert "<td>tokens in / out</td><td>1,740 / 3,048</td>" in text
    assert '<p class="sub">2026-01-05 09:00 UTC</p>' in text


def test_simulated_figures_and_money_that_perhaps_was_spent_are_told():
    text = page(FOUND, replace(DONE, sandbox=True, aside=0.039, aside_calls=2), "")
    assert f'<p class="simulated">{SIMULATED}</p>' in text
    assert "plus $0.0390 set aside for 2 calls whose cost nobody knows" in text
    assert SIMULATED not in page(FOUND, DONE, "")


def test_below_the_floor_of_prompts_no_interval_is_written_or_drawn():
    asked = workload(2)
    text = page(report(asked, calls(asked, priced)), DONE, "")
    assert "<small>" not in text
    assert text.count("too few prompts for an interval") == 1
    for figure in figures(text).values():
        assert figure["data"][0]["error_x"] == {"visible": False}


def test_one_model_alone_is_told_once():
    asked = workload(6, models=(CLAUDE,))
    text = page(report(asked, calls(asked, priced)), DONE, "")
    assert len(re.findall("one model alone", text)) == 1


def test_labels_of_pairs_have_room_and_a_size_to_be_read():
    figure = figures(page(FOUND, DONE, ""))["ratios"]
    labels = figure["data"][0]["y"]
    assert labels[0] == "<b>cost per call</b><br>claude-3-5-sonnet-20241022-v2<br>against llama3-2-90b-instruct-v1"
    assert figure["layout"]["yaxis"]["tickfont"]["size"] >= 12
    assert figure["layout"]["margin"]["l"] >= 7 * max(len(line) for label in labels for line in label.split("<br>"))

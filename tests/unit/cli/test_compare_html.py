"""The page of a comparison: whole in itself, and drawn by a real browser."""

import html
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from ddllm.analysis.compare.report import report
from ddllm.cli._compare_html import page, script
from ddllm.errors import DdllmError
from tests.support.comparison import SHOP as FOUND
from tests.support.comparison import workload

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


@pytest.fixture(scope="module")
def plotly():
    return script()


def test_it_says_what_the_table_says():
    text = page(FOUND, ["a remark <b>"], "")
    assert "<title>shop: models compared</title>" in text
    assert '<p class="remark">a remark &lt;b&gt;</p>' in text
    assert text.count('<td class="winner">') == sum(row.winner is not None for row in FOUND.rows)
    for row in FOUND.rows:
        assert html.escape(row.conclusion) in text


def test_it_needs_nothing_from_elsewhere():
    text = page(FOUND, [], "")
    assert not re.search(r"""(?:src|href)=|@import|url\(""", text)


def test_nothing_that_a_user_wrote_becomes_markup():
    hostile = replace(FOUND, name="</script><script>alert(1)</script>")
    models = tuple(replace(model, id='"><img>') for model in FOUND.models)
    text = page(replace(hostile, models=models), ["<img>"], "")
    assert "<img>" not in text
    assert text.count("<script") == text.count("</script>") == 3


def test_a_report_of_nothing_is_a_page_too():
    assert "0 of 12 calls" in page(report(workload(), []), [], "")


def test_a_missing_library_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(DdllmError, match=r"a page needs plotly. pip install 'ddllm\[sandbox\]', or use --format text"):
        script()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on the PATH")
def test_a_browser_draws_every_plot(tmp_path, plotly):
    path = tmp_path / "page.html"
    path.write_text(page(FOUND, [], plotly), "utf-8")
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

"""The page with charts: whole in itself, and drawn by a real browser."""

import re
import sys
from pathlib import Path

import pytest

from ddllm import catalog
from ddllm.errors import DdllmError
from ddllm.query.recordings import Recording
from tests.support.browser import opened
from tests.support.spending import END, START, count, history
from tests.unit.cli.test_costs_view import _renamed, report

plotly = pytest.importorskip("plotly", reason="plotly is in the extra `sandbox`")

from ddllm.cli import _costs_html  # noqa: E402 - needs plotly


def test_the_page_needs_no_network():
    text = _costs_html.page(report(history()), top=10)
    outside = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"(src|href)\s*=|@import|url\(", outside)
    assert "<script src" not in text


def test_the_page_says_what_is_measured_and_what_is_not():
    text = _costs_html.page(report(history()), top=10)
    for part in (
        "25 % of templates (1 of 4) make 63 % of the spend that names one",
        "≥ $100.00",
        "Malformed and refused are estimates",
        "At most, by estimate",
        "is a lower bound: prompt_template (12 calls)",
        "17 throttled, 3 timeout",
    ):
        assert part in text


def test_what_actions_leave_out_is_said():
    text = _costs_html.page(report(history()), top=10)
    assert (
        "$70.00 of $100.00 was spent within actions; the other $30.00, by calls outside of any action, is left out here."
        in text
    )


def test_waste_that_is_all_zeros_has_no_bar():
    free = count(catalog.REQUESTS, 4, env="prod", prompt_template="gratis", status="error")
    text = _costs_html.page(report(Recording(60, START, END, (*history().series, free))), top=10)
    assert "gratis" not in text
    alone = _costs_html.page(report(Recording(60, START, END, (free,))), top=10)
    assert "<p>Nothing.</p>" in alone


def test_a_chart_is_cut_and_says_so():
    assert "… and 3 more (--top 5 shows them)" in _costs_html.page(report(history()), top=2)


def test_names_are_text():
    text = _costs_html.page(
        report(Recording(60, START, END, tuple(_renamed(each) for each in history().series))), top=10
    )
    assert "[bold]" in text
    assert _costs_html._names(["<b>", "a" * 50, "a" * 60]) == ["&lt;b&gt;", "a" * 39 + "…", "a" * 39 + "… "]


def test_a_browser_draws_every_chart(tmp_path: Path):
    page = tmp_path / "costs.html"
    page.write_text(_costs_html.page(report(history()), top=10), "utf-8")
    document = opened(page, tmp_path)
    body = document[document.index("<h1>") :]
    for chart in ("pareto-0", "pareto-1", "pareto-2", "pareto-3", "waste", "cache"):
        drawn = body.split(f'id="{chart}"', 1)[1].split("<h2>", 1)[0]
        assert 'class="main-svg"' in drawn, chart
    assert body.count('class="main-svg"') >= 12
    assert ">qa</text>" in body
    assert "$60" in body


def test_nothing_is_a_page_too(tmp_path: Path):
    page = tmp_path / "costs.html"
    page.write_text(_costs_html.page(report(Recording(60, START, END)), top=10), "utf-8")
    assert "No spend names a template." in opened(page, tmp_path)


def test_a_missing_plotly_is_one_helpful_line(monkeypatch):
    monkeypatch.delitem(sys.modules, "ddllm.cli._costs_html")
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(DdllmError, match=r"needs plotly, which is not installed\. pip install 'ddllm\[sandbox\]'"):
        __import__("ddllm.cli._costs_html")

"""The page of a backtest."""

import pytest

pytest.importorskip("plotly", reason="the page's charts need plotly, of ddllm[sandbox]")

from ddllm.alerting.watch import Watched
from ddllm.cli._backtest_html import page
from ddllm.cli._backtest_view import Backtest
from ddllm.testing.backtest import Probe, Wish, backtest
from tests.support.histories import errors

QUERY = "sum(last_2m):sum:ddllm.requests{*} by {service}.as_count() > 4"


def drawn(service: str = "chat") -> str:
    probe = Probe(Watched(1, "errors", "query alert", QUERY, {"new_group_delay": 0}), "page")
    history = errors(**{service: [0, 0, 9, 0, 0, 9, 9]})
    return page(Backtest(list(backtest([probe], history, Wish(curves=True))), "history", "prod"))


def test_a_monitor_has_a_row_and_a_chart_with_its_threshold_and_alerts():
    told = drawn()
    assert "<td>errors</td><td>page</td>" in told
    assert told.count('id="monitor-0"') == 1
    assert told.count('"fillcolor":"#e5484d"') == 2


def test_it_needs_no_network():
    told = drawn()
    assert "<script src" not in told
    assert "https://cdn" not in told.partition("<body>")[2]


def test_names_are_text_and_no_markup():
    assert "<b>" not in drawn("<b>x").partition("<table>")[2].partition("</table>")[0]

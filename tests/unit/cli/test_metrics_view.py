"""The catalogue and the estimate as a person sees them, at a fixed width."""

import re
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from ddllm import catalog
from ddllm.analysis.estimate import estimate
from ddllm.cli._metrics_view import render_catalogue, render_estimate
from tests.support.spending import START, count, history

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "support" / "fixtures" / "estimate.txt"


def drawn(thing: RenderableType, width: int = 120) -> str:
    stream = StringIO()
    Console(file=stream, width=width).print(thing)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def estimated() -> str:
    return drawn(render_estimate(estimate(history().series), top=6, price=5.0))


def test_the_whole_estimate():
    assert estimated() == GOLDEN.read_text("utf-8")


def test_the_guide_shows_the_estimate_as_it_is():
    assert f"```text\n{estimated()}```" in (ROOT / "docs" / "costs.md").read_text("utf-8")


def test_hosts_are_said_and_dollars_are_not_where_no_price_was_given():
    text = drawn(render_estimate(estimate(history().series, hosts=2), top=6, price=None))
    assert "at most, for 2 hosts that send the same" in text
    assert "$" not in text


def test_nothing_is_a_question():
    assert "is ddllm installed there?" in drawn(render_estimate(estimate([]), top=5, price=1))


@pytest.mark.parametrize("width", [60, 70, 80, 120])
def test_no_terminal_breaks_a_name_of_a_metric(width: int):
    text = drawn(render_catalogue(catalog.METRICS), width)
    assert all(f"\n{metric.name} " in text or f"\n{metric.name}\n" in text for metric in catalog.METRICS)
    assert max(map(len, text.splitlines())) <= width
    text = drawn(render_estimate(estimate(history().series), top=99, price=5.0), width)
    assert re.search(r"^ddllm\.action\.cost .* 15 +23 % +\$0\.7500$", text, re.MULTILINE)
    assert re.search(r"^prompt_template +5 +8 +12 % +\$0\.4000$", text, re.MULTILINE)


def test_one_is_no_plural():
    one = count(catalog.REQUESTS, {START: 1}, env="prod")
    text = drawn(render_estimate(estimate([one, replace(one, metric="theirs")]), top=5, price=None))
    assert text.startswith("1 custom metric on average of an hour: 1 metric, 1 series\n")
    assert "1 metric that is not ddllm's is left out" in text


def test_the_catalogue_names_every_metric():
    text = drawn(render_catalogue(catalog.METRICS))
    assert all(f"{metric.name} " in text for metric in catalog.METRICS)
    assert "model stands for provider, model_vendor, model_name, feature" in text

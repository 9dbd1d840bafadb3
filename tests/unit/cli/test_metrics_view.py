"""The catalogue and the estimate as a person sees them, at a fixed width."""

from io import StringIO
from pathlib import Path

from rich.console import Console, RenderableType

from ddllm import catalog
from ddllm.analysis.estimate import estimate
from ddllm.cli._metrics_view import render_catalogue, render_estimate
from tests.support.spending import history

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


def test_the_catalogue_names_every_metric():
    text = drawn(render_catalogue(catalog.METRICS))
    assert all(f"{metric.name} " in text for metric in catalog.METRICS)
    assert "model stands for provider, model_vendor, model_name, feature" in text

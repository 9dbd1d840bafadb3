"""A comparison as people and programs see it. The files below golden/ are what is printed; GOLDEN=write renews them."""

import io
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ddllm.analysis.compare import Outcome
from ddllm.analysis.compare.metrics import METRICS
from ddllm.analysis.compare.report import report
from ddllm.cli._compare_view import _spent, as_json, headline, number, remarks, render
from tests.support.comparison import SHOP as FOUND
from tests.support.comparison import workload
from tests.support.process import ROOT

GOLDEN = Path(__file__).with_name("golden")

MONEY = {"spent": 0.1893, "limit": 0.25, "results": ".ddllm/compare/shop.jsonl"}
STOPPED = Outcome(made=12, left=7, stopped="budget")


def golden(name, text):
    path = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def printed(width, outcome):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(render(FOUND, remarks(FOUND, outcome, **MONEY)))
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


@pytest.mark.parametrize(("width", "outcome"), [(120, Outcome(80, 0)), (80, STOPPED)])
def test_the_table_is_as_the_golden_file_has_it(width, outcome):
    golden(f"compare-{width}.txt", printed(width, outcome))


def test_the_document_is_as_the_golden_file_has_it():
    document = as_json(FOUND, STOPPED, **MONEY)
    golden("compare.json", json.dumps(_rounded(document), indent=2, ensure_ascii=False) + "\n")


def _rounded(value):
    """Ten digits: the last ones of a logarithm differ from one machine to the next."""
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return float(f"{value:.10g}") if isinstance(value, float) else value


def test_the_guide_names_every_key_and_metric():
    guide = (ROOT / "docs" / "compare.md").read_text("utf-8")
    document = as_json(FOUND, STOPPED, **MONEY)
    lists = (document, document["calls"], document["budget"], document["models"][0], document["metrics"][0])
    keys = {key for each in lists for key in each} | set(document["metrics"][0]["differences"][0])
    keys -= {"comparison", "prompts", "repeat", "level"}  # as in the workload; the level is in the text
    assert {key for key in keys if not re.search(rf"`(?:[a-z]+\[\]\.|\.)?{key}(?:\[\])?`", guide)} == set()
    for metric in METRICS:
        assert re.search(rf"^\| {re.escape(metric.title.removesuffix(' per call'))} \|", guide, re.MULTILINE), metric


def test_nothing_but_the_winner_is_marked():
    lines = printed(120, Outcome(80, 0)).splitlines()
    marked = [line.split(",")[0] for line in lines if "\u2605" in line]
    assert marked[:2] == ["cost of 1", "time to first token"]
    assert not any(
        word in line for word in ("output tokens", "refusals", "errors") for line in lines if "\u2605" in line
    )


@pytest.mark.parametrize(
    ("spent", "unpriced", "text"), [(0.5, 0, "$0.500"), (0.5, 1, "\u2265$0.500"), (0, 9, "unpriced")]
)
def test_what_could_not_be_priced_is_told(spent, unpriced, text):
    models = tuple(replace(model, spent=spent, unpriced=unpriced) for model in FOUND.models)
    assert _spent(models[0]) == text
    said = "\n".join(remarks(replace(FOUND, models=models), Outcome(1, 0), **MONEY))
    assert ("could not be priced" in said) is bool(unpriced)


def test_the_headline_says_how_much_is_done():
    assert headline(FOUND) == "shop: 2 models \u00b7 8 prompts \u00d7 5 \u00b7 80 calls \u00b7 $0.221"
    assert (
        headline(report(workload(8, repeat=1), []))
        == "shop: 2 models \u00b7 8 prompts \u00b7 0 of 16 calls \u00b7 $0.00"
    )


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0000712, "dollar", "$0.0712"),
        (0.00123, "dollar", "$1.23"),
        (0, "dollar", "$0.00"),
        (1.5e-9, "dollar", "$0.00000150"),
        (4.2, "dollar", "$4,200.00"),
        (0.427, "second", "427 ms"),
        (2.345, "second", "2.35 s"),
        (234.5, "second", "234 s"),
        (1234.5, "token", "1,234"),
        (71.4, "token/second", "71"),
        (0.0625, "share", "6.2 %"),
    ],
)
def test_numbers_are_readable(value, unit, text):
    assert number(value, unit) == text

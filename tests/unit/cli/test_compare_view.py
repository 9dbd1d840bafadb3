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
from ddllm.cli._compare_view import NO_CALLS, SIMULATED, Ending, _spent, as_json, headline, number, remarks, render
from tests.support.comparison import CLAUDE, calls, priced, workload
from tests.support.comparison import SHOP as FOUND
from tests.support.process import ROOT

GOLDEN = Path(__file__).with_name("golden")

DONE = Ending(outcome=Outcome(80, 0), spent=0.1893, limit=0.25, results=".ddllm/compare/shop.jsonl")
STOPPED = replace(DONE, outcome=Outcome(made=12, left=7, stopped="budget"), aside=0.0391, aside_calls=2)


def golden(name, text):
    path = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def printed(width, ending, found=FOUND):
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(render(found, ending))
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


@pytest.mark.parametrize(("width", "ending"), [(120, DONE), (80, STOPPED)])
def test_the_table_is_as_the_golden_file_has_it(width, ending):
    golden(f"compare-{width}.txt", printed(width, ending))


def test_the_document_is_as_the_golden_file_has_it():
    document = as_json(FOUND, STOPPED)
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
    document = as_json(FOUND, STOPPED)
    lists = (document, document["calls"], document["budget"], document["models"][0], document["metrics"][0])
    keys = {key for each in lists for key in each} | set(document["metrics"][0]["differences"][0])
    keys -= {"comparison", "prompts", "repeat", "level"}  # as in the workload; the level is in the text
    assert {key for key in keys if not re.search(rf"`(?:[a-z]+\[\]\.|\.)?{key}(?:\[\])?`", guide)} == set()
    for metric in METRICS:
        assert re.search(rf"^\| {re.escape(metric.title.removesuffix(' per call'))} \|", guide, re.MULTILINE), metric


def test_nothing_but_the_winner_is_marked():
    lines = printed(120, DONE).splitlines()
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
    said = "\n".join(remarks(replace(FOUND, models=models), DONE))
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


def few(prompts, **more):
    asked = workload(prompts, **more)
    return report(asked, calls(asked, priced))


def test_below_the_floor_of_prompts_a_number_has_no_interval():
    found = few(4, repeat=3)
    text = printed(120, DONE, found)
    assert text.count("too few prompts for an interval: it takes 5 or more\n") == 1
    assert "$1.40" in text
    assert not re.search(r"\d to \$?\d", text)
    for metric in as_json(found, DONE)["metrics"]:
        for each in (*metric["models"].values(), *metric["differences"]):
            assert (each["low"], each["high"]) == (None, None)
    assert "too few" not in printed(120, DONE, few(5))


def test_where_some_numbers_have_an_interval_the_others_are_told_of():
    asked = workload(6, repeat=1)
    found = report(asked, calls(asked, lambda _, number, __: {"checks": (True,) if number < 2 else ()}))
    assert "too few prompts for an interval where none is shown: it takes 5 or more" in remarks(found, DONE)


def test_simulated_figures_say_so():
    text = printed(120, replace(DONE, sandbox=True))
    assert text.splitlines()[2] == SIMULATED
    assert as_json(FOUND, replace(DONE, sandbox=True))["sandbox"] is True
    assert (SIMULATED in printed(120, DONE), as_json(FOUND, DONE)["sandbox"]) == (False, False)


def test_when_and_where_the_calls_were_made_is_told_as_far_as_it_is_known():
    asked = workload(5)
    at = iter(f"2026-01-05T09:{minute:02}:00.000+00:00" for minute in range(20))
    found = report(asked, calls(asked, lambda *_: {"at": next(at), "region": "eu-west-1"}))
    assert printed(120, DONE, found).splitlines()[1] == "2026-01-05 09:00 to 09:19 UTC \u00b7 eu-west-1"
    assert printed(120, replace(DONE, sandbox=True), found).splitlines()[1] == "2026-01-05 09:00 to 09:19 UTC"
    days = replace(found, ended="2026-01-06T10:00:00.000+00:00", regions=())
    assert printed(120, DONE, days).splitlines()[1] == "2026-01-05 09:00 to 2026-01-06 10:00 UTC"


@pytest.mark.parametrize(("calls_", "told"), [(1, "1 call whose"), (3, "3 calls whose")])
def test_money_that_perhaps_was_spent_is_told(calls_, told):
    assert f"plus $0.0391 set aside for {told} cost nobody knows" in remarks(
        FOUND, replace(DONE, aside=0.0391, aside_calls=calls_)
    )


def test_one_of_a_kind_has_no_plural():
    found = few(1, models=(CLAUDE,), repeat=1)
    assert headline(found).startswith("shop: 1 model \u00b7 1 prompt \u00b7 1 call \u00b7 ")
    assert "; 1 call was not made." in remarks(found, replace(STOPPED, outcome=Outcome(0, 1, "budget")))[-2]


def test_one_model_alone_is_told_once():
    text = printed(120, DONE, few(6, models=(CLAUDE,)))
    assert text.count("nothing") == 1
    assert "one model alone: there is nothing to compare it with" in text


def test_a_run_without_calls_says_so_in_the_place_of_a_table():
    text = printed(120, replace(STOPPED, aside_calls=0), report(workload(8), []))
    assert NO_CALLS in text
    assert "tokens in / out" not in text

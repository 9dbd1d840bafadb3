"""What `ddllm compare` decides before and after the calls; the calls themselves are made in tests/e2e."""

import os
import sys
from pathlib import Path

import click
import pytest

from ddllm.analysis.compare import Outcome
from ddllm.cli import compare
from ddllm.cli._compare_view import Ending
from ddllm.errors import ConfigError, DdllmError
from tests.support.comparison import SHOP, workload

ENDING = Ending(outcome=Outcome(1, 0), spent=0.1, limit=1.0, results="r.jsonl")


def test_simulated_results_stand_apart_from_real_ones():
    assert compare._default_path(workload(), sandbox=False) == Path(".ddllm/compare/shop.jsonl")
    assert compare._default_path(workload(), sandbox=True) == Path(".ddllm/compare/shop.sandbox.jsonl")


def test_a_page_is_not_printed_on_a_terminal(monkeypatch, tmp_path):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with pytest.raises(click.UsageError, match="name a file with --out"):
        compare._renderer("html", None)
    compare._renderer("html", tmp_path / "report.html")


@pytest.mark.parametrize(("output", "begins"), [("text", "shop: 2 models"), ("json", "{"), ("html", "<!doctype")])
def test_a_report_goes_to_a_file(tmp_path, output, begins):
    path = tmp_path / "report"
    compare._renderer(output, path)(SHOP, ENDING)
    assert path.read_text("utf-8").startswith(begins)


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(DdllmError, match="the file cannot be written: No such file or directory"):
        compare._renderer("text", tmp_path / "no" / "report")(SHOP, ENDING)


@pytest.mark.parametrize("option", ["results", "out"])
def test_the_workload_is_never_written_over(tmp_path, option):
    path, link = tmp_path / "w.yaml", tmp_path / "link.yaml"
    path.write_text("name: shop")
    link.hardlink_to(path)
    for same in (path, link, tmp_path / "." / "w.yaml"):
        places = {"results": None, "out": None, option: same}
        with pytest.raises(ConfigError, match=f"--{option} names the workload itself"):
            compare._check_places(path, **places)
    with pytest.raises(ConfigError, match="--out and --results name one file"):
        compare._check_places(path, tmp_path / "one", tmp_path / "one")
    compare._check_places(path, tmp_path / "one", tmp_path / "other")


def test_the_sandbox_holds_for_a_while_and_leaves_the_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "prod")
    before = dict(os.environ)
    with compare._sandbox():
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"].startswith("http://127.0.0.1:")
        assert os.environ["DD_DOGSTATSD_URL"].startswith("udp://127.0.0.1:")
    assert dict(os.environ) == before

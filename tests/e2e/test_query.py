"""`ddllm query` as a process: queries as arguments and as lines, their faults, and what they mean."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import ddllm as on
from tests.support.datadog import organisation
from tests.support.forked import run_ddllm
from tests.support.histories import errors, file_of
from tests.support.process import ROOT, Ended, environment

TYPO = "avg(last_5m):clampmin(avg:a{*}, 0) > 5"


def ddllm(*arguments: str, lines: str = "") -> Ended:
    ended = run_ddllm("query", *arguments, env=environment({}), cwd=ROOT, stdin=lines)
    assert "Traceback" not in ended.stderr
    return ended


def answers(*rows: Any) -> list[dict[str, Any]]:
    lines = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    ended = ddllm("parse", "--format", "json", lines=lines)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_each_line_has_an_answer_in_its_place():
    found = answers(
        {"kind": "monitor", "monitor_type": "query alert", "query": "avg( last_5m ):avg:a{*}>5"},
        {"kind": "widget", "monitor_type": None, "query": "avg:a{*}, b"},
        {"kind": "formula", "monitor_type": None, "query": "query1/query2"},
        {"kind": "monitor", "monitor_type": None, "query": TYPO},
    )
    assert found[:3] == [
        {"ok": True, "printed": "avg(last_5m):avg:a{*} > 5"},
        {"ok": True, "printed": "avg:a{*}, b"},
        {"ok": True, "printed": "query1 / query2"},
    ]
    error = {"message": "there is no function `clampmin`", "position": 13, "suggestion": "clamp_min"}
    assert found[3] == {"ok": False, "error": error}


def test_a_kind_holds():
    [of_widget, of_monitor] = answers({"kind": "widget", "query": "1 && 2"}, {"kind": "monitor", "query": "avg:a{*}"})
    assert not of_widget["ok"]
    assert not of_monitor["ok"]


def test_a_line_that_is_no_query_is_named_and_the_others_are_answered():
    found = answers("{", [], {"kind": "board", "query": "a"}, {"kind": "widget", "query": "a"})
    assert [each.get("error", {}).get("message") for each in found] == [
        "line 1 is not JSON",
        "line 2 has no query",
        "line 3 has no kind that is known: monitor, widget, formula",
        None,
    ]


def test_a_query_is_printed_in_the_usual_way():
    ended = ddllm("parse", "avg( last_5m ):avg:a{*}>5")
    assert (ended.returncode, ended.stdout) == (0, "avg(last_5m):avg:a{*} > 5\n")


def test_a_fault_is_pointed_at():
    ended = ddllm("parse", TYPO)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        "ddllm: there is no function `clampmin`. Did you mean `clamp_min`?",
        f"    {TYPO}",
        "                 ^",
    ]


def test_a_query_of_no_known_kind_is_faulted_as_what_it_resembles():
    assert "ends with a comparison" in ddllm("parse", "avg(last_5m):avg:a{*}").stderr
    assert "is not an aggregator" in ddllm("parse", "a{*} + avq:a{*}").stderr


def test_a_query_is_refused_as_json_too():
    ended = ddllm("parse", "--type", "composite", "--format", "json", "avg(last_5m):avg:a{*} > 5")
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["error"]["message"].startswith("the query of a `composite` is")


def test_lines_need_their_format():
    ended = ddllm("parse")
    assert ended.returncode == 1
    assert ended.stderr.startswith("ddllm: give a QUERY, or --format json")


def test_a_query_is_explained():
    ended = ddllm("explain", "percentile(last_5m):p95:ddllm.ttft{env:prod} by {service} > 2")
    assert ended.stdout.splitlines() == [
        "computes  the p95 of ddllm.ttft with env:prod, for each service",
        "window    the last 5 minutes; evaluated every minute",
        "fires     for each service, when the percentile of all values in the window is above 2",
    ]


def test_what_cannot_be_read_is_not_explained():
    ended = ddllm("explain", TYPO)
    assert ended.returncode == 1
    assert ended.stderr.startswith("ddllm: there is no function `clampmin`")


NOT_SUM = "avg(last_5m):sum:a{*}.as_count() > 5"


def test_what_a_query_gets_wrong_is_pointed_at():
    ended = ddllm("lint", NOT_SUM)
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[:4] == [
        "error count/not-sum: `avg` of a count depends on the size of the buckets",
        f"    {NOT_SUM}",
        "    ^",
        "    instead: sum(last_5m):…",
    ]


def test_a_query_without_a_fault_is_said_to_have_none():
    ended = ddllm("lint", "avg(last_5m):avg:a{*} > 5")
    assert (ended.returncode, ended.stdout) == (0, "nothing found\n")


def test_lines_are_linted_each_by_itself():
    rows = [{"query": NOT_SUM}, {"query": TYPO}, {"query": "avg:a{*}"}]
    ended = ddllm("lint", "--format", "json", lines="".join(json.dumps(row) + "\n" for row in rows))
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [(each["ok"], [found["code"] for found in each["findings"]]) for each in answers] == [
        (False, ["count/not-sum"]),
        (False, ["function/unknown"]),
        (True, []),
    ]


# --- eval: answers over a history


FAILED = "sum(last_5m):sum:ddllm.requests{*} by {service}.as_count() > 10"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return file_of(errors(chat=[0, 0, 9, 9, 0, 0, 0, 0, 9, 0, 0, 0], search=[0] * 12), tmp_path)


def test_a_query_is_answered_from_a_recording(history):
    ended = ddllm("eval", "sum:ddllm.requests{*} by {service}.as_count()", "--recording", str(history))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [
        f"2026-01-05 00:00 to 2026-01-05 00:12 UTC, every 1 min, from {history}",
        "",
        "group           last  lowest  average  highest  points",
        "service:chat       0       0     2.25        9      12  ▁▁██▁▁▁▁█▁▁▁",
        "service:search     0       0        0        0      12  ▁▁▁▁▁▁▁▁▁▁▁▁",
    ]


def test_a_monitors_query_is_answered_with_states(history):
    told = ddllm("eval", FAILED, "--recording", str(history)).stdout
    assert "service:chat       9       9    12.38       18       8  OK      2.0 min       1      ███▅▅▅▅▅" in told
    found = json.loads(ddllm("eval", FAILED, "--recording", str(history), "--format", "json").stdout)
    chat = found["series"][0]
    assert (found["ok"], found["threshold"], chat["group"]) == (True, 10, {"service": "chat"})
    assert [value for _, value in chat["points"]] == [None] * 4 + [18, 18, 18, 9, 9, 9, 9, 9]
    assert [state for _, state in chat["states"]][-3:] == ["OK", "Alert", "OK"]


def test_lines_are_answered_from_a_recording(history):
    rows = [
        {"kind": "widget", "query": "sum:ddllm.requests{*}.as_count()"},
        {"query": "1"},
        {"query": "smu:a{*}"},
        {"kind": "monitor", "query": FAILED},
    ]
    lines = "\n".join(map(json.dumps, rows))
    ended = ddllm("eval", "--format", "json", "--recording", str(history), lines=lines)
    assert ended.returncode == 0, ended.stderr
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [each["ok"] for each in found] == [True, False, False, True]
    assert found[2]["error"]["suggestion"] == "sum"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("sum(last_5m):smu:a{*} > 2", "--recording", "none"), "Did you mean `sum`?\n    sum(last_5m):smu:a{*} > 2\n                 ^\n"),
        (("avg:a{*}", "--recording", "none"), "ddllm: none: the recording cannot be read: No such file or directory\n"),
        (("1 && 2", "--recording", "none"), "ddllm: this reads no metric, so it has no values\n"),
        (("avg:a{*}",), "ddllm: DD_API_KEY and DD_APP_KEY are not set"),
        (("--format", "json"), "ddllm: lines on standard input are answered from a recording. Name one with --recording\n"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_said_in_a_line(arguments, told):
    ended = ddllm("eval", *arguments)
    assert ended.returncode == 1
    assert told in ended.stderr


def test_datadog_is_asked_where_there_is_no_recording(tmp_path):
    held = errors(chat=[0, 0, 9, 9, 0, 0, 0, 0, 9, 0, 0, 0])
    span = ("--from", "2026-01-05T00:00Z", "--to", "2026-01-05T00:12Z")
    with organisation(metrics=held.of) as api:
        monitor = on(api, tmp_path, "query", "eval", FAILED, *span, "--format", "json")
        metric = on(api, tmp_path, "query", "eval", "sum:ddllm.requests{*} by {service}.as_count()", *span)
    assert monitor.returncode == metric.returncode == 0, monitor.stderr + metric.stderr
    assert "Alert" in [state for _, state in json.loads(monitor.stdout)["series"][0]["states"]]
    assert "service:chat" in metric.stdout

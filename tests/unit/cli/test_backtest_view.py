"""A backtest as people and programs see it. The files below golden/ are what is printed; GOLDEN=write renews them."""

import json
import os
from dataclasses import replace
from pathlib import Path

from ddllm.alerting.state import State
from ddllm.alerting.watch import Watched
from ddllm.cli._backtest_view import Backtest, as_json, render
from ddllm.cli._output import plain
from ddllm.testing.alerts import Alert
from ddllm.testing.backtest import Probe, Result
from ddllm.testing.trials import Trial

GOLDEN = Path(__file__).with_name("golden")
START = 1_767_571_200
END = START + 14 * 86_400
CHAT, SEARCH = ({"service": name, "model_name": "claude-3-5-haiku"} for name in ("chat", "search"))


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def probe(key: str, severity: str = "page", runbook: str | None = None) -> Probe:
    return Probe(Watched(1, key, "query alert", "…"), severity, runbook)  # type: ignore[arg-type]


def alert(group: dict[str, str], start: int, minutes: int | None, state: State = State.ALERT) -> Alert:
    at = START + start * 60
    return Alert(group, state, at, None if minutes is None else at + minutes * 60, 4.1)


NOISY = Result(
    probe("ttft-p95-degraded", runbook="slow-first-token"),
    START + 60,
    END,
    groups=4,
    alerts=(
        *(alert(CHAT, 600 * day, 45) for day in range(1, 25)),
        alert(SEARCH, 700, 5),
        alert(SEARCH, 730, 5),
        alert(SEARCH, 750, 5, State.WARN),
        alert(SEARCH, 20_100, None),
    ),
    trial=Trial("ttft-p95-high", 2, 2.6, 3),
)
RESULTS = (
    NOISY,
    Result(probe("refusal-spike", "ticket"), START + 60, END, groups=6),
    Result(
        probe("token-spend-anomaly", "ticket"), START + 60, END, 3, True, alerts=(alert({"service": "a|b"}, 9, 2000),)
    ),
    Result(probe("unpriced-models", "info"), START + 60, END),
    Result(probe("burn-fast"), START + 60, END, skipped="a slo alert is not evaluated here"),
)
FOUND = Backtest(RESULTS, "history.jsonl.gz", "prod")


def test_people_read_a_table_what_was_quiet_and_what_is_not_exact():
    golden("backtest.txt", plain(render(FOUND)))


def test_programs_read_the_pinned_keys_and_what_the_table_says():
    golden("backtest.json", json.dumps(as_json(FOUND), indent=2, ensure_ascii=False) + "\n")


def test_a_threshold_that_was_not_tried_says_why():
    told = plain(render(replace(FOUND, results=(replace(NOISY, trial=None, untried="it has no values"),))))
    assert "ttft-p95-degraded: no other threshold: it has no values" in told


def test_nothing_at_all_is_said_as_well():
    told = plain(render(replace(FOUND, results=RESULTS[1:2])))
    assert "Never in alert: refusal-spike\n1 monitor: 0 alerts a week in all." in told

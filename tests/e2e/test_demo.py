"""`ddllm demo`: the real thing, shorter."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.demo import DEADLINE, members, session, wait_for_command
from tests.support.process import BIN, ROOT, environment

pytestmark = pytest.mark.xdist_group("demo")

HAIKU = "us.anthropic.claude-3-5-haiku-20241022-v1:0"


def argv(*arguments):
    return [str(BIN / "ddllm"), "demo", *arguments]


def environ(**extra):
    """The user's own settings must not lead the demo elsewhere, nor into silence."""
    theirs = {"DD_DOGSTATSD_URL": "udp://127.0.0.1:1", "DDLLM_ENABLED": "false", "AWS_PROFILE": "production"}
    return environment(theirs | extra)


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    (folder / "ddllm.yaml").write_text("nonsense: true\n")
    with session(argv("--seconds", "4", "--format", "json"), environ(), folder) as process:
        printed, complaints = process.communicate(timeout=90)
        left = members(process.pid)
    assert process.returncode == 0, complaints
    assert left == []
    return json.loads(printed)


def test_every_feature_is_reported_with_its_model_without_a_line_of_code(document):
    seen = {(row["feature"].lower(), row["model_name"]) for row in document["summary"]["rows"]}
    assert {
        ("post_/chat", "claude-3-5-sonnet-20241022-v2"),
        ("post_/search", "llama3-2-90b-instruct-v1"),
        ("post_/extract", "claude-3-5-haiku-20241022-v1"),
    } <= seen


def test_every_attempt_that_the_provider_saw_is_reported(document):
    assert document["summary"]["total"]["attempts"] == sum(document["bedrock"]["requests"].values())
    assert document["summary"]["total"]["throttled"] == document["bedrock"]["statuses"].get("429", 0)


def test_tokens_are_those_that_the_provider_counted(document):
    rows = [row for row in document["summary"]["rows"] if "haiku" in row["model_name"]]
    counted = document["bedrock"]["tokens"][HAIKU]
    assert sum(row["input_tokens"] for row in rows) == counted["input"] > 0
    assert sum(row["output_tokens"] for row in rows) == counted["output"] > 0


def test_the_prompt_cache_is_seen(document):
    [chat] = [row for row in document["summary"]["rows"] if row["feature"].lower() == "post_/chat"]
    assert 0 < chat["cache_read_tokens"] < chat["input_tokens"]


def test_money_speed_and_latency_arrive(document):
    total = document["summary"]["total"]
    assert total["dollars"] > 0
    assert total["unpriced"] == 0
    assert total["ttft_p95"] > 0.1
    assert total["tokens_per_second_p50"] > 10


def test_what_answers_were_worth_arrives(document):
    total = document["summary"]["total"]
    assert total["checked"] > 0
    assert total["refusals"] + total["malformed"] > 0
    [tickets] = document["summary"]["actions"]
    assert tickets["action"] == "resolve_ticket"
    assert tickets["calls"] >= 2 * tickets["ok"] > 0
    assert total["thumbs_up"] + total["thumbs_down"] > 0


def test_the_second_sync_writes_nothing(document):
    first, second = document["sync"]
    assert first["writes"] == first["report"]["summary"]["create"] > 0
    assert second["writes"] == 0
    assert second["report"]["summary"]["unchanged"] == first["writes"]


def test_what_was_seen_is_said_in_sentences(document):
    said = "\n".join(document["seen"])
    assert f"${document['summary']['total']['dollars']:.4f} spent by" in said
    assert "p95 TTFT" in said
    assert f"{document['sync'][0]['writes']} monitors and SLOs written, and a second sync wrote none" in said


def test_a_pipe_gets_plain_text(tmp_path: Path):
    done = subprocess.run(
        argv("--seconds", "2"), env=environ(), capture_output=True, text=True, timeout=90, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
    titles = ("Two applications on Bedrock, under ddtrace-run", "Alerts on it, from YAML", "What was seen")
    assert [done.stdout.count(title) for title in titles] == [1, 1, 1]
    assert done.stdout.count("$ ddllm sync monitors") == 2
    assert "created, 0 unchanged" in done.stdout
    assert "nothing to do" in done.stdout
    assert re.search(r"^page +9 +availability-burn-fast, own-calls-failing, ", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("when", ["assistant.py", "sync monitors"])
def test_an_interruption_leaves_no_process_behind(number: signal.Signals, when: str):
    with session(argv("--seconds", "1" if when == "sync monitors" else "40"), environ(), ROOT) as process:
        wait_for_command(process.pid, when)
        os.kill(process.pid, number)
        _, complaints = process.communicate(timeout=DEADLINE)
        assert members(process.pid) == []
    assert process.returncode == 130
    assert complaints.endswith("ddllm: interrupted\n")


@pytest.mark.parametrize("seconds", ["0", "600", "soon"])
def test_a_time_that_does_not_fit_is_refused(seconds: str):
    done = subprocess.run(argv("--seconds", seconds), env=environ(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Invalid value for '--seconds'" in done.stderr

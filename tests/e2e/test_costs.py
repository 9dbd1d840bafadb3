"""`ddllm costs` as a process: from the sandbox's Datadog, filled through its agent's sockets, and from recordings."""

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ddllm.query.recordings import write_recording
from ddllm.sandbox.agent import Agent
from ddllm.sandbox.api import DatadogApi
from tests.support.datadog import KEYS, environ, organisation
from tests.support.process import BIN, Ended, environment, run
from tests.support.spending import history
from tests.support.terminal import on_a_terminal

#: What an application's ddllm sends: three templates, an error, an action.
PACKETS = (
    "ddllm.requests:8|c|#env:prod,prompt_template:qa,feature:search,model_name:m,status:ok",
    "ddllm.requests:2|c|#env:prod,prompt_template:qa,feature:search,model_name:m,status:error",
    "ddllm.requests:10|c|#env:prod,prompt_template:title,feature:chat,model_name:m,status:ok",
    "ddllm.cost:6|c|#env:prod,prompt_template:qa,feature:search,model_name:m,status:ok",
    "ddllm.cost:1.5|c|#env:prod,prompt_template:qa,feature:search,model_name:m,status:error",
    "ddllm.cost:2.5|c|#env:prod,prompt_template:title,feature:chat,model_name:m,status:ok",
    "ddllm.cost:90|c|#env:staging,prompt_template:qa,feature:search,model_name:m,status:ok",
    "ddllm.attempts:25|c|#env:prod,model_name:m,feature:search,outcome:ok",
    "ddllm.action.cost:2:3|d|#env:prod,action:ask,status:ok,feature:search",
)


@dataclass
class World:
    """An agent with data in it, and the Datadog that answers from it."""

    api: DatadogApi
    agent: Agent
    folder: Path

    def ddllm(self, *arguments: str, **variables: str) -> Ended:
        return ddllm(self.folder, *arguments, **{**environ(self.api), **variables})


def ddllm(folder: Path, *arguments: str, **variables: str) -> Ended:
    ended = run([str(BIN / "ddllm"), *arguments], environment(variables), check=False, cwd=folder)
    assert not any(key in ended.stdout + ended.stderr for key in KEYS)
    assert "Traceback" not in ended.stderr
    return ended


def refusal(ended: Ended) -> str:
    assert (ended.returncode, ended.stdout) == (1, "")
    [line] = ended.stderr.splitlines()
    return line


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Agent("udp://127.0.0.1:0", f"unix://{tmp_path}/dsd.socket") as agent:
        send(agent)
        with organisation(metrics=agent.stored) as api:
            yield World(api, agent, tmp_path)


def send(agent: Agent) -> None:
    """Send one half by UDP, the other by Unix socket."""
    host, port = agent.udp_url.removeprefix("udp://").rsplit(":", 1)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix,
    ):
        udp.connect((host, int(port)))
        unix.connect(agent.uds_url.removeprefix("unix://"))
        for number, packet in enumerate(PACKETS):
            (udp, unix)[number % 2].send(packet.encode())
    agent.wait_for(lambda: agent.stats.packets == len(PACKETS), timeout=10)


def document(ended: Ended) -> dict[str, Any]:
    assert (ended.returncode, ended.stderr) == (0, "")
    return json.loads(ended.stdout)


def test_datadog_says_who_spends(world: World):
    found = document(world.ddllm("costs", "--env", "prod", "--format", "json"))
    assert (found["dollars"], found["calls"], found["env"], found["source"]) == (10, 20, "prod", world.api.url)
    rows = found["by"]["template"]["rows"]
    assert [(row["name"], row["dollars"], row["failed_dollars"]) for row in rows] == [
        ("qa", 7.5, 1.5),
        ("title", 2.5, 0),
    ]
    assert found["by"]["action"]["rows"][0]["dollars"] == 5
    assert found["retries"]["beyond_first"] == 5
    assert found["by"]["template"]["sentence"] == "50 % of templates (1 of 2) make 75 % of the spend"
    assert {request.path for request in world.api.requests} == {"/api/v1/query"}
    assert world.api.writes == []


def test_without_an_environment_all_count(world: World):
    assert document(world.ddllm("costs", "--from", "1h", "--format", "json"))["dollars"] == 100


def test_only_what_was_asked_for_is_shown(world: World):
    told = world.ddllm("costs", "--by", "feature", "--by", "model", "--env", "prod")
    assert told.returncode == 0
    assert [line.split(":")[0] for line in told.stdout.splitlines() if line.startswith("Spend by")] == [
        "Spend by feature",
        "Spend by model",
    ]
    assert "\x1b[" not in told.stdout


def test_a_recording_of_the_agent_says_the_same(world: World):
    path = world.folder / "r.jsonl.gz"
    write_recording(world.agent.recording(), path)
    recorded = document(ddllm(world.folder, "costs", "--recording", "r.jsonl.gz", "--env", "prod", "--format", "json"))
    live = document(world.ddllm("costs", "--env", "prod", "--format", "json"))
    differ = {"source", "window"}
    assert {key: value for key, value in recorded.items() if key not in differ} == {
        key: value for key, value in live.items() if key not in differ
    }
    assert recorded["source"] == "r.jsonl.gz"


def test_a_part_of_a_recording(tmp_path: Path):
    write_recording(history(), tmp_path / "r.jsonl")
    first = ("costs", "--recording", "r.jsonl", "--env", "prod", "--format", "json", "--to", "2026-01-05T01:00Z")
    assert document(ddllm(tmp_path, *first))["dollars"] == 50
    last = ("costs", "--recording", "r.jsonl", "--env", "prod", "--format", "json", "--from", "1h")
    assert document(ddllm(tmp_path, *last))["dollars"] == 50


def test_an_hour_without_calls_is_said(world: World):
    told = world.ddllm("costs", "--from", "2026-01-01", "--to", "2026-01-02")
    assert told.returncode == 0
    assert told.stdout.startswith(
        "no LLM calls in all environments, 2026-01-01 00:00 to 2026-01-02 00:00 UTC, says http"
    )


def test_the_default_is_the_week_before_the_end(world: World):
    told = world.ddllm("costs", "--to", "2026-01-08")
    assert told.stdout.startswith("no LLM calls in all environments, 2026-01-01 00:00 to 2026-01-08 00:00 UTC")


def test_prices_of_the_file_hold_for_what_the_cache_would_save(tmp_path: Path):
    write_recording(history(), tmp_path / "r.jsonl")
    (tmp_path / "ddllm.yaml").write_text(
        "prices:\n  models:\n    claude-3-haiku-20240307-v1: {input_per_million: 3, output_per_million: 5, cache_read_per_million: 1}\n"
    )
    found = document(ddllm(tmp_path, "costs", "--recording", "r.jsonl", "--env", "prod", "--format", "json"))
    assert [(row["template"], row["estimated_dollars"]) for row in found["cache"] if "haiku" in row["model"]] == [
        ("triage", pytest.approx(10)),
        ("reply", pytest.approx(2)),
        ("title", pytest.approx(2)),
    ]


def test_a_page_and_a_text_go_to_a_file(tmp_path: Path):
    pytest.importorskip("plotly", reason="plotly is in the extra `sandbox`")
    write_recording(history(), tmp_path / "r.jsonl")
    for form, start in (("html", "<!DOCTYPE html>"), ("text", "at least $1,100.00 for 1220 calls"), ("json", "{")):
        told = ddllm(tmp_path, "costs", "--recording", "r.jsonl", "--format", form, "--output", f"out.{form}")
        assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
        assert (tmp_path / f"out.{form}").read_text("utf-8").startswith(start)


@pytest.mark.parametrize("width", [60, 70, 80])
def test_a_narrow_terminal_shows_names_and_money(tmp_path: Path, width: int):
    write_recording(history(), tmp_path / "r.jsonl")
    text = on_a_terminal(tmp_path, "costs", "--recording", "r.jsonl", "--env", "prod", width=width)
    assert max(map(len, text.splitlines())) <= width
    assert re.search(r"^claude-sonnet-4-5-20250929-v1 +\$60\.00 +60 %", text, re.MULTILINE)
    text = on_a_terminal(tmp_path, "metrics", "list", width=width)
    assert re.search(r"^ddllm\.comparison\.structured\.failures +", text, re.MULTILINE)


def test_a_pipe_gets_full_lines(tmp_path: Path):
    write_recording(history(), tmp_path / "r.jsonl")
    lines = ddllm(tmp_path, "costs", "--recording", "r.jsonl", "--env", "prod").stdout.splitlines()
    assert max(map(len, lines)) > 120
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_bad_line_is_one_message_with_its_place(tmp_path: Path):
    write_recording(history(), tmp_path / "r.jsonl")
    lines = (tmp_path / "r.jsonl").read_text().splitlines()
    lines.insert(6, '{"metric":"ddllm.cost","type":"count","points":[[1,"many"]]}')
    (tmp_path / "r.jsonl").write_text("\n".join(lines))
    message = refusal(ddllm(tmp_path, "costs", "--recording", "r.jsonl"))
    assert message.startswith("ddllm: r.jsonl:7: a value must be a number, not 'many'.")


def test_wrong_keys_are_one_message(world: World):
    message = refusal(world.ddllm("costs", DD_APP_KEY="a-wrong-application-key"))
    assert message.startswith(
        "ddllm: Datadog refused GET /api/v1/query with 403: Forbidden. Check DD_API_KEY, DD_APP_KEY"
    )
    assert "a-wrong-application-key" not in message


def test_a_bad_day_of_datadog_only_takes_longer(world: World):
    world.api.dials.rate_limit(times=2, reset=0)
    assert document(world.ddllm("costs", "--env", "prod", "--format", "json"))["dollars"] == 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "ddllm: DD_API_KEY and DD_APP_KEY are not set. Talking to https://api.datadoghq.com needs both keys"),
        (["--from", "yesterday"], "ddllm: --from is 'yesterday', which is no time. Write 30m, 12h, 7d"),
        (["--from", "1d", "--to", "2d"], "ddllm: --from is not before --to"),
        (["--env", "a,b"], "ddllm: --env 'a,b' is no environment."),
        (["--recording", "nothing.jsonl"], "ddllm: nothing.jsonl: the recording cannot be read: No such file"),
        (["--output", "nowhere/x"], "ddllm: nowhere/x: there is no folder nowhere to write to"),
    ],
)
def test_what_cannot_work_is_one_message(tmp_path: Path, arguments: list[str], message: str):
    assert refusal(ddllm(tmp_path, "costs", *arguments)).startswith(message)


def test_a_broken_configuration_is_one_message(tmp_path: Path):
    write_recording(history(), tmp_path / "r.jsonl")
    (tmp_path / "ddllm.yaml").write_text("pricse: {}\n")
    message = refusal(ddllm(tmp_path, "costs", "--recording", "r.jsonl"))
    assert message.startswith("ddllm: ddllm.yaml:1:1: unknown key in the file: 'pricse'. Did you mean 'prices'?")

"""`ddllm top` before real applications: on a pipe, on a terminal, interrupted, and in front of a real agent."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ddllm.sandbox.agent import Agent
from ddllm.sandbox.sockets import Forwarder
from ddllm.sandbox.traces import TraceIntake
from tests.support.bedrock import BedrockServer
from tests.support.exchanges import fixture
from tests.support.process import BIN, TIMEOUT, environment

#: What runs an argument list on a terminal of its own, whose keys are this process's standard input.
ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"

#: Three calls of two features, reported by Datadog's client as the runtime reports them.
REPORTING = """
    import sys
    from datadog.dogstatsd import DogStatsd
    from ddllm import catalog
    client = DogStatsd(disable_telemetry=True)
    for feature, dollars in (("chat", 0.25), ("chat", 0.5), ("search", 0.125)):
        tags = [f"feature:{feature}", "model_name:sonnet", "status:ok"]
        client.increment(catalog.REQUESTS.name, tags=tags)
        client.increment(catalog.COST.name, dollars, tags=tags)
        client.distribution(catalog.TTFT.name, 0.4, tags=tags)
    print("reported")
    sys.exit(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
"""

#: Starts a process of its own, says both ids, and waits.
WAITING = """
    import os, subprocess, sys, time
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    print(f"running {os.getpid()} {helper.pid}.", flush=True)
    time.sleep(60)
"""


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(code), *arguments]


def top(*arguments: str) -> list[str]:
    return [str(BIN / "ddllm"), "top", *arguments]


def run(argv: list[str], **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        env=environment(extra),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@contextmanager
def started(argv: list[str], **extra: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        argv,
        env=environment(extra),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def read_until(process: subprocess.Popen[bytes], wanted: Callable[[bytes], bool]) -> bytes:
    """Read the output until it is what is wanted, or its end."""
    assert process.stdout is not None
    seen = b""
    while not wanted(seen) and (chunk := os.read(process.stdout.fileno(), 4096)):
        seen += chunk
    return seen


def pids(output: bytes) -> list[int]:
    return [int(word) for word in output.partition(b"running ")[2].partition(b".")[0].split()]


def test_on_a_pipe_one_table_comes_at_the_end_and_the_exit_code_is_the_commands():
    done = run(top("--forward", "none", "--", *python(REPORTING, "3")))
    assert done.returncode == 3
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "reported"
    assert lines[1].startswith("3 calls · 0 errors · $0.8750 · ")
    assert [line.split()[:5] for line in lines if line.startswith(("chat", "search"))] == [
        ["chat", "sonnet", "2", "0", "$0.7500"],
        ["search", "sonnet", "1", "0", "$0.1250"],
    ]
    assert "\x1b" not in done.stdout


def test_json_is_all_of_standard_output():
    done = run(top("--format", "json", "--forward", "none", "--", *python(REPORTING)))
    assert done.returncode == 0
    assert done.stderr == "reported\n"
    document = json.loads(done.stdout)
    assert document["total"]["requests"] == 3
    assert [row["feature"] for row in document["rows"]] == ["chat", "search"]
    assert document["agent"]["stats"]["lines"] == 9
    assert {series["metric"] for series in document["agent"]["series"]} == {
        "ddllm.requests",
        "ddllm.cost",
        "ddllm.ttft",
    }


def test_a_real_agent_still_gets_everything(tmp_path: Path):
    with Agent(f"unix://{tmp_path}/dsd.sock") as real:
        done = run(top("--", *python(REPORTING)), DD_DOGSTATSD_URL=real.uds_url)
        assert done.stderr == f"ddllm top: everything is passed on to {real.uds_url}\n"
        assert real.total("ddllm.cost", feature="chat") == 0.75
        assert real.stats.lines == 9


def test_an_application_that_knows_nothing_of_it_shows_up_with_its_tokens():
    exchange = fixture("converse-claude")
    code = f"""
        import boto3, sys
        client = boto3.client("bedrock-runtime", endpoint_url=sys.argv[1])
        print(client.converse(modelId={exchange.model_id!r}, **{exchange.request!r})["usage"])
    """
    with BedrockServer([exchange]) as bedrock, TraceIntake() as traces:
        argv = top("--format", "json", "--forward", "none", "--", str(BIN / "ddtrace-run"), *python(code, bedrock.url))
        done = run(argv, DD_TRACE_AGENT_URL=traces.url)
        assert traces.traces == 1
    (row,) = json.loads(done.stdout)["rows"]
    assert (row["feature"], row["model_name"]) == ("tests", "claude-3-5-sonnet-20241022-v2")
    assert (row["requests"], row["errors"], row["input_tokens"], row["output_tokens"]) == (1, 0, 14, 17)
    assert row["dollars"] > 0
    assert row["duration_p95"] > 0


def test_without_a_command_it_says_how_to_send_here_and_shows_what_came_when_interrupted():
    with started(top("--forward", "none")) as process:
        line = read_until(process, lambda seen: b"\n" in seen).decode()
        assert line.startswith("export DD_DOGSTATSD_URL=udp://127.0.0.1:")
        sender = Forwarder(line.strip().partition("=")[2])
        assert sender.send(b"ddllm.requests:4|c|#feature:chat,model_name:sonnet")
        sender.close()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    assert out.startswith("4 calls · 0 errors".encode())
    assert err == b""


def test_without_a_command_the_line_of_json_goes_to_standard_error(tmp_path: Path):
    done = run(
        top("--format", "json", "--seconds", "0.2", "--listen", f"unix://{tmp_path}/dsd.sock", "--forward", "none")
    )
    assert done.returncode == 0
    assert done.stderr == f"export DD_DOGSTATSD_URL=unix://{tmp_path}/dsd.sock\n"
    assert json.loads(done.stdout)["total"]["requests"] == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_command_leaves_no_process_behind(number: signal.Signals):
    with started(top("--forward", "none", "--", *python(WAITING))) as process:
        command, helper = pids(read_until(process, lambda seen: b"." in seen))
        process.send_signal(number)
        out, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130
    assert out.endswith(b"no LLM calls so far\n")
    assert not is_running(command)
    assert not is_running(helper)


def test_after_its_seconds_the_command_is_ended_and_that_is_no_failure():
    done = run(top("--seconds", "0.5", "--forward", "none", "--", *python(WAITING)))
    assert done.returncode == 0
    assert not any(is_running(pid) for pid in pids(done.stdout.encode()))


def test_on_a_terminal_the_table_is_live_beneath_the_commands_output():
    code = textwrap.dedent(REPORTING) + "\nprint(sys.stdout.isatty())\nimport time; time.sleep(60)"
    argv = [
        sys.executable,
        "-c",
        ON_A_TERMINAL,
        *top("--forward", "none", "--", *python(code.replace("sys.exit", "print"))),
    ]
    with started(argv, TERM="xterm", COLUMNS="100", NO_COLOR="1") as process:
        assert process.stdin is not None
        seen = read_until(process, lambda seen: "3 calls · 0 errors".encode() in seen)
        assert b"reported" in seen
        assert b"True" in seen
        assert b"\x1b[2K" in seen  # a table was drawn over
        process.stdin.write(b"\x03")  # Ctrl-C, as the terminal's driver sees it
        process.stdin.flush()
        last = read_until(process, lambda seen: False).rpartition(b"\x1b[2K")[2].decode()
    assert process.returncode == 130
    last = re.sub(r"\x1b\[\d*m", "", last)
    assert last.splitlines()[0].startswith("3 calls · 0 errors · $0.8750")
    assert len([line for line in last.splitlines() if line.startswith(("chat", "search"))]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--", "no-such-command"], "ddllm: cannot run 'no-such-command': No such file or directory\n"),
        (
            ["--listen", "tcp://x:1"],
            "ddllm: 'tcp://x:1' is not an address of DogStatsD datagrams. Write udp://host:port or unix:///path/to/socket\n",
        ),
        (
            ["--forward", "agent:8125"],
            "ddllm: 'agent:8125' is not an address of DogStatsD datagrams. Write udp://host:port or unix:///path/to/socket\n",
        ),
    ],
)
def test_what_cannot_work_is_one_line_and_exit_code_1(arguments: list[str], message: str):
    done = run(top(*arguments))
    assert (done.returncode, done.stderr, done.stdout) == (1, message, "")

"""However a process starts, divides and ends: what arrives at the agent is exactly the calls that it made.

Each case is a real process and real packets. The worker's timer stands at a minute, so that nothing is left to it: what
arrives was flushed as the process, or its child, ended.
"""

import http.client
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import ddtrace
import pytest

from tests.support.agent import Agent
from tests.support.bedrock import BedrockServer
from tests.support.exchanges import fixture
from tests.support.process import BIN, INTEGRATIONS, ROOT, Ended, Launcher, command, environment, run, running

APP = "tests.e2e.apps.calls"
DDTRACE = tuple(map(int, ddtrace.__version__.split(".")[:2]))
UWSGI = BIN / "uwsgi"
#: A busy machine may need longer to send than an application should have to wait for at its end.
QUIET = {**INTEGRATIONS["integration-off"], "DDLLM_FLUSH_INTERVAL": "60", "DDLLM_EXIT_TIMEOUT": "30"}


@pytest.fixture(scope="module")
def bedrock() -> Iterator[BedrockServer]:
    with BedrockServer([fixture("converse-claude"), fixture("stream-claude"), fixture("invoke-llama")]) as server:
        yield server


@pytest.fixture
def agent() -> Iterator[Agent]:
    with Agent() as listening:
        yield listening


#: What single-step instrumentation does, and ddtrace-run in the end: an interpreter that finds ddtrace's sitecustomize.
BOOTSTRAP = Path(str(find_spec("ddtrace").origin)).parent / "bootstrap"
INJECTED = {"PYTHONPATH": f"{BOOTSTRAP}{os.pathsep}{ROOT}"}


class Case(NamedTuple):
    """A way to start or end, what it needs, and how many calls have to arrive."""

    way: str
    calls: int
    launcher: Launcher = "ddtrace-run"
    env: Mapping[str, str] = MappingProxyType({})
    returncode: int = 0


CASES = {
    "ddtrace-run": Case("once", 3),
    "integration on": Case("once", 3, env=INTEGRATIONS["integration-on"]),
    "single-step injection": Case("once", 3, "python", env=INJECTED),
    "llm observability on": Case("once", 3, env=INTEGRATIONS["llmobs"]),
    "tracing off": Case("once", 3, env={"DD_TRACE_ENABLED": "false"}),
    "import ddtrace.auto": Case("ddtrace-auto", 3, "python"),
    "import ddllm.auto": Case("ddllm-auto", 3, "python"),
    "import ddllm.auto under ddtrace-run": Case("ddllm-auto", 3),
    "import ddllm.auto after clients were made": Case("ddllm-auto-after-boto3", 3, "python"),
    "ddllm.patch and unpatch": Case("patched-by-hand", 6, "python"),
    "ddllm.patch and unpatch under ddtrace-run": Case("patched-by-hand", 6),
    "fork": Case("forked", 10),
    "fork before the first call": Case("forked-twice", 9),
    "multiprocessing spawn": Case("spawn", 9),
    "multiprocessing fork": Case("fork", 9),
    "multiprocessing forkserver": Case("forkserver", 9),
    "process pool": Case("process-pool", 12),
    "subprocess": Case("subprocess", 6),
    "exit code": Case("exit-code", 3, "python", INJECTED, returncode=3),
    "unhandled exception": Case("exception", 3, "python", INJECTED, returncode=1),
    "interrupt": Case("interrupted", 3, "python", INJECTED, returncode=-signal.SIGINT),
    "termination that Python handles": Case("terminated", 3, "python", INJECTED),
    "threads that outlive the main one": Case("threads", 3, "python", INJECTED),
    "calls at exit": Case("at-exit", 3, "python", INJECTED),
    "answers held at exit": Case("held", 3, "python", INJECTED),
    "disabled": Case("once", 0, "python", env={**INJECTED, "DDLLM_ENABLED": "false"}),
    "disabled with import ddllm.auto": Case("ddllm-auto", 0, "python", env={"DDLLM_ENABLED": "0"}),
    "plain python": Case("once", 0, "python"),
}


def start(case: Case, bedrock: BedrockServer, env: dict[str, str]) -> Ended:
    env = environment({**QUIET, **env, "BEDROCK_URL": bedrock.url, **case.env})
    return run(command(case.launcher, APP, case.way), env, check=False)


@pytest.mark.parametrize("name", CASES)
def test_every_call_arrives_once(name: str, bedrock: BedrockServer, agent: Agent) -> None:
    case = CASES[name]
    before = bedrock.hits.total()
    ended = start(case, bedrock, agent.env)
    agent.settle()
    assert ended.returncode == case.returncode, ended.stderr
    assert bedrock.hits.total() - before >= case.calls, "the application made its calls"
    assert agent.total("ddllm.requests") == case.calls, agent
    assert agent.total("ddllm.telemetry.errors") == 0, ended.stderr
    assert "ddllm" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
    if case.way == "once" and case.calls == 0:
        armed = ["_ddllm_boot"] if case.env.get("DDLLM_ENABLED") != "false" else []
        assert json.loads(ended.stdout) == {"modules": [], "finders": armed, "threads": []}


@pytest.mark.parametrize("transport", ["udp by url", "udp by DogStatsD host", "unix by url"])
def test_metrics_reach_an_agent_by(transport: str, bedrock: BedrockServer, agent: Agent) -> None:
    env = {
        "udp by url": {"DD_DOGSTATSD_URL": f"udp://127.0.0.1:{agent.port}"},
        "udp by DogStatsD host": {"DD_DOGSTATSD_HOST": "127.0.0.1", "DD_DOGSTATSD_PORT": str(agent.port)},
        "unix by url": {"DD_DOGSTATSD_URL": f"unix://{agent.socket_path}"},
    }[transport]
    start(Case("once", 3), bedrock, {"DD_TRACE_AGENT_URL": agent.env["DD_TRACE_AGENT_URL"], **env})
    assert agent.settle().total("ddllm.requests") == 3


def test_without_an_agent_the_application_runs_as_ever(bedrock: BedrockServer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
    ended = start(Case("once", 3), bedrock, {"DD_DOGSTATSD_PORT": port, "DD_TRACE_ENABLED": "false"})
    assert (ended.returncode, json.loads(ended.stdout)["threads"]) == (0, ["ddllm"])


def test_one_line_says_what_was_patched_and_how_it_got_there(bedrock: BedrockServer, agent: Agent) -> None:
    ended = start(Case("told", 3), bedrock, agent.env)
    (line,) = [one for one in ended.stderr.splitlines() if "ddllm" in one]
    assert line.startswith("INFO:ddllm:ddllm ")
    assert "via=ddllm.pth" in line
    assert "patched=[botocore" in line


def ask(where: str | tuple[str, int], times: int) -> None:
    for _ in range(times):
        connection = http.client.HTTPConnection("127.0.0.1", timeout=30)
        family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET
        connection.sock = socket.socket(family)
        connection.sock.settimeout(30)
        connection.sock.connect(where)
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert (answer.status, answer.read().decode()) == (200, "Two of them: the Rhône and the Saône.")
        connection.close()


@pytest.mark.parametrize("preload", [True, False], ids=["preload", "no preload"])
@pytest.mark.parametrize("worker", ["sync", "gthread"])
def test_gunicorn_workers_report_what_they_served(
    worker: str, preload: bool, bedrock: BedrockServer, agent: Agent
) -> None:
    # The listening socket is ours, so that requests wait in it until the workers are there.
    ready, told = socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as listening, ready, told:
        os.set_inheritable(listening.fileno(), True)
        env = environment({**QUIET, **agent.env, "BEDROCK_URL": bedrock.url, "READY": str(told.fileno())})
        options = ["--bind", f"fd://{listening.fileno()}", "--workers", "2", "--worker-class", worker, "--threads", "2"]
        options += ["--config", "python:tests.e2e.apps.gunicorn_ready", *(["--preload"] if preload else [])]
        argv = [str(BIN / "ddtrace-run"), str(BIN / "gunicorn"), *options, "tests.e2e.apps.web:application"]
        with running(argv, env, pass_fds=[listening.fileno(), told.fileno()]) as process:
            ask(listening.getsockname(), 5)
            # gunicorn loses a signal that comes while a worker starts, and waits half a minute for it then.
            ready.settimeout(30)
            for _ in range(2):
                ready.recv(1)
            process.terminate()
            assert process.wait(30) == 0
    assert agent.settle().total("ddllm.requests") == 5
    assert agent.total("ddllm.telemetry.errors") == 0


@pytest.mark.skipif(not UWSGI.exists(), reason="no uwsgi: the package pyuwsgi has it, for Linux")
@pytest.mark.parametrize(
    "lazy",
    [
        pytest.param(True, id="lazy apps"),
        pytest.param(
            False,
            id="forked apps",
            marks=pytest.mark.skipif(
                (3,) <= DDTRACE < (4, 9),
                reason="a forked worker of uWSGI answers nobody under ddtrace 3.19 to 4.8, with or without ddllm",
            ),
        ),
    ],
)
def test_uwsgi_workers_report_what_they_served(
    lazy: bool, bedrock: BedrockServer, agent: Agent, tmp_path: Path
) -> None:
    # A worker that uwsgi finds busy when it ends it runs no exit handlers: here the timer has to send.
    env = environment({**QUIET, **agent.env, "BEDROCK_URL": bedrock.url, "DDLLM_FLUSH_INTERVAL": "0.1"})
    path = tmp_path / "http.socket"
    options = [
        "--http-socket",
        str(path),
        "--master",
        "--processes",
        "2",
        "--enable-threads",
        "--need-app",
        "--die-on-term",
    ]
    loading = ["--import", "ddtrace.bootstrap.sitecustomize", *(["--lazy-apps"] if lazy else [])]
    argv = [
        str(UWSGI),
        *options,
        *loading,
        "--virtualenv",
        sys.prefix,
        "--module",
        "tests.e2e.apps.web:application",
    ]
    with running(argv, env) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if "spawned uWSGI worker 2" in line)
        ask(str(path), 5)
        agent.wait(lambda seen: seen.total("ddllm.requests") >= 5)
        process.terminate()
        process.wait(30)
    assert agent.settle().total("ddllm.requests") == 5


def test_a_context_of_the_application_is_the_one_that_is_read(bedrock: BedrockServer, agent: Agent) -> None:
    """Where gevent is installed, ddtrace unloads what was imported before the application, and would load a second ddllm."""
    start(Case("in-context", 3), bedrock, {**agent.env, "DD_UNLOAD_MODULES_FROM_SITECUSTOMIZE": "1"})
    assert agent.settle().total("ddllm.requests", feature="search") == 3

"""From the application's process to the agent's socket: every way in which packets are addressed, sent, lost and flushed."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.agent import Agent, parse
from tests.support.bedrock import BedrockServer
from tests.support.exchanges import fixture
from tests.support.process import Ended, command, environment, run, running

APP = Path(__file__).parent / "apps" / "transport.py"
NEVER = {"DDLLM_FLUSH_INTERVAL": "3600"}
UNIFIED = {"service": "tests", "env": "unknown", "version": "unknown"}


@pytest.fixture(scope="module")
def bedrock() -> Iterator[BedrockServer]:
    with BedrockServer([fixture("converse-claude-tool"), fixture("stream-claude-tool")]) as server:
        yield server


@pytest.fixture
def agent() -> Iterator[Agent]:
    with Agent() as running_agent:
        yield running_agent


@pytest.fixture
def app(bedrock, agent):
    """Run a scenario of the application to its end; the agent then has all that was sent."""

    def start(scenario: str, *arguments: str, env: dict[str, str] | None = None, check: bool = True) -> Ended:
        argv = command("python", APP, bedrock.url, scenario, *arguments)
        ended = run(argv, environment({**agent.env, **(env or {})}), check=check)
        agent.settle()
        return ended

    return start


# --- addresses and tags -----------------------------------------------------------------------------------------------


def test_metrics_arrive_by_udp(app, agent):
    assert app("calls").stderr == ""
    assert agent.total("ddllm.requests", feature="search", **UNIFIED) == 3
    assert agent.total("ddllm.tokens.input") == 3 * 312


def test_metrics_arrive_by_unix_socket(app, agent):
    app("calls", env={"DD_DOGSTATSD_URL": f"unix://{agent.socket_path}", "DD_DOGSTATSD_PORT": "1"})
    assert agent.total("ddllm.requests", feature="search", **UNIFIED) == 3


def test_a_url_goes_before_hosts_and_ports(app, agent):
    env = {
        "DD_DOGSTATSD_URL": f"udp://127.0.0.1:{agent.port}",
        "DD_DOGSTATSD_HOST": "192.0.2.1",
        "DD_DOGSTATSD_PORT": "1",
    }
    app("calls", env=env)
    assert agent.total("ddllm.requests") == 3


def test_a_dogstatsd_host_goes_before_the_agents(app, agent):
    app("calls", env={"DD_DOGSTATSD_HOST": "127.0.0.1", "DD_AGENT_HOST": "192.0.2.1"})
    assert agent.total("ddllm.requests") == 3


def test_dd_tags_are_on_every_metric_with_the_unified_tags_said_once(app, agent):
    app("calls", env={"DD_TAGS": "team:ml env:staging,tier:1", "DD_VERSION": "1.2"})
    expected = {"team": "ml", "tier": "1", "env": "staging", "service": "tests", "version": "1.2"}
    for line in (line for packet in agent.packets for line in packet.decode().splitlines() if "ddllm" in line):
        sample = next(parse(line.encode()))
        assert expected.items() <= sample.tags.items(), line
        assert all(line.count(f"{name}:") == 1 for name in ("service", "env", "team")), line


@pytest.mark.parametrize(("scheme", "limit", "feature"), [("udp", 1432, "search"), ("unix", 8192, "案内" * 40)])
def test_packets_hold_no_more_than_the_transport(app, agent, scheme, limit, feature):
    url = f"unix://{agent.socket_path}" if scheme == "unix" else f"udp://127.0.0.1:{agent.port}"
    app("many", feature, env={"DD_DOGSTATSD_URL": url, "DD_TAGS": "team:ml tier:1"})
    assert agent.total("ddllm.requests") == 120
    sizes = [len(packet) for packet in agent.packets if packet.startswith(b"ddllm.")]
    assert max(sizes) <= limit
    assert max(sizes) > limit / 2


def test_origin_detection_is_left_on(app, agent):
    app("calls", env={"DD_EXTERNAL_ENV": "it-false,cn-app,pu-1"})
    from datadog.dogstatsd.base import DogStatsd

    container = DogStatsd(track_instance=False)._container_id
    fields = (f"|c:{container}" if container else "") + "|e:it-false,cn-app,pu-1"
    lines = [line for packet in agent.packets for line in packet.decode().splitlines() if line.startswith("ddllm.")]
    assert lines
    assert [line for line in lines if not line.endswith(fields)] == []


def test_the_applications_own_client_is_untouched(app, agent):
    app("statsd")
    assert agent.total("ddllm.requests") == 1
    assert [one for one in agent.samples if "own" in one.tags] == []


def test_the_applications_own_client_reads_its_environment_when_the_application_imports_it(app):
    app("own_client")


def test_nothing_is_imported_into_the_application_but_ddllm(bedrock, agent):
    argv = command("ddtrace-run", APP, bedrock.url, "packages")
    imported = [
        set(json.loads(run(argv, environment({**agent.env, "DDLLM_ENABLED": enabled})).stdout))
        for enabled in ("true", "false")
    ]
    agent.settle()
    assert agent.total("ddllm.requests") == 2
    assert imported[0] - imported[1] == set()


# --- nobody listens ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "env",
    [
        {"DD_AGENT_HOST": "127.0.0.1", "DD_DOGSTATSD_PORT": "9"},
        {"DD_DOGSTATSD_URL": "unix:///nowhere/dsd.socket"},
    ],
    ids=["udp", "unix"],
)
def test_without_an_agent_the_application_runs_and_ends_as_ever(app, env):
    ended = app("calls", env=env)
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) <= 1


# --- AWS Lambda -------------------------------------------------------------------------------------------------------


def test_on_lambda_packets_are_there_before_the_call_returns(app, agent):
    app("lambda_function", str(agent.port), env={"AWS_LAMBDA_FUNCTION_NAME": "answers"})
    returned, requests = 0, 0.0
    for sample in agent.samples:
        requests += sample.value if sample.metric == "ddllm.requests" else 0
        if sample.metric == "test.returned":
            returned += 1
            assert requests == returned
    assert returned == 3


def test_on_lambda_the_threads_of_a_function_lose_and_double_nothing(app, agent):
    app("lambda_threads", env={"AWS_LAMBDA_FUNCTION_NAME": "answers"})
    assert [agent.total("ddllm.requests", feature=f"thread{number}") for number in range(4)] == [5] * 4
    assert agent.total("ddllm.telemetry.errors") == 0


# --- a full queue -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["RECORDS", "BYTES"])
def test_a_full_queue_drops_and_counts_and_says_so_at_its_start_and_end(app, agent, limit):
    size = len(fixture("converse-claude-tool").body) + len(b'{"messages": []}')
    ended = app("overflow", env={**NEVER, f"DDLLM_QUEUE_{limit}": str(5 if limit == "RECORDS" else 5 * size)})
    assert agent.total("ddllm.requests", feature="burst") == 2 * 5
    assert agent.total("ddllm.telemetry.dropped", reason="queue_full") == 2 * 7
    assert agent.total("ddllm.requests", feature="after") == 2
    full = "WARNING ddllm ddllm: the queue is full; calls are not reported until the worker has caught up"
    again = "WARNING ddllm ddllm: the queue has room again; {} calls were not reported in all"
    assert ended.stderr.splitlines() == [full, again.format(7), full, again.format(14)]


# --- the end of a process ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "code"), [("end", 0), ("exit", 3), ("exception", 1), ("thread", 0)], ids=str)
def test_what_is_queued_and_what_is_open_is_sent_when_the_process_ends(app, agent, how, code):
    ended = app("leave", how, env=NEVER, check=False)
    assert ended.returncode == code
    assert ("RuntimeError: of the application" in ended.stderr) is (how == "exception")
    assert agent.total("ddllm.requests", status="ok", feature="search") == 1
    assert agent.total("ddllm.requests", status="abandoned") == 1
    assert agent.total("ddllm.requests", feature="late") == (how == "thread")


@pytest.mark.parametrize(("how", "sent"), [("sigterm", signal.SIGTERM), ("sigint", signal.SIGINT)])
def test_a_signal_that_lets_python_end_flushes(bedrock, agent, how, sent):
    argv = command("python", APP, bedrock.url, "leave", how)
    with running(argv, environment({**agent.env, **NEVER})) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(sent)
        process.communicate(timeout=20)
    agent.settle()
    assert process.returncode == (0 if how == "sigterm" else -signal.SIGINT)
    assert agent.total("ddllm.requests") == 2


# --- other processes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", ["0.02", "3600"])
def test_after_a_fork_parent_and_child_report_their_own_once(app, agent, interval):
    app("fork", env={"DDLLM_FLUSH_INTERVAL": interval})
    seen = {name: agent.total("ddllm.requests", feature=name) for name in ("before", "child", "parent")}
    assert seen == {"before": 2, "child": 3, "parent": 1}
    assert [one.value for one in agent.find("ddllm.requests", stream="true")] == [1]
    assert agent.total("ddllm.telemetry.dropped") == agent.total("ddllm.telemetry.errors") == 0


METHODS = ["fork", "spawn", "forkserver"]


@pytest.mark.parametrize("method", METHODS)
def test_children_of_multiprocessing_flush(app, agent, method):
    app("processes", method, env=NEVER)
    features = ("parent", "child0", "child1", "pool")
    assert [agent.total("ddllm.requests", feature=name) for name in features] == [1, 2, 2, 4]


def test_every_way_in_which_multiprocessing_starts_children_was_tried():
    import multiprocessing

    assert sys.platform == "win32" or set(multiprocessing.get_all_start_methods()) == set(METHODS)

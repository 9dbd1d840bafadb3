"""The agent behind real sockets, fed by the real client."""

import json
import socket
from pathlib import Path

import pytest
from datadog.dogstatsd import DogStatsd

from ddllm.errors import ConfigError
from ddllm.sandbox.agent import Agent
from ddllm.sandbox.sockets import Forwarder

DEADLINE = 5.0


class Clock:
    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def send(url: str, *packets: bytes) -> None:
    sender = Forwarder(url)
    for packet in packets:
        assert sender.send(packet)
    sender.close()


def received(agent: Agent, packets: int) -> None:
    agent.wait_for(lambda: agent.stats.packets == packets, DEADLINE)


@pytest.fixture
def client_for(monkeypatch: pytest.MonkeyPatch):
    def client(url: str, **options: object) -> DogStatsd:
        for name in ("DD_AGENT_HOST", "DD_DOGSTATSD_PORT", "DD_TAGS", "DD_ENTITY_ID"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("DD_DOGSTATSD_URL", url)
        return DogStatsd(disable_telemetry=True, **options)

    return client


@pytest.mark.parametrize("transport", ["udp", "uds"])
@pytest.mark.parametrize(
    "options", [{}, {"disable_buffering": False}, {"disable_aggregation": False, "max_metric_samples_per_context": 8}]
)
def test_everything_that_the_datadog_client_sends_is_understood(
    client_for, tmp_path: Path, transport: str, options: dict
):
    with Agent("udp://127.0.0.1:0", f"unix://{tmp_path}/dsd.sock") as agent:
        client = client_for(agent.udp_url if transport == "udp" else agent.uds_url, **options)
        tags = ["feature:chat", "env:prod"]
        client.increment("calls", 2, tags=tags)
        client.increment("calls", 3, tags=tags)
        client.gauge("depth", 4, tags=tags)
        client.distribution("ttft", 0.4, tags=tags)
        client.distribution("ttft", 0.6, tags=tags)
        client.histogram("size", 7, tags=tags)
        client.timing("took", 12, tags=tags)
        client.set("users", "ann", tags=tags)
        client.event("Deployed", "2.15.0\nfine", tags=tags)
        client.service_check("db.up", 0, tags=tags)
        client.flush()
        agent.wait_for(
            lambda: len(agent.metrics()) == 6 and agent.stats.events == 1 and agent.stats.service_checks == 1, DEADLINE
        )
        assert agent.total("calls", feature="chat") == 5.0
        assert agent.sketch("ttft").count == 2
        assert agent.percentile("ttft", 1) == 0.6
        assert {series.tags for metric in agent.metrics() for series in agent.query(metric)} == {
            ("env:prod", "feature:chat")
        }
        assert agent.stats.malformed == {}
        client.stop()


def test_the_clock_decides_on_the_bucket():
    clock = Clock(1234.0)
    with Agent(clock=clock) as agent:
        send(agent.udp_url, b"a:1|c")
        received(agent, 1)
        clock.now = 1250.0
        send(agent.udp_url, b"a:1|c")
        received(agent, 2)
    assert agent.query("a")[0].points == {1230: 1.0, 1250: 1.0}
    assert agent.query("a", start=1240)[0].points == {1250: 1.0}
    assert agent.query("a", {"env": "*"}) == []


def test_sums_and_percentiles_by_group_and_filter():
    with Agent() as agent:
        send(agent.udp_url, b"n:1|c|#f:x,m:a\nn:2|c|#f:y,m:a\nn:4|c|#f:y,m:b\nt:1:1:1|d|#f:x\nt:9|d|#f:y")
        received(agent, 1)
    assert agent.total("n") == 7.0
    assert agent.total("n", f="y") == 6.0
    assert agent.total("n", by=("f",), m="a") == {("x",): 1.0, ("y",): 2.0}
    assert agent.total("nothing") == 0.0
    assert agent.percentile("t", 0.5, f="x") == 1.0
    assert agent.percentile("t", 0.5, by=("f",)) == {("x",): 1.0, ("y",): 9.0}
    assert agent.percentile("nothing", 0.5) is None
    assert agent.sketch("t", by=["f"])[("x",)].count == 3
    assert agent.metrics() == ["n", "t"]


def test_wrong_lines_are_counted_and_stop_nothing():
    with Agent() as agent:
        send(agent.udp_url, b"\xff\xfe", b"", b"a:1|c|@7\na:1|c", b"junk")
        received(agent, 4)
        assert agent.stats.malformed == {"format": 2, "sample_rate": 1}
        assert agent.total("a") == 1.0


def test_packets_are_passed_on_byte_for_byte(tmp_path: Path):
    packets = [b"a:1|c|#x:y|c:ci-1", b"\xff not even a line", b"_e{1,1}:a|b", b"a:1|c\nb:2|g\n"]
    with Agent(f"unix://{tmp_path}/real.sock") as real, Agent(forward_to=real.uds_url) as agent:
        send(agent.udp_url, *packets)
        received(real, len(packets))
        received(agent, len(packets))
        assert real.stats.bytes == sum(map(len, packets))
        assert real.total("a") == agent.total("a") == 2.0
        assert (agent.stats.forwarded, agent.stats.forward_failed) == (4, 0)


def test_what_cannot_be_passed_on_is_counted(tmp_path: Path):
    with Agent(forward_to=f"unix://{tmp_path}/absent.sock") as agent:
        send(agent.udp_url, b"a:1|c")
        received(agent, 1)
        assert (agent.stats.forwarded, agent.stats.forward_failed) == (0, 1)
        assert agent.total("a") == 1.0


def test_an_agent_never_forwards_to_itself(tmp_path: Path):
    url = f"unix://{tmp_path}/dsd.sock"
    with pytest.raises(ConfigError, match="that is where this agent listens"), Agent(url, forward_to=url):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_cannot_be_had_leaves_nothing_open(tmp_path: Path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"udp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigError, match="Address already in use"), Agent(f"unix://{tmp_path}/dsd.sock", url):
            pass
    assert list(tmp_path.iterdir()) == []


def test_what_arrived_stays_readable_and_the_addresses_are_gone():
    with Agent() as agent:
        send(agent.udp_url, b"a:1|c")
    assert agent.total("a") == 1.0
    assert agent.urls == []
    with pytest.raises(LookupError, match=r"Agent\(closed, Store\(1 metrics, 1 series,"):
        assert agent.udp_url
    agent.close()


def test_an_agent_knows_only_the_addresses_that_it_has():
    with Agent() as agent, pytest.raises(LookupError, match="does not listen on unix://"):
        assert agent.uds_url


def test_waiting_in_vain_tells_the_state():
    with Agent() as agent:
        send(agent.udp_url, b"other:1|c\nwrong")
        received(agent, 1)
        with pytest.raises(
            TimeoutError,
            match=r"not seen within 0\.01 s by Agent\(udp://.*malformed=Counter\(\{'format': 1\}\).*which has other",
        ):
            agent.wait_for(lambda: agent.total("a") == 1.0, 0.01)


def test_json_of_all_that_is_kept():
    with Agent(clock=Clock(20.0)) as agent:
        send(agent.udp_url, b"a:1|c|#x:y\nd:1|d\nnonsense")
        received(agent, 1)
    document = json.loads(json.dumps(agent.to_json()))
    assert document["stats"]["lines"] == 3
    assert document["stats"]["malformed"] == {"format": 1}
    assert document["series"][0] == {"metric": "a", "kind": "count", "tags": ["x:y"], "points": [[20, 1.0]]}
    assert document["series"][1]["points"][0][1]["k"] == [1338]

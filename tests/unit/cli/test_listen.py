"""Which agent a command that listens stands before, and what it says of settings that cannot work."""

import socket
from pathlib import Path

import pytest

from ddllm.cli._listen import listening_agent, real_agent
from ddllm.errors import ConfigError


@pytest.fixture
def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"DD_DOGSTATSD_URL": "udp://10.0.0.1:9125", "DD_AGENT_HOST": "other"}, "udp://10.0.0.1:9125"),
        ({"DD_DOGSTATSD_URL": "unix:///run/dsd.sock"}, "unix:///run/dsd.sock"),
        ({"DD_AGENT_HOST": "agent", "DD_DOGSTATSD_PORT": "9000"}, "udp://agent:9000"),
        ({"DD_AGENT_HOST": "agent"}, "udp://agent:8125"),
        ({"DD_AGENT_HOST": "agent", "DD_DOGSTATSD_HOST": "statsd"}, "udp://statsd:8125"),
        ({"DD_AGENT_HOST": "fd00::1"}, "udp://[fd00::1]:8125"),
        ({"DD_DOGSTATSD_PORT": "9000"}, "udp://127.0.0.1:9000"),
    ],
)
def test_the_environment_names_the_agent(environ: dict[str, str], url: str, tmp_path: Path, free_port: int):
    assert real_agent(environ, tmp_path / "none", free_port) == url


def test_the_agents_socket_is_found(tmp_path: Path, free_port: int):
    path = tmp_path / "dsd.socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as agent:
        agent.bind(str(path))
        assert real_agent({}, path, free_port) == f"unix://{path}"


def test_the_agents_port_is_found(tmp_path: Path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("127.0.0.1", 0))
        port = agent.getsockname()[1]
        assert real_agent({}, tmp_path / "none", port) == f"udp://127.0.0.1:{port}"


def test_no_agent_is_no_agent(tmp_path: Path, free_port: int):
    assert real_agent({}, tmp_path / "none", free_port) is None
    (tmp_path / "file").write_text("no socket")
    assert real_agent({}, tmp_path / "file", free_port) is None


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"DD_DOGSTATSD_URL": "unixstream:///run/x"},
            r"DD_DOGSTATSD_URL: 'unixstream:///run/x' is not an address .* --forward none goes without",
        ),
        ({"DD_DOGSTATSD_PORT": "many"}, r"DD_AGENT_HOST, DD_DOGSTATSD_PORT: 'udp://127.0.0.1:many' is not an address"),
        (
            {"DD_AGENT_HOST": "nowhere.invalid"},
            r"cannot forward to udp://nowhere\.invalid:8125: .*\. --forward none goes without the real agent",
        ),
    ],
)
def test_an_agent_that_cannot_be_reached_is_an_error_with_a_way_out(environ: dict[str, str], message: str):
    with pytest.raises(ConfigError, match=message):
        listening_agent("udp://127.0.0.1:0", None, environ)


def test_forwarding_can_be_switched_off_and_chosen():
    environ = {"DD_DOGSTATSD_URL": "udp://127.0.0.1:9"}
    assert listening_agent("udp://127.0.0.1:0", None, environ).forwards_to == "udp://127.0.0.1:9"
    assert listening_agent("udp://127.0.0.1:0", "none", environ).forwards_to is None
    assert listening_agent("udp://127.0.0.1:0", "udp://127.0.0.1:10", environ).forwards_to == "udp://127.0.0.1:10"


def test_who_listens_in_the_agents_place_forwards_to_nobody():
    assert (
        listening_agent("udp://127.0.0.1:9125", None, {"DD_DOGSTATSD_URL": "udp://127.0.0.1:9125"}).forwards_to is None
    )


def test_a_wrong_address_to_listen_on_is_not_blamed_on_forwarding():
    with pytest.raises(ConfigError, match=r"'foo' is not an address of DogStatsD datagrams\. Write udp://host:port"):
        listening_agent("foo", None, {"DD_DOGSTATSD_URL": "udp://127.0.0.1:9"})

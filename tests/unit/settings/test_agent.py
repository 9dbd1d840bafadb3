import socket
import tempfile
from pathlib import Path

import pytest

from ddllm.settings import agent


@pytest.fixture
def usual_socket(monkeypatch):
    """The agent's socket, where it usually is."""
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening,
    ):
        path = str(Path(folder, "dsd.socket"))
        listening.bind(path)
        monkeypatch.setattr(agent, "DEFAULT_SOCKET", path)
        yield path


def test_without_a_word_and_a_socket_the_client_decides(monkeypatch, tmp_path):
    monkeypatch.setattr(agent, "DEFAULT_SOCKET", str(tmp_path / "none"))
    assert agent.statsd_address({}) == {}


def test_the_usual_socket_is_taken_where_it_is(usual_socket):
    assert agent.statsd_address({}) == {"socket_path": usual_socket}


@pytest.mark.parametrize("name", ["DD_DOGSTATSD_URL", "DD_AGENT_HOST", "DD_DOGSTATSD_PORT"])
def test_what_the_client_reads_itself_is_left_to_it(usual_socket, name):
    assert agent.statsd_address({name: "1"}) == {}


def test_the_dogstatsd_host_goes_before_the_agents(usual_socket):
    assert agent.statsd_address({"DD_DOGSTATSD_HOST": "a", "DD_AGENT_HOST": "b"}) == {"host": "a"}


def test_the_url_goes_before_the_dogstatsd_host():
    assert agent.statsd_address({"DD_DOGSTATSD_URL": "udp://c:1", "DD_DOGSTATSD_HOST": "a"}) == {}

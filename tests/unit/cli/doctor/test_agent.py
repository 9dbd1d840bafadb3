import socket
import tempfile
from pathlib import Path

import pytest

from ddllm.cli.doctor import agent


@pytest.fixture(autouse=True)
def _no_address(monkeypatch):
    for name in (*agent._ADDRESS_VARIABLES, "DD_DOGSTATSD_DISABLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        yield listening.getsockname()[1]


@pytest.fixture
def folder():
    """A folder whose name leaves room for a socket's path, which may have 107 characters."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        yield Path(name)


def test_the_address_names_what_decided_it(monkeypatch):
    monkeypatch.setenv("DD_AGENT_HOST", "10.1.2.3")
    assert agent.address().detail == "udp://10.1.2.3:8125 (DD_AGENT_HOST)"


def test_the_url_goes_before_the_host(monkeypatch):
    monkeypatch.setenv("DD_AGENT_HOST", "10.1.2.3")
    monkeypatch.setenv("DD_DOGSTATSD_URL", "udp://10.9.9.9:1234")
    assert agent.address().detail == "udp://10.9.9.9:1234 (DD_DOGSTATSD_URL)"


def test_a_disabled_client_is_a_failure(monkeypatch):
    monkeypatch.setenv("DD_DOGSTATSD_DISABLE", "true")
    assert agent.address().status == "fail"


def test_a_udp_listener_on_this_machine_is_found(monkeypatch, udp):
    monkeypatch.setenv("DD_DOGSTATSD_URL", f"udp://127.0.0.1:{udp}")
    assert agent.reachable() == agent.Finding("ok", f"something listens on udp://127.0.0.1:{udp}")


def test_a_udp_port_that_nobody_listens_on_is_a_failure(monkeypatch):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    monkeypatch.setenv("DD_DOGSTATSD_URL", f"udp://127.0.0.1:{port}")
    finding = agent.reachable()
    assert (finding.status, finding.detail) == ("fail", f"nothing listens on udp://127.0.0.1:{port}")
    assert "DD_AGENT_HOST" in finding.advice


def test_silence_from_another_machine_proves_nothing():
    class Elsewhere:
        def settimeout(self, seconds):
            pass

        def send(self, payload):
            assert payload == b"\n", "a packet with content would be counted by the agent"

        def recv(self, size):
            raise TimeoutError

        def getpeername(self):
            return ("10.1.2.3", 8125)

    finding = agent._udp(Elsewhere(), "udp://10.1.2.3:8125")
    assert finding.status == "warn"
    assert "cannot prove" in finding.detail


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_unix_socket_is_connected_to(monkeypatch, folder, kind):
    with socket.socket(socket.AF_UNIX, kind) as listening:
        listening.bind(str(folder / "dsd.socket"))
        if kind == socket.SOCK_STREAM:
            listening.listen()
        monkeypatch.setenv("DD_DOGSTATSD_URL", f"unix://{folder}/dsd.socket")
        assert agent.reachable() == agent.Finding("ok", f"unix://{folder}/dsd.socket accepts connections")


def test_a_unix_socket_that_is_not_there_is_a_failure(monkeypatch, folder):
    monkeypatch.setenv("DD_DOGSTATSD_URL", f"unix://{folder}/none.socket")
    finding = agent.reachable()
    assert finding.status == "fail"
    assert f"unix://{folder}/none.socket" in finding.detail


def test_a_name_that_does_not_resolve_is_a_failure(monkeypatch):
    monkeypatch.setenv("DD_AGENT_HOST", "no-such-host.invalid")
    finding = agent.reachable()
    assert finding.status == "fail"
    assert "udp://no-such-host.invalid:8125 cannot be reached" in finding.detail

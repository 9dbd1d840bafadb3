"""Addresses, and what happens at the ends of a datagram's way."""

import os
import socket
from pathlib import Path
from queue import SimpleQueue

import pytest

from ddllm.errors import ConfigError
from ddllm.sandbox.sockets import Address, Forwarder, Receiver


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("udp://localhost:8126", Address("localhost", 8126)),
        ("udp://10.0.0.1", Address("10.0.0.1", 8125)),
        ("udp://127.0.0.1:0", Address("127.0.0.1", 0)),
        ("udp://[::1]:9000", Address("::1", 9000)),
        ("unix:///var/run/datadog/dsd.socket", Address(path="/var/run/datadog/dsd.socket")),
        ("unixgram:///tmp/x", Address(path="/tmp/x")),
    ],
)
def test_an_address_is_read(url: str, address: Address):
    assert Address.parse(url) == address
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8125",
        "tcp://x:1",
        "http://x",
        "udp://",
        "udp://:8125",
        "udp://x:port",
        "udp://x:99999",
        "unix://",
        "unix://rel/x",
        "unixstream:///x",
    ],
)
def test_what_is_no_address_is_an_error_that_says_what_to_write(url: str):
    with pytest.raises(
        ConfigError, match=r"is not an address of DogStatsD datagrams\. Write udp://host:port or unix:///path"
    ):
        Address.parse(url)


def test_a_taken_port_is_an_error_that_names_it():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        address = Address.of(taken)
        with pytest.raises(ConfigError, match=f"cannot listen on {address}: Address already in use"):
            address.bind()


def test_a_socket_left_behind_is_taken_over(tmp_path: Path):
    path = tmp_path / "dsd.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(path))
    Address(path=str(path)).bind().close()


def test_a_live_socket_and_a_file_are_not_taken_over(tmp_path: Path):
    path, file = tmp_path / "dsd.sock", tmp_path / "notes.txt"
    file.write_text("mine")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as live:
        live.bind(str(path))
        for taken in (path, file):
            with pytest.raises(ConfigError, match="cannot listen on unix://"):
                Address(path=str(taken)).bind()
    assert file.read_text() == "mine"


def test_a_socket_bound_to_every_interface_is_reached_by_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as everywhere:
        everywhere.bind(("0.0.0.0", 0))
        assert Address.of(everywhere).host == "127.0.0.1"


@pytest.mark.parametrize("url", ["udp://127.0.0.1:0", "unix://{}/dsd.sock"])
def test_a_receiver_reads_all_that_was_sent_before_it_was_closed(url: str, tmp_path: Path):
    packets: SimpleQueue[bytes] = SimpleQueue()
    receiver = Receiver(Address.parse(url.format(tmp_path)))
    forwarder = Forwarder(str(receiver.address))
    for i in range(8):
        assert forwarder.send(f"{i}".encode())
    receiver.start(packets.put)
    receiver.close()
    forwarder.close()
    assert [packets.get_nowait() for _ in range(packets.qsize())] == [f"{i}".encode() for i in range(8)]
    assert list(tmp_path.iterdir()) == []


def test_a_receiver_closes_though_its_path_was_removed(tmp_path: Path):
    receiver = Receiver(Address(path=str(tmp_path / "dsd.sock")))
    receiver.start(lambda packet: None)
    (tmp_path / "dsd.sock").unlink()
    receiver.close()


def test_the_largest_datagram_arrives_whole():
    packets: SimpleQueue[bytes] = SimpleQueue()
    receiver = Receiver(Address.parse("udp://127.0.0.1:0"))
    receiver.start(packets.put)
    packet = os.urandom(65_507)
    forwarder = Forwarder(str(receiver.address))
    assert forwarder.send(packet)
    forwarder.close()
    assert packets.get(timeout=5) == packet
    receiver.close()


def test_a_forwarder_finds_an_agent_that_comes_back(tmp_path: Path):
    address = Address(path=str(tmp_path / "dsd.sock"))
    forwarder = Forwarder(str(address))
    assert not forwarder.send(b"nobody there")
    first = address.bind()
    assert forwarder.send(b"one")
    assert first.recv(100) == b"one"
    first.close()
    assert not forwarder.send(b"gone")
    second = address.bind()
    assert forwarder.send(b"two")
    assert second.recv(100) == b"two"
    second.close()
    forwarder.close()


def test_an_agent_that_hangs_loses_packets_and_is_heard_again_when_it_reads(tmp_path: Path):
    address = Address(path=str(tmp_path / "dsd.sock"))
    with address.bind() as hanging:
        forwarder = Forwarder(str(address))
        sent = 0
        while forwarder.send(b"x"):
            sent += 1
        assert sent > 0
        assert forwarder._patience == 0.0
        hanging.recv(10)
        assert forwarder.send(b"x")
        assert forwarder._patience > 0.0
        forwarder.close()


def test_an_unknown_host_is_an_error_at_once():
    with pytest.raises(ConfigError, match=r"cannot forward to udp://nowhere\.invalid:8125"):
        Forwarder("udp://nowhere.invalid:8125")

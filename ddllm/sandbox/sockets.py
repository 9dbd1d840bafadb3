"""Addresses of DogStatsD: `udp://host:port` and `unix:///path` (datagrams), as in DD_DOGSTATSD_URL."""

import secrets
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from urllib.parse import urlsplit

from ddllm.errors import ConfigError

#: The Agent's own port.
DEFAULT_PORT = 8125

_UNIX_SCHEMES = frozenset({"unix", "unixgram"})

#: What the kernel is asked to hold while the receiver is busy, in bytes; it gives as much as it is configured to.
_RECEIVE_BUFFER = 4 * 1024 * 1024

#: The largest datagram that there is.
_PACKET = 65_536

#: Seconds between two attempts to wake a receiver whose socket was full.
_WAKE_INTERVAL = 0.05

#: How long one datagram may wait for room at the other end, in seconds. A full Unix socket holds as few as 10.
_PATIENCE = 0.05


#: What a socket that is bound to every interface is reached by.
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names them, binds nothing


@dataclass(frozen=True, slots=True)
class Address:
    """Where datagrams go: a host and port, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Read a URL. Raises `ConfigError` on what is not an address of datagrams."""
        try:
            parts = urlsplit(url)
            if parts.scheme in _UNIX_SCHEMES and parts.path and not parts.netloc:
                return cls(path=parts.path)
            if parts.scheme == "udp" and parts.hostname:
                return cls(host=parts.hostname, port=DEFAULT_PORT if parts.port is None else parts.port)
        except ValueError:  # a port that is no port
            pass
        raise ConfigError(
            f"{url!r} is not an address of DogStatsD datagrams", hint="Write udp://host:port or unix:///path/to/socket"
        )

    @classmethod
    def of(cls, bound: socket.socket) -> "Address":
        """Return where this machine reaches a bound UDP socket."""
        host, port = bound.getsockname()[:2]
        return cls(host=_ANY.get(host, host), port=port)

    def __str__(self) -> str:
        if self.path:
            return f"unix://{self.path}"
        return f"udp://[{self.host}]:{self.port}" if ":" in self.host else f"udp://{self.host}:{self.port}"

    def resolve(self) -> tuple[socket.AddressFamily, str | tuple[str, int]]:
        """Return the socket family and the socket module's own form of the address. Raises `OSError` for a host that is not known."""
        if self.path:
            return socket.AF_UNIX, self.path
        family, _, _, _, where = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)[0]
        return family, (str(where[0]), int(where[1]))

    def bind(self) -> socket.socket:
        """Open a socket that receives here. Raises `ConfigError` where that is not possible."""
        try:
            if self.path:
                _remove_stale(self.path)
            family, where = self.resolve()
            bound = socket.socket(family, socket.SOCK_DGRAM)
            with suppress(OSError):  # a smaller buffer loses packets sooner, and nothing else
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            try:
                bound.bind(where)
            except OSError:
                bound.close()
                raise
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {self}: {error.strerror or error}",
                hint="Choose another address, or stop what uses it",
            ) from None
        return bound


def _remove_stale(path: str) -> None:
    """Remove the socket that a process left behind; a live one, or another kind of file, is left for bind() to refuse."""
    try:
        is_socket = stat.S_ISSOCK(Path(path).stat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink()


class Receiver:
    """One bound socket and the thread that reads it. Raises `ConfigError` for an address that cannot be used."""

    def __init__(self, address: Address) -> None:
        self._bound = address.bind()
        self.address = address if address.path else Address.of(self._bound)
        # The datagram that ends the thread: it comes after all that was sent before, so that nothing is left unread.
        self._last = secrets.token_bytes(16)
        self._waker = socket.socket(self._bound.family, socket.SOCK_DGRAM)
        self._waker.setblocking(False)
        self._waker.connect(self.address.resolve()[1])
        self._thread: Thread | None = None

    def start(self, take: Callable[[bytes], None]) -> None:
        """Give every packet to `take`, on a thread of its own."""
        self._thread = Thread(target=self._read, args=(take,), name=f"ddllm-agent {self.address}", daemon=True)
        self._thread.start()

    def _read(self, take: Callable[[bytes], None]) -> None:
        buffer = memoryview(bytearray(_PACKET))
        while (packet := bytes(buffer[: self._bound.recv_into(buffer)])) != self._last:
            take(packet)

    def close(self) -> None:
        """Read to the end, then close."""
        while self._thread and self._thread.is_alive():
            with suppress(BlockingIOError):  # a full socket keeps its reader awake, and the next attempt finds room
                self._waker.send(self._last)
            self._thread.join(_WAKE_INTERVAL)
        self._waker.close()
        self._bound.close()
        if self.address.path:
            Path(self.address.path).unlink(missing_ok=True)


class Forwarder:
    """Passes packets on to another agent, unchanged. What cannot be delivered is lost, as it is between a client and an agent.

    Raises `ConfigError` at construction where the agent's host is not known.
    """

    def __init__(self, url: str) -> None:
        self.address = Address.parse(url)
        try:
            self._family, self._where = self.address.resolve()
        except OSError as error:
            raise ConfigError(f"cannot forward to {self.address}: {error.strerror or error}") from None
        self._socket: socket.socket | None = None
        self._patience = _PATIENCE
        self._sending = Lock()

    def send(self, packet: bytes) -> bool:
        """Pass a packet on, from any thread; False where it was lost. An agent that was restarted is found again by the next packet."""
        with self._sending:
            return self._send(packet)

    def _send(self, packet: bytes) -> bool:
        try:
            connected = self._socket or self._connect()
            connected.settimeout(self._patience)
            connected.send(packet)
        except (TimeoutError, BlockingIOError):
            self._patience = 0.0  # an agent that hangs costs one wait, not one a packet
            return False
        except OSError:
            self.close()
            return False
        self._patience = _PATIENCE
        return True

    def _connect(self) -> socket.socket:
        self._socket = socket.socket(self._family, socket.SOCK_DGRAM)
        self._socket.connect(self._where)
        return self._socket

    def close(self) -> None:
        """Close the connection; the next packet opens it again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

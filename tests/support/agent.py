"""A Datadog agent for tests: keeps every DogStatsD sample that arrives by UDP or Unix socket, and the bytes of traces.

with Agent() as agent:
    run(…, env=agent.env)
    assert agent.total("ddllm.requests", feature="search") == 3
"""

import contextlib
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, Self

DEADLINE = 15.0


class Sample(NamedTuple):
    """One value of one metric, as a line of a packet said it."""

    metric: str
    value: float
    kind: str
    tags: dict[str, str]


def parse(packet: bytes) -> Iterator[Sample]:
    """Read the lines of a packet; of a packed line, each value."""
    for line in packet.decode().splitlines():
        name, _, rest = line.partition(":")
        *values, fields = rest.split(":") if "|" not in rest else (*rest.split("|")[0].split(":"), rest)
        kind, *extensions = fields.split("|")[1:]
        tagged = next((one[1:] for one in extensions if one.startswith("#")), "")
        tags = dict(tag.partition(":")[::2] for tag in tagged.split(",") if tag)
        for value in values:
            yield Sample(name, float(value), kind, tags)


class Agent:
    """Listens on a UDP port, a Unix datagram socket and an HTTP port, all at once."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        #: Bodies of what the tracer sent, unread.
        self.traces: list[bytes] = []
        self._samples: list[Sample] = []
        self._parsed = 0
        self._folder = tempfile.TemporaryDirectory(prefix="ddllm-")
        self.socket_path = Path(self._folder.name) / "dsd.socket"
        self._arrived = threading.Condition(threading.RLock())
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        self._unix = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._unix.bind(str(self.socket_path))
        self._traces = _TraceServer(("127.0.0.1", 0), _Traces)
        self._traces.bodies = self.traces
        self._threads = [
            threading.Thread(target=self._listen, args=(self._udp,), daemon=True),
            threading.Thread(target=self._listen, args=(self._unix,), daemon=True),
            threading.Thread(target=self._traces.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True),
        ]

    def __repr__(self) -> str:
        return f"Agent({len(self.packets)} packets, {self.names()})"

    @property
    def samples(self) -> list[Sample]:
        """Every value that arrived so far, in order."""
        with self._arrived:
            # Not while they arrive: a listener that is busy loses packets.
            for packet in self.packets[self._parsed :]:
                self._samples.extend(parse(packet))
            self._parsed = len(self.packets)
            return self._samples

    @property
    def port(self) -> int:
        """The UDP port."""
        return int(self._udp.getsockname()[1])

    @property
    def env(self) -> dict[str, str]:
        """What a process needs in its environment to report here, by UDP."""
        return {
            "DD_AGENT_HOST": "127.0.0.1",
            "DD_DOGSTATSD_PORT": str(self.port),
            "DD_TRACE_AGENT_URL": f"http://127.0.0.1:{self._traces.server_address[1]}",
        }

    @property
    def unix_env(self) -> dict[str, str]:
        """The same, by Unix socket."""
        env = {**self.env, "DD_DOGSTATSD_URL": f"unix://{self.socket_path}"}
        del env["DD_DOGSTATSD_PORT"]
        return env

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._traces.shutdown()
        self._traces.server_close()
        for one in (self._udp, self._unix):
            # Wakes the thread that waits in it, which closing alone would not.
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()
        self._folder.cleanup()

    def _listen(self, from_socket: socket.socket) -> None:
        while True:
            try:
                packet = from_socket.recv(65536)
            except OSError:
                return
            if not packet:
                return
            with self._arrived:
                self.packets.append(packet)
                self._arrived.notify_all()

    def settle(self) -> Self:
        """Wait until everything is here that a process sent before it ended: sockets keep the order."""
        mark = f"test.mark.{len(self.packets)}:1|c".encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(mark, self._udp.getsockname())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(mark, str(self.socket_path))
        self.wait(lambda seen: seen.packets.count(mark) == 2)
        return self

    def wait(self, condition: Callable[["Agent"], Any]) -> None:
        """Wait until a condition holds of what arrived; an AssertionError after 15 seconds."""
        deadline = time.monotonic() + DEADLINE
        with self._arrived:
            while not condition(self):
                assert self._arrived.wait(max(0, deadline - time.monotonic())), repr(self)

    def names(self) -> dict[str, float]:
        """Sum up what arrived by metric, client telemetry left out."""
        sums: dict[str, float] = {}
        for one in self.samples:
            if one.metric.startswith("ddllm."):
                sums[one.metric] = sums.get(one.metric, 0) + one.value
        return sums

    def find(self, metric: str, **tags: str) -> list[Sample]:
        """Return the samples of a metric that carry all of these tags."""
        return [one for one in self.samples if one.metric == metric and tags.items() <= one.tags.items()]

    def total(self, metric: str, **tags: str) -> float:
        """Return the sum of those samples."""
        return sum(one.value for one in self.find(metric, **tags))


class _TraceServer(ThreadingHTTPServer):
    daemon_threads = True
    bodies: list[bytes]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a tracer whose process ended before it read the answer."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Traces(BaseHTTPRequestHandler):
    """Accepts and keeps whatever a tracer sends."""

    server: _TraceServer

    protocol_version = "HTTP/1.1"

    def _accept(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                self.server.bodies.append(self.rfile.read(size + 2))
            self.rfile.readline()
        else:
            self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PUT = _accept  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

"""A stand-in for the Agent's trace intake: takes what ddtrace sends, answers 200, and counts.

It decodes nothing. With `keep_bodies`, requests are kept as they came, for a test to decode.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from types import TracebackType
from typing import Any, Self

#: What the tracer asks first. The endpoints that it may use are those that it finds here.
_INFO = {
    "version": "7.60.0",
    "endpoints": [
        "/v0.4/traces",
        "/v0.5/traces",
        "/telemetry/proxy/",
        "/evp_proxy/v2/",
        "/evp_proxy/v4/",
        # Without these the tracer tells its user to upgrade the agent.
        "/debugger/v1/input",
        "/debugger/v1/diagnostics",
        "/debugger/v2/input",
    ],
    "client_drop_p0s": False,
    "config": {},
}

#: Answers with a body that the tracer reads; everything else is `{}`.
_ANSWERS: dict[str, Any] = {
    "/info": _INFO,
    "/v0.4/traces": {"rate_by_service": {}},
    "/v0.5/traces": {"rate_by_service": {}},
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class TraceIntake:
    """Listens on a free port of 127.0.0.1 while it is entered; `url` is a value for DD_TRACE_AGENT_URL."""

    def __init__(self, *, keep_bodies: bool = False) -> None:
        self._keep_bodies = keep_bodies
        self._changed = Condition()
        self._counts: Counter[str] = Counter()
        self._traces = 0
        self._requests: list[Request] = []
        self._server: _Server | None = None
        self.url = ""

    def __repr__(self) -> str:
        return f"TraceIntake({self.url or 'closed'}, {self.traces} traces, requests={dict(self.counts)})"

    def __enter__(self) -> Self:
        self._server = _Server(self._take)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.05,), name=f"ddllm-traces {self.url}", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _take(self, request: Request) -> None:
        with self._changed:
            self._counts[request.path] += 1
            count = request.headers.get("x-datadog-trace-count", "")
            self._traces += int(count) if count.isdigit() else 0
            if self._keep_bodies:
                self._requests.append(request)
            self._changed.notify_all()

    @property
    def counts(self) -> Counter[str]:
        """How many requests came, by path."""
        with self._changed:
            return Counter(self._counts)

    @property
    def traces(self) -> int:
        """How many traces came, as the tracer says in its requests' headers."""
        with self._changed:
            return self._traces

    def requests(self, path: str = "") -> list[Request]:
        """Return the kept requests to a path, to any without one. Empty unless bodies are kept."""
        with self._changed:
            return [request for request in self._requests if path in {"", request.path}]

    def wait_for(self, predicate: Callable[[], bool], timeout: float) -> None:
        """Return once `predicate` holds; it is asked again after every request. Raises `TimeoutError`."""
        with self._changed:
            held = self._changed.wait_for(predicate, timeout)
        if not held:
            raise TimeoutError(f"not seen within {timeout:g} s by {self!r}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # tracers keep their connections open, and a closed intake does not wait for them

    def __init__(self, take: Callable[[Request], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.take = take

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a tracer that went away in the middle of a request; the rest is a fault of this module and is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        path = self.path.partition("?")[0]
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.take(Request(path, headers, self._body(headers)))
        body = json.dumps(_ANSWERS.get(path, {})).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - http.server's names

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(headers.get("content-length", 0)))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0], 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """Print nothing: what came is counted."""

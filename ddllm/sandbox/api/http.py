"""A small threaded HTTP server: requests and answers as values, routes as a table, faults on demand. Standard library alone."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(slots=True)
class Request:
    """One request as it arrived. `status` is what it was answered with, 0 before that and where the connection was closed."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(default=None, repr=False)
    status: int = 0

    @property
    def writes(self) -> bool:
        """Whether it asks for a change. Validations do not."""
        return self.method in {"POST", "PUT", "PATCH", "DELETE"} and not self.path.endswith("/validate")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back, as JSON, or as it is where the headers say that it is something else; None is no body at all.

    Of `half` an answer the connection carries only that much before it is closed.
    """

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    half: bool = False

    @property
    def payload(self) -> bytes:
        """The body's bytes."""
        if self.body is None:
            return b""
        return self.body.encode() if "Content-Type" in self.headers else json.dumps(self.body).encode()


def errors(status: int, *texts: str) -> Answer:
    """Return an error in the shape that Datadog's v1 API gives nearly all of its errors."""
    return Answer(status, {"errors": list(texts)})


Handler = Callable[..., Answer]


class Faults(Protocol):
    """What may stand between a request and its answer."""

    def gate(self, request: Request) -> None:
        """Return when the request may be handled."""

    def reply(self, request: Request, proceed: Callable[[], Answer]) -> Answer | None:
        """Answer, by `proceed` or otherwise; None closes the connection without a word."""


@dataclass(frozen=True, slots=True)
class Route:
    """A method, a path in which `{name}` stands for one part, and what answers: it gets the request and the parts by name."""

    method: str
    path: str
    handler: Handler

    def match(self, request: Request) -> dict[str, str] | None:
        """Return the parts of the path, None where the route is not meant."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)
        found = re.fullmatch(pattern, request.path) if request.method == self.method else None
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


class Server:
    """Serves on a port of 127.0.0.1 from `start` to `stop`.

    Handlers run one at a time. `guards` see a request first and may answer it.
    """

    def __init__(
        self, routes: Sequence[Route], guards: Iterable[Callable[[Request], Answer | None]], faults: Faults
    ) -> None:
        self.requests: list[Request] = []
        self._routes = routes
        self._guards = tuple(guards)
        self._faults = faults
        self._lock = Lock()
        self._server: ThreadingHTTPServer | None = None
        self._thread: Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("the server has not been started")
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self, port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        server.daemon_threads = True
        self._server = server
        self._thread = Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="ddllm-sandbox-api", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening. A second stop does nothing."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server = None

    def respond(self, request: Request) -> Answer | None:
        """Answer a request; None closes the connection without a word."""
        self._faults.gate(request)
        with self._lock:
            self.requests.append(request)
            answer = self._faults.reply(request, lambda: self._dispatch(request))
            request.status = answer.status if answer else 0
            return answer

    def _dispatch(self, request: Request) -> Answer:
        for guard in self._guards:
            answer = guard(request)
            if answer is not None:
                return answer
        for route in self._routes:
            parts = route.match(request)
            if parts is not None:
                return route.handler(request, **parts)
        return errors(404, "Not found")


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handle(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # the client keeps connections open
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(length)
            request = _request(self.command, self.path, dict(self.headers.items()), data)
            answer = server.respond(request) if isinstance(request, Request) else request
            if answer is None:
                self.close_connection = True
                return
            payload = answer.payload
            self.send_response(answer.status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(payload)),
                **answer.headers,
            }.items():
                self.send_header(name, value)
            with suppress(ConnectionError):  # the client ended meanwhile; the request has had its effect
                self.end_headers()
                self.wfile.write(payload[: len(payload) // 2] if answer.half else payload)
            self.close_connection = answer.half or self.close_connection

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the standard library's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's signature
            """Stay quiet: the requests are kept, and standard error is the user's."""

    return Handle


def _request(method: str, target: str, headers: Mapping[str, str], data: bytes) -> Request | Answer:
    parts = urlsplit(target)
    try:
        body = json.loads(data) if data else None
    except ValueError:
        return errors(400, "Invalid JSON")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Request(method, parts.path, query, {name.lower(): value for name, value in headers.items()}, body)

"""A small HTTP server on a thread: answers what a test gives it, keeps what was asked."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request; the names of its headers in lower case."""

    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]


Answer = Callable[[Asked], tuple[int, Any]]


@dataclass
class Served:
    """The server's address and what was asked of it so far."""

    url: str
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def serve(answer: Answer) -> Iterator[Served]:
    """Answer each GET with the status and JSON body that `answer` gives."""
    served = Served("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(parts.path, parse_qs(parts.query), headers)
            served.asked.append(asked)
            status, body = answer(asked)
            payload = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format, *arguments):  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()

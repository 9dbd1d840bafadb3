"""A Bedrock runtime for tests: asyncio on a thread of its own, real event-stream framing, one HTTP chunk an event.

    with BedrockServer(fixtures()) as server:
        client = boto3.client("bedrock-runtime", endpoint_url=server.url, …)
        client.converse(modelId="meta.llama3-8b-instruct-v1:0" + Knobs(error="ThrottlingException", first=2).suffix, …)

What goes wrong is said in the model id (`…~error=ThrottlingException;first=2`) or for a whole client in its endpoint
(`server.url_with(Knobs(…))`). Everything that the server says is the same in every run: ids, dates, timings.
"""

import asyncio
import base64
import dataclasses
import hashlib
import json
import socket
import threading
import urllib.parse
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

from tests.support.exchanges import Exchange, event, exception, message, unframe

OPERATIONS = {
    "converse": "converse",
    "converse-stream": "converse_stream",
    "invoke": "invoke_model",
    "invoke-with-response-stream": "invoke_model_with_response_stream",
}
STATUS = {
    "AccessDeniedException": 403,
    "InternalServerException": 500,
    "ModelErrorException": 424,
    "ModelNotReadyException": 429,
    "ModelTimeoutException": 408,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 400,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
    "ValidationException": 400,
}
#: Headers that belong to one connection, or that the server writes itself.
NOT_REPLAYED = {"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"}
KNOB = "~"


@dataclass(frozen=True)
class Knobs:
    """What goes wrong, and when.

    exchange      answer with the exchange of this id
    error         an AWS error code; with `first`, only for the first so many requests that carry the same knobs
    status        an HTTP error whose body is no JSON; with `first` too
    hang_up       close the connection in place of an answer; with `first` too
    ttfb, delay   milliseconds before the answer's head, between events
    at            the event (or for a body, the byte) at which the next ones happen; None is half-way
    raising       the kind of an exception that ends the stream there
    abort, stall  the connection breaks there, or nothing more comes
    corrupt       that event's checksum is wrong
    untyped       that event has no :message-type
    garbage       that event's payload is no JSON; of a chunk: the model's bytes are no JSON
    strange       an event of a kind that no model of the API knows comes first
    echo          tell the request's headers and body in `x-test-request`
    tag           makes the knobs of two tests different
    """

    exchange: str = ""
    error: str = ""
    status: int = 0
    hang_up: bool = False
    first: int = 0
    ttfb: int = 0
    delay: int = 0
    at: int | None = None
    raising: str = ""
    abort: bool = False
    stall: bool = False
    corrupt: bool = False
    untyped: bool = False
    garbage: bool = False
    strange: bool = False
    echo: bool = False
    tag: str = ""

    @property
    def suffix(self) -> str:
        """Say the knobs in a model id."""
        said = (
            f"{one.name}={value if value is not True else 1}"
            for one in dataclasses.fields(self)
            if (value := getattr(self, one.name)) != one.default
        )
        return KNOB + ";".join(said)

    @classmethod
    def read(cls, *texts: str) -> "Knobs":
        """Read what `suffix` wrote; a later text goes before an earlier one."""
        said: dict[str, Any] = {}
        for pair in ";".join(texts).split(";"):
            name, _, value = pair.partition("=")
            if name:
                kind = type(getattr(cls, name)) if name != "at" else int
                said[name] = value == "1" if kind is bool else kind(value)
        return cls(**said)


class BedrockServer:
    """The server. `hits` counts requests by operation, `requests` keeps what arrived; both may be read at any time."""

    def __init__(self, exchanges: Iterable[Exchange] = ()) -> None:
        self.hits: Counter[str] = Counter()
        self.requests: list[Request] = []
        self._by_model: dict[tuple[str, str], Exchange] = {}
        self._by_id: dict[str, Exchange] = {}
        for one in exchanges:
            self._by_model.setdefault((one.operation, one.model_id), one)
            self._by_id[one.id] = one
        self._attempts: Counter[str] = Counter()
        self._ready = threading.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._thread = threading.Thread(target=self._run, name="bedrock-for-tests", daemon=True)

    def __repr__(self) -> str:
        return f"BedrockServer({self.url}, {len(self._by_id)} exchanges, {self.hits.total()} requests)"

    @property
    def url(self) -> str:
        """Where it listens, as an `endpoint_url`."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def url_with(self, knobs: Knobs) -> str:
        """Where it listens for a client all of whose requests carry `knobs`."""
        return f"{self.url}/{knobs.suffix}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._stopped = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connection, sock=self._socket, limit=2**20)
        self._ready.set()
        await self._stopped.wait()
        server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        # asyncio does so by itself only for sockets that say their protocol; without it every second write waits 40 ms.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while (request := await _read(reader, writer)) is not None:
                await self._answer(request, writer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # a client that goes away in the middle of anything is what many tests are about
        finally:
            self._connections.discard(task)
            writer.close()

    async def _answer(self, request: "Request", writer: asyncio.StreamWriter) -> None:
        operation, model_id, knobs, key = _target(request.path)
        self.hits[operation] += 1
        self.requests.append(request)
        self._attempts[key] += 1
        said = {"x-test-attempt": str(self._attempts[key])} if knobs.first else {}
        if knobs.echo:
            said["x-test-request"] = request.describe()
        await asyncio.sleep(knobs.ttfb / 1000)
        failing = not knobs.first or self._attempts[key] <= knobs.first
        if knobs.hang_up and failing:
            writer.transport.abort()
        elif (knobs.error or knobs.status) and failing:
            writer.write(_error(knobs, said))
        else:
            exchange = self._by_id.get(knobs.exchange) if knobs.exchange else self._by_model.get((operation, model_id))
            if exchange is None:
                writer.write(_error(Knobs(error="ResourceNotFoundException"), said))
            elif exchange.events is None:
                await _send_body(exchange, knobs, said, writer)
            else:
                await _send_events(exchange, knobs, said, writer)


@dataclass(frozen=True)
class Request:
    """One HTTP request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def describe(self) -> str:
        """Say on one line what was sent: header names, and the body's size and digest."""
        digest = hashlib.sha256(self.body).hexdigest()
        return json.dumps({"headers": sorted(self.headers), "size": len(self.body), "sha256": digest})


def _target(path: str) -> tuple[str, str, Knobs, str]:
    """Return operation, model id, knobs, and the text by which attempts are counted."""
    prefix, found, rest = path.partition("/model/")
    if not found:
        return path, "", Knobs(error="ResourceNotFoundException"), path
    model, _, verb = rest.rpartition("/")
    model_id, _, suffix = urllib.parse.unquote(model).partition(KNOB)
    general = urllib.parse.unquote(prefix).strip("/").removeprefix(KNOB)
    return OPERATIONS.get(verb, path), model_id, Knobs.read(general, suffix), path


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get("transfer-encoding") == "chunked":
        body = b"".join([piece async for piece in _chunks(reader)])
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int(await reader.readline(), 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)


def _head(status: int, headers: dict[str, str]) -> bytes:
    fixed = {"Date": "Mon, 05 Jan 2026 09:00:00 GMT", "x-amzn-RequestId": "00000000-0000-4000-8000-000000000000"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in (fixed | headers).items())
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{lines}\r\n".encode("latin-1")


def _error(knobs: Knobs, said: dict[str, str]) -> bytes:
    if knobs.status:
        body = f"<html><body><h1>{knobs.status}</h1></body></html>".encode()
        return _head(knobs.status, {"Content-Type": "text/html", "Content-Length": str(len(body)), **said}) + body
    detail: dict[str, Any] = {"message": f"{knobs.error} as the test asked for"}
    if knobs.error == "ModelErrorException":
        detail |= {"originalStatusCode": 500, "resourceName": "the-model"}
    body = json.dumps(detail).encode()
    code = f"{knobs.error}:http://internal.amazon.com/coral/com.amazon.bedrock/"
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code, "Content-Length": str(len(body)), **said}
    return _head(STATUS.get(knobs.error, 400), headers) + body


def _replayed(exchange: Exchange) -> dict[str, str]:
    return {name: value for name, value in exchange.headers.items() if name.lower() not in NOT_REPLAYED}


async def _send_body(exchange: Exchange, knobs: Knobs, said: dict[str, str], writer: asyncio.StreamWriter) -> None:
    body = exchange.body
    writer.write(_head(exchange.status, {**_replayed(exchange), "Content-Length": str(len(body)), **said}))
    if not (knobs.abort or knobs.stall):
        writer.write(body)
        return
    writer.write(body[: len(body) // 2 if knobs.at is None else knobs.at])
    await writer.drain()
    await _break_off(knobs, writer)


async def _send_events(exchange: Exchange, knobs: Knobs, said: dict[str, str], writer: asyncio.StreamWriter) -> None:
    events = exchange.events or ()
    stream = "application/vnd.amazon.eventstream"
    headers = {**_replayed(exchange), "Content-Type": stream, "Transfer-Encoding": "chunked", **said}
    writer.write(_head(exchange.status, headers))
    at = len(events) // 2 if knobs.at is None else knobs.at
    if knobs.strange:
        _write_chunk(writer, event("novelty", {"of": "another year"}))
    for number, framed in enumerate(events):
        await writer.drain()
        if number and knobs.delay:
            await asyncio.sleep(knobs.delay / 1000)
        if number == at:
            if knobs.abort or knobs.stall:
                await _break_off(knobs, writer)
                return
            if knobs.raising:
                _write_chunk(writer, _exception(knobs.raising))
                break
            framed = _damaged(framed, knobs)  # noqa: PLW2901 - the one event that the test is about
        _write_chunk(writer, framed)
    writer.write(b"0\r\n\r\n")


def _write_chunk(writer: asyncio.StreamWriter, framed: bytes) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(framed), framed))


async def _break_off(knobs: Knobs, writer: asyncio.StreamWriter) -> None:
    if knobs.stall:
        await asyncio.sleep(3600)  # until the client gives up, or the server stops
    # A moment in which the client reads what came before: a reset would throw that away.
    await asyncio.sleep(0.03)
    writer.transport.abort()


def _exception(kind: str) -> bytes:
    detail: dict[str, Any] = {"message": f"{kind} as the test asked for"}
    if kind == "modelStreamErrorException":
        detail |= {"originalStatusCode": 500, "originalMessage": "of the model's own"}
    return exception(kind, detail)


def _damaged(framed: bytes, knobs: Knobs) -> bytes:
    if knobs.corrupt:
        return framed[:-5] + bytes([framed[-5] ^ 1]) + framed[-4:]
    if not (knobs.untyped or knobs.garbage):
        return framed
    headers, payload = unframe(framed)
    if knobs.untyped:
        del headers[":message-type"]
    if knobs.garbage:
        cut = b'{"cut": "of'
        payload = (
            json.dumps({"bytes": base64.b64encode(cut).decode()}).encode() if headers[":event-type"] == "chunk" else cut
        )
    return message(headers, payload)

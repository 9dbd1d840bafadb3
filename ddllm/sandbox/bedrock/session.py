"""One connection to the simulator: requests in, answers out at the pace that was decided for them."""

import asyncio
import base64
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ddllm.errors import ConfigError
from ddllm.sandbox.bedrock import converse, http1
from ddllm.sandbox.bedrock.eventstream import damaged, dump, event, exception
from ddllm.sandbox.bedrock.failures import IN_STREAM, UNKNOWN_OPERATION, Failure
from ddllm.sandbox.bedrock.families import family_of
from ddllm.sandbox.bedrock.models import OPERATIONS, STREAMED, Fault, Models
from ddllm.sandbox.bedrock.padding import pad
from ddllm.sandbox.bedrock.reply import Reply
from ddllm.sandbox.bedrock.stats import Stats

_PATH = re.compile(rf"/model/(.+)/({'|'.join(OPERATIONS)})")
_JSON = {"Content-Type": "application/json"}
_STREAM = {"Content-Type": "application/vnd.amazon.eventstream", "Transfer-Encoding": "chunked"}
_NO_ID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class _Client:
    """The other end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def check(self) -> None:
        """Raise `ConnectionAbortedError` if it has hung up. An SDK sends nothing while it waits for an answer."""
        if self.reader.at_eof():
            raise ConnectionAbortedError


class Service:
    """Answers requests. `connection` runs on one event loop; everything else may be called from any thread."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._counted = Stats()
        self._changed = threading.Condition()

    def stats(self) -> Stats:
        """Return a copy of what was counted."""
        with self._changed:
            return deepcopy(self._counted)

    def wait_for(self, predicate: Callable[[Stats], bool], timeout: float) -> None:
        """Return once `predicate` holds of the counts. Raises `TimeoutError`."""
        with self._changed:
            if not self._changed.wait_for(lambda: predicate(self._counted), timeout):
                raise TimeoutError(f"not seen within {timeout:g} s; there was {self._counted}")

    @contextmanager
    def _count(self) -> Iterator[Stats]:
        # Before what is counted is written: whoever has an answer finds it counted.
        with self._changed:
            yield self._counted
            self._changed.notify_all()

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        try:
            await self._requests(_Client(reader, writer))
        except ConnectionError:
            pass  # the client's right; a stream that it left is counted where it was sent
        except asyncio.CancelledError:
            pass  # the simulator stops; this is the whole task, and asyncio's streams log one that ends as cancelled
        finally:
            writer.close()

    async def _requests(self, client: _Client) -> None:
        try:
            while request := await http1.read(client.reader, client.writer):
                keep = await self._answer(request, client)
                await client.writer.drain()
                if not (keep and request.keeps_alive):
                    return
        except http1.Malformed as error:
            client.writer.write(http1.whole(400, _JSON, dump({"message": str(error)})))

    async def _answer(self, request: http1.Request, client: _Client) -> bool:
        """Answer one request; False where the connection is of no more use."""
        path = request.path.partition("?")[0]
        if path.startswith("/__"):
            client.writer.write(self._control(request.method, path, request.body))
            return True
        found = _PATH.fullmatch(path)
        if not found or request.method != "POST":
            self._fail(client.writer, _NO_ID, UNKNOWN_OPERATION)
            return True
        model_id, operation = unquote(found[1]), found[2]
        with self._under_way(operation):
            return await self._call(operation, model_id, request.body, client)

    @contextmanager
    def _under_way(self, operation: str) -> Iterator[None]:
        with self._count() as stats:
            stats.requests[operation] += 1
            stats.open += 1
        try:
            yield
        finally:
            with self._count() as stats:
                stats.open -= 1

    async def _call(self, operation: str, model_id: str, body: bytes, client: _Client) -> bool:
        outcome = self._models.outcome(operation, model_id, body)
        reply = outcome.reply
        if reply is None:
            self._fail(client.writer, outcome.request_id, outcome.failure or UNKNOWN_OPERATION)
            return True
        await asyncio.sleep(reply.timing.queued)
        if operation in STREAMED:
            return await self._stream(operation, reply, outcome.fault, client)
        await asyncio.sleep(reply.end)
        self._finish(reply)
        self._say(client.writer, 200, reply.request_id, _headers(operation, reply), dump(_body(operation, reply)))
        return True

    def _finish(self, reply: Reply) -> None:
        with self._count() as stats:
            stats.count(reply.model_id, reply.usage)

    async def _stream(self, operation: str, reply: Reply, fault: Fault | None, client: _Client) -> bool:
        """Send a stream, each event when it is due. The head goes out with the first."""
        loop = asyncio.get_running_loop()
        events = list(_events(operation, reply))
        breaks_at = max(1, int(fault.at * len(events))) if fault else len(events)
        begun = loop.time()
        try:
            for number, (at, message) in enumerate(events):
                await asyncio.sleep(begun + at - loop.time())
                client.check()
                if fault and number == breaks_at:
                    return await self._break(fault.kind, message, client)
                if not number:
                    self._begin(client.writer, operation, reply.request_id)
                client.writer.write(http1.chunk(message))
                await client.writer.drain()
        except ConnectionError:
            with self._count() as stats:
                stats.abandoned += 1
            raise
        self._finish(reply)
        client.writer.write(http1.LAST_CHUNK)
        return True

    def _begin(self, writer: asyncio.StreamWriter, operation: str, request_id: str) -> None:
        kind = {"X-Amzn-Bedrock-Content-Type": "application/json"} if operation.startswith("invoke") else {}
        with self._count() as stats:
            stats.statuses[200] += 1
        writer.write(http1.head(200, {"x-amzn-RequestId": request_id, **_STREAM, **kind}))

    async def _break(self, kind: str, message: bytes, client: _Client) -> bool:
        with self._count() as stats:
            stats.faults[kind] += 1
        match kind:
            case "abort":
                return False
            case "stall":
                await client.reader.read(1)  # nothing until the client gives up
                return False
            case "corrupt":
                client.writer.write(http1.chunk(damaged(message)) + http1.LAST_CHUNK)
            case _:
                client.writer.write(http1.chunk(exception(kind, IN_STREAM[kind])) + http1.LAST_CHUNK)
        return True

    def _fail(self, writer: asyncio.StreamWriter, request_id: str, failure: Failure) -> None:
        self._say(writer, failure.status, request_id, failure.all_headers, failure.body)

    def _say(
        self, writer: asyncio.StreamWriter, status: int, request_id: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        with self._count() as stats:
            stats.statuses[status] += 1
        writer.write(http1.whole(status, {"x-amzn-RequestId": request_id, **headers}, body))

    def _control(self, method: str, path: str, body: bytes) -> bytes:
        """Answer a request to the simulator itself."""
        board = self._models.board
        try:
            match method, path:
                case "GET", "/__stats":
                    return http1.whole(200, _JSON, dump(self.stats().as_json()))
                case "POST", "/__dials":
                    board.turn(json.loads(body))
                case "DELETE", "/__dials":
                    board.reset()
                case "GET", "/__dials":
                    pass
                case _:
                    return http1.whole(404, _JSON, dump({"message": "there are /__dials and /__stats"}))
        except (ConfigError, ValueError, AttributeError) as error:
            return http1.whole(400, _JSON, dump({"message": str(error)}))
        return http1.whole(200, _JSON, dump(board.as_json()))


def _body(operation: str, reply: Reply) -> dict[str, Any]:
    return converse.body(reply) if operation == "converse" else family_of(reply.model_id).body(reply)


def _headers(operation: str, reply: Reply) -> dict[str, str]:
    """Return the headers of an answer that is no stream. InvokeModel alone tells usage in its headers."""
    if operation == "converse":
        return _JSON
    usage = reply.usage
    counts = {
        "Invocation-Latency": reply.latency_ms,
        "Input-Token-Count": usage.input,
        "Output-Token-Count": usage.output,
    }
    if usage.cache_read or usage.cache_write:
        counts["Cache-Read-Input-Token-Count"] = usage.cache_read
        counts["Cache-Write-Input-Token-Count"] = usage.cache_write
    return _JSON | {f"X-Amzn-Bedrock-{name}": str(count) for name, count in counts.items()}


def _events(operation: str, reply: Reply) -> Iterator[tuple[float, bytes]]:
    if operation == "converse-stream":
        yield from converse.events(reply)
        return
    for at, content in family_of(reply.model_id).chunks(reply):
        payload = dump(content)
        yield at, event("chunk", {"bytes": base64.b64encode(payload).decode(), "p": pad(payload.decode())})

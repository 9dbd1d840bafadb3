"""The simulator as a server: asyncio on a thread of its own."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from ddllm.errors import ConfigError
from ddllm.sandbox.bedrock.dials import Board, Dials
from ddllm.sandbox.bedrock.models import Models
from ddllm.sandbox.bedrock.session import Service
from ddllm.sandbox.bedrock.stats import Stats

_BACKLOG = 512


class Bedrock:
    """A Bedrock runtime on a port of 127.0.0.1 while it is entered; `url` is a value for `endpoint_url`.

        with Bedrock(Dials(throttle=0.1), seed=7) as bedrock:
            client = boto3.client("bedrock-runtime", endpoint_url=bedrock.url, region_name="us-east-1")
            bedrock.turn("*haiku*", ttft_p50=2_000, ttft_p95=4_000)

    `port` 0 takes one that is free. Over HTTP, `POST /__dials` turns dials (`{"*haiku*": {"throttle": 0.5}}`), `GET` shows
    them, `DELETE` turns them back, and `GET /__stats` counts. Entering raises `ConfigError` for a port that cannot be used.
    """

    def __init__(self, dials: Dials | None = None, *, seed: int = 0, port: int = 0) -> None:
        self._board = Board(dials or Dials())
        self._service = Service(Models(self._board, seed))
        self._port = port
        self._thread: threading.Thread | None = None
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.url = ""

    def __repr__(self) -> str:
        return f"Bedrock({self.url or 'closed'}, {self.stats.as_json()})"

    def __enter__(self) -> Self:
        listening: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(listening,), name="ddllm-bedrock", daemon=True)
        self._thread.start()
        try:
            port = listening.result()
        except OSError as error:
            self._thread.join()
            where = f"127.0.0.1:{self._port}"
            raise ConfigError(f"cannot listen on {where}: {error.strerror}", hint="Choose another port") from None
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop and self._stop and self._thread:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        self.url = ""

    @property
    def stats(self) -> Stats:
        """What it did so far; a copy."""
        return self._service.stats()

    def wait_for(self, predicate: Callable[[Stats], bool], timeout: float) -> None:
        """Return once `predicate` holds of the counts; it is asked again after every change. Raises `TimeoutError`."""
        self._service.wait_for(predicate, timeout)

    def turn(self, models: str = "*", /, **dials: float | str) -> None:
        """Turn dials of the models whose id matches a glob, from the next request on. Raises `ConfigError`."""
        self._board.turn({models: dials})

    def reset(self) -> None:
        """Turn every dial back to where it was at the start."""
        self._board.reset()

    def _run(self, listening: Future[int]) -> None:
        asyncio.run(self._serve(listening))

    async def _serve(self, listening: Future[int]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        try:
            server = await asyncio.start_server(self._service.connection, "127.0.0.1", self._port, backlog=_BACKLOG)
        except OSError as error:
            listening.set_exception(error)
            return
        listening.set_result(server.sockets[0].getsockname()[1])
        await self._stop.wait()
        server.close()  # what is under way ends with the loop

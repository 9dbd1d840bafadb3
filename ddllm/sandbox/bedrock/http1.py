"""As much of HTTP/1.1 as the SDKs speak to Bedrock: requests with a length or in chunks, keep-alive, answers of either kind.

Small and on bare asyncio streams, because the simulator has to misbehave in ways that a server library does not offer:
break a connection off, fall silent, send every event as a chunk of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

LAST_CHUNK = b"0\r\n\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Malformed(Exception):  # noqa: N818 - what the request is
    """The bytes are not a request; the connection cannot be used any longer."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def keeps_alive(self) -> bool:
        """Whether the client will use the connection again."""
        return self.headers.get("connection", "").lower() != "close"


async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """Read the next request of a connection, None at its end. Raises `Malformed`."""
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, headers = _parse(text)
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(_CONTINUE)
        return Request(method, path, headers, await _body(reader, headers))
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise Malformed("the request ends in its middle") from None
        return None
    except (ValueError, asyncio.LimitOverrunError) as error:
        raise Malformed(str(error)) from None


def _parse(text: str) -> tuple[str, str, dict[str, str]]:
    first, *lines = text.strip().split("\r\n")
    method, path, version = first.split(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError(f"{version!r} is not HTTP/1.1")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return method, path, headers


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return b"".join([piece async for piece in _chunks(reader)])
    return await reader.readexactly(int(headers.get("content-length", "0")))


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while size := int((await reader.readline()).partition(b";")[0], 16):
        yield await reader.readexactly(size)
        await reader.readline()
    await reader.readline()


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Return the status line and headers of an answer."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in {"Date": formatdate(usegmt=True), **headers}.items())
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{lines}\r\n".encode("latin-1")


def whole(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return an answer whose length is known."""
    return head(status, {**headers, "Content-Length": str(len(body))}) + body


def chunk(data: bytes) -> bytes:
    """Return one chunk of an answer in chunks."""
    return b"%x\r\n%b\r\n" % (len(data), data)

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.sandbox.bedrock import http1


class Writer:
    """Keeps what is written to the client."""

    def __init__(self):
        self.written = b""

    def write(self, data):
        self.written += data


def read(*data: bytes, writer: Writer | None = None):
    async def run():
        reader = asyncio.StreamReader()
        for piece in data:
            reader.feed_data(piece)
        reader.feed_eof()
        requests = []
        while request := await http1.read(reader, writer or Writer()):
            requests.append(request)
        return requests

    return asyncio.run(run())


def test_a_request_has_method_path_headers_and_body():
    [request] = read(b"POST /model/m/converse HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}")
    assert (request.method, request.path, request.body) == ("POST", "/model/m/converse", b"{}")
    assert request.headers == {"host": "h", "content-length": "2"}
    assert request.keeps_alive


@given(st.binary(max_size=300), st.integers(1, 50))
def test_a_body_in_chunks_is_put_together(body, size):
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    sent = b"".join(map(http1.chunk, pieces)) + http1.LAST_CHUNK
    [request] = read(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", sent)
    assert request.body == body


def test_requests_follow_each_other_on_one_connection():
    one = b"POST /%d HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
    assert [request.path for request in read(one % 1, one % 2)] == ["/1", "/2"]


def test_a_client_that_waits_for_leave_gets_it():
    writer = Writer()
    read(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx", writer=writer)
    assert writer.written == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_connection_close_is_heard():
    [request] = read(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert not request.keeps_alive


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / SPDY/3\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nfew",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HT",
    ],
)
def test_what_is_no_request_is_malformed(data):
    with pytest.raises(http1.Malformed):
        read(data)


def test_a_whole_answer_tells_its_length():
    answer = http1.whole(429, {"Retry-After": "1"}, b"{}")
    assert answer.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert b"\r\nRetry-After: 1\r\n" in answer
    assert answer.endswith(b"Content-Length: 2\r\n\r\n{}")

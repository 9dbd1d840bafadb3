import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

import pytest
import urllib3
from botocore.eventstream import ChecksumMismatch
from botocore.exceptions import ClientError, EventStreamError

from ddllm.errors import ConfigError
from ddllm.sandbox.bedrock import Bedrock, Dials
from tests.support.simulator import (
    FAST,
    LLAMA,
    SONNET,
    TOOLS,
    chunks,
    claude,
    client_of,
    llama,
    streamed_text,
    user,
)


@pytest.fixture
def bedrock():
    with Bedrock(FAST, seed=3) as running:
        yield running


@pytest.fixture
def client(bedrock):
    with client_of(bedrock) as made:
        yield made


def address(bedrock):
    return "127.0.0.1", int(bedrock.url.rpartition(":")[2])


def ask(bedrock, method, path, body=None):
    with closing(HTTPConnection(*address(bedrock))) as connection:
        connection.request(method, path, body if isinstance(body, bytes) else json.dumps(body))
        with connection.getresponse() as answer:
            return answer.status, json.load(answer)


def call(bedrock, method, path, body=None):
    status, told = ask(bedrock, method, path, body)
    assert status == 200, told
    return told


@pytest.mark.parametrize("model_id", [SONNET, LLAMA])
def test_converse_answers(client, model_id):
    answer = client.converse(modelId=model_id, messages=[user("How long does a delivery take?")])
    assert answer["output"]["message"]["content"][0]["text"].endswith(".")
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"]["inputTokens"] == 8
    assert answer["usage"]["totalTokens"] == 8 + answer["usage"]["outputTokens"]
    assert answer["metrics"]["latencyMs"] > 0
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36


@pytest.mark.parametrize("model_id", [SONNET, LLAMA])
def test_converse_streams(client, model_id):
    events = list(client.converse_stream(modelId=model_id, messages=[user("How long?")])["stream"])
    assert streamed_text(events).endswith(".")
    assert events[0] == {"messageStart": {"role": "assistant"}}
    assert events[-2] == {"messageStop": {"stopReason": "end_turn"}}
    assert events[-1]["metadata"]["usage"]["outputTokens"] == -(-len(streamed_text(events)) // 4)


def test_converse_streams_tool_use(bedrock, client):
    bedrock.turn(tool_use=1)
    answer = client.converse_stream(modelId=SONNET, messages=[user("Where is order 12?")], toolConfig=TOOLS)
    events = list(answer["stream"])
    [start] = [one["contentBlockStart"]["start"]["toolUse"] for one in events if "contentBlockStart" in one]
    deltas = [one["contentBlockDelta"]["delta"] for one in events if "contentBlockDelta" in one]
    given = json.loads("".join(one["toolUse"]["input"] for one in deltas if "toolUse" in one))
    assert start["name"] == "find_order"
    assert isinstance(given["number"], int)
    assert events[-2]["messageStop"]["stopReason"] == "tool_use"


@pytest.mark.parametrize(
    ("model_id", "body", "text"),
    [
        (SONNET, claude(), lambda answer: answer["content"][0]["text"]),
        (LLAMA, llama(), lambda answer: answer["generation"]),
    ],
)
def test_invoke_answers_and_tells_usage_in_its_headers(client, model_id, body, text):
    answer = client.invoke_model(modelId=model_id, body=body)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    said = text(json.loads(answer["body"].read()))
    assert headers["x-amzn-bedrock-input-token-count"] == "8"
    assert int(headers["x-amzn-bedrock-output-token-count"]) == -(-len(said) // 4)
    assert int(headers["x-amzn-bedrock-invocation-latency"]) > 0
    assert "x-amzn-bedrock-cache-read-input-token-count" not in headers


def test_invoke_tells_cached_tokens(client):
    system = [{"type": "text", "text": "x" * 8_000, "cache_control": {"type": "ephemeral"}}]

    def headers():
        answer = client.invoke_model(modelId=SONNET, body=claude(system=system))
        answer["body"].read()
        return answer["ResponseMetadata"]["HTTPHeaders"]

    assert headers()["x-amzn-bedrock-cache-write-input-token-count"] == "2000"
    assert headers()["x-amzn-bedrock-cache-read-input-token-count"] == "2000"


@pytest.mark.parametrize(("model_id", "body"), [(SONNET, claude()), (LLAMA, llama())])
def test_invoke_streams_with_metrics_at_the_end(client, model_id, body):
    answer = client.invoke_model_with_response_stream(modelId=model_id, body=body)
    assert answer["contentType"] == "application/json"
    sent = chunks(answer)
    assert sent[-1]["amazon-bedrock-invocationMetrics"]["inputTokenCount"] == 8
    assert not any("amazon-bedrock-invocationMetrics" in one for one in sent[:-1])


def test_a_connection_is_used_again(bedrock, client):
    with socket.create_connection(address(bedrock)) as connection:
        body = llama().encode()
        head = f"POST /model/{LLAMA}/invoke HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        for _ in range(2):
            connection.sendall(head + body)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")


def test_every_event_is_one_chunk(bedrock):
    pool = urllib3.PoolManager()
    answer = pool.request(
        "POST", f"{bedrock.url}/model/{LLAMA}/invoke-with-response-stream", body=llama(), preload_content=False
    )
    with answer:
        for piece in answer.read_chunked():
            assert int.from_bytes(piece[:4]) == len(piece)
    pool.clear()


@pytest.mark.parametrize(
    ("dial", "codes"),
    [
        ("throttle", {"ThrottlingException"}),
        ("server_error", {"InternalServerException", "ServiceUnavailableException"}),
    ],
)
def test_failures_are_the_sdks_own_exceptions(bedrock, client, dial, codes):
    bedrock.turn(SONNET, **{dial: 1})
    with pytest.raises(ClientError) as raised:
        client.converse(modelId=SONNET, messages=[user("?")])
    assert raised.value.response["Error"]["Code"] in codes
    assert isinstance(raised.value, getattr(client.exceptions, raised.value.response["Error"]["Code"]))


def test_a_throttled_answer_says_when_to_come_back(bedrock, client):
    bedrock.turn(throttle=1, retry_after=3)
    with pytest.raises(client.exceptions.ThrottlingException) as raised:
        client.converse(modelId=SONNET, messages=[user("?")])
    metadata = raised.value.response["ResponseMetadata"]
    assert (metadata["HTTPStatusCode"], metadata["HTTPHeaders"]["retry-after"]) == (429, "3")


def test_the_sdks_retries_get_through(bedrock):
    bedrock.turn(throttle=0.5, retry_after=0)
    with client_of(bedrock, attempts=8) as client:
        retries = [
            client.converse(modelId=SONNET, messages=[user(f"{n}?")])["ResponseMetadata"]["RetryAttempts"]
            for n in range(4)
        ]
    assert sum(retries) == bedrock.stats.statuses[429] > 0


@pytest.mark.parametrize(
    "kind",
    [
        "modelStreamErrorException",
        "throttlingException",
        "internalServerException",
        "serviceUnavailableException",
    ],
)
def test_a_stream_ends_with_an_exception_of_bedrocks_own(bedrock, client, kind):
    bedrock.turn(stream_fault=1, stream_fault_kind=kind)
    stream = client.converse_stream(modelId=SONNET, messages=[user("?")])["stream"]
    with pytest.raises(EventStreamError) as raised:
        list(stream)
    stream.close()
    assert raised.value.response["Error"]["Code"] == kind
    assert bedrock.stats.faults == {kind: 1}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("abort", urllib3.exceptions.ProtocolError),
        ("corrupt", ChecksumMismatch),
        ("stall", urllib3.exceptions.ReadTimeoutError),
    ],
)
def test_a_stream_breaks(bedrock, kind, error):
    bedrock.turn(stream_fault=1, stream_fault_kind=kind)
    with client_of(bedrock, read_timeout=0.5) as client:
        answer = client.invoke_model_with_response_stream(modelId=LLAMA, body=llama())
        with pytest.raises(error):
            list(answer["body"])
        answer["body"].close()
    assert bedrock.stats.tokens == {}


def test_a_stream_that_the_client_leaves_is_counted(bedrock, client):
    bedrock.turn(tokens_per_second=20)
    stream = client.converse_stream(modelId=SONNET, messages=[user("?")])["stream"]
    next(iter(stream))
    stream.close()
    bedrock.wait_for(lambda stats: stats.abandoned == 1, timeout=10)
    assert bedrock.stats.open == 0


def test_stats_tell_what_was_sent(bedrock, client):
    usage = client.converse(modelId=SONNET, messages=[user("?")])["usage"]
    told = call(bedrock, "GET", "/__stats")
    assert told["requests"] == {"converse": 1}
    assert told["statuses"] == {"200": 1}
    assert told["tokens"][SONNET] == {
        "input": usage["inputTokens"],
        "output": usage["outputTokens"],
        "cache_read": 0,
        "cache_write": 0,
    }


def test_dials_are_turned_over_http(bedrock, client):
    assert call(bedrock, "POST", "/__dials", {"*sonnet*": {"throttle": 1}})["turned"] == {"*sonnet*": {"throttle": 1}}
    with pytest.raises(client.exceptions.ThrottlingException):
        client.converse(modelId=SONNET, messages=[user("?")])
    client.converse(modelId=LLAMA, messages=[user("?")])
    assert call(bedrock, "DELETE", "/__dials")["turned"] == {}
    assert call(bedrock, "GET", "/__dials")["base"]["ttft_p50"] == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [({"*": {"throtle": 1}}, "Did you mean throttle?"), (b"{", "Expecting property name"), ([], "no attribute")],
)
def test_a_wrong_dial_is_said_over_http(bedrock, body, message):
    status, told = ask(bedrock, "POST", "/__dials", body)
    assert status == 400
    assert message in told["message"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/__nothing"), ("GET", f"/model/{SONNET}/converse"), ("POST", "/")]
)
def test_what_does_not_exist_is_not_found(bedrock, method, path):
    assert ask(bedrock, method, path, {})[0] == 404


def test_what_is_no_http_is_refused(bedrock):
    with socket.create_connection(address(bedrock)) as connection:
        connection.sendall(b"hello\r\n\r\n")
        assert connection.recv(4_096).startswith(b"HTTP/1.1 400 ")
        assert connection.recv(4_096) == b""


def test_many_streams_run_at_once(bedrock):
    bedrock.turn(ttft_p50=300, ttft_p95=300, answer_tokens=20)
    with client_of(bedrock, max_pool_connections=64) as client, ThreadPoolExecutor(64) as pool:

        def stream(number):
            answer = client.converse_stream(modelId=SONNET, messages=[user(f"Question {number}?")])
            return streamed_text(list(answer["stream"]))

        said = list(pool.map(stream, range(128)))
    assert all(text.endswith(".") for text in said)
    assert bedrock.stats.statuses == {200: 128}
    assert bedrock.stats.open == 0


def test_the_same_seed_says_the_same_over_the_wire():
    def said(seed):
        with Bedrock(FAST, seed=seed) as running, client_of(running) as client:
            answer = client.converse(modelId=SONNET, messages=[user("?")])
            return answer["output"], answer["ResponseMetadata"]["RequestId"]

    assert said(5) == said(5)
    assert said(5) != said(6)


def test_a_model_named_by_an_arn_is_served(client):
    arn = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{SONNET}"
    assert client.converse(modelId=arn, messages=[user("?")])["stopReason"] == "end_turn"


def test_stopping_ends_what_is_under_way_without_a_word(caplog):
    with Bedrock(Dials(ttft_p50=60_000, ttft_p95=60_000)) as running:
        connection = socket.create_connection(address(running))
        body = llama().encode()
        connection.sendall(
            f"POST /model/{LLAMA}/invoke HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )
        running.wait_for(lambda stats: stats.open == 1, timeout=10)
    with connection:
        assert connection.recv(10) == b""
    assert caplog.records == []
    assert repr(running).startswith("Bedrock(closed, ")


def test_waiting_for_what_does_not_come_ends():
    with Bedrock(FAST) as running, pytest.raises(TimeoutError, match=r"not seen within 0\.01 s; there was Stats"):
        running.wait_for(lambda stats: stats.abandoned > 0, timeout=0.01)


def test_a_port_that_is_taken_is_said(bedrock):
    port = int(bedrock.url.rpartition(":")[2])
    with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}: .*in use"), Bedrock(port=port):
        pass

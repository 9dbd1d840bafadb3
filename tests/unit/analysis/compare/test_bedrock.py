"""One call is measured over a real client, against a server that speaks Bedrock's protocol."""

import socket
import threading
from itertools import count
from types import MappingProxyType

import pytest

from ddllm.analysis.compare import bedrock as calls
from ddllm.analysis.compare.bedrock import Answer, ask, fatal, make_client, request_of, watch_retries
from ddllm.call import Usage
from ddllm.definitions.workload import Parameters, Prompt
from ddllm.errors import ApiError
from ddllm.sandbox.bedrock import Bedrock
from tests.support.comparison import CLAUDE
from tests.support.simulator import FAST, client_of

PROMPT = Prompt(
    "p",
    (("user", "Which chain?"), ("assistant", "For which gears?"), ("user", "Eleven.")),
    Parameters(40, 0.5, 0.9, system="Be short."),
)
REQUEST = request_of(PROMPT, CLAUDE)


@pytest.fixture
def bedrock():
    with Bedrock(FAST) as running:
        yield running


@pytest.fixture
def client(bedrock):
    with client_of(bedrock) as made:
        yield made


def ticking():
    """A clock that goes on by one second each time it is read."""
    ticks = count()
    return lambda: float(next(ticks))


def test_the_request_says_all_that_the_prompt_does():
    assert {
        "modelId": CLAUDE.id,
        "messages": [
            {"role": "user", "content": [{"text": "Which chain?"}]},
            {"role": "assistant", "content": [{"text": "For which gears?"}]},
            {"role": "user", "content": [{"text": "Eleven."}]},
        ],
        "inferenceConfig": {"maxTokens": 40, "temperature": 0.5, "topP": 0.9},
        "system": [{"text": "Be short."}],
    } == REQUEST
    assert request_of(Prompt("p", PROMPT.messages), CLAUDE)["inferenceConfig"] == {"maxTokens": 512}


def test_a_whole_answer(client):
    answer = ask(client, REQUEST, stream=False, clock=ticking())
    assert answer.text
    assert (answer.finish, answer.ttft, answer.duration) == ("max_tokens", None, 1.0)
    assert answer.usage == Usage(input=12, output=40, cache_read=0, cache_write=0)
    assert answer.tokens_per_second is None


def test_a_streamed_answer_is_the_same_and_has_a_first_token(client):
    whole = ask(client, REQUEST, stream=False)
    answer = ask(client, REQUEST, stream=True, clock=ticking())
    assert (answer.finish, answer.usage) == (whole.finish, whole.usage)
    assert len(answer.text) == len(whole.text)
    assert (answer.ttft, answer.duration) == (1.0, 2.0)
    assert answer.tokens_per_second == 39


def test_speed_needs_two_tokens_and_time():
    assert Answer(usage=Usage(1, 1), ttft=1, duration=2).tokens_per_second is None
    assert Answer(usage=Usage(1, 9), ttft=1, duration=1).tokens_per_second is None
    assert Answer(usage=Usage(1, 9), ttft=1, duration=3).tokens_per_second == 4
    assert Answer(usage=None, ttft=1, duration=3).tokens_per_second is None


def test_cached_tokens_are_part_of_the_input():
    counted = {"inputTokens": 5, "outputTokens": 2, "cacheReadInputTokens": 3, "cacheWriteInputTokens": 1}
    assert calls._usage(counted) == Usage(9, 2, 3, 1)
    assert calls._usage({}) is None


def test_a_throttled_call_is_an_answer_that_costs_nothing(bedrock, client):
    bedrock.turn(throttle=1)
    answer = ask(client, REQUEST, stream=True, clock=ticking())
    assert (answer.error, answer.billed, answer.duration) == ("ThrottlingException", False, 1.0)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("modelStreamErrorException", "modelStreamErrorException"),
        ("abort", "ResponseStreamingError"),
        ("corrupt", "ChecksumMismatch"),
    ],
)
def test_a_stream_that_breaks_may_have_to_be_paid_for(bedrock, client, kind, error):
    bedrock.turn(stream_fault=1, stream_fault_kind=kind)
    answer = ask(client, REQUEST, stream=True)
    assert answer.error in {error, "ProtocolError"}
    assert answer.billed


def test_a_model_that_is_not_there_ends_everything(client):
    with pytest.raises(ApiError) as caught:
        ask(client, REQUEST | {"modelId": "nobody.knows-v1"}, stream=False)
    assert "nobody.knows-v1" in str(caught.value)
    assert "Check the model's id" in str(caught.value)


def test_credentials_and_region_that_are_missing_are_one_line(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ApiError, match=r"You must specify a region\. Set AWS_DEFAULT_REGION"):
        make_client()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    client = make_client()
    with pytest.raises(ApiError, match=r"Unable to locate credentials\. Set AWS_PROFILE"):
        ask(client, REQUEST, stream=False)
    client.close()
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ApiError, match=r"config profile \(nobody\) could not be found. AWS_PROFILE names"):
        make_client()


@pytest.mark.parametrize("name", sorted(calls._FATAL_CLASSES))
def test_the_exceptions_that_end_everything_exist(name):
    from botocore import exceptions

    assert hasattr(exceptions, name)


def test_a_request_that_is_wrong_ends_that_call_alone():
    class ValidationError(Exception):
        response = MappingProxyType(
            {"Error": {"Code": "ValidationException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        )

    assert fatal(ValidationError("Input is too long for requested model.")) is None
    assert fatal(ValidationError("The provided model identifier is invalid.")) is not None
    assert fatal(ValueError("ours")) is None


@pytest.fixture
def hanging_up():
    """A server that takes each request and closes the connection; it tells how many there were."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        came = []

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    came.append(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", came
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("allowed", [0, 1, 9])
def test_a_lost_request_is_repeated_only_as_often_as_there_is_money(hanging_up, monkeypatch, allowed):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    url, came = hanging_up
    left = iter([True] * allowed)
    where = type("Where", (), {"url": url})
    with client_of(where, attempts=calls._ATTEMPTS) as client:
        watch_retries(client, lambda: next(left, False))
        answer = ask(client, REQUEST, stream=False)
    assert (answer.error, answer.billed) == ("ConnectionClosedError", True)
    assert len(came) == min(1 + allowed, calls._ATTEMPTS)


def test_a_throttled_request_is_repeated_without_asking_for_money(bedrock, monkeypatch):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    bedrock.turn(throttle=1)
    with client_of(bedrock, attempts=3) as client:
        watch_retries(client, lambda: pytest.fail("it is free"))
        assert ask(client, REQUEST, stream=False).error == "ThrottlingException"
    assert bedrock.stats.statuses[429] == 3

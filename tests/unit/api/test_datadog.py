"""The real client over a real socket: what comes back, what is tried again, and what errors say."""

import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import Any

import pytest
from datadog_api_client import exceptions

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog, DuplicateError, NoAnswerError, _reasons
from ddllm.api.retry import RetryPolicy
from ddllm.errors import ApiError
from ddllm.sandbox.api import DatadogApi
from tests.support.datadog import KEYS, client, organisation

MONITOR = {
    "name": "n",
    "type": "query alert",
    "query": "avg(last_5m):avg:a{*} > 1",
    "message": "",
    "tags": ["a:b"],
    "options": {"thresholds": {"critical": 1}},
}


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation() as api:
        yield api


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def datadog(api: DatadogApi, waits: list[float]) -> Iterator[Datadog]:
    with client(api, waits.append, jitter=0) as datadog:
        yield datadog


def test_bodies_are_plain_json_in_both_directions(api: DatadogApi, datadog: Datadog):
    written = datadog.post("/api/v1/monitor", MONITOR)
    assert api.requests[0].body == MONITOR
    assert type(written["created"]) is str
    assert datadog.get(f"/api/v1/monitor/{written['id']}")["options"]["thresholds"] == {"critical": 1.0}


def test_an_option_that_the_client_does_not_know_comes_through(api: DatadogApi, datadog: Datadog):
    written = datadog.post("/api/v1/monitor", MONITOR)
    api.monitors.edit(written["id"], options={"invented_last_week": {"deep": [1]}})
    assert datadog.get(f"/api/v1/monitor/{written['id']}")["options"]["invented_last_week"] == {"deep": [1]}


def test_a_listing_is_read_to_its_last_page(api: DatadogApi, datadog: Datadog):
    for number in range(5):
        datadog.post("/api/v1/monitor", {**MONITOR, "name": f"n{number}"})
    read = list(datadog.pages("/api/v1/monitor", {"monitor_tags": "a:b"}, size=2))
    assert [each["name"] for each in read] == ["n0", "n1", "n2", "n3", "n4"]
    assert [request.query["page"] for request in api.requests if request.method == "GET"] == ["0", "1", "2", "3"]


def pages(*answers: str) -> str:
    """Serve answers one after the other, and nothing after them."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener:
            for answer in answers:
                with listener.accept()[0] as connection:
                    connection.recv(65536)
                    connection.sendall(http("200 OK", answer))

    Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (['[{"id": 1}]', '[{"id": 2}]'], "a page in the middle of it was not full"),
        (['[{"id": 1}, {"id": 2}]', '[{"id": 2}, {"id": 3}]'], "it holds 2 twice"),
        (['[{"id": 1}, {"id": 2}]', "[5]"], "did not answer with a list"),
        (['[{"id": 1}, {"id": 2}]', '{"errors": []}'], "did not answer with a list"),
    ],
)
def test_a_listing_that_was_cut_is_not_taken_for_one(answers: list[str], why: str):
    with (
        Datadog(Connection(pages(*answers), *KEYS)) as datadog,
        pytest.raises(ApiError, match=why),
    ):
        list(datadog.pages("/api/v1/monitor", {}, size=2))


def test_a_listing_by_position_goes_on_where_a_part_was_short():
    url = pages('{"data": [{"id": 1}]}', '{"data": [{"id": 2}, {"id": 3}]}', '{"data": []}')
    with Datadog(Connection(url, *KEYS)) as datadog:
        read = list(datadog.items("/api/v1/slo", {}, field="data", start="offset", count="limit", size=2))
    assert [each["id"] for each in read] == [1, 2, 3]


@pytest.mark.parametrize("answer", ['{"errors": ["x"]}', '{"data": null}', "[]x"])
def test_a_listing_by_position_needs_its_list(answer: str):
    with Datadog(Connection(pages(answer), *KEYS)) as datadog, pytest.raises(ApiError, match="did not answer with"):
        list(datadog.items("/api/v1/slo", {}, field="data", start="offset", count="limit"))


def test_rate_limits_are_waited_for_as_the_server_asks(api: DatadogApi, datadog: Datadog, waits: list[float]):
    api.dials.rate_limit(times=2, reset=7)
    assert datadog.get("/api/v1/validate") == {"valid": True}
    assert waits == [7, 7]


class Clock:
    """Time that passes where somebody sleeps."""

    now = 1_000_001.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def read(self) -> float:
        return self.now


@pytest.mark.parametrize("threads", [1, 4])
def test_writes_keep_to_a_real_limit(threads: int):
    clock = Clock()
    with (
        organisation(now=clock.read) as api,
        Datadog(Connection(api.url, *KEYS), sleep=clock.sleep, clock=clock.read) as datadog,
        ThreadPoolExecutor(threads) as pool,
    ):
        api.dials.limit_writes(3, 10)
        list(pool.map(lambda number: datadog.post("/api/v1/monitor", {**MONITOR, "name": f"n{number}"}), range(10)))
        refused = sum(request.status == 429 for request in api.requests)
    assert len(api.monitors) == 10
    assert clock.now >= 1_000_030
    assert refused == 0 or threads > 1  # those that were under way before the first answer


def test_a_create_is_repeated_after_a_rate_limit_alone(api: DatadogApi, datadog: Datadog, waits: list[float]):
    api.dials.rate_limit(method="POST")
    datadog.post("/api/v1/monitor", MONITOR)
    assert (len(api.monitors), waits) == (1, [1])


@pytest.mark.parametrize("after", [True, False])
def test_a_create_without_an_answer_is_not_repeated(api: DatadogApi, datadog: Datadog, waits: list[float], after: bool):
    api.dials.hang_up(after=after, method="POST")
    with pytest.raises(NoAnswerError) as caught:
        datadog.post("/api/v1/monitor", MONITOR)
    assert caught.value.status == 0
    assert (len(api.requests), waits) == (1, [])


def test_a_create_that_failed_inside_datadog_is_not_repeated(api: DatadogApi, datadog: Datadog):
    api.dials.fail(504, method="POST")
    with pytest.raises(NoAnswerError, match="Datadog failed on POST /api/v1/monitor with 504: Service unavailable"):
        datadog.post("/api/v1/monitor", MONITOR)
    assert len(api.requests) == 1


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_what_can_be_repeated_survives_a_bad_day(api: DatadogApi, datadog: Datadog, method: str, waits: list[float]):
    identifier = datadog.post("/api/v1/monitor", MONITOR)["id"]
    api.dials.fail(503, method=method)
    api.dials.hang_up(method=method)
    api.dials.fail(512, method=method)
    path = f"/api/v1/monitor/{identifier}"
    answer = datadog.get(path) if method == "GET" else datadog.put(path, {**MONITOR, "name": "m"})
    assert answer["name"] == ("n" if method == "GET" else "m")
    assert waits == [0.5, 1, 2]


def test_an_endless_bad_day_ends_in_one_sentence(api: DatadogApi, datadog: Datadog):
    api.dials.fail(503, times=100)
    with pytest.raises(NoAnswerError, match="Datadog failed on GET /api/v1/validate with 503: Service unavailable"):
        datadog.get("/api/v1/validate")
    assert len(api.requests) == 5


def test_a_duplicate_says_of_what(api: DatadogApi, datadog: Datadog):
    first = datadog.post("/api/v1/monitor", MONITOR)
    with pytest.raises(DuplicateError) as caught:
        datadog.post("/api/v1/monitor", MONITOR)
    assert caught.value.existing == first["id"]


def test_a_refusal_carries_datadogs_reason(datadog: Datadog):
    with pytest.raises(ApiError) as caught:
        datadog.post("/api/v1/monitor", {**MONITOR, "query": "avg(last_5m):avg:a{*} => 1"})
    assert str(caught.value) == "Datadog answered 400: The value provided for parameter 'query' is invalid"
    assert caught.value.status == 400


def test_wrong_keys_say_what_to_check_and_not_what_they_were(api: DatadogApi):
    with Datadog(Connection(api.url, "wrong-key-111", "wrong-key-222")) as datadog, pytest.raises(ApiError) as caught:
        datadog.get("/api/v1/validate")
    assert str(caught.value).startswith("Datadog refused GET /api/v1/validate with 403: Forbidden. Check DD_API_KEY")
    assert "wrong-key" not in str(caught.value)


def test_a_monitor_that_an_slo_uses_is_no_question_of_keys(api: DatadogApi, datadog: Datadog):
    monitor = datadog.post("/api/v1/monitor", MONITOR)["id"]
    thresholds = [{"timeframe": "7d", "target": 99}]
    datadog.post("/api/v1/slo", {"name": "s", "type": "monitor", "monitor_ids": [monitor], "thresholds": thresholds})
    with pytest.raises(ApiError) as caught:
        datadog.delete(f"/api/v1/monitor/{monitor}")
    [slo] = api.slos.all()
    assert str(caught.value) == f"Datadog answered 401: monitor [{monitor},n] is referenced in slos: ['{slo['id']}']"


def test_nobody_at_the_address_is_one_sentence(waits: list[float]):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with (
        Datadog(Connection(url, *KEYS), policy=RetryPolicy(jitter=0), sleep=waits.append) as datadog,
        pytest.raises(NoAnswerError) as caught,
    ):
        datadog.post("/api/v1/monitor", MONITOR)
    text = str(caught.value)
    assert text.startswith(f"{url} cannot be reached: ")
    assert "object at 0x" not in text
    assert "\n" not in text
    assert waits == [0.5, 1]


def answering(payload: bytes) -> str:
    """Serve one connection with fixed bytes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(payload)

    Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def http(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()


def test_a_page_in_place_of_the_api_is_recognised():
    with (
        Datadog(Connection(answering(http("200 OK", "<html>Sign in</html>")), *KEYS)) as datadog,
        pytest.raises(ApiError) as caught,
    ):
        datadog.get("/api/v1/monitor")
    assert re.fullmatch(
        r"http://127.0.0.1:\d+/api/v1/monitor did not answer with JSON. Is that Datadog's API\? DDLLM_API_URL names the address",
        str(caught.value),
    )


def test_another_services_404_names_the_address():
    url = answering(http("404 Not Found", "<html>nginx</html>"))
    with Datadog(Connection(url, *KEYS)) as datadog, pytest.raises(ApiError) as caught:
        datadog.get("/api/v1/monitor")
    assert caught.value.status == 404
    assert str(caught.value) == (
        f"{url} answered GET /api/v1/monitor with 404: Not Found. Is that Datadog's API? DDLLM_API_URL names the address"
    )


def test_where_the_site_led_the_site_is_named():
    datadog = Datadog(Connection("https://api.datadoghq.eu", *KEYS))
    assert datadog._whose == "Is that Datadog's API? DD_SITE names the site, such as datadoghq.eu"


def test_a_listing_that_is_no_list_is_refused():
    with (
        Datadog(Connection(answering(http("200 OK", '{"monitors": []}')), *KEYS)) as datadog,
        pytest.raises(ApiError, match=r"did not answer with a list\. Is that Datadog"),
    ):
        list(datadog.pages("/api/v1/monitor", {}))


def test_keys_that_the_server_repeats_are_hidden():
    body = json.dumps({"errors": [f"bad key {KEYS[0]}, {KEYS[1]}"]})
    with (
        Datadog(Connection(answering(http("400 Bad Request", body)), *KEYS)) as datadog,
        pytest.raises(ApiError) as caught,
    ):
        datadog.get("/api/v1/monitor")
    assert str(caught.value) == "Datadog answered 400: bad key ********, ********"


def test_secrets_that_the_server_repeats_are_hidden_in_messages_and_details():
    secret = 'pager "duty" key'
    body = json.dumps({"errors": [{"title": "Bad", "detail": f"service_key {secret} in {json.dumps(secret)}"}]})
    with Datadog(Connection(answering(http("400 Bad Request", body)), *KEYS)) as datadog:
        datadog.hide([secret])
        with pytest.raises(ApiError) as caught:
            datadog.post("/api/v1/integration/pagerduty/configuration/services", {"service_key": secret})
    assert str(caught.value) == 'Datadog answered 400: Bad: service_key ******** in "********"'
    assert caught.value.details == [{"title": "Bad", "detail": 'service_key ******** in "********"'}]


@pytest.mark.parametrize(("method", "error"), [("post", NoAnswerError), ("get", ApiError)])
def test_whether_a_write_happened_is_not_known_where_its_answer_is_cut(method: str, error: type[ApiError]):
    with (
        Datadog(Connection(answering(http("200 OK", '{"id": 5, "na')), *KEYS)) as datadog,
        pytest.raises(ApiError, match="did not answer with JSON") as caught,
    ):
        getattr(datadog, method)("/api/v1/monitor", {})
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ({"errors": ["one", "two\n  lines"]}, ["one", "two lines"]),
        ({"errors": [{"title": "Generic Error", "detail": "why", "status": "422"}]}, ["Generic Error: why"]),
        ({"errors": {"12": ["used by a composite"]}}, ["12: ['used by a composite']"]),
        ({"error": {"code": 5, "message": "bad", "details": []}}, ["bad"]),
        ({"errors": "plain"}, ["plain"]),
        ({"errors": [{"code": 5}]}, ['{"code": 5}']),
        ({}, []),
        ("text", ["text"]),
        ("<!DOCTYPE html><HTML>…", []),
        (None, []),
        (["x"], []),
    ],
)
def test_every_shape_of_error_is_read(body: Any, reasons: list[str]):
    assert _reasons(body) == reasons


def test_every_error_of_the_client_is_one_that_is_caught():
    """An error class that the client adds must still become an ApiError; argument errors are ours to make impossible."""
    raised = {each for each in vars(exceptions).values() if isinstance(each, type) and issubclass(each, Exception)}
    arguments = {
        exceptions.ApiTypeError,
        exceptions.ApiValueError,
        exceptions.ApiAttributeError,
        exceptions.ApiKeyError,
    }
    rest = raised - arguments - {exceptions.OpenApiException}
    assert rest
    assert all(issubclass(each, exceptions.ApiException) for each in rest)


def test_a_metric_query_answers_with_its_series(api: DatadogApi, datadog: Datadog):
    assert datadog.series("sum:ddllm.cost{*}.as_count()", 60, 120) == []
    assert api.requests[-1].query == {"from": "60", "to": "120", "query": "sum:ddllm.cost{*}.as_count()"}


def test_a_metric_query_that_datadog_cannot_read_says_why(datadog: Datadog):
    with pytest.raises(ApiError, match=r"Datadog answered 400: Error parsing query: unable to parse sum:a\{"):
        datadog.series("sum:a{", 60, 120)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ('{"status":"error","error":"too many series","series":[]}', "too many series"),
        ('{"status":"error","errors":["a","b"]}', "a; b"),
        (
            '{"status":"ok"}',
            "the answer of URL holds no series. Is that Datadog's API? DDLLM_API_URL names the address",
        ),
        ("[]", "the answer of URL holds no series. Is that Datadog's API? DDLLM_API_URL names the address"),
    ],
)
def test_an_error_with_a_status_of_200_is_one(answer: str, reason: str):
    with (
        Datadog(Connection(url := answering(http("200 OK", answer)), *KEYS)) as datadog,
        pytest.raises(ApiError) as caught,
    ):
        datadog.series("sum:a{*}", 60, 120)
    assert str(caught.value) == f"Datadog cannot answer `sum:a{{*}}`: {reason.replace('of URL', f'of {url}')}"

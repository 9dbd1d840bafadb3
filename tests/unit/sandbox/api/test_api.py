"""The server around it: keys, faults on demand, what it keeps of requests."""

import json
from concurrent.futures import ThreadPoolExecutor
from http.client import IncompleteRead, RemoteDisconnected
from urllib.request import Request, urlopen

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.datadog import KEYS
from tests.support.http_json import caller


def test_it_serves_while_it_is_open():
    api = DatadogApi()
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = api.url
    with api:
        assert caller(api.url)("GET", "/api/v1/validate") == (200, {"valid": True})
    api.stop()
    assert repr(api) == "<DatadogApi: 0 monitors, 0 dashboards, 1 requests>"


def test_keys_are_needed():
    with DatadogApi(keys=KEYS) as api:
        assert caller(api.url, ("", ""))("GET", "/api/v1/validate") == (403, {"errors": ["API key required"]})
        assert caller(api.url, (KEYS[0], ""))("GET", "/api/v1/validate") == (403, {"errors": ["Forbidden"]})
        assert caller(api.url, ("x", "y"))("GET", "/api/v1/validate") == (403, {"errors": ["Forbidden"]})


def test_an_unknown_address_is_not_found():
    with DatadogApi() as api:
        assert caller(api.url)("GET", "/api/v1/nothing") == (404, {"errors": ["Not found"]})
        assert caller(api.url)("PATCH", "/api/v1/monitor") == (404, {"errors": ["Not found"]})


def test_a_body_that_is_not_json_is_refused():
    with DatadogApi() as api:
        request = Request(
            f"{api.url}/api/v1/monitor", b"{", {"DD-API-KEY": "a", "DD-APPLICATION-KEY": "b"}, method="POST"
        )
        with pytest.raises(OSError, match="400") as caught, urlopen(request, timeout=10):
            pass
        caught.value.close()


def test_requests_are_kept_with_their_answers():
    with DatadogApi() as api:
        call = caller(api.url)
        call("GET", "/api/v1/monitor?page=0")
        call("POST", "/api/v1/monitor/validate", {"x": 1})
        call("DELETE", "/api/v1/monitor/7")
    assert [(each.method, each.path, each.status) for each in api.requests] == [
        ("GET", "/api/v1/monitor", 200),
        ("POST", "/api/v1/monitor/validate", 400),
        ("DELETE", "/api/v1/monitor/7", 404),
    ]
    assert api.requests[0].query == {"page": "0"}
    assert [each.method for each in api.writes] == ["DELETE"]


def test_a_rate_limit_carries_its_headers():
    with DatadogApi() as api:
        api.dials.rate_limit(reset=3)
        request = Request(f"{api.url}/api/v1/validate", headers={"DD-API-KEY": "a", "DD-APPLICATION-KEY": "b"})
        with pytest.raises(OSError, match="429") as caught, urlopen(request, timeout=10):
            pass
        assert caught.value.headers["X-RateLimit-Reset"] == "3"
        caught.value.close()
        assert caller(api.url)("GET", "/api/v1/validate")[0] == 200


def test_faults_choose_their_requests():
    with DatadogApi() as api:
        api.dials.fail(500, times=2, method="GET", path="/monitor")
        call = caller(api.url)
        assert [
            call("GET", path)[0]
            for path in ("/api/v1/validate", "/api/v1/monitor", "/api/v1/monitor", "/api/v1/monitor")
        ] == [200, 500, 500, 200]


@pytest.mark.parametrize(("after", "left"), [(True, 0), (False, 1)])
def test_a_connection_is_closed_before_or_after_the_request_had_its_effect(after: bool, left: int):
    with DatadogApi() as api:
        call = caller(api.url)
        _, body = call(
            "POST", "/api/v1/monitor", {"name": "n", "type": "query alert", "query": "avg(last_5m):avg:a{*} > 1"}
        )
        api.dials.hang_up(after=after)
        with pytest.raises((RemoteDisconnected, ConnectionError)):
            call("DELETE", f"/api/v1/monitor/{body['id']}")
        assert len(api.monitors) == left


MONITOR = {"name": "n", "type": "query alert", "query": "avg(last_5m):avg:a{*} > 1", "message": ""}


def test_a_limit_on_writes_holds_in_each_period_of_the_clock():
    seconds = [1001.0]
    with DatadogApi(now=lambda: seconds[0]) as api:
        api.dials.limit_writes(2, 10)
        call = caller(api.url)
        write = lambda number: call("POST", "/api/v1/monitor", {**MONITOR, "name": f"n{number}"})  # noqa: E731
        assert [write(number)[0] for number in range(3)] == [200, 200, 429]
        assert write(3)[1] == {"errors": ["Rate limit of 2 requests in 10 seconds reached. Please try again later."]}
        assert call("GET", "/api/v1/monitor")[0] == 200
        seconds[0] = 1010.0
        assert write(3)[0] == 200


def test_a_limit_tells_what_is_left():
    with DatadogApi(now=lambda: 1001.0) as api:
        api.dials.limit_writes(2, 10)
        request = Request(
            f"{api.url}/api/v1/monitor",
            json.dumps(MONITOR).encode(),
            {"Content-Type": "application/json", "DD-API-KEY": "a", "DD-APPLICATION-KEY": "b"},
        )
        with urlopen(request, timeout=10) as answer:
            told = {name: value for name, value in answer.headers.items() if name.startswith("X-RateLimit")}
    assert told == {
        "X-RateLimit-Limit": "2",
        "X-RateLimit-Period": "10",
        "X-RateLimit-Remaining": "1",
        "X-RateLimit-Reset": "9",
        "X-RateLimit-Name": "writes",
    }


@pytest.mark.parametrize(("path", "held"), [("/api/v1/monitor", 1), ("/api/v1/slo", 0), ("/api/v1/dashboard", 0)])
def test_a_listing_may_be_cut(path: str, held: int):
    with DatadogApi() as api:
        call = caller(api.url)
        call("POST", "/api/v1/monitor", MONITOR)
        api.dials.cut_listing(path=path)
        first, second = call("GET", path)[1], call("GET", path)[1]
    lists = [answer if isinstance(answer, list) else next(iter(answer.values())) for answer in (first, second)]
    assert [len(each) for each in lists] == [0, held]


def test_half_a_body_is_half_a_body_and_the_request_had_its_effect():
    with DatadogApi() as api:
        api.dials.cut_body(method="POST")
        with pytest.raises(IncompleteRead):
            caller(api.url)("POST", "/api/v1/monitor", MONITOR)
        assert len(api.monitors) == 1


def test_a_page_for_people_is_no_json():
    with DatadogApi() as api:
        api.dials.sign_in()
        with pytest.raises(json.JSONDecodeError):
            caller(api.url)("GET", "/api/v1/monitor")


def test_a_request_is_held_until_it_is_released():
    with DatadogApi() as api, ThreadPoolExecutor(1) as pool:
        call = caller(api.url)
        with api.dials.hold(method="GET", path="/monitor") as held:
            slow = pool.submit(call, "GET", "/api/v1/monitor")
            assert held.arrived.wait(10)
            assert call("GET", "/api/v1/validate")[0] == 200
            assert not slow.done()
            held.release()
            assert slow.result(10) == (200, [])


def test_checks_see_every_request_and_their_findings_are_kept():
    with DatadogApi(checks=[lambda request: ["no"] if request.method == "POST" else []]) as api:
        call = caller(api.url)
        assert call("GET", "/api/v1/validate")[0] == 200
        assert call("POST", "/api/v1/monitor/validate", {}) == (400, {"errors": ["POST /api/v1/monitor/validate: no"]})
    assert api.violations == ["POST /api/v1/monitor/validate: no"]

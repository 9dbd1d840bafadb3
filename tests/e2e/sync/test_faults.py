"""What a bad day of Datadog's API does to a sync: nothing, or it is told and nothing is written."""

from threading import Event

import pytest

from ddllm.sandbox.api import DatadogApi, Request
from tests.support.commands import ddllm, refusal, sync, synced, written
from tests.support.datadog import organisation
from tests.support.http_server import serve
from tests.support.repository import Repository

_CREATE = ("POST", "/api/v1/monitor")
MORE = """
more-{number}:
  severity: info
  name: More {number}
  type: query alert
  query: avg(last_5m):avg:ddllm.ttft{{env:prod}} > {number}
  message: Look.
"""


def test_no_create_without_an_answer_leaves_a_twin(api: DatadogApi, repository: Repository):
    api.dials.hang_up(after=True, method="POST", path="/api/v1/monitor", times=3)
    sync(api, repository.folder)
    assert len(api.monitors) == 3
    assert written(api) == [_CREATE] * 3


@pytest.mark.parametrize("after", [True, False], ids=["written", "not written"])
def test_an_error_of_the_server_after_a_create_leaves_no_twin(api: DatadogApi, repository: Repository, after: bool):
    api.dials.fail(502, after=after, method="POST", path="/api/v1/monitor")
    sync(api, repository.folder)
    assert len(api.monitors) == 3


@pytest.mark.parametrize("status", [504, 512])
def test_updates_and_reads_outlast_errors_of_the_server(api: DatadogApi, repository: Repository, status: int):
    synced(api, repository.folder)
    repository.replace("monitors/trio.yaml", "critical_recovery: 1", "critical_recovery: 1.5")
    api.dials.fail(status, method="GET")
    api.dials.fail(status, method="PUT", after=status == 504)
    sync(api, repository.folder)
    synced(api, repository.folder)
    assert written(api) == []


def test_a_server_that_stays_down_is_one_line(api: DatadogApi, repository: Repository):
    api.dials.fail(503, times=99)
    message = refusal(ddllm(api, repository.folder, "sync", "monitors"))
    assert message.startswith("ddllm: Datadog failed on GET /api/v1/monitor with 503: Service unavailable")
    assert written(api) == []


def test_a_failure_midway_says_how_far_it_came_and_the_next_sync_goes_on(api: DatadogApi, repository: Repository):
    api.dials.rate_limit(times=1, reset=3600, method="POST", path="/api/v1/monitor")
    repository.replace("monitors/trio.yaml", "severity: page", "severity: ticket")
    message = refusal(ddllm(api, repository.folder, "sync", "monitors"))
    assert message == (
        "ddllm: monitors/trio.yaml:1: `fast` could not be written: Datadog answered 429: Rate limit of 100 requests in 10 "
        "seconds reached. Please try again later.. Nothing was written. Not written: fast, many, both. The next sync goes on from here"
    )
    sync(api, repository.folder)
    assert len(api.monitors) == 3


def test_a_storm_of_429_makes_a_sync_slower_and_no_less_complete(api: DatadogApi, repository: Repository):
    api.dials.limit_writes(2, 1)
    repository.write("monitors/more.yaml", "".join(MORE.format(number=number) for number in range(7)))
    ended = sync(api, repository.folder)
    assert "10 created" in ended.stdout
    assert len(api.monitors) == 10
    api.requests.clear()
    synced(api, repository.folder)
    assert written(api) == []


def test_slow_answers_only_take_longer(repository: Repository):
    pause = Event()

    def slowly(request: Request) -> list[str]:
        pause.wait(0.2)
        return []

    with organisation(slowly) as api:
        sync(api, repository.folder)
        assert len(api.monitors) == 3


def test_a_page_for_people_in_place_of_the_api_is_one_line(repository: Repository):
    with serve(lambda _asked: (200, "<!doctype html><html>Log in</html>")) as page:
        ended = ddllm(
            None, repository.folder, "sync", "monitors", DDLLM_API_URL=page.url, DD_API_KEY="k", DD_APP_KEY="k"
        )
    message = refusal(ended)
    assert (
        message
        == f"ddllm: {page.url}/api/v1/monitor did not answer with a list. Is that Datadog's API? DDLLM_API_URL names the address"
    )

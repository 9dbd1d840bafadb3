import pytest

from ddllm import catalog
from ddllm.cli.doctor import account
from ddllm.sandbox.api import DatadogApi
from tests.support.http_server import serve

WANTED = [metric.name for metric in catalog.METRICS if metric.percentiles]


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    for name in ("DD_API_KEY", "DD_APP_KEY", "DD_SITE", "DDLLM_API_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def keys(monkeypatch):
    monkeypatch.setenv("DD_API_KEY", "a" * 32)
    monkeypatch.setenv("DD_APP_KEY", "b" * 40)


@pytest.fixture
def datadog(monkeypatch):
    """A server in Datadog's place: `datadog(answer)` starts answering."""
    running = []

    def start(answer):
        server = serve(answer)
        running.append(server)
        served = server.__enter__()
        monkeypatch.setenv("DDLLM_API_URL", served.url)
        return served

    yield start
    for server in running:
        server.__exit__(None, None, None)


def test_without_keys_nothing_is_asked():
    finding = account.keys()
    assert (finding.status, finding.detail.partition(":")[0]) == ("skip", "DD_API_KEY and DD_APP_KEY not set")
    finding = account.percentiles()
    assert (finding.status, finding.detail) == ("skip", "not checked: DD_API_KEY and DD_APP_KEY absent")


def test_one_key_of_two_is_not_enough(monkeypatch):
    monkeypatch.setenv("DD_API_KEY", "a" * 32)
    assert account.keys().detail.startswith("DD_APP_KEY not set")


def test_a_site_that_cannot_be_one_is_a_failure(monkeypatch, keys):
    monkeypatch.setenv("DD_SITE", "app.datadoghq.com")
    assert account.keys().status == "fail"
    assert "DD_SITE" in account.percentiles().detail


def test_a_known_key_is_fine(datadog, keys):
    served = datadog(lambda asked: (200, {"valid": True}))
    assert account.keys().status == "ok"
    assert served.asked[0].path == "/api/v1/validate"
    assert served.asked[0].headers["dd-api-key"] == "a" * 32


@pytest.mark.parametrize("answer", [(403, {"errors": ["Forbidden"]}), (200, {"valid": False})])
def test_an_unknown_key_is_a_failure_and_is_not_shown(datadog, keys, answer):
    datadog(lambda asked: answer)
    finding = account.keys()
    assert finding.status == "fail"
    assert "a" * 32 not in finding.detail + finding.advice


def test_an_address_where_nothing_answers_is_a_failure(monkeypatch, keys):
    monkeypatch.setenv("DDLLM_API_URL", "http://127.0.0.1:1")
    assert account.keys().status == "fail"
    assert account.percentiles().status == "fail"


def test_an_answer_of_another_kind_is_a_failure(datadog, keys):
    datadog(lambda asked: (500, {}))
    assert "500" in account.keys().detail
    assert "500" in account.percentiles().detail


def test_percentiles_that_are_all_on_are_fine(datadog, keys):
    served = datadog(lambda asked: (200, {"data": [{"type": "manage_tags", "id": name} for name in WANTED]}))
    assert account.percentiles().status == "ok"
    assert served.asked[0].path == "/api/v2/metrics"
    assert served.asked[0].query["filter[include_percentiles]"] == ["true"]
    assert served.asked[0].headers["dd-application-key"] == "b" * 40


def test_each_page_of_the_answer_is_read(datadog, keys):
    def answer(asked):
        if "page[cursor]" in asked.query:
            return 200, {"data": [{"id": name} for name in WANTED[3:]], "meta": {"pagination": {"next_cursor": None}}}
        return 200, {"data": [{"id": name} for name in WANTED[:3]], "meta": {"pagination": {"next_cursor": "next"}}}

    served = datadog(answer)
    assert account.percentiles().status == "ok"
    assert len(served.asked) == 2


def test_metrics_without_percentiles_are_named(datadog, keys):
    datadog(lambda asked: (200, {"data": [{"id": name} for name in WANTED if name != "ddllm.ttft"]}))
    finding = account.percentiles()
    assert finding.status == "warn"
    assert finding.detail == "off, or not reporting yet: ddllm.ttft"


def test_an_application_key_without_the_scope_is_a_failure(datadog, keys):
    datadog(lambda asked: (403, {"errors": ["Forbidden"]}))
    finding = account.percentiles()
    assert finding.status == "fail"
    assert "metrics_read" in finding.advice


def test_the_sandbox_is_no_failure(monkeypatch, keys):
    with DatadogApi() as api:
        monkeypatch.setenv("DDLLM_API_URL", api.url)
        finding = account.percentiles()
        assert account.keys().status == "ok"
    assert finding.status == "warn"
    assert finding.detail.startswith("off, or not reporting yet: ddllm.")
    assert finding.advice


def test_no_such_metric_yet_is_a_warning_with_advice(datadog, keys):
    datadog(lambda asked: (404, {"errors": ["ddllm.ttft not found"]}))
    finding = account.percentiles()
    assert finding.status == "warn"
    assert "with 404: ddllm.ttft not found: no such metric yet" in finding.detail
    assert "Run an application with ddllm first" in finding.advice


def test_every_failure_says_what_to_do(monkeypatch, datadog, keys):
    datadog(lambda asked: (500, {}))
    assert account.keys().advice
    assert account.percentiles().advice
    datadog(lambda asked: (422, {"errors": ["no"]}))
    assert account.percentiles().advice.startswith("Ask again in a minute")

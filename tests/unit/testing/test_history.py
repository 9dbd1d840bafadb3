"""History from Datadog's query API: the same alerts as a recording gives, in few requests, each asked once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ddllm.alerting.watch import Watched
from ddllm.errors import ApiError
from ddllm.query.recordings import Recording
from ddllm.query.series import Series
from ddllm.query.sketch import Sketch
from ddllm.sandbox.api import DatadogApi
from ddllm.testing.backtest import Probe, Result, Wish, backtest
from ddllm.testing.history import SETTLED, Downloads
from ddllm.testing.readings import readings_of
from tests.support.datadog import client, organisation

DAY = 86_400
START = 20_458 * DAY
END = START + 2 * DAY
NOW = {"new_group_delay": 0, "on_missing_data": "resolve"}


def count(metric: str, every: int, value: float, *tags: str) -> Series:
    points = dict.fromkeys(range(START, END, every), value)
    points |= dict.fromkeys(range(START + DAY, START + DAY + 1200, 60), 50 * value)
    return Series(metric, "count", tuple(sorted((*tags, "env:prod"))), points)


def latency(service: str, seconds: float) -> Series:
    slow = range(START + DAY, START + DAY + 1800)
    sketches = {at: Sketch([seconds * (5 if at in slow else 1)] * 9) for at in range(START, END, 60)}
    return Series("ddllm.ttft", "distribution", ("env:prod", f"service:{service}"), sketches=sketches)


SERIES = (
    count("ddllm.requests", 60, 10, "service:chat", "status:ok"),
    count("ddllm.requests", 600, 1, "service:chat", "status:error"),
    count("ddllm.requests", 60, 7, "service:search", "status:ok"),
    count("ddllm.requests", 600, 1, "status:error"),
    replace(
        count("ddllm.requests", 60, 9, "service:chat", "status:error"), tags=("env:dev", "service:chat", "status:error")
    ),
    latency("chat", 0.5),
    latency("search", 0.2),
)
HISTORY = Recording(60, START, END, SERIES)
RATE = Watched(
    1,
    "rate",
    "query alert",
    "sum(last_10m):100 * sum:ddllm.requests{env:prod,status:error} by {service}.as_count()"
    " / sum:ddllm.requests{env:prod} by {service}.as_count() > 5",
    NOW,
)
MANY = Watched(2, "many", "query alert", "sum(last_5m):sum:ddllm.requests{env:prod} by {service}.as_count() > 200", NOW)
BOTH = Watched(3, "both", "composite", "1 && 2", {})
SLOW = Watched(4, "slow", "query alert", "percentile(last_5m):p95:ddllm.ttft{env:prod} by {service} > 2", NOW)
LONGEST = Watched(5, "longest", "query alert", "max(last_5m):max:ddllm.ttft{env:prod} by {service} > 2", NOW)
MEAN = Watched(6, "mean", "query alert", "avg(last_5m):avg:ddllm.ttft{env:prod} by {service} > 2", NOW)
PROBES = (Probe(RATE), Probe(BOTH, parts=(RATE, MANY)), Probe(LONGEST), Probe(MEAN))
FROM = START + 3600

Asked = Callable[..., tuple[list[Result], list[str]]]


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation(metrics=HISTORY.of) as served:
        yield served


@pytest.fixture
def asked(api: DatadogApi, tmp_path: Path) -> Asked:
    def ask(probes: Sequence[Probe], now: float = END + DAY) -> tuple[list[Result], list[str]]:
        found, readings, _ = readings_of(probes)
        before = len(api.requests)
        with client(api) as datadog:
            history = Downloads(datadog, tmp_path, now).recording(readings, FROM, END, lambda *_: None)
        queries = [request.query["query"] for request in api.requests[before:]]
        return list(backtest(found, history, Wish(start=FROM, end=END))), queries

    return ask


def test_counts_extremes_and_means_give_what_a_recording_gives(asked: Asked):
    found, _ = asked(PROBES)
    recorded = list(backtest(PROBES, HISTORY, Wish(start=FROM, end=END)))
    assert [each.alerts for each in found] == [each.alerts for each in recorded]
    assert [each.groups for each in found] == [each.groups for each in recorded]
    assert all(each.alerts for each in found)


def test_monitors_of_one_metric_share_a_request_for_each_chunk(asked: Asked):
    _, queries = asked(PROBES[:2])
    assert queries == ["sum:ddllm.requests{env:prod} by {env,service,status}.as_count().rollup(sum, 60)"] * 2


def test_a_percentile_is_asked_at_the_window_and_seen_when_its_bucket_is_over(asked: Asked):
    [found], queries = asked([Probe(SLOW)])
    assert set(queries) == {"p95:ddllm.ttft{env:prod} by {service}.rollup(300)"}
    [alert] = found.alerts
    assert alert.group == {"service": "chat"}
    assert (alert.start - START - DAY, (alert.end or 0) - START - DAY) == (300, 2100)


def test_what_is_over_is_asked_once(asked: Asked):
    first, _ = asked(PROBES)
    again, queries = asked(PROBES)
    assert queries == []
    assert [each.alerts for each in again] == [each.alerts for each in first]


def test_what_may_still_change_is_asked_again(asked: Asked):
    asked(PROBES[:1], now=END + SETTLED - 1)
    _, queries = asked(PROBES[:1], now=END + SETTLED)
    assert len(queries) == 1


def test_a_kept_answer_that_is_cut_off_is_asked_again(asked: Asked, tmp_path: Path):
    asked(PROBES[:1])
    for path in tmp_path.iterdir():
        path.write_text(path.read_text()[:-3])
    found, queries = asked(PROBES[:1])
    assert len(queries) == 2
    assert found[0].alerts


def test_a_download_that_fails_goes_on_where_it_stopped(api: DatadogApi, tmp_path: Path):
    _, readings, _ = readings_of(PROBES)
    with client(api) as datadog:
        downloads = Downloads(datadog, tmp_path, END + DAY)
        api.dials.fail(400, times=1)
        with pytest.raises(ApiError):
            downloads.recording(readings, FROM, END, lambda *_: None)
        kept, before = len(list(tmp_path.iterdir())), len(api.requests)
        downloads.recording(readings, FROM, END, lambda *_: None)
        assert len(api.requests) - before == 2 * len(readings) - kept


def test_no_key_is_kept(asked: Asked, tmp_path: Path):
    asked(PROBES)
    kept = "".join(path.name + path.read_text() for path in tmp_path.iterdir())
    assert "test-api-key" not in kept


def test_coarser_answers_than_were_asked_for_are_refused(api: DatadogApi, tmp_path: Path):
    [_], [reading], _ = readings_of(PROBES[:1])
    with client(api) as datadog:
        narrow = replace(reading, step=30)
        with pytest.raises(ApiError, match="in buckets of 60 s"):
            Downloads(datadog, tmp_path, END + DAY).recording([narrow], FROM, END, lambda *_: None)

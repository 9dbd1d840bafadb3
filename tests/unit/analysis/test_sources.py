"""Both sources answer the same questions with the same numbers."""

import pytest

from ddllm import catalog
from ddllm.analysis.sources import DatadogSource, RecordedSource, Window, total
from ddllm.errors import ApiError
from ddllm.query.recordings import Recording
from ddllm.query.series import Series
from ddllm.query.sketch import Sketch
from tests.support.datadog import client, organisation

WINDOW = Window(7200, 14_400, 60)
RECORDING = Recording(
    60,
    7200,
    14_400,
    (
        Series(catalog.COST.name, "count", ("env:prod", "feature:chat", "status:ok"), points={7200: 0.1, 7260: 0.2}),
        Series(catalog.COST.name, "count", ("env:prod", "feature:chat", "status:error"), points={14_340: 0.25}),
        Series(catalog.COST.name, "count", ("env:prod", "status:ok"), points={7200: 4.0}),
        Series(catalog.COST.name, "count", ("env:dev", "feature:chat", "status:ok"), points={7200: 8.0}),
        Series(
            catalog.COST.name, "count", ("env:prod", "feature:chat", "status:ok"), points={7140: 64.0, 14_400: 64.0}
        ),
        Series(catalog.ACTION_COST.name, "distribution", ("action:ask", "env:prod"), sketches={7200: Sketch([1, 2])}),
    ),
)
QUESTIONS = {
    "feature": total(catalog.COST, WINDOW, "prod", "feature", "status"),
    "all": total(catalog.COST, WINDOW, None),
    "action": total(catalog.ACTION_COST, WINDOW, "prod", "action"),
    "none": total(catalog.REFUSALS, WINDOW, "prod", "feature"),
}
ANSWERS = {
    "feature": {("chat", "ok"): pytest.approx(0.3), ("chat", "error"): 0.25, ("N/A", "ok"): 4.0},
    "all": {(): pytest.approx(12.55)},
    "action": {("ask",): 3.0},
    "none": {},
}


def test_a_recording_answers():
    assert RecordedSource(RECORDING, WINDOW, "day.jsonl").sums(QUESTIONS) == ANSWERS


def test_datadog_answers_the_same():
    with organisation(metrics=RECORDING.of) as api, client(api) as datadog:
        source = DatadogSource(datadog, WINDOW)
        assert source.sums(QUESTIONS) == ANSWERS
        assert source.name == api.url
    asked = {request.query["query"] for request in api.requests}
    assert "sum:ddllm.cost{env:prod} by {feature,status}.as_count().rollup(sum, 60)" in asked
    assert {(request.query["from"], request.query["to"]) for request in api.requests} == {("7200", "14400")}


def test_a_bad_minute_of_datadog_only_takes_longer():
    with organisation(metrics=RECORDING.of) as api, client(api) as datadog:
        api.dials.rate_limit(times=2, reset=0)
        api.dials.fail(503, times=1)
        assert DatadogSource(datadog, WINDOW).sums(QUESTIONS) == ANSWERS


def test_a_refusal_is_raised():
    with organisation(metrics=RECORDING.of) as api, client(api) as datadog:
        api.dials.fail(400, times=1)
        with pytest.raises(ApiError, match="Datadog answered 400"):
            DatadogSource(datadog, WINDOW).sums(QUESTIONS)


@pytest.mark.parametrize(
    ("start", "end", "window"),
    [
        (61, 119, (60, 120, 60)),
        (0, 6 * 3600, (0, 6 * 3600, 60)),
        (0, 86_399, (0, 86_400, 300)),
        (10, 7 * 86_400 - 10, (0, 7 * 86_400, 3600)),
        (10, 30 * 86_400 - 10, (0, 30 * 86_400, 14_400)),
        (10, 90 * 86_400 - 10, (0, 90 * 86_400, 86_400)),
        (60, 60, (60, 60, 60)),
    ],
)
def test_a_window_is_whole_buckets(start: float, end: float, window: tuple[int, int, int]):
    found = Window.around(start, end)
    assert (found.start, found.end, found.interval) == window

import pytest

from ddllm.analysis.compare.metrics import METRICS
from tests.support.comparison import measured

BY_KEY = {metric.key: metric for metric in METRICS}


def test_every_metric_is_told_apart():
    assert len({metric.key for metric in METRICS}) == len({metric.title for metric in METRICS}) == len(METRICS)


def test_a_failed_call_is_read_as_an_error_and_as_nothing_else():
    failed = measured(status="error", error="ThrottlingException", ttft=1, checks=(False,), format_ok=False)
    assert [metric.key for metric in METRICS if metric.read(failed) is not None] == ["errors"]


@pytest.mark.parametrize(
    ("key", "more", "value"),
    [
        ("cost", {"cost": 0.25}, 0.25),
        ("ttft", {"ttft": 0.5}, 0.5),
        ("ttft", {}, None),
        ("refusals", {"refusal": "text"}, 1),
        ("refusals", {}, 0),
        ("format", {"format_ok": False}, 0),
        ("format", {}, None),
        ("checks", {"checks": (True, True)}, 1),
        ("checks", {"checks": (True, False)}, 0),
        ("checks", {}, None),
        ("errors", {}, 0),
    ],
)
def test_what_is_read_of_a_call(key, more, value):
    assert BY_KEY[key].read(measured(**more)) == value

"""Metric queries: the shape of the recorded service, and what it refuses."""

from urllib.parse import urlencode

import pytest

from ddllm.query.series import Series
from ddllm.query.sketch import Sketch
from ddllm.sandbox.api import DatadogApi
from tests.support.http_json import caller
from tests.support.openapi import recordings, specification

SERIES = {
    "cost": [
        Series("cost", "count", ("env:prod", "feature:chat"), points={600: 1.0, 660: 2.0}),
        Series("cost", "count", ("env:prod", "feature:search"), points={600: 4.0}),
        Series("cost", "count", ("env:dev", "feature:chat"), points={600: 8.0}),
    ],
    "ttft": [Series("ttft", "distribution", ("env:prod",), sketches={600: Sketch([1.0, 3.0])})],
}


def ask(**query: object):
    with DatadogApi(metrics=lambda metric: SERIES.get(metric, ())) as api:
        return caller(api.url)("GET", f"/api/v1/query?{urlencode(query)}")


def test_a_group_is_a_series_in_the_services_shape():
    text = "sum:cost{env:prod} by {feature}.as_count().rollup(sum, 60)"
    status, answer = ask(**{"from": 600, "to": 1200}, query=text)
    assert status == 200
    chat, search = answer.pop("series")
    assert answer == {
        "status": "ok",
        "resp_version": 1,
        "res_type": "time_series",
        "query": text,
        "message": "",
        "from_date": 600_000,
        "to_date": 1_200_000,
        "group_by": ["feature"],
        "times": [],
        "values": [],
    }
    assert chat == {
        "metric": "cost",
        "display_name": "cost",
        "expression": "sum:cost{env:prod,feature:chat}.as_count().rollup(sum, 60)",
        "scope": "feature:chat,env:prod",
        "tag_set": ["feature:chat"],
        "aggr": "sum",
        "interval": 60,
        "length": 2,
        "start": 600_000,
        "end": 719_000,
        "pointlist": [[600_000, 1.0], [660_000, 2.0]],
        "query_index": 0,
        "attributes": {},
        "unit": [None, None],
    }
    assert search["pointlist"] == [[600_000, 4.0]]


def test_arithmetic_and_distributions_are_answered():
    _, answer = ask(**{"from": 600, "to": 660}, query="sum:cost{*}.as_count().rollup(60) / 2")
    [series] = answer["series"]
    assert (series["metric"], series["scope"], series["pointlist"]) == (
        "sum:cost{*}.as_count().rollup(60) / 2",
        "*",
        [[600_000, 6.5]],
    )
    _, answer = ask(**{"from": 600, "to": 660}, query="sum:ttft{env:prod}.rollup(60)")
    assert answer["series"][0]["pointlist"] == [[600_000, 4.0]]


def test_what_is_not_there_has_no_series():
    assert ask(**{"from": 1, "to": 2}, query="sum:nothing{*}.as_count()")[1]["series"] == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"from": 600, "to": 1200}, "The parameters 'from', 'to' (POSIX timestamps) and 'query' are required"),
        ({"from": "yesterday", "to": 1200, "query": "a{*}"}, "The parameters 'from', 'to'"),
        ({"from": 1200, "to": 600, "query": "a{*}"}, "Parameter 'from' must be before 'to'"),
        ({"from": 1, "to": 2, "query": "sum:a{"}, "Error parsing query: \n unable to parse sum:a{: "),
        (
            {"from": 1, "to": 2, "query": "sum:cost{*}"},
            "the sandbox answers no such query: this cannot be evaluated here",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused(query: dict[str, object], message: str):
    status, answer = ask(**query)
    assert status == 400
    assert answer["errors"][0].startswith(message)


def test_the_answer_is_what_the_specification_and_a_recording_show():
    _, answer = ask(**{"from": 600, "to": 1200}, query="sum:cost{*} by {feature}.as_count().rollup(sum, 60)")
    assert specification().answer_problems("GET", "/api/v1/query", 200, answer) == []
    [recorded] = [each["answer"] for each in recordings() if each["path"].startswith("/api/v1/query")]
    assert answer.keys() == recorded.keys()
    assert answer["series"][0].keys() == recorded["series"][0].keys()
    # Its first bucket is the first that begins within the question, its last one ends after it.
    [series] = recorded["series"]
    assert series["start"] == -(-recorded["from_date"] // 300_000) * 300_000
    assert series["end"] == recorded["to_date"] // 300_000 * 300_000 + 299_000

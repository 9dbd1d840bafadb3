"""What queries answer: each number here can be checked by hand."""

import pytest

from ddllm.errors import QueryError
from ddllm.query.evaluate import evaluate, matches
from ddllm.query.parse import parse
from ddllm.query.series import Series
from ddllm.query.sketch import Sketch

SERIES = [
    Series("cost", "count", ("env:prod", "feature:chat", "model:a"), points={0: 1.0, 60: 2.0, 120: 4.0}),
    Series("cost", "count", ("env:prod", "feature:chat", "model:b"), points={60: 8.0}),
    Series("cost", "count", ("env:prod", "feature:search", "model:a"), points={0: 16.0}),
    Series("cost", "count", ("env:dev", "model:a"), points={0: 32.0}),
    Series("calls", "count", ("env:prod", "feature:chat", "model:a"), points={0: 2.0, 60: 0.0}),
    Series("calls", "count", ("env:prod", "feature:other"), points={0: 5.0}),
    Series("ttft", "distribution", ("env:prod", "feature:chat"), sketches={0: Sketch([1, 2]), 60: Sketch([9])}),
    Series("ttft", "distribution", ("env:prod", "feature:search"), sketches={0: Sketch([4]), 60: Sketch()}),
    Series("queue", "gauge", ("env:prod",), points={0: 3.0}),
]


def series_of(metric: str) -> list[Series]:
    return [one for one in SERIES if one.metric == metric]


def ask(query: str, start: int = 0, end: int = 180) -> dict[tuple[str, ...], dict[int, float]]:
    found = evaluate(parse(query), series_of, start, end)
    return {answer.group: dict(answer.points) for answer in found.answers}


def test_counts_add_up_over_series_and_time():
    assert ask("sum:cost{env:prod}.as_count().rollup(sum, 60)") == {(): {0: 17.0, 60: 10.0, 120: 4.0}}
    assert ask("sum:cost{*}.as_count().rollup(sum, 3600)") == {(): {0: 63.0}}


def test_a_group_is_a_series_and_a_missing_tag_is_told():
    assert ask("sum:cost{*} by {feature}.as_count().rollup(sum, 180)") == {
        ("chat",): {0: 15.0},
        ("search",): {0: 16.0},
        ("N/A",): {0: 32.0},
    }
    assert ask("sum:cost{env:prod} by {model,feature}.as_count().rollup(180)") == {
        ("a", "chat"): {0: 7.0},
        ("a", "search"): {0: 16.0},
        ("b", "chat"): {0: 8.0},
    }


def test_groups_come_in_order_with_what_they_are_grouped_by():
    found = evaluate(parse("sum:cost{*} by {feature}.as_count().rollup(sum, 60)"), series_of, 0, 180)
    assert (found.by, found.interval) == (("feature",), 60)
    assert [answer.group for answer in found.answers] == [("N/A",), ("chat",), ("search",)]


def test_space_is_aggregated_after_time():
    assert ask("max:cost{env:prod}.as_count().rollup(sum, 180)") == {(): {0: 16.0}}
    assert ask("min:cost{env:prod}.as_count().rollup(sum, 180)") == {(): {0: 7.0}}
    assert ask("avg:cost{env:prod}.as_count().rollup(sum, 180)") == {(): {0: 31 / 3}}


def test_a_bucket_that_begins_before_the_start_is_left_out_and_the_end_is_not_in():
    assert ask("sum:cost{*}.as_count().rollup(sum, 60)", start=1, end=120) == {(): {60: 10.0}}
    assert ask("sum:cost{feature:none}.as_count()") == {}


def test_the_bucket_suits_the_span_and_holds_no_more_points_than_an_answer():
    def interval(query: str, span: int) -> int:
        return evaluate(parse(query), series_of, 0, span).interval

    assert interval("sum:cost{*}.as_count()", 300) == 2
    assert interval("sum:cost{*}.as_count()", 3600) == 20
    assert interval("sum:cost{*}.as_count()", 86_400) == 300
    assert interval("sum:cost{*}.as_count()", 400 * 86_400) == 86_400
    assert interval("sum:cost{*}.as_count().rollup(sum, 10)", 86_400) == 60
    assert interval("sum:cost{*}.as_count().rollup(sum, 60)", 86_400) == 60


def test_a_distribution_merges_in_time_and_space():
    assert ask("sum:ttft{*}.rollup(sum, 180)") == {(): {0: 16.0}}
    assert ask("sum:ttft{*}.as_count().rollup(sum, 180)") == {(): {0: 16.0}}
    assert ask("count:ttft{*} by {feature}.as_count().rollup(sum, 180)") == {("chat",): {0: 3.0}, ("search",): {0: 1.0}}
    assert ask("avg:ttft{*}.rollup(avg, 180)") == {(): {0: 4.0}}
    assert ask("max:ttft{*}.rollup(60)") == {(): {0: 4.0, 60: 9.0}}
    assert ask("min:ttft{feature:search}.rollup(60)") == {(): {0: 4.0}}
    [points] = ask("p50:ttft{*}.rollup(180)").values()
    assert points[0] == pytest.approx(4, rel=0.02)


def test_arithmetic_joins_groups_and_takes_a_missing_count_for_nothing():
    cost, calls = (
        "sum:cost{env:prod} by {feature}.as_count().rollup(60)",
        "sum:calls{*} by {feature}.as_count().rollup(60)",
    )
    assert ask(f"{cost} / {calls}") == {("chat",): {0: 0.5}}
    assert ask(f"{cost} + {calls}") == {("chat",): {0: 3.0, 60: 10.0, 120: 4.0}}
    assert ask(f"{calls} - {cost}") == {("chat",): {0: 1.0, 60: -10.0, 120: -4.0}}
    assert ask("-sum:calls{feature:chat}.as_count().rollup(60) * (2 + 1)") == {(): {0: -6.0, 60: 0.0}}
    assert ask("8 / sum:calls{feature:chat}.as_count().rollup(60)") == {(): {0: 4.0}}


def test_a_missing_point_of_a_distribution_is_not_nothing():
    assert ask("max:ttft{feature:chat}.rollup(60) - max:ttft{feature:search}.rollup(60)") == {(): {0: -2.0}}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("sum:cost{*}", "a count without .as_count\\(\\) is a rate"),
        ("cost{*}.as_count()", "it has no aggregator"),
        ("p95:cost{*}.as_count()", "`p95` over a count"),
        ("sum:cost{*}.as_count().rollup(avg, 60)", "a count is rolled up by `sum`"),
        ("sum:cost{*}.as_count().rollup(sum, daily)", "is not understood"),
        ("sum:cost{*}.as_count().rollup(0)", "is not understood"),
        ("sum:cost{*}.as_count().fill(zero)", r"\.fill\(\) is not understood"),
        ("sum:cost{$env}.as_count()", "`\\$env` is a dashboard's template variable"),
        ("sum:cost{a:1 OR NOT b:$b}.as_count()", "template variable"),
        ("stddev:ttft{*}", "`stddev` over a distribution"),
        ("ttft{*}", "it has no aggregator"),
        ("avg:ttft{*}.rollup(sum, 60)", "`avg` rolled up by `sum`"),
        ("avg:queue{*}", "queue is a gauge"),
        ("1 + 2", "it reads no metric"),
        ("query1", "it reads no metric"),
        ("query1 + sum:cost{*}.as_count()", "a name stands for a query in formulas alone"),
        ("abs(sum:cost{*}.as_count())", "the function abs is not understood"),
        ("sum:cost{*}.as_count(), sum:cost{*}.as_count()", "it is more than one query"),
        ("sum:cost{*}.as_count() * (1 / 0)", "it divides by zero"),
        ("sum:cost{*} by {a}.as_count() / sum:cost{*}.as_count()", "grouped by different tags"),
    ],
)
def test_what_is_not_evaluated_is_an_error_that_says_so(query: str, reason: str):
    with pytest.raises(QueryError, match=f"this cannot be evaluated here: .*{reason}"):
        ask(query)


@pytest.mark.parametrize(
    ("scope", "taken"),
    [
        ("*", True),
        ("env:prod", True),
        ("env:pro", False),
        ("env:p*d", True),
        ("env:*", True),
        ("region:*", False),
        ("web", True),
        ("!web", False),
        ("env:prod,!host:b", True),
        ("env:dev OR host:a", True),
        ("env IN (dev,pro*)", True),
        ("env NOT IN (dev,test)", True),
        ("NOT (env:prod AND web)", False),
        ("path:a.c", False),
        ("path:a+[c", True),
    ],
)
def test_a_scope_takes_series(scope: str, taken: bool):
    query = parse(f"m{{{scope}}}")
    assert matches(query.scope, ("env:prod", "host:a", "path:a+[c", "web")) is taken

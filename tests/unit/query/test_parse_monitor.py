"""Queries of monitors of every kind: what is read, how it is printed, and what is refused with which reason."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.errors import QueryError
from ddllm.query.ast import Binary, Keyword, Method, Name, Query, Quoted, Tag
from ddllm.query.monitor import (
    AllOf,
    AnyOf,
    Change,
    CheckQuery,
    Comparison,
    CompositeQuery,
    EventQuery,
    FormulaQuery,
    Member,
    MetricQuery,
    SloQuery,
    Unless,
    Window,
)
from ddllm.query.parse import parse_monitor
from tests.unit.query.trees import BARE, EXPRESSIONS, KEYWORDS, NAMES, TEXTS

LAST_5M = Window("last", 5, "m")


def test_a_metric_monitor_in_its_parts():
    assert parse_monitor("percentile(last_5m):p95:ddllm.ttft{env:prod} by {service} > 2", "query alert") == MetricQuery(
        "percentile",
        LAST_5M,
        None,
        Query("p95", "ddllm.ttft", Tag("env", "prod"), ("service",)),
        Comparison(">", 2),
    )


def test_a_change_in_its_parts():
    assert parse_monitor("pct_change(avg(last_5m),last_1h):avg:a{*} <= -5") == MetricQuery(
        "avg", LAST_5M, Change("pct_change", Window("last", 1, "h")), Query("avg", "a"), Comparison("<=", -5)
    )


def test_a_check_in_its_parts():
    assert parse_monitor('"ntp.in_sync".over("*").last(2).count_by_status()', "service check") == CheckQuery(
        Quoted("ntp.in_sync"), (Method("over", (Quoted("*"),)), Method("last", ("2",)), Method("count_by_status"))
    )


def test_a_search_in_its_parts():
    assert parse_monitor(r'logs("\"a b\"").index("*").rollup("count").last("5m") > 5', "log alert") == EventQuery(
        "logs",
        Quoted(r"\"a b\"", '"'),
        (Method("index", (Quoted("*"),)), Method("rollup", (Quoted("count"),)), Method("last", (Quoted("5m"),))),
        Comparison(">", 5),
    )


def test_a_formula_in_its_parts():
    query = 'formula("query1 / query2").last("7d").anomaly(direction="above", threshold=10) >= 5'
    assert parse_monitor(query, "cost alert") == FormulaQuery(
        Binary("/", Name("query1"), Name("query2")),
        (
            Method("last", (Quoted("7d"),)),
            Method("anomaly", (Keyword("direction", Quoted("above")), Keyword("threshold", "10"))),
        ),
        Comparison(">=", 5),
    )


def test_an_objective_in_its_parts():
    assert parse_monitor('error_budget("abc").over("7d") > 75', "slo alert") == SloQuery(
        "error_budget", Quoted("abc"), (Method("over", (Quoted("7d"),)),), Comparison(">", 75)
    )


def test_a_composite_in_its_parts():
    assert parse_monitor("!1 && (2 || 3)", "composite") == CompositeQuery(
        AllOf((Unless(Member(1)), AnyOf((Member(2), Member(3)))))
    )


@pytest.mark.parametrize(
    "text",
    [
        "avg(last_5m):avg:a{*} > 5",
        "sum(current_1mo):sum:a{*}.as_count() >= threshold",
        "max(next_1w):forecast(max:a{*}, 'linear', 1, interval='60m') >= 90",
        "change(min(last_1m),last_5m):min:a{*} by {host} < -0.5",
        "avg(last_4h):anomalies(avg:a{*}, 'agile', 2, direction='above', alert_window='last_15m') >= 1",
        "min(last_37m):(avg:a{*} + avg:b{*}) / 2 != 0",
        '"http.can_connect".over("env:prod","url:x").exclude("host:y").by("host","url").last(4).count_by_status()',
        "'datadog.agent.up'.over('*').by('*').last(1).pct_by_status()",
        'rum("@type:error").rollup("avg","@view.duration").last("15m") > 5',
        'trace-analytics("env:prod").index("trace-search","djm-search").rollup("count").by("service,env").last("1d") > 0',
        'error-tracking("service:web").source("backend").impact().rollup("count").last("1d") > 0',
        'llm-observability("*").rollup("count").last("2h") > 0',
        'audits("@evt.name:x").rollup("cardinality","@usr.id").by("@usr.id").last("5m") >= 1',
        "processes('java').over('env:prod').rollup('count').by('host').last('5m') < 1",
        "processes('java').rollup('count').last('90s') < 1",
        'formula("query1").current("1mo").forecast() > 100',
        'data-jobs("*").rollup("count").last(10d) > 0',
        'events("source:x").rollup("count").current("1h") > 2345',
        'formula("query1").rollup("sum").last("5m") > 100',
        'burn_rate("abc").over("30d").long_window("1h").short_window("5m") > 14.4',
        "1 && (2 || !3) && !(4 && 5)",
    ],
)
def test_what_is_printed_as_it_was_written(text: str):
    assert str(parse_monitor(text)) == text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("avg( last_15m ) : ( avg:a{*} )>3.0", "avg(last_15m):avg:a{*} > 3"),
        ("change(avg(last_5m), 1h_ago):avg:a{*} > 5", "change(avg(last_5m),last_1h):avg:a{*} > 5"),
        ("\n1&&2\n||(3)", "(1 && 2) || 3"),
        (
            'formula("top(query1, 5, \\"mean\\")") .last( "5m" )>1',
            'formula("top(query1, 5, \\"mean\\")").last("5m") > 1',
        ),
    ],
)
def test_what_is_printed_in_the_usual_way(text: str, printed: str):
    assert str(parse_monitor(text)) == printed
    assert parse_monitor(printed) == parse_monitor(text)


@pytest.mark.parametrize(
    ("text", "message", "position", "suggestion"),
    [
        ("avg(last_5m:avg:a{*} > 2", "the parenthesis that opens here is never closed", 3, None),
        ("avg(last_5m):avg:a{x:1 > 2", "the brace that opens here is never closed", 18, None),
        ("avg(last_5m):avg:a{*}", "ends with a comparison", 21, None),
        ("avg(last_5m):avg:a{*} =< 5", "`=<` is no operator", 22, "<="),
        ("avg(last_5m):avg:a{*} = 5", "`=` is no operator", 22, "=="),
        ("avg(last_5m):avg:a{*} >> 5", "`>>` is no operator", 23, None),
        ("avg(last_5m):avg:a{*} > .5", "needs its leading zero", 24, "0.5"),
        ("avg(last_5m):avg:a{*} > 5%", "at `%`: expected is the end", 25, None),
        ("avg:a{*} > 5", "begins with its window", 0, None),
        ("a.b{*} > 5", "begins with its window", 0, None),
        ("avg(last_5m):avg:a{*} > 1e5", "`1e5` is no number that Datadog reads", 24, None),
        ("avg(last_5m):avg:a{*} > ${limit}", "a placeholder of another tool", 24, None),
        ("avg(last_5 minutes):avg:a{*} > 5", "a window is one word", 11, None),
        ("avg(5m):avg:a{*} > 5", "a window says which one", 4, "last_5m"),
        ("avg(last_30s):avg:a{*} > 5", "windows start at one minute", 4, None),
        ("avg(last_0m):avg:a{*} > 5", "it has no length", 4, None),
        ("avg(last_5y):avg:a{*} > 5", "`y` is no unit", 4, None),
        ("avg(past_5m):avg:a{*} > 5", "`past_5m` is no window", 4, None),
        ("mean(last_5m):avg:a{*} > 5", "`mean` does not aggregate a window", 0, "avg"),
        ("p95(last_5m):avg:a{*} > 5", "`p95` does not aggregate a window", 0, None),
        ("change(last_5m,last_1h):avg:a{*} > 5", r"change\(avg\(last_5m\),last_1h\)", 7, "avg(last_5m)"),
        ("avg(last_5m,last_1h):avg:a{*} > 5", "`avg` takes one window", 12, None),
        ("change(last_5m):avg:a{*} > 5", "`change` needs a second window", 0, None),
        ("diff(avg(last_5m),last_1h):avg:a{*} > 5", "`diff` does not compare two windows", 0, None),
        ("avg(last_5m):avg:a{$env} > 5", r"`\$env` is a dashboard's template variable", 19, None),
        ('formula("a{$env}").last("5m") > 5', r"`\$env` is a dashboard's template variable", 11, None),
        ("avg(last_5m):avg:a{*} by {$key} > 5", r"`\$key` is a dashboard's template variable", 13, None),
        ("avg(last_5m):clampmin(avg:a{*}, 0) > 5", "no function `clampmin`", 13, "clamp_min"),
        ("1 && || 2", "two operators in a row: `&&` and `\\|\\|`", 5, None),
        ("1 && 2)", r"`\)` closes nothing", 6, None),
        ("1 and 2", "monitors are joined by", 2, "&&"),
        ("1 | 2", "monitors are joined by", 2, "||"),
        ("1 &&", "`&&` needs something on its right", 4, None),
        (" || ".join(map(str, range(11))), "10 monitors at most", 0, None),
        ('"a".over().last(2).count_by_status()', r'needs a tag at least, or "\*"', 3, None),
        ('"a".over("*").by().last(2).count_by_status()', "needs a tag key at least", 13, None),
        ('a.b.over("*").last(2).count_by_status()', "a check's name stands in quotation marks", 0, None),
        ('"a".over("*").last(2)', "a check ends with how many runs count", 0, None),
        ('"a".over("*").last(101).count_by_status()', "a check counts 1 to 100 runs", 13, None),
        ('logs("a").index("*").last("5m")', "ends with a comparison", 31, None),
        ('logs(a).last("5m") > 5', r"`logs\(…\)` takes a text in quotation marks", 5, None),
        ('logs("a").index("*") > 5', r'`logs` needs its window: .last\("5m"\)', 21, None),
        ('logs("a").last("5 minutes") > 5', "`5 minutes` is no window", 9, None),
        ('logs("a").last("30s") > 5', "windows start at one minute", 9, None),
        ('error_budget("a").over("31d") > 5', "one of 7d, 30d, 90d, not `31d`", 17, None),
        ('error_budget("a") > 5', "at `> 5`: expected is a method", 18, None),
        ('burn_rate("a").over("7d").long_window("1h") > 5', r'needs .short_window\("5m"\)', 44, None),
        ('formula("a / ").last("5m") > 5', "in the formula: the query cannot be read before its end", 13, None),
        ('formula("a, b").last("5m") > 5', "a monitor has one formula", 12, None),
    ],
)
def test_what_is_refused_is_told_with_its_place(text: str, message: str, position: int, suggestion: str | None):
    with pytest.raises(QueryError, match=message) as caught:
        parse_monitor(text)
    assert (caught.value.position, caught.value.suggestion) == (position, suggestion)


@pytest.mark.parametrize(
    ("text", "monitor_type", "message"),
    [
        ("1 && 2", "query alert", "the query of a `query alert` is a comparison"),
        ("avg(last_5m):avg:a{*} > 5", "log alert", "the query of a `log alert` is a search"),
        ("avg(last_5m):avg:a{*} > 5", "composite", "the query of a `composite` is a condition"),
        ('logs("a").last("5m") > 5', "service check", "the query of a `service check` is a check"),
        ('logs("a").last("5m") > 5', "slo alert", "the query of a `slo alert` is error_budget"),
    ],
)
def test_a_type_takes_its_own_shape_alone(text: str, monitor_type: str, message: str):
    with pytest.raises(QueryError, match=message):
        parse_monitor(text, monitor_type)


def test_nesting_without_end_is_refused():
    with pytest.raises(QueryError, match="nested too deeply"):
        parse_monitor("!" * 10_000 + "1")


def test_a_search_may_hold_a_dollar():
    assert str(parse_monitor('logs("@price:$5").last("5m") > 5'))


WINDOWS = st.builds(
    Window,
    st.sampled_from(["last", "current", "next"]),
    st.integers(1, 99),
    st.sampled_from(["m", "h", "d", "w", "mo"]),
)
COMPARISONS = st.builds(
    Comparison, st.sampled_from([">", ">=", "<", "<=", "==", "!="]), st.none() | st.floats(-1e12, 1e12)
)
READINGS = st.sampled_from(["avg", "sum", "min", "max", "percentile"])
CHANGES = st.none() | st.builds(Change, st.sampled_from(["change", "pct_change"]), WINDOWS)
METHODS = st.builds(Method, st.sampled_from(["index", "by", "rollup"]), st.lists(BARE | TEXTS | KEYWORDS).map(tuple))
CHAINS = st.lists(METHODS, max_size=3).map(lambda several: (*several, Method("last", (Quoted("5m", '"'),))))
CONDITIONS = st.recursive(
    st.builds(Member, st.integers(1, 9)),
    lambda inner: (
        st.builds(Unless, inner)
        | st.builds(AllOf, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=8,
)
STEADY = EXPRESSIONS.filter(lambda expression: "$" not in str(expression))  # a monitor has no template variables
CHECK = Method("count_by_status")
MONITORS = (
    st.builds(MetricQuery, READINGS, WINDOWS, CHANGES, STEADY, COMPARISONS)
    | st.builds(CheckQuery, TEXTS, st.integers(1, 100).map(lambda n: (Method("last", (str(n),)), CHECK)))
    | st.builds(EventQuery, NAMES.filter(lambda name: name != "formula"), TEXTS, CHAINS, COMPARISONS)
    | st.builds(FormulaQuery, STEADY, CHAINS, COMPARISONS)
    | st.builds(CompositeQuery, CONDITIONS)
)


@settings(deadline=None)  # the grammar is built once, files are written
@given(MONITORS)
def test_what_is_printed_reads_as_the_same_tree(query):
    assert parse_monitor(str(query)) == query

"""Queries: what is read, how it is printed, and that the print reads as the same."""

import pytest
from hypothesis import given, settings

from ddllm.errors import QueryError
from ddllm.query.ast import (
    Binary,
    Both,
    Call,
    Keys,
    Keyword,
    Method,
    Name,
    Negative,
    Number,
    Query,
    Quoted,
    Several,
    Tag,
)
from ddllm.query.functions import FUNCTIONS
from ddllm.query.parse import parse
from tests.unit.query.trees import EXPRESSIONS


def test_a_query_in_its_parts():
    assert parse("sum:ddllm.cost{env:prod,service:*} by {feature,model_name}.as_count().rollup(sum, 3600)") == Query(
        "sum",
        "ddllm.cost",
        Both((Tag("env", "prod"), Tag("service", "*"))),
        ("feature", "model_name"),
        (Method("as_count"), Method("rollup", ("sum", "3600"))),
    )


@pytest.mark.parametrize(
    "text",
    [
        "sum:ddllm.cost{*}.as_count()",
        "ddllm.cost{env:prod}",
        "p99.9:ddllm.ttft{!stream:false,web} by {service}",
        "avg:a.b_c{env:prod AND NOT c:ready AND (s:true OR s:unknown)}",
        "avg:a{env IN (prod,staging) OR env NOT IN (x)}",
        "avg:a{NOT (x:1 OR y:2)}",
        "avg:a{$env,$openai.user.api_key,x:https://h/p-*}",
        "avg:a{brand:and,android:x,inn:out}",
        "a{*}.rollup(sum, daily, 12am, 'America/Los_Angeles').fill(zero)",
        "sum:a{*} / (sum:b{*} - 0.5) * -100",
        "a{*} - (b{*} - c{*}) - d{*}",
        "-(a{*} + 1)",
        "query1 / (query1 + query2) * 100",
        "top(sum:a{*} by {b}.as_count(), 10, 'mean', 'desc')",
        "anomalies(avg:a{*}, 'basic', 2, direction='both', alert_window='last_15m', interval=60)",
        "timeshift(a{*}, -3600) - calendar_shift(a{*}, '-1w', 'America/New_York')",
        "reduce(rollup(moving_rollup(query1, 60, 'p90'), 'avg', 86400), 'last')",
        "percentile(query1, 'p90', {env,service})",
        "count(v: v>=0.5):a{*} by {service}",
        "avg:a.99percentile{$host}, avg:b{*}",
        "avg:a{x:$x.value,url:http://a/?b=c}.fill(null)",
    ],
)
def test_what_is_printed_as_it_was_written(text: str):
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("sum:ddllm.cost.as_count()", "sum:ddllm.cost{*}.as_count()"),
        ("a.b", "a.b{*}"),
        ("a{}", "a{*}"),
        ("sum:a{*}.as_count() by {x}", "sum:a{*} by {x}.as_count()"),
        ("sum:a{*} by{x}", "sum:a{*} by {x}"),
        ("sum : a { env : prod , ! x:1 }\n by { b , c } . as_count ( )", "sum:a{env:prod,!x:1} by {b,c}.as_count()"),
        ("a{x:1 and y:2}", "a{x:1,y:2}"),
        ("a{env:prod AND NOT x:1}", "a{env:prod,!x:1}"),
        ("a{not x in (1, 2)}", "a{x NOT IN (1,2)}"),
        ("a{cluster: , env:*}", "a{cluster:,env:*}"),
        ("count( v:v >= 0 ) : a{*}", "count(v: v>=0):a{*}"),
        ("abs( a{*} )", "abs(a{*})"),
        ("anomalies(a{*},\"basic\" , 2,direction = 'above')", "anomalies(a{*}, \"basic\", 2, direction='above')"),
        ("((a{*}))", "a{*}"),
        ("+a{*} * 1.50", "a{*} * 1.5"),
        ('a{*}.fill("it\'s")', 'a{*}.fill("it\'s")'),
    ],
)
def test_what_is_printed_in_the_usual_way(text: str, printed: str):
    assert str(parse(text)) == printed
    assert parse(printed) == parse(text)


@pytest.mark.parametrize(
    ("text", "message", "position", "suggestion"),
    [
        ("", "there is no query", 0, None),
        (" ", "there is no query", 1, None),
        ("a{x:1} ;", r"at `;`: expected is a method, an operator \(\+ - \* /\), `,` or the end", 7, None),
        ("a{x y}", "between tags stands a comma, or AND or OR", 4, None),
        ("a{*} by {b} c", "at `c`", 12, None),
        ("a{*} + ", "before its end, after", 7, None),
        ("sum:{*}", r"at `\{\*\}`: expected is a metric", 4, None),
        ("a{x:1", "the brace that opens here is never closed", 1, None),
        ("abs((a{*})", "the parenthesis that opens here is never closed", 3, None),
        ("avg:a{*},", "a comma must be followed by a metric", 9, None),
        ("avg:a{*} by host", "group keys stand in braces", 9, "by {host}"),
        ("avg:a{*} by (host, b)", "group keys stand in braces", 9, "by {host, b}"),
        ("avg:a{*}}", "`}` closes nothing", 8, None),
        ("avg:a{*}.fill('last)", "the quotation mark that opens here is never closed", 14, None),
        ("a{x:1 AND y:2)}", r"`\)` closes nothing", 13, None),
        ("a{env=prod}", "a tag is written key:value", 5, ":"),
        ("a{AND x:1}", "`AND` needs something on its left", 2, None),
        ("a{x:1 && y:2}", "between tags stands a comma, or AND or OR", 6, None),
        ("a{x:1 AND OR y:1}", "two operators in a row: `AND` and `OR`", 10, None),
        ("avg:1st{*}", "a metric's name starts with a letter", 4, None),
        ("2 + 1st{*}", "a metric's name starts with a letter", 4, None),
        ("a{*} * / b{*}", r"two operators in a row: `\*` and `/`", 7, None),
        ("a{x:1 AND}", "`AND` needs something on its right", 9, None),
        ("a{NOT}", "`NOT` needs something on its right", 5, None),
        ("a{x:1 AND !y:1}", "symbols .* cannot be mixed", 10, "NOT"),
        ("a{x:1, y:1 OR z:1}", "symbols .* cannot be mixed", 11, None),
        ("a{x:1, y IN (1,2)}", "symbols .* cannot be mixed", 9, None),
        ("a{x:1 AND (y:1, z:1)}", "symbols .* cannot be mixed", 14, "AND"),
        ("median:a{*}", "`median` is not an aggregator", 0, "p50"),
        ("avq:a{*}", "`avq` is not an aggregator", 0, "avg"),
        ("p100:a{*}", "`p100` is not an aggregator", 0, None),
        ("count(x):a{*}", r"values are counted as in `count\(v: v>=0.5\)`", 0, None),
        ("1 + clampmin(a{*}, 0)", "there is no function `clampmin`", 4, "clamp_min"),
        ("frobnicate(a{*})", "there is no function `frobnicate`", 0, None),
        ("abs()", "`abs` takes 1 argument", 0, None),
        ("sum:a{x:1} > 3", "a comparison belongs to a monitor", 11, None),
        ("abs(a{*}).fill(zero)", "`.fill` follows a metric alone", 9, None),
        ("clamp_min(a{*})", "`clamp_min` takes 2 arguments", 0, None),
        ("top(a{*}, 5, 'average', 'desc')", "`top` does not know `average`", 13, None),
        ("anomalies(a{*}, 'agil', 2)", "`anomalies` does not know `agil`", 16, "agile"),
        ("a{*}.as_counts()", r"no method `.as_counts\(\)`", 4, "as_count"),
        ("a{*}.as_count(1)", r"`.as_count\(\)` takes no arguments", 4, None),
        ("a{*}.rollup()", r"`.rollup\(\)` takes 1 to 4 arguments", 4, None),
        ("avg:a{${scope}}", r"`\$\{` begins a placeholder of another tool", 7, None),
        ("avg:a{env:{{env}}}", r"`\{\{` begins a placeholder of another tool", 10, None),
        ("avg:%{metric}", "`%{` begins a placeholder of another tool", 4, None),
        (f"avg:{'a' * 201}{{*}}", "200 characters at most", 4, None),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, message: str, position: int, suggestion: str | None):
    with pytest.raises(QueryError, match=message) as caught:
        parse(text)
    assert (caught.value.position, caught.value.suggestion) == (position, suggestion)
    assert caught.value.query == text


def test_an_error_points_into_its_line():
    with pytest.raises(QueryError) as caught:
        parse("a{*} +\n\tclampmin(b{*}, 0)")
    assert caught.value.pointed() == "     clampmin(b{*}, 0)\n     ^"


def test_an_error_proposes_what_was_meant():
    with pytest.raises(QueryError, match=r"no function `clampmin`. Did you mean `clamp_min`\?"):
        parse("clampmin(b{*}, 0)")


def test_a_call_in_its_parts():
    assert parse("percentile(default(query1, -1), 'p90', {env}, x=1)") == Call(
        "percentile",
        (
            Call("default", (Name("query1"), Negative(Number(1)))),
            Quoted("p90"),
            Keys(("env",)),
            Keyword("x", "1"),
        ),
    )


def test_commas_separate_series():
    assert parse("a{*}, b.c") == Several((Query(None, "a"), Query(None, "b.c")))


def test_nodes_know_where_they_stand():
    tree = parse("1 + abs( sum:a{ x:1,y:2 }.as_count())")
    assert isinstance(tree, Binary)
    assert isinstance(tree.right, Call)
    query = tree.right.arguments[0]
    assert isinstance(query, Query)
    assert isinstance(query.scope, Both)
    assert [tree.position, tree.right.position, query.position] == [0, 4, 9]
    assert [operand.position for operand in query.scope.operands] == [16, 20]
    assert query.methods[0].position == 25


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_says_what_it_does_with_its_arguments(name: str):
    function = FUNCTIONS[name]
    assert "a query" in function.says.format("a query", *range(1, function.most))


def test_nesting_without_end_is_refused():
    with pytest.raises(QueryError, match="nested too deeply"):
        parse("-" * 10_000 + "a{*}")


@settings(deadline=None)  # the grammar is built once, files are written
@given(EXPRESSIONS)
def test_what_is_printed_reads_as_the_same_tree(expression):
    assert parse(str(expression)) == expression


def test_a_method_refuses_what_it_cannot_print():
    with pytest.raises(ValueError, match="quotation marks"):
        Method("fill", ("a b",))


def test_a_text_refuses_what_would_end_it():
    with pytest.raises(ValueError, match="cannot be written between"):
        Quoted("it's")

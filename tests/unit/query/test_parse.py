"""Queries: what is read, how it is printed, and that the print reads as the same."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.errors import QueryError
from ddllm.query.ast import (
    Binary,
    Both,
    Either,
    Everything,
    Method,
    Negative,
    Not,
    Number,
    OneOf,
    Query,
    Quoted,
    Scope,
    Tag,
)
from ddllm.query.parse import parse


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
    ],
)
def test_what_is_printed_as_it_was_written(text: str):
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("sum:ddllm.cost.as_count()", "sum:ddllm.cost{*}.as_count()"),
        ("a", "a{*}"),
        ("a{}", "a{*}"),
        ("sum:a{*}.as_count() by {x}", "sum:a{*} by {x}.as_count()"),
        ("sum:a{*} by{x}", "sum:a{*} by {x}"),
        ("sum : a { env : prod , ! x:1 }\n by { b , c } . as_count ( )", "sum:a{env:prod,!x:1} by {b,c}.as_count()"),
        ("a{x:1 and y:2}", "a{x:1,y:2}"),
        ("a{env:prod AND !x:1}", "a{env:prod,!x:1}"),
        ("a{not x in (1, 2)}", "a{x NOT IN (1,2)}"),
        ("a{x:1,(y:2 OR !z:*)}", "a{x:1 AND (y:2 OR NOT z:*)}"),
        ("((a{*}))", "a{*}"),
        ("+a{*} * 1.50", "a{*} * 1.5"),
        ('a{*}.fill("it\'s")', 'a{*}.fill("it\'s")'),
    ],
)
def test_what_is_printed_in_the_usual_way(text: str, printed: str):
    assert str(parse(text)) == printed
    assert parse(printed) == parse(text)


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("", "the query cannot be read before its end", 0),
        ("a{x:1} ;", "at `;`", 7),
        ("sum:a{x:1} > 3", "at `> 3`", 11),
        ("top(a{*}, 5)", r"at `\(a\{\*\}, 5\)`", 3),
        ("a{x y}", "at `y}`", 4),
        ("a{*} by {b} c", "at `c`", 12),
        ("a{*} + ", "before its end, after", 7),
        ("sum:{*}", r"at `\{\*\}`", 4),
        ("a{x:1", "before its end, after `a{x:1`", 5),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, message: str, position: int):
    with pytest.raises(QueryError, match=message) as caught:
        parse(text)
    assert caught.value.position == position
    assert caught.value.query == text


def test_nesting_without_end_is_refused():
    with pytest.raises(QueryError, match="nested too deeply"):
        parse("-" * 10_000 + "a{*}")


LETTERS = st.text(string.ascii_lowercase, min_size=1, max_size=5)
KEYWORDS = {"and", "or", "not", "in", "by"}
KEYS = st.from_regex(r"[a-z_@$][a-z0-9_.\-/]{0,6}", fullmatch=True).filter(lambda key: key not in KEYWORDS)
VALUES = st.from_regex(r"[a-z0-9_.\-/:*]{0,8}", fullmatch=True)
TAGS = st.builds(Tag, KEYS, st.none() | VALUES)
ONE_OF = st.builds(OneOf, KEYS, st.lists(KEYS, min_size=1, max_size=3).map(tuple))


def nested(inner: st.SearchStrategy[Scope]) -> st.SearchStrategy[Scope]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, inner) | st.builds(Both, several) | st.builds(Either, several)


SCOPES = st.recursive(TAGS | ONE_OF | st.just(Everything()), nested, max_leaves=8)
ARGUMENTS = st.from_regex(r"[a-z0-9+\-.]{1,6}", fullmatch=True) | st.builds(
    Quoted, st.text(string.ascii_letters + " /_,")
)
METHODS = st.builds(Method, st.sampled_from(["as_count", "rollup", "fill"]), st.lists(ARGUMENTS, max_size=3).map(tuple))
QUERIES = st.builds(
    Query,
    st.none() | st.sampled_from(["sum", "avg", "count", "p95", "p99.9"]),
    st.lists(LETTERS, min_size=1, max_size=3).map(".".join),
    SCOPES,
    st.lists(KEYS, max_size=2).map(tuple),
    st.lists(METHODS, max_size=2).map(tuple),
)
EXPRESSIONS = st.recursive(
    QUERIES | st.builds(Number, st.floats(min_value=0, max_value=1e12)),
    lambda inner: st.builds(Negative, inner) | st.builds(Binary, st.sampled_from("+-*/"), inner, inner),
    max_leaves=6,
)


@settings(deadline=None)  # the grammar is built once, files are written
@given(EXPRESSIONS)
def test_what_is_printed_reads_as_the_same_tree(expression):
    assert parse(str(expression)) == expression


def test_a_method_refuses_what_it_cannot_print():
    with pytest.raises(ValueError, match="quotation marks"):
        Method("fill", ("a b",))

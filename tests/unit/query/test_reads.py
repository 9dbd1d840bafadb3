"""Which metrics a query reads, and how."""

import pytest

from ddllm.query.parse import parse, parse_monitor
from ddllm.query.reads import names, reads


def test_every_metric_is_read_from_left_to_right_inside_whatever_it_stands():
    tree = parse_monitor("avg(last_5m):top(-sum:a{*} / (b.c{*} + 1), 5) - default_zero(p95:d{*}) > 5")
    assert [(read.aggregator, read.metric, read.functions) for read in reads(tree)] == [
        ("sum", "a", ("top",)),
        (None, "b.c", ("top",)),
        ("p95", "d", ("default_zero",)),
    ]


def test_a_read_tells_its_tags_and_variables():
    [read] = reads(parse("avg:a{$env,!x:1,service:$service.value} by {y,z}"))
    assert read.filter_keys == {"x", "service"}
    assert read.variables == {"env"}
    assert read.group_keys == ("y", "z")
    assert read.tag_keys == {"x", "y", "z", "service"}


def test_a_read_tells_the_tags_of_a_condition():
    [read] = reads(parse("avg:a{x:1 AND (NOT y:2 OR z IN (3,4))}"))
    assert [str(each) for each in read.filters] == ["x:1", "y:2", "z IN (3,4)"]


@pytest.mark.parametrize(("aggregator", "needs"), [("p95", True), ("count(v: v>1)", True), ("count", False)])
def test_percentiles_and_counts_of_values_need_percentiles(aggregator: str, needs: bool):
    [read] = reads(parse(f"{aggregator}:a{{*}}"))
    assert read.is_percentile is needs


@pytest.mark.parametrize("query", ["1 && 2", 'logs("avg:a{*}").last("5m") > 5', '"a".last(1).count_by_status()'])
def test_what_asks_no_metric_reads_none(query: str):
    assert not list(reads(parse_monitor(query)))


def test_series_beside_each_other_are_all_read():
    assert [read.metric for read in reads(parse("a{*}, b{*}"))] == ["a", "b"]


def test_a_formula_tells_its_names():
    assert names(parse("top(query1, 5, 'mean') / (b + c{*})")) == {"query1", "b"}
    assert names(parse_monitor('formula("a * 2").last("5m") > 1')) == {"a"}

"""Every query of the monitors that ship gives a number where its metrics report: nothing in it joins to nothing."""

import numpy as np
import pytest

from ddllm import catalog
from ddllm.definitions.library import library_folder
from ddllm.definitions.project import load_project
from ddllm.query.arrays.frame import Axis
from ddllm.query.arrays.values import values_of
from ddllm.query.ast import OneOf
from ddllm.query.monitor import MetricQuery
from ddllm.query.parse import parse_monitor
from ddllm.query.reads import Read, reads
from ddllm.query.series import Series
from ddllm.query.sketch import Sketch

WEEK = 7 * 86_400
NOW = 200 * WEEK
#: Ten hours of now, and the same ten of last week.
TIMES = [*range(NOW - WEEK - 36_000, NOW - WEEK, 60), *range(NOW - 36_000, NOW, 60)]

QUERIES = {
    each.key: each.body["query"]
    for each in load_project(library_folder(), "prod").of("monitors")
    if each.body["type"] == "query alert"
    # An anomaly band needs three weeks, and a window that grows from midnight has no value of its own.
    and "anomalies(" not in each.body["query"]
    and "current_" not in each.body["query"]
}


def tags(read: Read) -> tuple[str, ...]:
    """Tags that a query's scope takes, with one value for each tag that it is grouped by."""
    found = dict.fromkeys(read.group_keys, "x")
    for part in read.filters:
        if isinstance(part, OneOf):
            found[part.key] = part.values[0]
        elif f"!{part}" not in str(read.query):
            found[part.key] = (part.value or "").replace("*", "-1")
    return tuple(sorted(f"{key}:{value}" for key, value in found.items()))


def series(metric: str, of: tuple[str, ...]) -> Series:
    if catalog.BY_NAME[metric].kind == "count":
        return Series(metric, "count", of, points=dict.fromkeys(TIMES, 5.0))
    return Series(metric, "distribution", of, sketches={time: Sketch([1.0, 2.0, 3.0]) for time in TIMES})


@pytest.mark.parametrize("query", [pytest.param(query, id=key) for key, query in QUERIES.items()])
def test_a_query_gives_one_number_for_one_group(query: str):
    tree = parse_monitor(query, "query alert")
    assert isinstance(tree, MetricQuery)
    held = [series(metric, of) for metric, of in {(read.metric, tags(read)) for read in reads(tree)}]
    found = values_of(tree, lambda metric: [each for each in held if each.metric == metric], Axis(NOW, 60, 1))
    assert len(found.groups) == 1
    assert not np.isnan(found.values).any()

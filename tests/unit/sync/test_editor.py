"""What the editor of Datadog's pages writes by itself means nothing; everything else of a widget does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.sync.editor import plain

WIDGETS = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["16", "left", "auto", "solid", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["title_size", "time", "yaxis", "scale", "style", "line_type", "requests", "conditional_formats"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["title_size", "yaxis", "requests", "markers", "other"]), WIDGETS))
def test_a_plain_definition_stays_what_it_is(definition: dict[str, Any]):
    once = plain({**definition, "type": "timeseries"})
    assert plain(once) == once


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ({"type": "timeseries", "title_size": "16", "time": {}, "legend_layout": "auto"}, {"type": "timeseries"}),
        ({"type": "timeseries", "title_size": "13"}, {"type": "timeseries", "title_size": "13"}),
        ({"type": "timeseries", "yaxis": {"scale": "log", "min": "auto"}}, {"type": "timeseries", "yaxis": {"scale": "log"}}),
        ({"type": "toplist", "yaxis": {"min": "auto"}}, {"type": "toplist", "yaxis": {"min": "auto"}}),
        ({"type": "note", "show_tick": False, "tick_pos": "20%"}, {"type": "note", "tick_pos": "20%"}),
        ({"type": "x", "requests": {"fill": {"q": "a"}}}, {"type": "x", "requests": {"fill": {"q": "a"}}}),
    ],
)  # fmt: skip
def test_only_what_means_nothing_is_taken_out(written: dict[str, Any], left: dict[str, Any]):
    assert plain(written) == left


def test_the_order_of_formats_which_changes_at_random_means_nothing():
    one, other = {"comparator": ">", "value": 1}, {"comparator": "<", "value": 2}
    definitions = [
        {"type": "query_value", "requests": [{"formulas": [{"conditional_formats": formats}]}]}
        for formats in ([one, other], [other, one])
    ]
    assert plain(definitions[0]) == plain(definitions[1])

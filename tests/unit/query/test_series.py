"""Tags of a series: their values, and the groups that they put it in."""

from ddllm.query.series import Series, groups_of, values_of
from ddllm.query.sketch import Sketch


def test_a_tag_has_no_value_one_or_several():
    tags = ("a:1", "a:2", "b:x:y", "bare")
    assert values_of(tags, "a") == ("1", "2")
    assert values_of(tags, "b") == ("x:y",)
    assert values_of(tags, "bare") == ("",)
    assert values_of(tags, "ba") == ()


def test_a_series_is_in_a_group_for_each_value_and_in_one_for_none():
    tags = ("a:1", "a:2", "b:x")
    assert list(groups_of(tags, ("b", "a"))) == [("x", "1"), ("x", "2")]
    assert list(groups_of(tags, ("c", "b"))) == [("N/A", "x")]
    assert list(groups_of(tags, ())) == [()]


def test_times_are_those_with_data():
    assert list(Series("m", "count", (), points={10: 1.0, 20: 0.0}).times()) == [10, 20]
    assert list(Series("m", "distribution", (), sketches={30: Sketch([1])}).times()) == [30]

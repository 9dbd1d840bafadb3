"""How many custom metrics: each number here can be counted by hand."""

import pytest

from ddllm import catalog
from ddllm.analysis.estimate import Estimate, as_json, estimate
from ddllm.query.series import Series
from ddllm.query.sketch import Sketch

HOUR = 3600


def count(metric: catalog.Metric, *hours: int, **tags: str) -> Series:
    texts = tuple(sorted(f"{key}:{value}" for key, value in tags.items()))
    return Series(metric.name, "count", texts, points={hour * HOUR: 1.0 for hour in hours})


def distribution(metric: catalog.Metric, *hours: int, **tags: str) -> Series:
    texts = tuple(sorted(f"{key}:{value}" for key, value in tags.items()))
    return Series(metric.name, "distribution", texts, sketches={hour * HOUR: Sketch([1]) for hour in hours})


#: Two hours. Of COST 2 x 2 combinations in both and one in the second alone; TTFT has two.
SERIES = [
    *(
        count(catalog.COST, 0, 1, env="prod", feature=feature, prompt_template=template)
        for feature in ("a", "b")
        for template in ("x", "y")
    ),
    count(catalog.COST, 1, env="prod", feature="c", prompt_template="z"),
    distribution(catalog.TTFT, 0, 1, env="prod", feature="a"),
    distribution(catalog.TTFT, 1, env="prod", feature="b"),
    Series("system.load", "gauge", (), points={0: 1.0}),
]


def tags(found: Estimate, metric: catalog.Metric) -> dict[str, tuple[int, float, bool]]:
    [share] = [each for each in found.metrics if each.metric == metric.name]
    return {tag.tag: (tag.values, tag.saves, tag.excludable) for tag in share.tags}


def test_a_combination_counts_by_kind_and_by_the_hours_in_which_it_was_there():
    found = estimate(SERIES)
    assert {share.metric: (share.series, share.custom_metrics) for share in found.metrics} == {
        "ddllm.cost": (5, 4.5),
        "ddllm.ttft": (2, 15.0),
    }
    assert (found.hours, found.custom_metrics, found.without_percentiles, found.others) == (2, 19.5, 12.0, 1)


def test_a_tag_saves_what_is_left_without_it():
    found = estimate(SERIES)
    # Without the feature: x and y in both hours, z in one. Without the template: a and b in both, c in one.
    assert tags(found, catalog.COST) == {
        "feature": (3, 2.0, True),
        "prompt_template": (3, 2.0, True),
        "env": (1, 0.0, False),
    }
    assert tags(found, catalog.TTFT) == {"feature": (2, 5.0, True), "env": (1, 0.0, False)}
    assert [(tag.tag, tag.values, tag.saves) for tag in found.tags] == [
        ("feature", 3, 7.0),
        ("prompt_template", 3, 2.0),
        ("env", 1, 0.0),
    ]


def test_a_tag_that_another_one_implies_saves_nothing():
    series = [count(catalog.COST, 0, feature=each, model_name=each) for each in ("a", "b")]
    assert tags(estimate(series), catalog.COST) == {"feature": (2, 0, True), "model_name": (2, 0, True)}


def test_exclusions_are_applied_as_the_emitter_applies_them():
    assert estimate(SERIES, exclude_metrics=["ddllm.ttft"]).custom_metrics == 4.5
    assert estimate(SERIES, exclude_tags=["feature"]).custom_metrics == 2.5 + 10
    assert estimate(SERIES, exclude_tags=["feature"]).custom_metrics == estimate(SERIES).custom_metrics - 7
    assert estimate(SERIES, exclude_tags=["env"]).custom_metrics == 19.5  # Datadog's own, it stays
    assert "env" in {tag.tag for tag in estimate(SERIES, exclude_tags=["env"]).tags}


def test_hosts_multiply():
    assert estimate(SERIES, hosts=3).custom_metrics == 3 * 19.5
    assert estimate(SERIES, hosts=3).tags[0].saves == 21


def test_nothing_is_no_error():
    found = estimate([])
    assert (found.custom_metrics, found.hours, found.metrics, found.tags) == (0, 0, (), ())


def test_json_has_dollars_only_where_they_were_asked_for():
    document = as_json(estimate(SERIES), None)
    assert "dollars_per_month" not in document
    assert document["metrics"][0]["metric"] == "ddllm.ttft"
    assert as_json(estimate(SERIES), 5)["dollars_per_month"] == pytest.approx(0.975)

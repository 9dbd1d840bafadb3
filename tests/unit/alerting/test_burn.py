"""How fast an SLO's error budget burns."""

import numpy as np
import pytest

from ddllm.alerting.burn import burn_rates
from ddllm.alerting.watch import Course, NotRun, Watched, watch
from ddllm.errors import QueryError
from ddllm.query.arrays.frame import Axis
from ddllm.query.parse import parse_monitor
from ddllm.query.series import Series
from ddllm.query.sketch import Sketch

HOURS = 3
BURN = 'burn_rate("a").over("30d").long_window("1h").short_window("5m") > 14.4'
SHARE = {
    "name": "answered",
    "type": "metric",
    "query": {"numerator": "sum:c{ok:true}.as_count()", "denominator": "sum:c{*}.as_count()"},
    "thresholds": [{"timeframe": "30d", "target": 99.0}],
}


def slices(comparator="<", query="p95:t{*}"):
    reading = {"formulas": [{"formula": "q"}], "queries": [{"name": "q", "query": query}]}
    specification = {
        "comparator": comparator,
        "threshold": 2,
        "query_interval_seconds": 300,
        "query": reading,
    }
    return {**SHARE, "type": "time_slice", "sli_specification": {"time_slice": specification}}


def rates(slo, held, query=BURN, *, minutes=60 * HOURS):
    found = burn_rates(parse_monitor(query), slo, lambda metric: held.get(metric, []), Axis(60, 60, minutes), cell=60)
    return found.values[0]


def calls(bad, *, begin=0):
    """Return 100 calls a minute, of which so many are bad in each minute."""
    times = [60 * (begin + minute) for minute in range(len(bad))]
    good = Series("c", "count", ("ok:true",), {at: 100.0 - each for at, each in zip(times, bad, strict=True)})
    return {"c": [good, Series("c", "count", ("ok:false",), dict(zip(times, map(float, bad), strict=True)))]}


def test_a_steady_error_rate_burns_as_many_times_as_it_is_above_what_the_target_leaves():
    assert rates(SHARE, calls([5] * 180))[-1] == pytest.approx(5)


def test_both_windows_have_to_burn():
    burning = rates(SHARE, calls([0] * 60 + [50] * 60 + [0] * 60))
    assert burning[59] == 0
    assert burning[61] < 5  # the short window burns fifty times too fast, the long one hardly
    assert burning[119] == pytest.approx(50)
    assert burning[124] == 0  # the long one still burns, the short one is over it


def test_a_window_in_which_nothing_happened_burns_nothing():
    burning = rates(SHARE, calls([50] * 60))
    assert (burning[59], burning[100]) == (pytest.approx(50), 0)


def test_before_the_first_data_there_is_no_rate():
    assert np.isnan(rates(SHARE, calls([1] * 5, begin=10))[:10]).all()


@pytest.mark.parametrize(("comparator", "burnt"), [("<", 25), (">", 75)])
def test_slices_that_miss_the_threshold_burn(comparator, burnt):
    slow = {60 * minute: Sketch([3.0 if minute % 20 < 5 else 1.0]) for minute in range(180)}
    query = BURN.replace('"5m"', '"40m"')
    held = {"t": [Series("t", "distribution", (), sketches=slow)]}
    assert rates(slices(comparator), held, query)[-1] == pytest.approx(burnt)


def test_slices_without_data_are_good():
    slow = {60 * minute: Sketch([3.0]) for minute in range(60)}
    held = {"t": [Series("t", "distribution", (), sketches=slow)]}
    burning = rates(slices(), held)
    assert (burning[59], burning[75]) == (pytest.approx(100), 0)


@pytest.mark.parametrize(
    ("slo", "query"),
    [
        (SHARE, BURN.replace("30d", "7d")),
        (SHARE, BURN.replace('.short_window("5m")', "")),
        (SHARE, 'error_budget("a").over("30d") > 50'),
        ({**SHARE, "type": "monitor"}, BURN),
        (slices("="), BURN),
        (slices(query="p95:t{*}, p99:t{*}"), BURN),
    ],
)
def test_what_is_not_evaluated_says_so(slo, query):
    with pytest.raises(QueryError):
        rates(slo, calls([1] * 9), query)


def test_an_alert_on_a_burn_rate_fires_and_recovers():
    held = calls([0] * 60 + [50] * 60 + [0] * 60)
    monitor = Watched(1, "burn", "slo alert", BURN, slo=SHARE)
    course = watch([monitor], held.__getitem__, Axis(60, 60, 180))["burn"]
    assert isinstance(course, Course)
    text = "".join("-ONWA"[state] for state in course.states[0])
    assert text.strip("O") == "A" * (text.rindex("A") - text.index("A") + 1)
    assert 70 < text.index("A") < 80


def test_an_alert_whose_slo_is_not_known_is_not_run():
    course = watch([Watched(1, "burn", "slo alert", BURN)], lambda _: [], Axis(60, 60, 5))["burn"]
    assert isinstance(course, NotRun)

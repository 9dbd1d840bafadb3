import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from ddllm.alerting.state import State
from ddllm.cli._plot import line, plot

NUMBERS = st.lists(st.one_of(st.just(float("nan")), st.floats(-1e9, 1e9)), min_size=1, max_size=300)


@given(NUMBERS, st.integers(1, 40))
def test_a_line_has_its_width_at_most_and_a_gap_where_there_is_no_value(values, width):
    drawn = line(np.array(values), width)
    assert len(drawn) <= width
    assert set(drawn) <= set(" ▁▂▃▄▅▆▇█")
    if len(values) <= width and not all(np.isnan(values)):
        assert [mark == " " for mark in drawn] == [bool(np.isnan(value)) for value in values]


def test_a_line_shows_the_highest_of_what_shares_a_column():
    assert line(np.array([0.0, 8.0, 0.0, 0.0]), 2) == "█▁"


@given(NUMBERS, st.floats(-1e9, 1e9), st.integers(10, 120))
@example([5e-324], 0.0, 10)
def test_a_plot_keeps_to_its_width(values, threshold, width):
    states = np.full(len(values), State.OK, np.int8)
    lines = list(plot(np.arange(len(values)), states, np.array(values), threshold, width=width, at=str))
    assert all(len(each.plain.rstrip()) <= max(width, 24) for each in lines)


def test_a_plot_marks_the_threshold_and_what_is_above_it():
    values, states = np.array([1.0, 4.0, 1.0]), np.array([State.OK, State.ALERT, State.OK], np.int8)
    *bars, strip, axis = (
        each.plain for each in plot(np.arange(3), states, values, 2.0, width=80, at=lambda at: f"t{at}")
    )
    assert [each[15:] for each in bars] == [" █ ", " █ ", "╌█╌", " █ ", "▄█▄", "███"]
    assert bars[2].split()[0] == "2"
    assert (strip[15:], axis.split()) == ("▁█▁", ["t0", "t2"])

import numpy as np
import pytest

from ddllm.alerting.state import State
from ddllm.errors import DdllmError, QueryError
from ddllm.query.parse import parse, parse_monitor
from ddllm.testing.answers import Asked, changes, from_file, from_recording
from tests.support.histories import MINUTE, START, errors, file_of

HISTORY = errors(chat=[0, 0, 9, 9, 0, 0, 0, 0, 9, 0, 0, 0], search=[0] * 12)
POINTS = "sum:ddllm.requests{*} by {service}.as_count()"
FIRES = "sum(last_5m):sum:ddllm.requests{*} by {service}.as_count() > 10"


def points_of(query: str, start: float | None = None, end: float | None = None):
    return from_recording(Asked(query, parse(query)), HISTORY, start, end)


def watched(query: str, start: float | None = None):
    return from_recording(Asked(query, parse_monitor(query)), HISTORY, start)


def test_a_metric_query_is_answered_with_its_points():
    found = points_of(POINTS)
    assert [each.name for each in found.lines] == ["service:chat", "service:search"]
    assert found.lines[0].values.tolist() == [0, 0, 9, 9, 0, 0, 0, 0, 9, 0, 0, 0]
    assert found.lines[0].times.tolist() == [START + MINUTE * place for place in range(12)]
    assert (found.interval, found.threshold) == (60, None)
    assert changes(found.lines[0]) == []


def test_a_part_of_the_recording_can_be_meant():
    found = points_of(POINTS, START + 2 * MINUTE, START + 4 * MINUTE)
    assert found.lines[0].values.tolist() == [9, 9]
    with pytest.raises(DdllmError, match="nothing between --from and --to"):
        points_of(POINTS, START + 3600)


def test_a_monitors_query_is_answered_with_values_and_states():
    found = watched(FIRES)
    chat, search = found.lines
    assert found.threshold == 10
    assert np.isnan(chat.values[:4]).all(), "the window reaches before the recording"
    assert chat.values[4:].tolist() == [18, 18, 18, 9, 9, 9, 9, 9]
    assert [state for _, state in changes(chat)][-3:] == [State.OK, State.ALERT, State.OK]
    assert [at - START for at, _ in changes(chat)][-2:] == [6 * MINUTE, 8 * MINUTE], "a new group is left a minute"
    assert State.ALERT not in search.states.tolist()


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("avg(last_1d):forecast(avg:ddllm.requests{*}, 'linear', 1) > 3", "not"),
        ('logs("*").index("*").rollup("count").last("5m") > 1', "reads no metric"),
        ("1 && 2", "reads no metric"),
    ],
)
def test_what_has_no_values_here_is_refused_with_a_reason(query, told):
    with pytest.raises(QueryError, match=told):
        watched(query)


def test_a_metric_that_the_file_does_not_have_is_an_error_with_the_files_name(tmp_path):
    path = file_of(HISTORY, tmp_path)
    query = "avg:ddllm.nothing{*}"
    with pytest.raises(DdllmError, match=r"nothing of ddllm\.nothing") as caught:
        from_file(Asked(query, parse(query)), path)
    assert caught.value.where == str(path)

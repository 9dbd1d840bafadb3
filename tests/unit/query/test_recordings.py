"""Recordings: what is read, what is written, and what is said of a line that is wrong."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.errors import DdllmError
from ddllm.query.recordings import Event, Recording, read_recording, recorded_span, write_recording
from ddllm.query.series import Series
from ddllm.query.sketch import Sketch

HEADER = '{"ddllm_recording":1,"interval":60,"start":600,"end":1200,"sketch":{"gamma":1.015625,"bias":1338}}'


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join([HEADER, *lines]) + "\n", "utf-8")
    return path


def test_counts_of_the_same_metric_tags_and_time_add_up(tmp_path: Path):
    path = written(
        tmp_path / "r.jsonl",
        '{"metric":"m","type":"count","tags":["b:2","a:1"],"points":[[600,1],[660,2]]}',
        '{"metric":"m","type":"count","tags":["a:1","b:2"],"points":[[660,0.5]],"note":"ignored"}',
        '{"later":"versions may say more"}',
        "",
    )
    recording = read_recording(path)
    assert (recording.interval, recording.start, recording.end) == (60, 600, 1200)
    assert recording.series == (Series("m", "count", ("a:1", "b:2"), points={600: 1.0, 660: 2.5}),)
    assert recording.of("m") == list(recording.series)
    assert recording.of("other") == []


def test_the_last_of_two_gauges_holds(tmp_path: Path):
    line = '{"metric":"g","type":"gauge","tags":[],"points":[[600,%d]]}'
    [gauge] = read_recording(written(tmp_path / "r.jsonl", line % 3, line % 2)).series
    assert gauge.points == {600: 2.0}


def test_sketches_merge_and_samples_may_stand_in_their_place(tmp_path: Path):
    path = written(
        tmp_path / "r.jsonl",
        '{"metric":"d","type":"distribution","tags":[],"sketches":[[600,2,3.0,1.0,2.0,[1338,1383],[1,1]]]}',
        '{"metric":"d","type":"distribution","tags":[],"samples":[[600,[4.0]],[660,[]]]}',
    )
    [series] = read_recording(path).series
    assert series.sketches == {600: Sketch([1.0, 2.0, 4.0]), 660: Sketch()}


def test_events_keep_the_order_of_their_tags(tmp_path: Path):
    path = written(tmp_path / "r.jsonl", '{"event":{"t":700.5,"title":"Deployed","tags":["kind:deployment","a:b"]}}')
    assert read_recording(path).events == (Event(700.5, "Deployed", ("kind:deployment", "a:b")),)


def test_a_name_that_ends_in_gz_is_gzipped(tmp_path: Path):
    recording = Recording(60, 600, 1200, (Series("m", "count", ("ä:ö",), points={600: 41.0}),))
    path = tmp_path / "r.jsonl.gz"
    write_recording(recording, path)
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    assert json.loads(lines[1]) == {"metric": "m", "type": "count", "tags": ["ä:ö"], "points": [[600, 41]]}
    assert ".0" not in lines[1]
    assert read_recording(path) == recording


NUMBERS = st.floats(min_value=-1e9, max_value=1e9, allow_nan=False)
TIMES = st.integers(min_value=0, max_value=10**9)
TAGS = st.sets(st.text(max_size=8)).map(lambda tags: tuple(sorted(tags)))
POINTS = st.dictionaries(TIMES, NUMBERS, max_size=4)
SKETCHES = st.dictionaries(TIMES, st.lists(NUMBERS, max_size=6).map(Sketch), max_size=3)
SERIES = st.one_of(
    st.builds(lambda tags, points: Series("c", "count", tags, points=points), TAGS, POINTS),
    st.builds(lambda tags, points: Series("g", "gauge", tags, points=points), TAGS, POINTS),
    st.builds(lambda tags, sketches: Series("d", "distribution", tags, sketches=sketches), TAGS, SKETCHES),
)
EVENTS = st.builds(Event, NUMBERS, st.text(max_size=9), st.lists(st.text(max_size=5)).map(tuple))


@settings(deadline=None)  # the grammar is built once, files are written
@given(
    st.lists(SERIES, max_size=6, unique_by=lambda one: (one.metric, one.tags)),
    st.lists(EVENTS, max_size=2),
    st.sampled_from(["r.jsonl", "r.jsonl.gz"]),
)
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, series: list, events: list, name: str):
    path = tmp_path_factory.mktemp("recording") / name
    recording = Recording(10, 0, 10**9, tuple(series), tuple(events))
    write_recording(recording, path)
    read = read_recording(path)
    assert {(one.metric, one.tags): one for one in read.series} == {(one.metric, one.tags): one for one in series}
    assert (read.interval, read.start, read.end, read.events) == (10, 0, 10**9, tuple(events))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "this is not JSON"),
        ("[1]", "a line must be a JSON object"),
        ('{"metric":"","type":"count"}', "`metric` must be a name"),
        ('{"metric":"m","type":"rate"}', "`type` is 'rate'; it must be one of count, gauge, distribution"),
        ('{"metric":"m","type":"count","tags":"a"}', "`tags` must be a list"),
        ('{"metric":"m","type":"count","tags":[1]}', "`tags` must be a list of texts"),
        ('{"metric":"m","type":"count","points":[[600]]}', r"a point must be \[t, value\]"),
        ('{"metric":"m","type":"count","points":[[600,"x"]]}', "a value must be a number, not 'x'"),
        ('{"metric":"m","type":"count","points":[[600,NaN]]}', "a value must be a number, not nan"),
        ('{"metric":"m","type":"count","points":[[600,true]]}', "a value must be a number, not True"),
        ('{"metric":"m","type":"count","points":[[600,1' + "0" * 400 + "]]}", "a value must be a number"),
        ('{"metric":"m","type":"count","points":[[600.5,1]]}', "a time must be a whole number"),
        ('{"metric":"m","type":"distribution","samples":[[600,1]]}', "samples must be a list"),
        ('{"metric":"m","type":"distribution","sketches":[[600,1,1,1,1,[1338]]]}', "a sketch must be"),
        ('{"metric":"m","type":"distribution","sketches":[[600,2,1,1,1,[1338],[1]]]}', "their sum must be its count"),
        ('{"event":{"t":1}}', "`event` must be an object with `t` and `title`"),
        ('{"metric":"known","type":"gauge","points":[]}', "known is a gauge here and a count on a line before"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, line: str, message: str):
    path = written(tmp_path / "r.jsonl", '{"metric":"known","type":"count","points":[]}', line)
    with pytest.raises(DdllmError, match=message) as caught:
        read_recording(path)
    assert caught.value.where == f"{path}:3"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ('{"metric":"m"}', "this is no recording: the first line must hold `ddllm_recording`"),
        ('{"ddllm_recording":2}', "recordings of version 2 cannot be read; this ddllm reads version 1"),
        ('{"ddllm_recording":1,"interval":60,"start":0}', "`end` must be a number, not None"),
        ('{"ddllm_recording":1,"interval":0,"start":0,"end":1}', "`interval` must be at least 1"),
        ('{"ddllm_recording":1,"interval":1,"start":0,"end":1,"sketch":{"gamma":1.02}}', "other parameters than gamma"),
    ],
)
def test_a_header_that_is_wrong_is_named(tmp_path: Path, header: str, message: str):
    path = tmp_path / "r.jsonl"
    path.write_text(header + "\n")
    with pytest.raises(DdllmError, match=message) as caught:
        read_recording(path)
    assert caught.value.where == f"{path}:1"


def test_what_is_no_file_or_no_gzip_is_named(tmp_path: Path):
    with pytest.raises(DdllmError, match="the recording cannot be read: No such file"):
        read_recording(tmp_path / "nothing.jsonl")
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(DdllmError, match="this is no recording: it is empty"):
        read_recording(tmp_path / "empty.jsonl")
    (tmp_path / "plain.jsonl.gz").write_text(HEADER)
    with pytest.raises(DdllmError, match="this is not gzip"):
        read_recording(tmp_path / "plain.jsonl.gz")
    whole = gzip.compress(f"{HEADER}\n".encode() * 1000)
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DdllmError, match=r"this is not (gzip|JSON)"):
        read_recording(tmp_path / "cut.jsonl.gz")
    with pytest.raises(DdllmError, match="the recording cannot be written"):
        write_recording(Recording(1, 0, 1), tmp_path / "nowhere" / "r.jsonl")


def test_metrics_that_nobody_needs_are_left_out_and_not_even_checked(tmp_path: Path):
    path = written(
        tmp_path / "r.jsonl",
        '{"metric":"a","type":"count","tags":[],"points":[[600,1]]}',
        '{"metric":"b","type":"count","tags":[],"points":"wrong"}',
        '{"metric":"a.b","type":"count","tags":[],"points":[[600,2]]}',
    )
    assert read_recording(path, {"a", "a.b"}).metrics() == ["a", "a.b"]


def test_a_name_that_is_written_with_escapes_is_found(tmp_path: Path):
    path = written(tmp_path / "r.jsonl", '{"metric":"\\u0061","type":"count","tags":[],"points":[[600,1]]}')
    assert read_recording(path, {"a"}).metrics() == ["a"]


def test_the_span_is_known_from_the_first_line(tmp_path: Path):
    assert recorded_span(written(tmp_path / "r.jsonl", "this is not JSON")) == (600, 1200)

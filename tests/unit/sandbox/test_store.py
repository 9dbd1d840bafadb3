"""Packets in, series out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.query.sketch import Sketch
from ddllm.sandbox.series import Series
from ddllm.sandbox.store import Store


def filled(*packets: bytes, now: float = 1005.0, retention: int = 10, max_series: int = 100) -> Store:
    store = Store(retention=retention, max_series=max_series)
    for packet in packets:
        store.ingest(packet, now)
    return store


def query(
    store: Store, metric: str, tags: dict[str, str] | None = None, start: float | None = None, end: float | None = None
) -> list[Series]:
    return store.query(metric, tags or {}, start, end)


def test_samples_fall_into_buckets_of_ten_seconds():
    store = Store(retention=10, max_series=10)
    for now in (1000.0, 1009.99, 1010.0):
        store.ingest(b"hits:1|c", now)
    assert query(store, "hits") == [Series("hits", "count", (), points={1000: 2.0, 1010: 1.0})]


def test_a_timestamp_goes_before_the_clock():
    assert query(filled(b"hits:2|c|T777\nhits:3|c"), "hits")[0].points == {770: 2.0, 1000: 3.0}


def test_several_lines_a_packet_and_empty_ones():
    store = filled(b"a:1|c\nb:2|g\n\na:1|c\n")
    assert (store.stats.packets, store.stats.lines, store.stats.bytes) == (1, 3, 19)
    assert store.totals("a", (), {}) == {(): 2.0}


def test_the_same_tags_in_another_order_are_the_same_series():
    store = filled(b"a:1|c|#x:1,y:2", b"a:1|c|#y:2,x:1")
    assert query(store, "a") == [Series("a", "count", ("x:1", "y:2"), points={1000: 2.0})]


def test_the_same_name_with_two_kinds_is_two_series():
    assert [series.kind for series in query(filled(b"a:1|c\na:1|g"), "a")] == ["count", "gauge"]


def test_each_kind_is_kept_as_the_agent_keeps_it():
    store = filled(b"c:1|c|@0.5\ng:1|g\ng:2|g|@0.1\ns:x|s\ns:y|s\nd:1:3|d|@0.5\nh:4|h\nh:6|ms")
    assert query(store, "c")[0].points == {1000: 2.0}
    assert query(store, "g")[0].points == {1000: 2.0}
    assert query(store, "s")[0].points == {1000: 2.0}
    assert query(store, "d")[0].sketches == {1000: Sketch([1.0, 1.0, 3.0, 3.0])}
    assert query(store, "h")[0].sketches == {1000: Sketch([4.0, 6.0])}
    assert query(store, "h.avg") == [Series("h.avg", "gauge", (), points={1000: 5.0})]
    assert query(store, "d.avg") == []


def test_events_and_service_checks_are_counted():
    store = filled(b"_e{1,1}:a|b\n_sc|x|0\n_sc|y|1")
    assert (store.stats.events, store.stats.service_checks, store.metrics()) == (1, 2, [])


def test_wrong_lines_are_counted_by_reason_and_stop_nothing():
    store = filled(b"a:1|c\nwhat\na:x|c\na:1|q\na:nan|c\na:1|c")
    assert store.stats.malformed == {"format": 1, "value": 2, "type": 1}
    assert store.totals("a", (), {}) == {(): 2.0}


def test_start_is_included_and_end_is_not():
    store = Store(retention=10, max_series=10)
    for now in (1000, 1010, 1020):
        store.ingest(b"a:1|c", now)
    assert list(query(store, "a", start=1010, end=1020)[0].points) == [1010]
    assert query(store, "a", start=2000) == []


def test_filters_are_globs_on_any_value_of_a_tag():
    store = filled(b"a:1|c|#model:claude-3,env:prod\na:2|c|#model:llama,env:prod\na:4|c|#model:x,model:claude-4\na:8|c")
    assert store.totals("a", (), {"model": "claude-*"}) == {(): 5.0}
    assert store.totals("a", (), {"model": "claude-*", "env": "prod"}) == {(): 1.0}
    assert store.totals("a", (), {"model": "Claude-*"}) == {}
    assert [series.points[1000] for series in query(store, "a", {"model": "llama"})] == [2.0]


def test_groups_are_the_values_of_tags():
    store = filled(b"a:1|c|#f:x,m:1\na:2|c|#f:x,m:2\na:4|c|#f:y\nd:1|d|#f:x\nd:3|d|#f:x,m:1")
    assert store.totals("a", ("f",), {}) == {("x",): 3.0, ("y",): 4.0}
    assert store.totals("a", ("f", "m"), {}) == {("x", "1"): 1.0, ("x", "2"): 2.0, ("y", "N/A"): 4.0}
    assert store.sketches("d", ("f",), {}) == {("x",): Sketch([1.0, 3.0])}


def test_totals_of_distributions_are_sums_and_gauges_and_sets_have_none():
    store = filled(b"d:1:2|d\ng:5|g\ns:x|s")
    assert store.totals("d", (), {}) == {(): 3.0}
    assert store.totals("g", (), {}) == store.totals("s", (), {}) == {}


def test_totals_cover_more_than_the_buckets_that_are_kept():
    store = Store(retention=2, max_series=10)
    for now in range(0, 100, 10):
        store.ingest(b"a:1|c\nd:1|d", now)
    assert list(query(store, "a")[0].points) == [80, 90]
    assert store.totals("a", (), {}) == {(): 10.0}
    assert store.sketches("d", (), {})[()].count == 10


def test_samples_of_more_series_than_are_kept_are_counted_and_dropped():
    store = filled(b"a:1|c\nb:1|c\nc:1:2:3|d\na:1|c\nx:t|s", max_series=2)
    assert store.metrics() == ["a", "b"]
    assert store.stats.dropped == 4
    assert store.totals("a", (), {}) == {(): 2.0}


def test_the_memory_of_lines_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ddllm.sandbox.store._KNOWN_LINES", 3)
    store = Store(retention=2, max_series=100)
    for _ in range(2):
        for i in range(10):
            store.ingest(f"a:1|c|#i:{i}".encode(), 0)
            assert len(store._known) <= 3
    assert store.totals("a", (), {}) == {(): 20.0}


def test_repr_tells_what_arrived():
    assert repr(filled(b"a:1|c\na:1|c|#x:y\nwhat")).startswith(
        "Store(1 metrics, 2 series, Stats(packets=1, bytes=21, lines=3,"
    )


lines = st.sampled_from(
    [
        b"a:1|c",
        b"a:2|c|@0.5",
        b"a:1:2|c",
        b"a:x|c",
        b"d:1.5|d|#x:y",
        b"d:1:2|d|#x:y",
        b"d:9|d|#x:y|T500",
        b"g:1|g",
        b"s:q|s",
        b"a:nan|c",
        b"junk",
        b"",
    ]
)


@given(st.lists(lines, max_size=30))
def test_a_line_that_was_seen_before_is_read_as_one_that_was_not(sent: list[bytes]):
    remembering = filled(b"\n".join(sent))
    forgetting = Store(retention=10, max_series=100)
    for line in sent:
        forgetting._known.clear()
        forgetting.ingest(line, 1005.0)
    for metric in ("a", "d", "g", "s"):
        assert query(remembering, metric) == query(forgetting, metric)
    assert remembering.stats.malformed == forgetting.stats.malformed
    assert remembering.stats.lines == forgetting.stats.lines


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_no_packet_stops_the_store(packets: list[bytes]):
    store = filled(*packets)
    assert store.stats.packets == len(packets)
    store.ingest(b"still.alive:1|c", 1000)
    assert store.totals("still.alive", (), {})[()] >= 1.0

"""What arrived as Datadog would hold it, and as a recording."""

import socket
from pathlib import Path

from ddllm.query.recordings import read_recording, write_recording
from ddllm.sandbox.agent import Agent
from ddllm.sandbox.store import Store
from ddllm.sandbox.stored import all_of, stored


def received(*lines: str):
    store = Store(retention=10, max_series=100)
    for line in lines:
        store.ingest(line.encode(), 1000)
    return [one for metric in store.metrics() for one in store.query(metric, {}, None, None)]


def test_counts_gauges_and_distributions_are_what_they_are():
    held = [one for series in received("c:2|c|#a:b", "g:3|g", "d:1:2|d") for one in stored(series)]
    assert [(one.metric, one.kind, one.tags, dict(one.points)) for one in held] == [
        ("c", "count", ("a:b",), {1000: 2.0}),
        ("d", "distribution", (), {}),
        ("g", "gauge", (), {1000: 3.0}),
    ]
    assert held[1].sketches[1000].count == 2


def test_a_set_is_a_gauge_of_its_size():
    [held] = stored(received("s:a|s", "s:b|s", "s:a|s")[0])
    assert (held.kind, held.points) == ("gauge", {1000: 2.0})


def test_a_histogram_is_what_the_agent_makes_of_it():
    [histogram] = received("h:1|h", "h:3|h")
    assert list(stored(histogram)) == []
    made = {one.metric: (one.kind, one.points[1000]) for one in all_of(histogram)}
    assert made.keys() == {"h.avg", "h.count", "h.median", "h.95percentile", "h.max"}
    assert made["h.avg"] == ("gauge", 2.0)
    assert made["h.count"] == ("count", 2.0)


def test_an_agent_answers_and_records_what_came_through_its_socket(tmp_path: Path):
    with Agent(clock=lambda: 1234.5) as agent, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        host, port = agent.udp_url.removeprefix("udp://").rsplit(":", 1)
        for packet in (b"c:2|c|#a:b\nd:1:2|d", b"c:3|c|#a:b", b"c:5|c|#a:b|T1300"):
            client.sendto(packet, (host, int(port)))
        agent.wait_for(lambda: agent.stats.packets == 3, timeout=5)
    assert [dict(one.points) for one in agent.stored("c")] == [{1230: 5.0, 1300: 5.0}]
    recording = agent.recording()
    assert (recording.interval, recording.start, recording.end) == (10, 1230, 1310)
    assert recording.metrics() == ["c", "d"]
    write_recording(recording, tmp_path / "r.jsonl.gz")
    assert read_recording(tmp_path / "r.jsonl.gz") == recording


def test_an_agent_that_received_nothing_records_nothing():
    recording = Agent(clock=lambda: 1234.5).recording()
    assert (recording.start, recording.end, recording.series) == (1230, 1240, ())

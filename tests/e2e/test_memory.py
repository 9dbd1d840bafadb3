"""The benchmark of what a process holds, in small: nothing piles up. `python benchmarks/memory.py` is the long run."""

import json
import sys

from tests.support.process import ROOT, environment, run


def test_neither_calls_nor_abandoned_streams_pile_up():
    script = [sys.executable, str(ROOT / "benchmarks" / "memory.py"), "--json"]
    # Few features: every combination of tags was seen when the first row is taken.
    ended = run([*script, "--calls", "1200", "--streams", "400", "--features", "10"], environment({}))
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(rows) == 15
    assert {(row["open"], row["dropped"]) for row in rows} == {(0, 0)}
    warm, *later = rows
    assert max(row["objects"] for row in later) < warm["objects"] + 500
    assert max(row["rss_mib"] for row in later) < warm["rss_mib"] + 5

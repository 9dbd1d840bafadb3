"""Windows begin some time before, or at the start of the hour, day or month."""

from datetime import UTC, datetime

import numpy as np
import pytest

from ddllm.query.arrays.windows import begins
from ddllm.query.monitor import Window


def start(unit: str, at: str, **said: object) -> str:
    """Return when the current hour, day or month begins that ends at a time (UTC)."""
    seconds = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp())
    found = begins(Window("current", 1, unit), said)(np.array([seconds]))
    return datetime.fromtimestamp(int(found[0]), UTC).strftime("%Y-%m-%d %H:%M")


def test_a_last_window_has_its_length():
    assert begins(Window("last", 5, "m"))(np.array([600])).tolist() == [300]


@pytest.mark.parametrize(
    ("unit", "at", "said", "expected"),
    [
        ("h", "2026-03-05 10:20", {}, "2026-03-05 10:00"),
        ("h", "2026-03-05 10:20", {"hour_starts": 30}, "2026-03-05 09:30"),
        ("h", "2026-03-05 10:00", {}, "2026-03-05 09:00"),
        ("d", "2026-03-05 10:20", {}, "2026-03-05 00:00"),
        ("d", "2026-03-05 03:59", {"day_starts": "04:00"}, "2026-03-04 04:00"),
        ("d", "2026-03-05 10:20", {"timezone": "America/New_York"}, "2026-03-05 05:00"),
        ("mo", "2026-03-05 10:20", {}, "2026-03-01 00:00"),
        ("mo", "2026-03-05 10:20", {"month_starts": 10}, "2026-02-10 00:00"),
    ],
)
def test_a_current_window_grows_from_its_start(unit: str, at: str, said: dict[str, object], expected: str):
    assert start(unit, at, **said) == expected


@pytest.mark.parametrize(
    ("window", "said", "message"),
    [
        (Window("next", 1, "w"), {}, "`next_1w` is not evaluated"),
        (Window("current", 1, "d"), {"timezone": "Mars/Olympus"}, "no timezone `Mars/Olympus`"),
    ],
)
def test_what_cannot_be_begins_with_a_reason(window: Window, said: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        begins(window, said)

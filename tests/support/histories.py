"""Histories for backtests: calls of two services, a minute a letter."""

from collections.abc import Sequence
from pathlib import Path

from ddllm.query.recordings import Recording, write_recording
from ddllm.query.series import Series

START = 1_767_571_200
MINUTE = 60


def errors(**services: Sequence[float]) -> Recording:
    """Return failed calls by service, a number a minute; nan-free: an absent minute is written as None."""
    series = [
        Series(
            "ddllm.requests",
            "count",
            ("env:prod", f"service:{name}", "status:error"),
            {START + MINUTE * place: float(value) for place, value in enumerate(values) if value is not None},
        )
        for name, values in services.items()
    ]
    length = max(len(values) for values in services.values())
    return Recording(MINUTE, START, START + MINUTE * length, tuple(series))


def file_of(recording: Recording, folder: Path) -> Path:
    """Write a recording."""
    path = folder / "history.jsonl.gz"
    write_recording(recording, path)
    return path

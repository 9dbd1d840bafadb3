"""The runtime inside the test's own process: calls made with boto3, and what ddllm noted of them in place of a queue."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config

from ddllm.call import Call
from ddllm.instrument import guard
from ddllm.instrument.patch import botocore as patch
from ddllm.instrument.queue import Queue

CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"


class Records(Queue):
    """A queue that keeps what it is given, and starts nothing."""

    def __init__(self) -> None:
        super().__init__(lambda: None, max_records=10_000, max_bytes=2**30, interval=60)  # type: ignore[arg-type,return-value]
        self.calls: list[Call] = []
        self.sizes: list[int] = []

    def start(self) -> None:
        self.running = True

    def put(self, record: Any, size: int) -> bool:
        self.calls.append(record)
        self.sizes.append(size)
        return True

    @property
    def call(self) -> Call:
        """The one call that was reported."""
        assert len(self.calls) == 1, self.calls
        return self.calls[0]


@contextmanager
def measured() -> Iterator[Records]:
    """Measure the calls made inside; no fault of ddllm's own is left behind."""
    guard.collect()
    records = Records()
    patch.patch(records)
    try:
        yield records
    finally:
        patch.unpatch()
    faults = guard.collect()
    assert not faults.counts, faults.descriptions


def client(url: str, **config: Any) -> Any:
    """Make a Bedrock runtime client of boto3 that waits for nobody."""
    options = {"retries": {"mode": "standard", "total_max_attempts": 1}, "read_timeout": 5, **config}
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(**options),
    )

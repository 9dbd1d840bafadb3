"""What a process holds after very many calls, and after very many streams that nobody read to their end.

    python benchmarks/memory.py [--calls 200000] [--streams 20000] [--features 250] [--json]

Calls go over HTTP to a server that answers at once. Streams are dropped unread, broken off, closed, and left in reference
cycles, in turn. After each part, with everything reported, the table has a row: it should show
what the first rows show, whatever came between. Features and prompt versions are more than their caps, and so are their
combinations more than are kept ready.
"""

import argparse
import contextlib
import gc
import itertools
import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

MODEL = "anthropic.claude-bench-20-4"
BODY = b'{"anthropic_version": "bedrock-2023-05-31", "max_tokens": 8, "messages": []}'
PARTS = 8


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Run a Bedrock runtime that answers at once; its address."""
    argv = [sys.executable, str(Path(__file__).with_name("static_bedrock.py"))]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.kill()


def client(url: str) -> Any:
    """Make a client of that runtime."""
    import boto3

    return boto3.client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name="eu-central-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
    )


def calls(bedrock: Any, number: int, features: int) -> None:
    """Make calls of all four kinds, each read to its end."""
    import ddllm

    kinds: list[Callable[[], Any]] = [
        lambda: bedrock.converse(modelId=MODEL, messages=[]),
        lambda: bedrock.invoke_model(modelId=MODEL, body=BODY)["body"].read(),  # noqa: PLW0108 - a call each time
        lambda: list(bedrock.converse_stream(modelId=MODEL, messages=[])["stream"]),
        lambda: list(bedrock.invoke_model_with_response_stream(modelId=MODEL, body=BODY)["body"]),
    ]
    for count, kind in zip(range(number), itertools.cycle(kinds), strict=False):
        feature, version = count % features, count // features % features
        with ddllm.context(feature=f"feature {feature}", prompt_template="qa", prompt_version=f"v{version}"):
            kind()


def streams(bedrock: Any, number: int) -> None:
    """Abandon streams, in each way in turn."""
    for count in range(number):
        if count % 2:
            events = bedrock.converse_stream(modelId=MODEL, messages=[])["stream"]
        else:
            events = bedrock.invoke_model_with_response_stream(modelId=MODEL, body=BODY)["body"]
        way = count // 2 % 4
        if way == 1:
            next(iter(events))
        elif way == 2:
            events.close()
        elif way == 3:
            events.itself = events


def reported() -> None:
    """Wait until the worker has nothing to do."""
    from ddllm.instrument import bootstrap

    gc.collect()
    queue = bootstrap._queue
    assert queue is not None
    queue._notify()
    while queue._records:
        time.sleep(0.01)
    queue.hold(60)
    queue.release()


def held(part: str) -> dict[str, Any]:
    """Say what the process holds now."""
    from ddllm.instrument import bootstrap
    from ddllm.instrument.patch import reading

    reported()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "part": part,
        "rss_mib": round(pages * resource.getpagesize() / 2**20, 1),
        "objects": len(gc.get_objects()),
        "open": len(reading._open),
        "dropped": bootstrap._queue.dropped if bootstrap._queue else 0,
    }


def measure(bedrock: Any, number_of_calls: int, number_of_streams: int, features: int) -> Iterator[dict[str, Any]]:
    """Do it all; a row after each part. The first part warms caches up, ours and others'."""
    calls(bedrock, number_of_calls // PARTS, features)
    streams(bedrock, number_of_streams // PARTS)
    yield held("warm")
    for part in range(1, PARTS):
        calls(bedrock, number_of_calls // PARTS, features)
        yield held(f"{part * (number_of_calls // PARTS):,} calls")
    for part in range(1, PARTS):
        streams(bedrock, number_of_streams // PARTS)
        yield held(f"{part * (number_of_streams // PARTS):,} streams")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--streams", type=int, default=20_000)
    parser.add_argument("--features", type=int, default=250)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink, serving() as url:
        sink.bind(("127.0.0.1", 0))
        os.environ |= {
            "DD_AGENT_HOST": "127.0.0.1",
            "DD_DOGSTATSD_PORT": str(sink.getsockname()[1]),
            "DDLLM_FLUSH_INTERVAL": "0.2",
        }
        import ddllm

        ddllm.patch()
        if not arguments.json:
            print(f"{'':>16} {'RSS MiB':>8} {'objects':>9} {'open':>6} {'dropped':>8}")
        for row in measure(client(url), arguments.calls, arguments.streams, arguments.features):
            if arguments.json:
                print(json.dumps(row), flush=True)
            else:
                print(
                    f"{row['part']:>16} {row['rss_mib']:>8} {row['objects']:>9,} {row['open']:>6} {row['dropped']:>8}",
                    flush=True,
                )


if __name__ == "__main__":
    sys.exit(main())

"""What a process holds after very many calls, and after very many streams that nobody read to their end.

    python benchmarks/memory.py [--calls 200000] [--streams 20000] [--features 250] [--json]

boto3 runs whole but for the network: a handler of its own events answers from memory. Streams are dropped unread, broken off,
closed, and left in reference cycles, in turn. After each part, with everything reported, the table has a row: it should show
what the first rows show, whatever came between. Features and prompt versions are more than their caps, and so are their
combinations more than are kept ready.
"""

import argparse
import contextlib
import gc
import io
import itertools
import json
import os
import resource
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from static_bedrock import converse, converse_stream, invoke, invoke_stream

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
BODY = b'{"anthropic_version": "bedrock-2023-05-31", "max_tokens": 8, "messages": []}'
PIECES = ["Two rivers ", "meet ", "here."]
PARTS = 8


class Raw(io.BytesIO):
    """An HTTP answer's body, as botocore reads it."""

    def stream(self, amount: int = 1024, **_: Any) -> Iterator[bytes]:
        return iter(lambda: self.read(amount), b"")

    def release_conn(self) -> None:
        """There is no connection."""


def client() -> Any:
    """Make a client that answers itself."""
    import boto3
    from botocore.awsrequest import AWSResponse

    answers = {
        "converse": (converse("Two.", 20), "application/json"),
        "invoke": (invoke("Two.", 20), "application/json"),
        "converse-stream": (b"".join(converse_stream(PIECES, 20)), "application/vnd.amazon.eventstream"),
        "invoke-with-response-stream": (b"".join(invoke_stream(PIECES, 20)), "application/vnd.amazon.eventstream"),
    }

    def answer(request: Any, **_: Any) -> Any:
        body, kind = answers[request.url.rpartition("/")[2]]
        headers = {"content-type": kind, "content-length": str(len(body))}
        return AWSResponse(request.url, 200, headers, Raw(body))

    made = boto3.client(
        "bedrock-runtime",
        region_name="eu-central-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
    )
    made.meta.events.register("before-send.bedrock-runtime", answer)
    return made


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


def measure(number_of_calls: int, number_of_streams: int, features: int) -> Iterator[dict[str, Any]]:
    """Do it all; a row after each part. The first part warms caches up, ours and others'."""
    bedrock = client()
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
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink, contextlib.suppress(KeyboardInterrupt):
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
        for row in measure(arguments.calls, arguments.streams, arguments.features):
            if arguments.json:
                print(json.dumps(row), flush=True)
            else:
                print(
                    f"{row['part']:>16} {row['rss_mib']:>8} {row['objects']:>9,} {row['open']:>6} {row['dropped']:>8}",
                    flush=True,
                )


if __name__ == "__main__":
    sys.exit(main())

"""An application with several ways to make calls and to end: python transport.py URL SCENARIO [ARGUMENT]."""

import concurrent.futures
import json
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

import ddllm
from ddllm.instrument import bootstrap

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
DEADLINE = 20.0

if "ddtrace.bootstrap.preload" not in sys.modules:
    ddllm.patch()


def client(url: str) -> Any:
    """Make a client, whose connections no other process shares."""
    return boto3.client("bedrock-runtime", endpoint_url=url, config=Config(retries={"total_max_attempts": 1}))


def call(url: str, feature: str, times: int = 1) -> None:
    """Make some calls for a feature."""
    bedrock = client(url)
    with ddllm.context(feature=feature):
        for _ in range(times):
            bedrock.converse(modelId=MODEL, messages=[])


def until(condition: Callable[[], Any]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def calls(url: str, feature: str = "search") -> None:
    call(url, feature, 3)


def many(url: str, feature: str) -> None:
    call(url, feature, 60)
    bedrock = client(url)
    for number in range(60):
        with ddllm.context(feature=feature, prompt_template=feature[::-1], prompt_version=f"{number}"):
            bedrock.converse(modelId=MODEL, messages=[])


def overflow(url: str) -> None:
    """Fill the queue, let the worker catch up, and use it again: twice."""
    for _ in range(2):
        call(url, "burst", 12)
        queue = bootstrap._queue
        dropped = queue.dropped
        queue._notify()
        until(lambda queue=queue: not queue._records)
        call(url, "after", 1)
        queue._notify()
        until(lambda queue=queue: not queue._records)
        assert queue.dropped == dropped


def lambda_function(url: str, port: str) -> None:
    """After each call, say so at the agent's own port."""
    bedrock = client(url)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mark:
        for _ in range(3):
            bedrock.converse(modelId=MODEL, messages=[])
            mark.sendto(b"test.returned:1|c", ("127.0.0.1", int(port)))
    assert "ddllm" not in {thread.name for thread in threading.enumerate()}


def lambda_threads(url: str) -> None:
    threads = [threading.Thread(target=call, args=(url, f"thread{number}", 5)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def statsd(url: str) -> None:
    """Keep the application's own global DogStatsD client in view."""
    import datadog

    datadog.initialize(statsd_host="127.0.0.1", statsd_port=1, statsd_constant_tags=["own:tag"])
    before = dict(vars(datadog.statsd))
    call(url, "search")
    bootstrap._queue._notify()
    until(lambda: not bootstrap._queue._records)
    after = vars(datadog.statsd)
    assert {name for name in before if before[name] is not after[name]} == set()


def packages(url: str) -> None:
    """Make calls, report them, and print which packages are imported, as JSON."""
    bedrock = client(url)
    bedrock.converse(modelId=MODEL, messages=[])
    list(bedrock.converse_stream(modelId=MODEL, messages=[])["stream"])
    if bootstrap._queue is not None:
        bootstrap._queue.stop()
    json.dump(sorted({name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)), sys.stdout)


def own_client(url: str) -> None:
    """Name the version after a call was reported, and import the client of the application then."""
    call(url, "search")
    bootstrap._queue._notify()
    until(lambda: not bootstrap._queue._records)
    os.environ["DD_VERSION"] = "late"
    import datadog

    assert "version:late" in datadog.statsd.constant_tags


def leave(url: str, how: str) -> None:
    """End the process in one of many ways, with a call queued and a stream open."""
    if how == "sigterm":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    elif how == "sigint":
        signal.signal(signal.SIGINT, signal.default_int_handler)
    call(url, "search")
    events = client(url).converse_stream(modelId=MODEL, messages=[])["stream"]
    next(iter(events))
    if how == "exit":
        sys.exit(3)
    if how == "exception":
        raise RuntimeError("of the application")
    if how == "thread":
        threading.Thread(target=lambda: (threading.main_thread().join(), call(url, "late"))).start()
    elif how in ("sigterm", "sigint"):
        # Loading modules at the end would change Python's exit code of an interrupt, as in any program.
        until(lambda: bootstrap._queue._consumer)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        time.sleep(DEADLINE)


def fork(url: str) -> None:
    """Fork with calls queued and a stream open, which both then read."""
    call(url, "before", 2)
    stream = client(url).converse_stream(modelId=MODEL, messages=[])["stream"]
    next(iter(stream))
    child = os.fork()
    if child == 0:
        call(url, "child", 3)
        stream.close()
        return  # by the way of every script's end
    _, status = os.waitpid(child, 0)
    assert status == 0
    call(url, "parent", 1)
    list(stream)


def processes(url: str, method: str) -> None:
    """Have children make calls: one of their own each, and the workers of a pool."""
    context = multiprocessing.get_context(method)
    children = [context.Process(target=call, args=(url, f"child{number}", 2)) for number in range(2)]
    call(url, "parent", 1)
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(call, [url] * 4, ["pool"] * 4))


def main() -> None:
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
    _, url, scenario, *arguments = sys.argv
    globals()[scenario](url, *arguments)


if __name__ == "__main__":
    main()

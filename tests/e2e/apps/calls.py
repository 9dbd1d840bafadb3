"""An application of plain boto3, in the many ways in which a process begins, divides and ends.

    python -m tests.e2e.apps.calls WAY

`round_trip` is three calls, so that a test can count; nothing here waits for anything to be reported. BEDROCK_URL says where.
"""

import atexit
import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from typing import Any

MODELS = {
    "converse": "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
    "stream": "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
    "invoke": "meta.llama3-70b-instruct-v1:0",
}
ASKED = [{"role": "user", "content": [{"text": "Which river runs through Lyon?"}]}]


def make_client() -> Any:
    import boto3

    return boto3.client("bedrock-runtime", endpoint_url=os.environ["BEDROCK_URL"])


def round_trip(client: Any = None) -> None:
    client = client or make_client()
    client.converse(modelId=MODELS["converse"], messages=ASKED)
    list(client.converse_stream(modelId=MODELS["stream"], messages=ASKED)["stream"])
    client.invoke_model(modelId=MODELS["invoke"], body=b'{"prompt": "Which river?"}')["body"].read()


def loaded() -> dict[str, Any]:
    """Say what of ddllm is in this process."""
    return {
        "modules": [name for name in sys.modules if name.partition(".")[0] == "ddllm"],
        "finders": [type(one).__module__ for one in sys.meta_path if "ddllm" in type(one).__module__],
        "threads": [one.name for one in threading.enumerate() if one.name == "ddllm"],
    }


def once() -> None:
    round_trip()
    json.dump(loaded(), sys.stdout)


def in_context() -> None:
    import ddllm

    with ddllm.context(feature="search"):
        round_trip()


def ddtrace_auto() -> None:
    import ddtrace.auto  # noqa: F401

    round_trip()


def ddllm_auto() -> None:
    import ddllm.auto  # noqa: F401

    round_trip()


def ddllm_auto_after_boto3() -> None:
    client = make_client()
    round_trip(client)
    import ddllm.auto  # noqa: F401

    round_trip(client)


def patched_by_hand() -> None:
    import ddtrace

    import ddllm

    ddtrace.patch(botocore=True)
    ddllm.patch()
    client = make_client()
    round_trip(client)
    ddllm.unpatch()
    round_trip(client)
    ddllm.patch()
    ddllm.patch()
    round_trip(client)


def told() -> None:
    logging.basicConfig(level=logging.INFO)
    round_trip()


def forked() -> None:
    client = make_client()
    round_trip(client)
    stream = client.converse_stream(modelId=MODELS["stream"], messages=ASKED)["stream"]
    next(iter(stream))
    child = os.fork()
    round_trip(client)
    if child:
        assert os.waitpid(child, 0)[1] == 0
        list(stream)
    else:
        del stream


def forked_twice_before_the_first_call() -> None:
    client = make_client()
    child = os.fork()
    grandchild = os.fork() if child == 0 else 0
    round_trip(client)
    for one in (child, grandchild):
        assert one == 0 or os.waitpid(one, 0)[1] == 0


def processes(method: str) -> None:
    context = multiprocessing.get_context(method)
    round_trip()
    workers = [context.Process(target=round_trip) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert [one.exitcode for one in workers] == [0, 0]


def process_pool() -> None:
    round_trip()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        list(pool.map(round_trip, [None] * 3))


def subprocess_of_its_own() -> None:
    round_trip()
    subprocess.run([sys.executable, "-m", "tests.e2e.apps.calls", "once"], check=True, stdout=subprocess.DEVNULL)


def exit_with_a_code() -> None:
    round_trip()
    sys.exit(3)


def exit_with_an_exception() -> None:
    round_trip()
    raise LookupError("of the application")


def interrupted() -> None:
    round_trip()
    signal.raise_signal(signal.SIGINT)


def terminated() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    round_trip()
    signal.raise_signal(signal.SIGTERM)


def threads_that_outlive_the_main_one() -> None:
    client = make_client()
    started = threading.Event()

    def work() -> None:
        started.set()
        threading.main_thread().join()
        round_trip(client)

    threading.Thread(target=work).start()
    started.wait()


def call_at_exit() -> None:
    client = make_client()
    atexit.register(round_trip, client)


def answers_held_at_exit() -> None:
    """Two streams, one begun, and a body: none is read to its end, all are still referenced when Python ends."""
    client = make_client()
    held = [client.converse_stream(modelId=MODELS["stream"], messages=ASKED)["stream"] for _ in range(2)]
    next(iter(held[0]))
    held.append(client.invoke_model(modelId=MODELS["invoke"], body=b'{"prompt": "Which river?"}')["body"])
    sys.modules["held"] = held  # type: ignore[assignment]


WAYS = {
    "once": once,
    "in-context": in_context,
    "ddtrace-auto": ddtrace_auto,
    "ddllm-auto": ddllm_auto,
    "ddllm-auto-after-boto3": ddllm_auto_after_boto3,
    "patched-by-hand": patched_by_hand,
    "told": told,
    "forked": forked,
    "forked-twice": forked_twice_before_the_first_call,
    "spawn": lambda: processes("spawn"),
    "fork": lambda: processes("fork"),
    "forkserver": lambda: processes("forkserver"),
    "process-pool": process_pool,
    "subprocess": subprocess_of_its_own,
    "exit-code": exit_with_a_code,
    "exception": exit_with_an_exception,
    "interrupted": interrupted,
    "terminated": terminated,
    "threads": threads_that_outlive_the_main_one,
    "at-exit": call_at_exit,
    "held": answers_held_at_exit,
}

if __name__ == "__main__":
    WAYS[sys.argv[1]]()

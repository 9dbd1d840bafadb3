"""An application that says what its calls are for, what its users do with the answers, and which of their actions took them.

    python -m tests.e2e.apps.people WAY [REFERENCE]

BEDROCK_URL says where. Every way is a run of its own, so that a test can count.
"""

import asyncio
import contextlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

import ddllm

CLAUDE = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
client = boto3.client("bedrock-runtime", endpoint_url=os.environ["BEDROCK_URL"])


def ask(*texts: str, **more: Any) -> Any:
    """Ask; texts are of the user and the assistant in turn."""
    roles = ("user", "assistant")
    messages = [{"role": roles[at % 2], "content": [{"text": text}]} for at, text in enumerate(texts or ("Hello?",))]
    return client.converse(modelId=CLAUDE, messages=messages, **more)


def stream() -> Any:
    return client.converse_stream(modelId=CLAUDE, messages=[{"role": "user", "content": [{"text": "Hello?"}]}])[
        "stream"
    ]


def actions() -> None:
    with ddllm.action("checkout", feature="shop"):
        ask()
        with ddllm.action("suggest"):
            list(stream())
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: ask(), range(2)))


def action_kinds() -> None:
    @ddllm.action("function")
    def function() -> None:
        ask()

    @ddllm.action("coroutine")
    async def coroutine() -> None:
        await asyncio.gather(asyncio.to_thread(ask), asyncio.to_thread(ask))

    @ddllm.action("generator")
    def generator() -> Any:
        ask()
        yield 1
        ask()
        yield 2

    @ddllm.action("async_generator")
    async def async_generator() -> Any:
        await asyncio.to_thread(ask)
        yield 1

    async def every() -> None:
        await coroutine()
        async for _ in async_generator():
            pass
        async with ddllm.action("async_with"):
            await asyncio.to_thread(ask)

    function()
    assert list(generator()) == [1, 2]
    asyncio.run(every())
    assert ddllm.last_call() is not None


def action_endings() -> None:
    @ddllm.action("closed_early")
    def generator() -> Any:
        ask()
        yield 1
        yield 2

    @ddllm.action("cancelled")
    async def waits() -> None:
        await asyncio.to_thread(ask)
        await asyncio.sleep(60)

    async def cancel() -> None:
        task = asyncio.create_task(waits())
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    steps = generator()
    next(steps)
    steps.close()
    asyncio.run(cancel())
    with contextlib.suppress(LookupError), ddllm.action("failed"):
        ask()
        raise LookupError
    with ddllm.action("unread"):
        left = stream()
    list(left)
    with ddllm.action("nothing"):
        pass


def threads() -> None:
    """A bare thread inherits nothing; a pool does."""
    with ddllm.action("outside"):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()


def reference() -> None:
    with ddllm.context(feature="search", prompt_template="qa", prompt_version="v12"):
        ask()
        ref = ddllm.last_call()
    sys.stdout.write(str(ref))


def opinion() -> None:
    ddllm.feedback(sys.argv[2], "thumbs_down")


def opinions() -> None:
    with ddllm.context(feature="chat"):
        ask()
    for kind in ("thumbs_up", "thumbs_down", "regenerate", "follow_up", "applause"):
        ddllm.feedback(ddllm.last_call(), kind)
    ddllm.feedback(None, "thumbs_up")


def conversation() -> None:
    with ddllm.context(feature="chat", conversation="c1"):
        ask("Hello?")
        ask("Hello?")
        ask("Hello?", "Hi.", "And now?")
        ask("Hello?", "Hi.", "And now?")
    with ddllm.context(feature="chat", conversation="c2"):
        ask("Hello?")
    ask("Hello?")


def comparison() -> None:
    with ddllm.context(feature="bench", comparison="june", expects="json"):
        ask()
        list(stream())


def fingerprints() -> None:
    for prompt in ("You are a clerk.", "You are a clerk.", "You are a cook."):
        ask(system=[{"text": prompt}])
    with ddllm.context(prompt_template="named"):
        ask(system=[{"text": "You are a clerk."}])


if __name__ == "__main__":
    globals()[sys.argv[1]]()

"""Calls from threads, executors, event loops, contexts and signal handlers."""

import asyncio
import contextvars
import gc
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.e2e.transparency.world import QUESTION, World, behaviour, mask, plain, seen

COLOUR: contextvars.ContextVar[str] = contextvars.ContextVar("colour", default="none")


def _one_of_four(world: World, number: int) -> Any:
    if number % 4 == 0:
        return seen(world.converse)
    if number % 4 == 1:
        return seen(lambda: list(world.stream()))
    return seen(lambda: world.body().read()) if number % 4 == 2 else seen(lambda: list(world.chunks()))


@behaviour
def threads_sharing_a_client(world: World) -> Any:
    result: dict[int, Any] = {}

    def work(number: int) -> None:
        result[number] = [_one_of_four(world, number + step) for step in range(4)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [result[number] for number in range(8)]


@behaviour
def threads_of_a_pool(world: World) -> Any:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda number: _one_of_four(world, number), range(16)))


@behaviour
def thread_futures_carry_exceptions(world: World) -> Any:
    with ThreadPoolExecutor(2) as pool:
        failing = pool.submit(world.converse, error="ThrottlingException")
        breaking = pool.submit(lambda: list(world.stream(raising="validationException")))
        return [seen(failing.result), seen(breaking.result), plain(failing.exception())]


@behaviour
def asyncio_to_thread(world: World) -> Any:
    async def main() -> Any:
        return await asyncio.gather(*(asyncio.to_thread(_one_of_four, world, number) for number in range(8)))

    return asyncio.run(main())


@behaviour
def asyncio_executor(world: World) -> Any:
    async def main() -> Any:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(3) as pool:
            return await asyncio.gather(
                *(loop.run_in_executor(pool, _one_of_four, world, number) for number in range(6))
            )

    return asyncio.run(main())


@behaviour
def asyncio_stream_event_by_event(world: World) -> Any:
    async def main() -> Any:
        stream = await asyncio.to_thread(world.stream)
        events, result = iter(stream), []
        while (event := await asyncio.to_thread(next, events, None)) is not None:
            result.append(event)
        return result

    return plain(asyncio.run(main()))


@behaviour
def asyncio_task_that_is_cancelled(world: World) -> Any:
    async def main() -> Any:
        task = asyncio.create_task(asyncio.to_thread(world.converse, ttfb=50))
        await asyncio.sleep(0.01)
        task.cancel()
        try:
            return await task
        except asyncio.CancelledError as error:
            return ["cancelled", plain(error.args), task.cancelled()]

    return asyncio.run(main())


@behaviour
def asyncio_call_in_the_loop_itself(world: World) -> Any:
    async def main() -> Any:
        return [_one_of_four(world, number) for number in range(4)]

    return asyncio.run(main())


@behaviour
def context_is_left_as_it_was(world: World) -> Any:
    def work() -> Any:
        before = {one.name for one in contextvars.copy_context()}
        for number in range(4):
            _one_of_four(world, number)
        seen(world.converse, error="ThrottlingException")
        stream = world.stream()
        next(iter(stream))
        return sorted({one.name for one in contextvars.copy_context()} - before)

    return contextvars.Context().run(work)


@behaviour
def context_of_the_application_reaches_its_handlers(world: World) -> Any:
    client, log = world.new_client(), []

    def handler(**_: Any) -> None:
        log.append(COLOUR.get())
        COLOUR.set(COLOUR.get() + "+")

    client.meta.events.register("before-send.bedrock-runtime", handler)

    def work() -> Any:
        COLOUR.set("red")
        world.converse(client)
        list(world.stream(client))
        return [log, COLOUR.get()]

    return contextvars.Context().run(work)


@behaviour
def context_may_change_between_two_events(world: World) -> Any:
    events, result = iter(world.stream()), []
    for number in range(12):
        context = contextvars.Context()
        context.run(COLOUR.set, str(number))
        result.append(context.run(lambda: [seen(lambda: next(events, "end")), COLOUR.get()]))
    return result


class Alarm(Exception):  # noqa: N818 - what the application calls it
    """What a signal handler of the application raises."""


def _alarm(*_: Any) -> None:
    raise Alarm("time is up")


@behaviour
def signal_handler_that_raises_while_a_stream_waits(world: World) -> Any:
    before = signal.signal(signal.SIGALRM, _alarm)
    stream, count = world.stream(stall=True), 0
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        for _ in stream:
            count += 1
    except Alarm as error:
        return [count, str(error), seen(stream.close)]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@behaviour
def signal_handler_that_raises_while_a_call_waits(world: World) -> Any:
    before = signal.signal(signal.SIGALRM, _alarm)
    result = []
    try:
        for call in (world.converse, world.stream):
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            result.append(seen(call, ttfb=2000))
        return [*result, seen(world.converse)]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@behaviour
def interrupt_while_a_stream_waits(world: World) -> Any:
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    stream = world.stream(stall=True)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        return [seen(lambda: list(stream)), seen(world.converse)]
    finally:
        signal.signal(signal.SIGALRM, before)


@behaviour
def call_within_a_handler_of_a_call(world: World) -> Any:
    client, inner = world.new_client(), []

    def handler(**_: Any) -> None:
        if not inner:
            inner.append(None)
            inner.append(seen(lambda: list(world.stream())))

    client.meta.events.register("before-send.bedrock-runtime", handler)
    return [seen(world.converse, client), inner]


@behaviour
def call_within_a_generator_of_the_application(world: World) -> Any:
    def answers() -> Any:
        for number in range(4):
            yield _one_of_four(world, number)

    return list(answers())


@behaviour
def call_within_a_finalizer(world: World) -> Any:
    result = []

    class Last:
        def __del__(self) -> None:
            result.append(seen(world.converse))

    one = Last()
    del one
    gc.collect()
    return result


@behaviour
def call_near_the_limit_of_recursion(world: World) -> Any:
    depth = len(__import__("inspect").stack())
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 150)
    try:
        return [seen(world.converse), seen(lambda: len(list(world.stream())))]
    finally:
        sys.setrecursionlimit(limit)


@behaviour
def stream_made_in_one_loop_and_read_in_another(world: World) -> Any:
    async def make() -> Any:
        return world.client().converse_stream(modelId=world.model(), messages=QUESTION)["stream"]

    async def read(stream: Any) -> Any:
        return list(stream)

    stream = asyncio.run(make())
    return [mask(repr(type(stream))), plain(asyncio.run(read(stream)))]

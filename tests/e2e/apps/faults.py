"""Runs a scenario of every use of ddllm, then runs it again with a fault in each function that it entered. Prints what came of it.

python faults.py URL [inline]

A fault is an exception that is raised where a function begins, before its own first line: what calls it has to catch that. What
an SDK, wrapt or the application calls directly (`SHELLS`) cannot be caught by anything of ours, so there the fault is raised by
each function of Python's own that it calls.
"""

import asyncio
import contextlib
import contextvars
import gc
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from types import CodeType, FrameType
from typing import Any

import boto3
from botocore.config import Config
from botocore.retries.bucket import Clock, TokenBucket
from botocore.retries.standard import ExponentialBackoff
from botocore.stub import Stubber
from ddtrace.llmobs import LLMObs
from ddtrace.trace import tracer

import ddllm
from ddllm.instrument import bootstrap, guard, queue
from ddllm.instrument.patch import reading
from tests.support.bedrock import Knobs

PACKAGE = os.path.dirname(ddllm.__file__) + os.sep  # noqa: PTH120 - the form in which code objects have it
MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
BODY = b'{"anthropic_version": "bedrock-2023-05-31", "max_tokens": 8, "messages": []}'

#: Called by what is not ours, so that nobody of ours is there to catch what is raised before their first line.
SHELLS = {
    # In the place of an SDK's own functions, or an event handler of it.
    "botocore._tap_call.<locals>._make_api_call",
    "botocore._on_request",
    "botocore._on_send",
    "botocore._on_response",
    "botocore._tap_events.<locals>.__iter__",
    "events.ConverseReading.follow",
    "events.ChunkReading.follow",
    "botocore._tap_close.<locals>.close",
    "botocore._tap_body.<locals>.read",
    # A finalizer: Python itself lets nothing out of it.
    "reading.Reading.__del__",
    # The application's own calls, and the functions that it decorated.
    "context.action",
    "context.context.__init__",
    "context.context.__call__",
    "context.context.__call__.<locals>.<lambda>",
    "context._Holder.__enter__",
    "context.context.__exit__",
    "context.context.__aenter__",
    "context.context.__aexit__",
    "context._Steps.__init__",
    "context._Steps.__exit__",
    "context._Steps.end",
    "decorate._decorate_function.<locals>.wrapper",
    "decorate._decorate_coroutine.<locals>.wrapper",
    "decorate._decorate_generator.<locals>.wrapper",
    "decorate._decorate_async_generator.<locals>.wrapper",
    "bootstrap.feedback",
    "bootstrap.patch",
    "bootstrap.unpatch",
    "feedback.last_call",
    # In the place of a function of the standard library or of ddtrace, or what such a one calls.
    "pools._submit",
    "pools._run_inside",
    "annotations._annotation_context",
    "annotations._Annotation.__enter__",
    "annotations._Annotation.__exit__",
    "annotations._Annotation.__aenter__",
    "annotations._Annotation.__aexit__",
    "bootstrap._before_fork",
    "bootstrap._after_fork_in_parent",
}

#: Functions of Python's own that a shell calls and in which a fault cannot be ours: a context variable takes any value, and back
#: the token that it gave; and a decorated generator is driven through the application's own methods.
SURE = {"callable", "set", "reset", "send", "throw", "close", "asend", "athrow", "aclose"}

#: Steps in which a fault is raised in each function: hot ones are entered by all.
ENOUGH = 2

STEPS: dict[str, Callable[["World"], Any]] = {}
#: Those that run where the worker's functions run on the caller's thread too.
INLINE: list[str] = []


class Fault(Exception):  # noqa: N818 - it is none of the application's
    """One of ours, which the application must never see."""


def step(function: Callable[["World"], Any]) -> Callable[["World"], Any]:
    """Make a function a step of the scenario; what it returns is what the application saw."""
    STEPS[function.__name__] = function
    return function


def inline(function: Callable[["World"], Any]) -> Callable[["World"], Any]:
    """Make a step one of those that run inline too."""
    INLINE.append(function.__name__)
    return step(function)


class World:
    """What every step is given: clients, and model ids that no other run of it shares."""

    _number = count()

    def __init__(self, url: str) -> None:
        self.plain = self._client(url, "standard", 1)
        self.retrying = self._client(url, "standard", 3)
        self.adaptive = self._client(url, "adaptive", 2)
        self.stubbed = self._client(url, "standard", 1)

    @staticmethod
    def _client(url: str, mode: str, attempts: int) -> Any:
        config = Config(retries={"mode": mode, "total_max_attempts": attempts}, read_timeout=10)
        return boto3.client("bedrock-runtime", endpoint_url=url, config=config)

    def model(self, **knobs: Any) -> str:
        return MODEL + (Knobs(**knobs, tag=str(next(self._number))).suffix if knobs else "")

    def converse(self, client: Any = None, **knobs: Any) -> Any:
        return plain((client or self.plain).converse(modelId=self.model(**knobs), messages=[]))

    def stream(self, **knobs: Any) -> Any:
        return self.plain.converse_stream(modelId=self.model(**knobs), messages=[])["stream"]

    def chunks(self, **knobs: Any) -> Any:
        model_id = self.model(**knobs)
        return self.plain.invoke_model_with_response_stream(modelId=model_id, body=BODY)["body"]

    def body(self, **knobs: Any) -> Any:
        return self.plain.invoke_model(modelId=self.model(**knobs), body=BODY)["body"]


def plain(value: Any) -> Any:
    """Say a value in JSON's types, so that two runs can be compared; times and request numbers apart."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items() if key not in ("x-test-attempt", "date")}
    if isinstance(value, (list, tuple, set)):
        return [plain(one) for one in value]
    if isinstance(value, BaseException):
        return [type(value).__name__, str(value).partition("http://")[0]]
    return value if isinstance(value, (bool, int, float, str, type(None))) else repr(value)


def raised(function: Callable[[], Any]) -> Any:
    """Return what a call raised, or what it returned."""
    try:
        return plain(function())
    except Exception as error:  # noqa: BLE001 - whatever the application sees is what is compared
        return plain(error)


# --- calls ------------------------------------------------------------------------------------------------------------


@inline
def converse_in_a_trace_and_a_context(world: World) -> Any:
    with tracer.trace("web.request", resource="GET /chat"), ddllm.context(feature="search", prompt_template="qa"):
        return world.converse()


@inline
def retried(world: World) -> Any:
    return world.converse(world.retrying, error="ThrottlingException", first=1)


@step
def retried_behind_the_rate_limiter(world: World) -> Any:
    return world.converse(world.adaptive, error="ThrottlingException", first=1)


@inline
def failed(world: World) -> Any:
    return [
        raised(lambda: world.converse(error="ValidationException")),
        raised(lambda: world.converse(hang_up=True)),
        raised(lambda: world.converse(status=503)),
        raised(lambda: world.plain.converse(modelId=MODEL, messages=7)),
    ]


@step
def stubbed(world: World) -> Any:
    with Stubber(world.stubbed) as stubber:
        stubber.add_client_error("converse", "ThrottlingException")
        stubber.add_response("invoke_model", {"body": b"", "contentType": "text/plain"})
        return [
            raised(lambda: world.converse(world.stubbed)),
            raised(lambda: world.stubbed.invoke_model(modelId=MODEL, body=b"")),
        ]


@step
def of_another_operation(world: World) -> Any:
    return raised(world.plain.apply_guardrail)


@step
def by_a_new_client(world: World) -> Any:
    fresh = boto3.client("bedrock-runtime", endpoint_url=world.plain.meta.endpoint_url)
    return world.converse(fresh)


# --- streams ----------------------------------------------------------------------------------------------------------


@inline
def stream_read(world: World) -> Any:
    with tracer.trace("web.request"):
        return plain(list(world.stream()))


@step
def stream_with_a_guardrails_trace(world: World) -> Any:
    return plain(list(world.plain.converse_stream(modelId="amazon.nova-lite-v1:0", messages=[])["stream"]))


@step
def stream_broken_off_and_resumed(world: World) -> Any:
    events = world.stream()
    first = next(iter(events))
    return plain([first, list(events), list(events)])


@step
def stream_broken_off_and_dropped(world: World) -> Any:
    events = world.stream()
    for one in events:
        if "contentBlockDelta" in one:
            break
    del events
    return plain(one)


@inline
def stream_closed(world: World) -> Any:
    events = world.stream()
    return [plain(next(iter(events))), events.close(), raised(lambda: list(events))]


@step
def stream_dropped_unread(world: World) -> Any:
    return type(world.stream()).__name__


@inline
def stream_that_breaks(world: World) -> Any:
    return [
        raised(lambda: list(world.stream(raising="modelStreamErrorException"))),
        raised(lambda: list(world.stream(abort=True))),
        raised(lambda: list(world.stream(corrupt=True))),
    ]


@inline
def chunks_read(world: World) -> Any:
    return plain([one["chunk"]["bytes"] for one in world.chunks()])


@step
def streams_that_are_too_long_to_keep(world: World) -> Any:
    reading.MAX_PIECES, kept = 2, reading.MAX_PIECES
    try:
        return plain([list(world.stream()), [one["chunk"]["bytes"] for one in world.chunks()]])
    finally:
        reading.MAX_PIECES = kept


@step
def chunks_that_are_no_json(world: World) -> Any:
    return plain([one["chunk"]["bytes"] for one in world.chunks(garbage=True, at=1)])


@step
def chunks_broken_off(world: World) -> Any:
    events = world.chunks()
    first = next(iter(events))
    del events
    return plain(first)


# --- bodies -----------------------------------------------------------------------------------------------------------


@inline
def body_read(world: World) -> Any:
    answer = world.body()
    return plain([answer.read(), answer.read(), answer.close()])


@step
def body_read_in_pieces(world: World) -> Any:
    answer = world.body()
    return plain(list(iter(lambda: answer.read(16), b"")))


@step
def body_read_into_a_buffer(world: World) -> Any:
    answer, buffer, seen = world.body(), bytearray(64), []
    while size := answer.readinto(buffer):
        seen.append(bytes(buffer[:size]))
    return plain(seen)


@step
def body_read_by_lines(world: World) -> Any:
    return plain([list(world.body().iter_lines()), world.body().readlines()])


@step
def body_left(world: World) -> Any:
    with world.body() as raw:
        seen = raw.read()
    world.body().close()
    return plain([seen, type(world.body()).__name__])


@step
def body_that_breaks(world: World) -> Any:
    return [raised(lambda: world.body(abort=True).read()), raised(lambda: world.body(abort=True).readlines())]


# --- what the code around says ----------------------------------------------------------------------------------------


@step
def nested(world: World) -> Any:
    with tracer.trace("web.request"), ddllm.context(feature="outer") as outer, ddllm.context(action="answer"), outer:
        with contextlib.suppress(LookupError), ddllm.context(feature="inner"):
            world.converse()
            raise LookupError
        return world.converse()


@step
def decorated(world: World) -> Any:
    @ddllm.context(feature="function")
    def function(value: int, *, more: int) -> Any:
        return value, more, world.converse()

    @ddllm.context(feature="coroutine")
    async def coroutine(value: int) -> Any:
        await asyncio.sleep(0)
        return value, world.converse()

    return plain([function(1, more=2), function.__name__, asyncio.run(coroutine(3))])


@step
def decorated_generator(world: World) -> Any:
    @ddllm.context(feature="generator")
    def generator() -> Any:
        seen = []
        while len(seen) < 3:
            try:
                seen.append((yield len(seen)))
            except LookupError as error:
                seen.append(str(error))
        return seen, world.converse()

    def whole() -> Any:
        return (yield from generator())

    steps, left = whole(), generator()
    seen = [next(steps), steps.send("a"), steps.throw(LookupError("b")), next(left), left.close()]
    try:
        steps.send("c")
    except StopIteration as end:
        return plain([*seen, end.value])


@step
def decorated_async_generator(world: World) -> Any:
    @ddllm.context(feature="generator")
    async def generator() -> Any:
        seen = []
        while len(seen) < 3:
            try:
                seen.append((yield len(seen)))
            except LookupError as error:
                seen.append(str(error))
            await asyncio.sleep(0)
        yield seen, world.converse()

    async def main() -> Any:
        steps, left = generator(), generator()
        seen = [await anext(steps), await steps.asend("a"), await steps.athrow(LookupError("b")), await anext(left)]
        await left.aclose()
        return [*seen, await steps.asend("c"), [one async for one in steps]]

    return plain(asyncio.run(main()))


@step
def in_a_task(world: World) -> Any:
    async def main() -> Any:
        async with ddllm.context(feature="task"):
            return await asyncio.gather(asyncio.to_thread(world.converse), asyncio.to_thread(failed, world))

    return plain(asyncio.run(main()))


@step
def in_threads(world: World) -> Any:
    def failing() -> None:
        raise LookupError("of the application")

    with ThreadPoolExecutor(2) as pool, tracer.trace("web.request"), ddllm.context(feature="pool") as shared:

        def rated() -> Any:
            answer = world.converse()
            ddllm.feedback(ddllm.last_call(), "thumbs_up")
            return answer

        answers = [pool.submit(rated) for _ in range(2)]
        broken = pool.submit(failing)
        seen = [one.result() for one in answers]

        def work() -> None:
            with shared:
                seen.append(world.converse())

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return plain([seen, broken.exception()])


@step
def annotated(world: World) -> Any:
    async def main() -> Any:
        async with LLMObs.annotation_context(tags={"feature": "async"}) as entered:
            return entered, world.converse()

    with LLMObs.annotation_context(tags={"feature": "a"}, prompt={"id": "qa", "version": "2"}) as entered:
        seen = [entered, world.converse()]
    with contextlib.suppress(LookupError), LLMObs.annotation_context(prompt={"id": "qa"}):
        raise LookupError
    with LLMObs.annotation_context(name="nothing for us"):
        return plain([seen, asyncio.run(main())])


# --- what users do ---------------------------------------------------------------------------------------------------


@inline
def opinion(world: World) -> Any:
    with tracer.trace("web.request", resource="GET /chat"):
        world.converse()
        ddllm.feedback(ddllm.last_call(), "thumbs_up")
    with ddllm.context(feature="chat", prompt_template="qa", conversation="c1", expects="json", comparison="june"):
        world.converse()
        return ddllm.feedback(ddllm.last_call(), "thumbs_down")


@step
def actions(world: World) -> Any:
    @ddllm.action("generator")
    def generator() -> Any:
        yield world.converse()
        yield 2

    left = generator()
    seen = [next(left), left.close(), list(generator())]
    with tracer.trace("web.request"), ddllm.action("outer", feature="shop"), ddllm.action("inner"):
        seen.append(world.converse())
    with contextlib.suppress(LookupError), ddllm.action("failing"):
        raise LookupError
    with ThreadPoolExecutor(1) as pool:
        over = threading.Event()
        with ddllm.action("over"):
            late = pool.submit(lambda: over.wait() and world.converse())
        over.set()
        seen.append(late.result())
    return plain(seen)


# --- the process ------------------------------------------------------------------------------------------------------


@step
def unpatched_and_patched(world: World) -> Any:
    ddllm.unpatch()
    seen = [world.converse(), plain(list(world.stream()))]
    ddllm.patch()
    return [seen, world.converse()]


@step
def forked(world: World) -> Any:
    child = os.fork()
    if child == 0:
        os._exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# --- running it -------------------------------------------------------------------------------------------------------

Spot = tuple[CodeType, str | None]  # a function, and of a shell the function of Python's own that it calls


def name_of(code: CodeType) -> str:
    module = code.co_filename.removeprefix(PACKAGE).removesuffix(".py").removesuffix("/__init__").rpartition("/")[2]
    return f"{module}.{code.co_qualname}"


def ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(PACKAGE) and threading.current_thread().name != "ddllm"


class Runner:
    """Runs steps, each in a context and with a profiler of its own, and counts our faults."""

    def __init__(self, url: str) -> None:
        self.world = World(url)
        self.counted: Counter[str] = Counter()
        self.unraisable: list[str] = []
        sys.unraisablehook = lambda broken: self.unraisable.append(repr(broken.exc_value))
        caught = guard.caught

        def counting(place: str) -> None:
            self.counted[place] += 1
            caught(place)

        guard.caught = counting

    def run(self, name: str, profiler: Any) -> Any:
        """Return what the application saw."""
        self.counted.clear()
        self.unraisable.clear()
        reporter = bootstrap._queue._consumer
        if reporter is not None:  # which remembers what it found once
            reporter._memo.clear()
            reporter._prices._known.clear()
        threading.setprofile(profiler)
        sys.setprofile(profiler)
        try:
            seen = contextvars.copy_context().run(raised, lambda: STEPS[name](self.world))
            gc.collect(0)  # all that the step made and left: see main
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        return [seen, [one for one in self.unraisable if "Fault" in one]]

    def enter(self, name: str) -> tuple[Any, set[Spot]]:
        """Run a step without a fault: what the application saw, and what of ours was entered."""
        entered: set[Spot] = set()

        def record(frame: FrameType, event: str, argument: Any) -> None:
            if event == "call" and ours(frame):
                entered.add((frame.f_code, None))
            elif (
                event == "c_call" and argument.__name__ not in SURE and ours(frame) and name_of(frame.f_code) in SHELLS
            ):
                entered.add((frame.f_code, argument.__name__))

        gc.collect()
        return self.run(name, record), entered

    def fail(self, name: str, spot: Spot) -> tuple[bool, Any]:
        """Run a step with a fault in one spot, once: whether that came about, and what the application saw."""
        waiting = [spot]

        def inject(frame: FrameType, event: str, argument: Any) -> None:
            if frame.f_code is not spot[0] or not waiting or not ours(frame):
                return
            if (event == "call" and spot[1] is None) or (event == "c_call" and argument.__name__ == spot[1]):
                waiting.clear()
                raise Fault(name_of(spot[0]))

        return self.run(name, inject), not waiting


def hurry() -> None:
    """Shorten the SDK's pauses between attempts, of which nothing is compared."""
    ExponentialBackoff.delay_amount = lambda *_: 0.001
    pause, clock = TokenBucket._sleep_amount, Clock.current_time
    Clock.current_time = lambda self: clock(self) * 1000
    TokenBucket._sleep_amount = lambda self, amount: pause(self, amount) / 1000


def main() -> None:
    _, url, *mode = sys.argv
    hurry()
    gc.disable()  # so that what a step leaves is finalized in that step, and in no later one
    queue.BATCH_RECORDS = 10**9  # nothing wakes the worker, which would take the faults that are to be counted here
    runner = Runner(url)
    names = INLINE if mode else list(STEPS)
    for name in names:
        runner.enter(name)  # what happens once in a process has happened
    functions: set[str] = set()
    done: Counter[Spot] = Counter()
    report: dict[str, list[Any]] = {"broken": [], "uncounted": [], "missed": [], "unstable": []}
    for name in names:
        expected, entered = runner.enter(name)
        if runner.counted:
            report["unstable"].append([name, dict(runner.counted)])
        for spot in sorted(entered, key=lambda one: (name_of(one[0]), one[1] or "")):
            functions.add(name_of(spot[0]))
            if (spot[1] is None and name_of(spot[0]) in SHELLS) or done[spot] == ENOUGH:
                continue
            done[spot] += 1
            where = [name, name_of(spot[0]), spot[1]]
            seen, injected = runner.fail(name, spot)
            if not injected:
                report["missed"].append(where)
            elif seen != expected:
                report["broken"].append([*where, seen, expected])
            elif not runner.counted:
                report["uncounted"].append(where)
    json.dump({**report, "functions": sorted(functions), "shells": sorted(SHELLS), "runs": done.total()}, sys.stdout)


if __name__ == "__main__":
    main()

import asyncio
import contextvars
import gc
import inspect
import sys
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from ddtrace.trace import tracer
from hypothesis import given
from hypothesis import strategies as st

import ddllm
from ddllm.call import Call
from ddllm.instrument import attribution, guard
from ddllm.instrument.attribution import Scope
from ddllm.instrument.attribution import pools as pools_module
from ddllm.instrument.report import spans
from tests.support.runtime import Records


def feature() -> str | None:
    """What a call made now would be attributed to by the code around it."""
    explicit, _ = attribution.current()
    return explicit and explicit.feature


def explicit() -> Scope | None:
    return attribution.current()[0]


def annotated() -> Scope | None:
    return attribution.current()[1]


@pytest.fixture(autouse=True)
def untraced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans are real, and go nowhere."""
    monkeypatch.setattr(tracer, "enabled", False)


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    guard.collect()
    assert attribution.current() == (None, None)
    yield
    assert attribution.current() == (None, None)
    faults = guard.collect()
    assert not faults.counts, faults.descriptions


@pytest.fixture(autouse=True)
def pools(monkeypatch: pytest.MonkeyPatch) -> None:
    """Follow threads as in a process that is measured; afterwards the pools are what they were."""
    monkeypatch.setattr(ThreadPoolExecutor, "submit", ThreadPoolExecutor.__dict__["submit"])
    monkeypatch.setattr(pools_module, "_following", False)
    attribution.follow_threads()


# --- with -------------------------------------------------------------------------------------------------------------


def test_a_context_holds_inside_and_not_after():
    with ddllm.context(feature="search"):
        assert explicit() == Scope(feature="search")
    assert explicit() is None


def test_every_argument_is_kept():
    said = {
        "feature": "search",
        "action": "answer",
        "prompt_template": "qa",
        "prompt_version": "v12",
        "expects": dict,
        "conversation": "c-1",
        "comparison": "models",
    }
    with ddllm.context(**said):
        assert explicit() == Scope(**said)


def test_an_inner_context_goes_before_an_outer_one_argument_by_argument():
    with ddllm.context(feature="search", prompt_template="qa"):
        with ddllm.context(feature="rerank"):
            assert explicit() == Scope(feature="rerank", prompt_template="qa")
        assert explicit() == Scope(feature="search", prompt_template="qa")


def test_an_exception_leaves_the_context_and_goes_on():
    with pytest.raises(LookupError, match="of the application"), ddllm.context(feature="search"):
        raise LookupError("of the application")
    assert explicit() is None


def test_the_context_itself_is_what_as_names():
    one = ddllm.context(feature="search")
    with one as named:
        assert named is one


def test_one_context_may_be_entered_again_inside_itself():
    one = ddllm.context(feature="search")
    with one:
        with one:
            assert feature() == "search"
        assert feature() == "search"


def test_an_unknown_argument_is_a_type_error():
    with pytest.raises(TypeError):
        ddllm.context(fature="search")


@given(st.lists(st.tuples(st.sampled_from(Scope._fields), st.sampled_from(["a", "b", "c"])), max_size=8))
def test_nested_contexts_say_the_last_of_each(said):
    expected: dict[str, str] = {}

    def enter(rest: list[tuple[str, str]]) -> None:
        if not rest:
            assert explicit() == (Scope(**expected) if said else None)
            return
        (name, value), *rest = rest
        before = explicit()
        expected[name] = value
        with ddllm.context(**{name: value}):
            enter(rest)
        assert explicit() == before

    enter(said)


# --- functions --------------------------------------------------------------------------------------------------------


def test_a_decorated_function_runs_inside():
    @ddllm.context(feature="search")
    def work(value: int, *, twice: bool = False) -> Any:
        """Do the work."""
        return feature(), value, twice

    assert work(3, twice=True) == ("search", 3, True)
    assert (work.__name__, work.__doc__) == ("work", "Do the work.")
    assert feature() is None


def test_a_decorated_method_gets_its_instance():
    class Search:
        @ddllm.context(feature="search")
        def work(self) -> Any:
            return self, feature()

    one = Search()
    assert one.work() == (one, "search")


def test_a_decorated_function_may_call_itself():
    @ddllm.context(feature="search")
    def count(depth: int) -> list[Any]:
        return [feature(), *(count(depth - 1) if depth else [])]

    assert count(3) == ["search"] * 4


def test_a_decorated_coroutine_function_runs_inside():
    @ddllm.context(feature="search")
    async def work() -> Any:
        await asyncio.sleep(0)
        return feature()

    assert inspect.iscoroutinefunction(work)
    assert asyncio.run(work()) == "search"


# --- generators -------------------------------------------------------------------------------------------------------


def test_each_step_of_a_decorated_generator_runs_inside_and_its_consumer_outside():
    @ddllm.context(feature="inner")
    def work() -> Iterator[Any]:
        yield feature()
        yield feature()

    with ddllm.context(feature="outer"):
        seen = [(one, feature()) for one in work()]
    assert seen == [("inner", "outer"), ("inner", "outer")]


def test_a_decorated_generator_takes_values_exceptions_and_returns():
    @ddllm.context(feature="inner")
    def work() -> Any:
        try:
            sent = yield "ready"
        except LookupError as error:
            sent = str(error)
        yield sent, feature()
        return "done"

    assert inspect.isgeneratorfunction(work)
    steps = work()
    assert next(steps) == "ready"
    assert steps.send("value") == ("value", "inner")
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value == "done"
    steps = work()
    next(steps)
    assert steps.throw(LookupError("thrown")) == ("thrown", "inner")
    steps.close()


def test_a_decorated_generator_keeps_no_exception_that_was_thrown_in():
    @ddllm.context(feature="inner")
    def work() -> Iterator[Any]:
        yield 1

    class ThrownError(Exception): ...

    def throw() -> weakref.ref:
        steps, error = work(), ThrownError()
        next(steps)
        try:
            steps.throw(error)
        except ThrownError:
            return weakref.ref(error)
        finally:
            del error

    gc.disable()
    try:
        assert throw()() is None
    finally:
        gc.enable()


def test_a_decorated_generator_that_fails_raises_its_own_exception():
    @ddllm.context(feature="inner")
    def work() -> Iterator[Any]:
        yield 1
        raise LookupError("of the application")

    with pytest.raises(LookupError, match="of the application"):
        list(work())


def test_closing_a_decorated_generator_closes_its_body_inside():
    seen: list[Any] = []

    @ddllm.context(feature="inner")
    def work() -> Iterator[Any]:
        try:
            yield 1
        finally:
            seen.append(feature())

    steps = work()
    next(steps)
    steps.close()
    assert seen == ["inner"]


def test_a_decorated_generator_is_delegated_to():
    @ddllm.context(feature="inner")
    def work() -> Any:
        sent = yield feature()
        return sent

    def outer() -> Any:
        got = yield from work()
        yield got

    steps = outer()
    assert next(steps) == "inner"
    assert steps.send("value") == "value"


def test_a_decorated_generator_is_started_by_its_first_step_alone():
    started: list[int] = []

    @ddllm.context(feature="inner")
    def work() -> Iterator[Any]:
        started.append(1)
        yield 1

    work()
    assert started == []


def test_each_step_of_a_decorated_async_generator_runs_inside_and_its_consumer_outside():
    @ddllm.context(feature="inner")
    async def work() -> Any:
        yield feature()
        await asyncio.sleep(0)
        yield feature()

    async def main() -> list[Any]:
        with ddllm.context(feature="outer"):
            return [(one, feature()) async for one in work()]

    assert inspect.isasyncgenfunction(work)
    assert asyncio.run(main()) == [("inner", "outer"), ("inner", "outer")]


def test_a_decorated_async_generator_takes_values_and_exceptions():
    @ddllm.context(feature="inner")
    async def work() -> Any:
        try:
            sent = yield "ready"
        except LookupError as error:
            sent = str(error)
        yield sent, feature()

    async def main() -> list[Any]:
        seen = []
        steps = work()
        seen.append(await anext(steps))
        seen.append(await steps.asend("value"))
        with pytest.raises(StopAsyncIteration):
            await anext(steps)
        steps = work()
        await anext(steps)
        seen.append(await steps.athrow(LookupError("thrown")))
        await steps.aclose()
        return seen

    assert asyncio.run(main()) == ["ready", ("value", "inner"), ("thrown", "inner")]


def test_closing_a_decorated_async_generator_closes_its_body_inside():
    seen: list[Any] = []

    @ddllm.context(feature="inner")
    async def work() -> Any:
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            seen.append(feature())

    async def main() -> None:
        steps = work()
        await anext(steps)
        await steps.aclose()

    asyncio.run(main())
    assert seen == ["inner"]


# --- threads and tasks ------------------------------------------------------------------------------------------------


def test_a_pools_threads_work_inside_the_context_that_submitted():
    with ThreadPoolExecutor(1) as pool:
        with ddllm.context(feature="search"):
            inside = pool.submit(feature)
        outside = pool.submit(feature)
        assert (inside.result(), outside.result()) == ("search", None)


def test_a_pool_passes_arguments_and_exceptions_on():
    def work(a: int, *, b: int) -> float:
        return a / b

    with ThreadPoolExecutor(1) as pool, ddllm.context(feature="search"):
        assert pool.submit(work, 6, b=3).result() == 2
        with pytest.raises(ZeroDivisionError):
            pool.submit(work, 6, b=0).result()


def test_a_pools_map_works_inside():
    with ThreadPoolExecutor(2) as pool, ddllm.context(feature="search"):
        assert list(pool.map(lambda _: feature(), range(4))) == ["search"] * 4


def test_submitting_nothing_is_the_pools_own_error():
    with ThreadPoolExecutor(1) as pool, ddllm.context(feature="search"), pytest.raises(TypeError):
        pool.submit()


def test_a_pool_keeps_nothing_of_the_context_alive():
    class Marker: ...

    marker = Marker()
    alive = weakref.ref(marker)
    with ThreadPoolExecutor(1) as pool:
        with ddllm.context(expects=marker):
            pool.submit(feature).result()
        pool.submit(feature).result()
        del marker
        gc.collect()
        assert alive() is None


def test_one_context_object_is_shared_by_threads():
    one = ddllm.context(feature="shared")
    inside = threading.Barrier(2)
    seen: list[Any] = []

    def work() -> None:
        with one:
            inside.wait()
            seen.append(feature())
        seen.append(feature())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen, key=str) == [None, None, "shared", "shared"]


def test_tasks_and_to_thread_inherit_the_context():
    async def child() -> Any:
        await asyncio.sleep(0)
        return feature()

    async def main() -> list[Any]:
        async with ddllm.context(feature="search"):
            task = asyncio.create_task(child())
            threaded = await asyncio.to_thread(feature)
            loop = await asyncio.get_running_loop().run_in_executor(None, feature)
        return [await task, threaded, loop, feature()]

    assert asyncio.run(main()) == ["search", "search", "search", None]


def test_tasks_have_contexts_of_their_own():
    async def work(name: str) -> list[Any]:
        seen = []
        async with ddllm.context(feature=name):
            for _ in range(3):
                await asyncio.sleep(0)
                seen.append(feature())
        return seen

    async def main() -> list[Any]:
        return await asyncio.gather(work("a"), work("b"))

    assert asyncio.run(main()) == [["a"] * 3, ["b"] * 3]


def test_a_context_that_is_left_in_another_context_is_no_fault():
    def steps() -> Iterator[None]:
        with ddllm.context(feature="search"):
            yield
            yield

    generator = steps()
    contextvars.copy_context().run(next, generator)
    next(generator)
    contextvars.copy_context().run(list, generator)
    assert feature() is None


def test_pools_are_wrapped_once():
    before = ThreadPoolExecutor.__dict__["submit"]
    attribution.follow_threads()
    assert ThreadPoolExecutor.__dict__["submit"] is before


def test_a_pool_without_anything_to_carry_gets_the_function_itself():
    seen = []

    class Pool(ThreadPoolExecutor):
        def __init__(self) -> None:
            super().__init__(1)
            self._work_queue = SimpleNamespace(put=lambda item: seen.append(item and item.fn), qsize=lambda: 0)

        def _adjust_thread_count(self) -> None:
            """No thread takes the work."""

    Pool().submit(feature)
    assert seen == [feature]


def test_a_pools_thread_knows_the_root_span_of_who_gave_it_its_work():
    with ThreadPoolExecutor(1) as pool:
        with tracer.trace("web.request", resource="POST /summarise") as request:
            inside = pool.submit(spans.root)
            nested = pool.submit(lambda: tracer.trace("job").finish() or spans.root())
        outside = pool.submit(spans.root)
        assert inside.result() is request
        assert nested.result() is request
        assert outside.result() is None


def test_a_trace_that_a_pools_thread_begins_is_its_own():
    def work() -> bool:
        tracer.context_provider.activate(None)
        with tracer.trace("job") as job:
            return spans.root() is job

    with ThreadPoolExecutor(1) as pool, tracer.trace("web.request"):
        assert pool.submit(work).result()


def test_pools_of_processes_are_left_alone():
    assert "submit" in ProcessPoolExecutor.__dict__
    assert not hasattr(ProcessPoolExecutor.__dict__["submit"], "__wrapped__")


# --- baggage ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def mirror() -> Iterator[list[Any]]:
    seen: list[Any] = []

    def show(name: str) -> Any:
        seen.append(name)
        return lambda: seen.append(f"no more {name}")

    attribution.mirror_to(show)
    yield seen
    attribution.mirror_to(None)


def test_features_are_mirrored_and_taken_back(mirror):
    with ddllm.context(feature="outer"), ddllm.context(action="answer"), ddllm.context(feature="inner"):
        pass
    assert mirror == ["outer", "inner", "no more inner", "no more outer"]


def test_a_mirror_that_fails_costs_the_mirror_alone():
    attribution.mirror_to(lambda name: 1 / 0)
    try:
        with ddllm.context(feature="search"):
            assert feature() == "search"
        assert feature() is None
    finally:
        attribution.mirror_to(None)
    assert guard.collect().counts == {"attribution.mirror": 1}


# --- LLM Observability ------------------------------------------------------------------------------------------------


class Annotator:
    """What `LLMObs.annotation_context` returns, with the same two pairs of methods."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __enter__(self) -> str:
        self.seen.append("enter")
        return "entered"

    def __exit__(self, *error: object) -> bool:
        self.seen.append("exit")
        return True

    async def __aenter__(self) -> str:
        return self.__enter__()

    async def __aexit__(self, *error: object) -> bool:
        return self.__exit__(*error)


@pytest.fixture
def llmobs() -> Any:
    class LLMObs:
        @classmethod
        def annotation_context(cls, tags: Any = None, prompt: Any = None, name: Any = None) -> Annotator:
            return Annotator()

    module = SimpleNamespace(LLMObs=LLMObs)
    attribution.watch_annotations(module)
    return module.LLMObs


def test_an_annotation_names_feature_and_prompt(llmobs):
    prompt = {"id": "qa", "version": 12, "template": "{question}"}
    with llmobs.annotation_context(tags={"feature": "search"}, prompt=prompt):
        assert annotated() == Scope(feature="search", prompt_template="qa", prompt_version="12")
        assert explicit() is None
    assert annotated() is None


def test_an_annotation_reads_a_prompt_object(llmobs):
    with llmobs.annotation_context(prompt=SimpleNamespace(id=None, name="qa", version="v1")):
        assert annotated() == Scope(prompt_template="qa", prompt_version="v1")


def test_annotations_nest(llmobs):
    with llmobs.annotation_context({"feature": "search"}):
        with llmobs.annotation_context(None, {"id": "qa"}):
            assert annotated() == Scope(feature="search", prompt_template="qa")
        assert annotated() == Scope(feature="search")


def test_an_annotation_is_the_annotation_that_it_was(llmobs):
    one = llmobs.annotation_context(tags={"feature": "search"})
    assert isinstance(one, Annotator)
    with one as entered:
        assert entered == "entered"
        raise LookupError("which this annotation swallows")
    assert one.seen == ["enter", "exit"]


def test_an_annotation_that_says_nothing_for_us_is_returned_as_it_is(llmobs):
    assert type(llmobs.annotation_context(tags={"team": "a"}, name="x")) is Annotator


def test_an_async_annotation_holds_inside(llmobs):
    async def main() -> Any:
        async with llmobs.annotation_context(tags={"feature": "search"}) as entered:
            return entered, annotated()

    assert asyncio.run(main()) == ("entered", Scope(feature="search"))


def test_an_annotation_that_cannot_be_entered_holds_nothing(llmobs, monkeypatch):
    monkeypatch.setattr(Annotator, "__enter__", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError), llmobs.annotation_context(tags={"feature": "search"}):
        pass
    assert annotated() is None


def test_an_annotation_that_we_cannot_read_is_counted_and_works(llmobs):
    class Odd:
        @property
        def get(self) -> Any:
            raise RuntimeError

    with llmobs.annotation_context(tags=Odd()) as entered:
        assert entered == "entered"
    assert guard.collect().counts == {"attribution.annotation": 1}


def test_annotations_of_another_version_are_counted():
    attribution.watch_annotations(SimpleNamespace())
    assert guard.collect().counts == {"attribution.llmobs": 1}


# --- actions ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ended() -> Iterator[list[Any]]:
    records = Records()
    attribution.report_to(records)
    yield records.calls
    attribution.report_to(None)


def begin() -> Call:
    call = Call("aws.bedrock", "Converse", "m", "r", stream=False, started=0.0)
    attribution.attach(call)
    return call


def test_an_action_is_handed_over_when_it_ends(ended):
    with ddllm.action("checkout", feature="shop"):
        assert begin().actions[0].name == "checkout"
        assert ended == []
    [action] = ended
    assert (action.name, action.status, len(action.begun)) == ("checkout", "ok", 1)
    assert action.scope[0].feature == "shop"
    assert action.ended >= action.started


def test_a_context_is_entered_while_another_thread_imports_asyncio(monkeypatch):
    monkeypatch.setitem(sys.modules, "asyncio", ModuleType("asyncio"))
    with ddllm.context(feature="search"):
        begin()
        assert feature() == "search"


def test_without_a_name_an_action_has_the_functions(ended):
    @ddllm.action
    def checkout(number: int) -> int:
        begin()
        return number + 1

    assert checkout(1) == 2
    assert [(action.name, len(action.begun)) for action in ended] == [("checkout", 1)]


def test_a_generator_that_is_stepped_in_copied_contexts_ends_its_own_action(ended):
    def answers() -> Iterator[int]:
        with ddllm.action("inner"):
            yield 1
            yield 2

    with ddllm.action("outer"):
        steps = answers()
        for _ in range(2):
            contextvars.copy_context().run(next, steps)
        with pytest.raises(StopIteration):
            contextvars.copy_context().run(next, steps)
        assert [action.name for action in ended] == ["inner"]
    assert [action.name for action in ended] == ["inner", "outer"]


def test_generators_that_interleave_end_their_own_actions_and_leave_nothing_behind(ended):
    def answers(name: str) -> Iterator[str | None]:
        with ddllm.action(name, feature=name):
            yield feature()
            yield feature()

    one, two = answers("one"), answers("two")
    assert (next(one), next(two)) == ("one", "two")
    one.close()
    assert next(two) == "two"
    two.close()
    assert [(action.name, action.status) for action in ended] == [("one", "abandoned"), ("two", "abandoned")]
    assert attribution.current() == (None, None)


def test_a_call_that_begins_when_its_action_is_over_is_late_for_it(ended):
    with ddllm.action("outer"), ddllm.action("inner"):
        frame = attribution.frames.EXPLICIT.get()
    with ddllm.context():
        attribution.frames.EXPLICIT.set(frame)
        call = begin()
    attribution.frames.EXPLICIT.set(None)
    assert (call.actions, call.late_for) == ((), 2)
    assert [len(action.begun) for action in ended] == [0, 0]


def test_an_action_that_a_fork_inherited_is_the_parents_to_report(ended):
    with ddllm.action("outer"):
        attribution.actions._queue.generation += 1
    assert ended == []


def test_where_nothing_is_measured_an_action_is_only_a_context():
    attribution.report_to(None)
    with ddllm.action("checkout", feature="shop"):
        assert feature() == "shop"
        assert begin().actions == ()

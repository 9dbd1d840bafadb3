import asyncio
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import ddtrace.llmobs
import pytest

import ddllm
from ddllm.call import Call, Feedback
from ddllm.instrument import attribution, feedback, guard
from ddllm.instrument.report import references
from tests.support.runtime import CLAUDE, Records


@pytest.fixture
def queue() -> Iterator[Records]:
    kept = Records()
    feedback.report_to(kept, ["key"], "shop")
    guard.collect()
    yield kept
    feedback.report_to(None)
    assert not guard.collect().counts


def begin(**facts: Any) -> Call:
    """Begin a call, as the SDK's patch does."""
    call = Call("aws.bedrock", "Converse", CLAUDE, "eu-central-1", stream=False, started=threading.get_native_id())
    begin.clock = getattr(begin, "clock", 0.0) + 1  # type: ignore[attr-defined]
    call.started = begin.clock  # type: ignore[attr-defined]
    for name, value in facts.items():
        setattr(call, name, value)
    attribution.attach(call)
    return call


def model() -> str | None:
    ref = feedback.last_call()
    return None if ref is None else references.decode(ref, ["key"]).model_name


def in_a_thread(function: Any) -> Any:
    """Run a function in a thread that has made no call."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_a_reference_says_what_the_call_was(queue):
    with ddllm.context(feature="search", prompt_template="qa", prompt_version="v12"):
        begin()
        ref = feedback.last_call()
    assert isinstance(ref, ddllm.CallRef)
    assert references.decode(ref, ["key"]) == (
        "aws.bedrock",
        "anthropic",
        "claude-3-haiku-20240307-v1",
        "search",
        "",
        "",
        "",
        "qa",
        "v12",
        "",
        "",
    )


def test_without_a_feature_it_says_where_the_call_came_from(queue, monkeypatch):
    root = SimpleNamespace(get_tag=lambda _: "/chat", resource="GET /chat", name="web")
    monkeypatch.setattr(attribution.frames.spans, "root", lambda: root)
    begin(root=root)
    said = references.decode(feedback.last_call(), ["key"])
    assert (said.feature, said.route, said.resource, said.service) == ("", "/chat", "GET /chat", "shop")


def test_a_thread_knows_its_own_last_call(queue):
    assert in_a_thread(model) is None
    begin(model_id="mine")
    assert in_a_thread(lambda: (begin(model_id="its own"), model())[1]) == "its own"
    assert model() == "mine"


def test_inside_a_context_the_last_call_is_known_whoever_made_it(queue):
    with ddllm.context(feature="search"):
        in_a_thread_of_a_pool("of a pool")
        assert model() == "of a pool"
        begin(model_id="mine")
        assert model() == "mine"
        with ddllm.context(prompt_template="qa"):
            in_a_thread_of_a_pool("inside")
        assert model() == "inside"


def test_a_pools_thread_takes_no_siblings_call_for_its_own(queue):
    with ddllm.context(feature="search"):
        frame = attribution.frames.EXPLICIT.get()

        def work() -> tuple[str | None, str | None]:
            attribution.frames.EXPLICIT.set(frame)
            begin(model_id="mine")
            in_a_thread_of_a_pool("a sibling's")
            return model(), references.decode(feedback.last_call(), ["key"]).model_name

        assert in_a_thread(work) == ("mine", "mine")
        assert model() == "a sibling's"


def test_another_request_in_the_same_thread_has_no_last_call_yet(queue, monkeypatch):
    roots = [SimpleNamespace(get_tag=lambda _: None, resource=name, name=name) for name in ("GET /a", "GET /b")]
    monkeypatch.setattr(attribution.frames.spans, "root", lambda: roots[0])
    begin(root=roots[0], model_id="of the first")
    assert model() == "of the first"
    roots.reverse()
    assert feedback.last_call() is None
    with ddllm.context(feature="search"):
        assert feedback.last_call() is None


def in_a_thread_of_a_pool(model_id: str) -> None:
    """Make a call where a pool that carries the context would make it."""
    frame = attribution.frames.EXPLICIT.get()

    def work() -> None:
        token = attribution.frames.EXPLICIT.set(frame)
        begin(model_id=model_id)
        attribution.frames.EXPLICIT.reset(token)

    in_a_thread(work)


def test_a_task_does_not_take_anothers_call_for_its_own(queue):
    async def asks(name: str, first: asyncio.Event, second: asyncio.Event) -> str | None:
        begin(model_id=name)
        first.set()
        await second.wait()
        return model()

    async def main() -> list[Any]:
        one, two = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(asks("one", one, two), asks("two", two, one))

    assert set(asyncio.run(main())) <= {"two", None}

    async def alone() -> str | None:
        begin(model_id="alone")
        await asyncio.sleep(0)
        return model()

    assert asyncio.run(alone()) == "alone"


def test_feedback_is_handed_to_the_worker_as_it_is(queue):
    feedback.send("a reference", "thumbs_up")
    [given] = queue.calls
    assert isinstance(given, Feedback)
    assert given[:2] == ("thumbs_up", "a reference")
    assert queue.running
    feedback.send("x" * 10_000, "thumbs_up")
    assert len(queue.calls[1].reference) == references.LONGEST + 1


def test_without_a_queue_there_is_nothing():
    begin()
    assert feedback.last_call() is None
    feedback.send("a reference", "thumbs_up")


def test_whatever_is_given_is_taken(queue):
    for odd in (None, 5, b"bytes", object()):
        feedback.send(odd, odd)  # type: ignore[arg-type]
    assert len(queue.calls) == 4


def test_where_llm_observability_is_on_the_reference_names_its_span(queue, monkeypatch):
    llmobs = SimpleNamespace(enabled=True, export_span=lambda span: {"span_id": "7", "trace_id": f"t{span.number}"})
    monkeypatch.setattr(ddtrace.llmobs, "LLMObs", llmobs)
    begin(span=SimpleNamespace(span_type="llm", number=5))
    assert references.decode(feedback.last_call(), ["key"])[-2:] == ("7", "t5")
    begin(span=SimpleNamespace(span_type="http", number=5))
    assert references.decode(feedback.last_call(), ["key"])[-2:] == ("", "")


def test_a_fault_of_ours_is_no_reference(queue):
    begin().scope = 5
    assert feedback.last_call() is None
    assert guard.collect().counts == {"feedback.last_call": 1}

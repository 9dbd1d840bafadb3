import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddllm.instrument import guard
from ddllm.instrument import queue as module
from ddllm.instrument.queue import Queue

DEADLINE = 10.0


class Kept:
    """A consumer that keeps what it gets, and the drops that it was told of with each round."""

    def __init__(self) -> None:
        self.records: list[Any] = []
        self.rounds: list[int] = []
        self.threads: set[str] = set()
        self.arrived = threading.Condition()

    def consume(self, record: Any) -> None:
        if isinstance(record, Exception):
            raise record
        with self.arrived:
            self.records.append(record)
            self.threads.add(threading.current_thread().name)
            self.arrived.notify_all()

    def close(self) -> None:
        self.closed = True

    def flush(self, dropped: int) -> None:
        with self.arrived:
            self.rounds.append(dropped)
            self.arrived.notify_all()

    def wait(self, condition: Callable[[], Any]) -> None:
        with self.arrived:
            assert self.arrived.wait_for(condition, DEADLINE), (self.records, self.rounds)


@pytest.fixture(autouse=True)
def no_faults() -> Iterator[None]:
    guard.collect()
    yield
    guard.collect()


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def make(kept: Kept) -> Iterator[Callable[..., Queue]]:
    made: list[Queue] = []

    def build(**options: Any) -> Queue:
        settings = {"max_records": 1000, "max_bytes": 10_000, "interval": 0.01, "exit_timeout": DEADLINE, **options}
        made.append(Queue(settings.pop("consumer", lambda: kept), **settings))
        return made[-1]

    yield build
    for queue in made:
        queue.stop()


def test_records_arrive_in_order_on_a_thread_of_the_queues_own(make, kept):
    queue = make()
    queue.start()
    for number in range(10):
        assert queue.put(number, 1)
    kept.wait(lambda: len(kept.records) == 10)
    assert kept.records == list(range(10))
    assert kept.threads == {"ddllm"}


def test_nothing_runs_before_it_is_started(make, kept):
    queue = make()
    queue.put("early", 1)
    assert not queue.running
    assert kept.records == []


def test_the_thread_is_a_daemon_and_starts_once(make):
    queue = make()
    queue.start()
    queue.start()
    ours = [one for one in threading.enumerate() if one is queue._thread]
    assert [one.daemon for one in ours] == [True]


def test_many_threads_that_make_their_first_call_start_one_thread(make, kept):
    queue = make(interval=60)
    before = threading.active_count()
    barrier = threading.Barrier(20)
    started: list[threading.Thread | None] = []

    def first() -> None:
        barrier.wait()
        if not queue.running:
            queue.start()
        started.append(queue._thread)

    threads = [threading.Thread(target=first) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert threading.active_count() == before + 1


def test_a_full_queue_drops_and_counts(make):
    queue = make(max_records=3)
    taken = [queue.put(number, 1) for number in range(5)]
    assert taken == [True, True, True, False, False]
    assert queue.dropped == 2


def test_a_queue_is_full_by_bytes_as_well(make):
    queue = make(max_bytes=100)
    assert queue.put("a", 60)
    assert not queue.put("b", 41)
    assert queue.put("c", 40)
    assert queue.dropped == 1


def test_room_comes_back_when_the_consumer_has_caught_up(make, kept):
    queue = make(max_bytes=100)
    queue.put("a", 100)
    assert not queue.put("b", 1)
    queue.start()
    kept.wait(lambda: kept.records == ["a"] and 1 in kept.rounds)
    assert queue.put("c", 100)
    kept.wait(lambda: kept.records == ["a", "c"])


def test_the_consumer_hears_of_all_drops_so_far(make, kept):
    queue = make(max_records=1)
    for _ in range(4):
        queue.put("a", 1)
    queue.start()
    kept.wait(lambda: kept.rounds)
    assert kept.rounds[0] == 3


def test_drops_are_told_even_where_nothing_was_taken(make, kept):
    queue = make(max_bytes=10)
    queue.put("too large", 11)
    queue.start()
    kept.wait(lambda: 1 in kept.rounds)
    assert kept.records == []


def test_a_full_batch_wakes_the_consumer_before_its_timer(make, kept, monkeypatch):
    monkeypatch.setattr(module, "BATCH_RECORDS", 5)
    queue = make(interval=3600)
    queue.start()
    for number in range(5):
        queue.put(number, 1)
    kept.wait(lambda: len(kept.records) == 5)


def test_a_batch_by_bytes_wakes_the_consumer_too(make, kept, monkeypatch):
    monkeypatch.setattr(module, "BATCH_BYTES", 50)
    queue = make(interval=3600)
    queue.start()
    queue.put("a", 40)
    queue.put("b", 40)
    kept.wait(lambda: len(kept.records) == 2)


def test_stopping_hands_over_what_is_left(make, kept):
    queue = make(interval=3600)
    queue.start()
    queue.put("last", 1)
    assert queue.stop() == 0
    assert kept.records == ["last"]
    assert not queue.running


def test_stopping_without_a_thread_hands_over_in_the_callers_thread(make, kept):
    queue = make()
    queue.put("last", 1)
    queue.stop()
    assert kept.threads == {threading.current_thread().name}


def test_stopping_what_never_began_makes_no_consumer():
    made: list[int] = []
    Queue(lambda: made.append(1), max_records=1, max_bytes=1, interval=1).stop()  # type: ignore[arg-type,return-value]
    assert made == []


def test_stopping_waits_for_the_thread_no_longer_than_told(make):
    release = threading.Event()

    class Slow(Kept):
        def consume(self, record: Any) -> None:
            super().consume(record)
            release.wait(DEADLINE)

    slow = Slow()
    queue = make(consumer=lambda: slow, exit_timeout=0.01)
    queue.start()
    queue.put("slow", 1)
    slow.wait(lambda: slow.records)
    queue.put("left", 1)
    assert queue.stop() == 1
    assert queue._thread.is_alive()
    release.set()
    queue._thread.join(DEADLINE)
    assert not queue._thread.is_alive()


def test_stopping_hands_over_no_longer_than_told(make, kept):
    queue = make(exit_timeout=0)
    queue.put("a", 1)
    assert queue.stop() == 1
    assert kept.records == []


def test_a_stopped_queue_starts_again(make, kept):
    queue = make()
    queue.start()
    queue.stop()
    queue.start()
    queue.put("again", 1)
    kept.wait(lambda: kept.records == ["again"])


def test_a_record_that_cannot_be_consumed_is_counted_and_the_next_ones_arrive(make, kept):
    queue = make()
    queue.put(ValueError("of this record"), 1)
    queue.put("next", 1)
    queue.start()
    kept.wait(lambda: kept.records == ["next"])
    assert guard.collect().counts == {"queue.consume": 1}


def test_a_round_that_cannot_be_sent_is_counted(make):
    class Deaf(Kept):
        def flush(self, dropped: int) -> None:
            super().flush(dropped)
            raise OSError("nobody listens")

    deaf = Deaf()
    queue = make(consumer=lambda: deaf, interval=3600)
    queue.put("a", 1)
    queue.stop()
    assert deaf.records == ["a"]
    assert guard.collect().counts == {"queue.flush": 1}


def test_a_consumer_that_cannot_be_made_costs_what_is_queued_and_is_tried_again(make, kept):
    attempts: list[int] = []

    def consumer() -> Kept:
        attempts.append(1)
        if len(attempts) == 1:
            raise ImportError("no such client")
        return kept

    queue = make(consumer=consumer, max_bytes=10)
    queue.put("lost", 10)
    queue.put("lost too", 1)
    queue._drain()
    assert (queue.dropped, guard.collect().counts) == (2, {"queue.consumer": 1})
    assert queue.put("found", 10)
    queue._drain()
    assert (kept.records, kept.rounds) == (["found"], [2])


def test_a_thread_that_cannot_be_started_is_counted_and_tried_again(make, kept, monkeypatch):
    queue = make()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", lambda self: 1 / 0)
        queue.start()
    assert (queue.running, guard.collect().counts) == (False, {"queue.start": 1})
    queue.put("kept", 1)
    queue.start()
    kept.wait(lambda: kept.records == ["kept"])


def test_forgetting_leaves_an_empty_queue_of_another_generation(make, kept):
    queue = make(max_records=1)
    queue.put("the parent's", 1)
    queue.put("dropped", 1)
    queue.forget()
    assert (queue.generation, queue.dropped, queue.running) == (1, 0, False)
    queue.put("the child's", 1)
    queue.stop()
    assert kept.records == ["the child's"]


def test_a_fork_waits_for_a_consumer_that_is_being_made(make, kept):
    making, made = threading.Event(), threading.Event()

    def consumer() -> Kept:
        making.set()
        made.wait(DEADLINE)
        return kept

    queue = make(consumer=consumer)
    queue.start()
    making.wait(DEADLINE)
    queue.hold(0.01)  # it waits no longer than told
    queue.release()
    assert queue._consumer is None
    threading.Timer(0.01, made.set).start()
    queue.hold(DEADLINE)
    assert queue._consumer is kept
    queue.release()
    queue.put("after", 1)
    kept.wait(lambda: kept.records == ["after"])


def test_nothing_is_consumed_during_a_fork(make, kept):
    queue = make(interval=0.001)
    queue.start()
    kept.wait(lambda: kept.rounds)
    queue.hold(DEADLINE)
    rounds = len(kept.rounds)
    queue.put("after", 1)
    queue._notify()
    assert (kept.records, len(kept.rounds)) == ([], rounds)
    queue.release()
    kept.wait(lambda: kept.records == ["after"])


def test_a_fork_of_the_consumers_own_does_not_wait_for_itself(make):
    class Forking(Kept):
        def consume(self, record: Any) -> None:
            queue.hold(DEADLINE)
            queue.release()
            super().consume(record)

    forking = Forking()
    queue = make(consumer=lambda: forking)
    queue.start()
    queue.put("a", 1)
    forking.wait(lambda: forking.records == ["a"])
    assert guard.collect().counts == {}


def test_two_forks_at_once_release_what_they_hold(make):
    queue = make()
    together = threading.Barrier(4)

    def fork() -> None:
        together.wait()
        for _ in range(50):
            queue.hold(DEADLINE)
            queue.release()

    threads = [threading.Thread(target=fork) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert queue._draining.acquire(blocking=False)
    queue._draining.release()


def test_inline_what_came_during_a_fork_is_handed_over_after_it(make, kept):
    queue = make(inline=True)
    queue.hold(DEADLINE)
    queue.put("during", 1)
    assert kept.records == []
    queue.release()
    assert kept.records == ["during"]


def test_the_last_round_is_the_threads_own(make, kept):
    """So that it ends with the thread's deadline, and its logging is the thread's."""
    queue = make(interval=3600)
    queue.start()
    queue.put("last", 1)
    queue.stop()
    assert kept.threads == {"ddllm"}


def test_inline_records_are_handed_over_before_put_returns(make, kept):
    queue = make(inline=True)
    queue.start()
    queue.put("now", 1)
    assert kept.records == ["now"]
    assert kept.threads == {threading.current_thread().name}


def test_inline_the_consumer_is_made_at_the_start(make, kept):
    queue = make(inline=True)
    queue.start()
    assert kept.rounds == [0]


def test_inline_no_record_is_consumed_twice_at_once(make):
    """A consumer is made for one thread; the application has several."""

    class Alone(Kept):
        inside = 0

        def consume(self, record: Any) -> None:
            self.inside += 1
            assert self.inside == 1
            time.sleep(0)
            super().consume(record)
            self.inside -= 1

    alone = Alone()
    queue = make(consumer=lambda: alone, inline=True)
    queue.start()
    threads = [threading.Thread(target=lambda: [queue.put(n, 1) for n in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(alone.records) == 200
    assert guard.collect().counts == {}


def test_inline_a_record_of_a_finalizer_during_a_hand_over_arrives(make):
    class Dropping(Kept):
        def consume(self, record: Any) -> None:
            super().consume(record)
            if record == "first":
                queue.put("of a finalizer", 1)

    kept = Dropping()
    queue = make(consumer=lambda: kept, inline=True)
    queue.put("first", 1)
    assert kept.records == ["first", "of a finalizer"]


def test_put_may_run_in_a_finalizer_of_any_thread(make, kept):
    queue = make(interval=0.001)
    queue.start()

    class Dropped:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            queue.put("dropped", 1)

    for _ in range(200):
        Dropped()
    gc.collect()
    kept.wait(lambda: len(kept.records) == 200)


def test_a_queue_says_what_it_holds(make):
    queue = make(max_records=1)
    queue.put("a", 7)
    queue.put("b", 7)
    assert repr(queue) == "Queue(1 records, 7 bytes, 1 dropped, not running)"


def test_a_queue_logs_nothing(make, kept, caplog):
    caplog.set_level(logging.DEBUG)
    queue = make(max_records=1)
    queue.put(ValueError(), 1)
    queue.put("dropped", 1)
    queue.stop()
    assert caplog.records == []


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.one_of(st.integers(0, 60).map(lambda size: ("put", size)), st.just(("drain", 0))), max_size=60),
    max_records=st.integers(1, 8),
    max_bytes=st.integers(1, 120),
)
def test_what_goes_in_comes_out_or_is_counted(steps, max_records, max_bytes):
    kept = Kept()
    queue = Queue(lambda: kept, max_records=max_records, max_bytes=max_bytes, interval=3600, exit_timeout=DEADLINE)
    waiting: list[tuple[int, int]] = []
    expected: list[int] = []
    dropped = 0
    for number, (step, size) in enumerate(steps):
        if step == "drain":
            queue._drain()
            expected += [one for one, _ in waiting]
            waiting.clear()
            continue
        room = len(waiting) < max_records and sum(held for _, held in waiting) + size <= max_bytes
        assert queue.put(number, size) is room
        if room:
            waiting.append((number, size))
        else:
            dropped += 1
    queue.stop()
    assert kept.records == expected + [one for one, _ in waiting]
    assert queue.dropped == dropped
    assert queue._bytes_in == queue._bytes_out


@settings(max_examples=8, deadline=None)
@given(threads=st.integers(2, 6), each=st.integers(50, 300), max_records=st.integers(5, 60))
def test_under_threads_nothing_is_lost_or_doubled(threads, each, max_records):
    kept = Kept()
    queue = Queue(lambda: kept, max_records=max_records, max_bytes=10**9, interval=0.001, exit_timeout=DEADLINE)
    queue.start()
    taken: list[list[Any]] = [[] for _ in range(threads)]

    def work(who: int) -> None:
        for number in range(each):
            if queue.put((who, number), 3):
                taken[who].append((who, number))

    workers = [threading.Thread(target=work, args=(who,)) for who in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    queue.stop()
    assert [[one for one in kept.records if one[0] == who] for who in range(threads)] == taken
    assert len(kept.records) + queue.dropped == threads * each
    assert queue._bytes_in == queue._bytes_out
    assert kept.rounds[-1] == queue.dropped


def test_an_exit_that_somebodys_code_asks_for_ends_neither_the_thread_nor_the_round(make):
    class Leaving(Kept):
        def consume(self, record: Any) -> None:
            if record == "leave":
                raise SystemExit
            super().consume(record)

    kept = Leaving()
    queue = make(consumer=lambda: kept)
    queue.put("leave", 1)
    queue.put("next", 1)
    queue.start()
    kept.wait(lambda: kept.records == ["next"])
    assert guard.collect().counts == {"queue.consume": 1}


def test_inline_the_consumer_sees_nothing_of_what_holds_around_the_call(make):
    around: ContextVar[str] = ContextVar("around", default="nothing")
    seen: list[str] = []

    class Looking(Kept):
        def consume(self, record: Any) -> None:
            seen.append(around.get())

    queue = make(consumer=Looking, inline=True)
    queue.start()
    around.set("something")
    queue.put("a", 1)
    assert seen == ["nothing"]


def test_a_thread_that_holds_already_does_not_wait_for_itself(make):
    queue = make(interval=3600)
    queue.hold(DEADLINE)
    queue.hold(DEADLINE)
    queue.release()
    assert queue._draining.acquire(blocking=False)

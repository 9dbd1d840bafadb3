"""The same prompts through several models, as an application would call them: bounded, interleaved, resumable, within a budget.

Of the tooling, this module alone uses ddllm as a user does: `ddllm.context(comparison=…)` stands around each call, so that a
process that is measured reports the comparison's metrics.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import SimpleQueue
from random import Random
from typing import Any, Literal

import ddllm
from ddllm import pricing
from ddllm.analysis.compare.bedrock import Answer, ask, make_client, request_of, watch_retries
from ddllm.analysis.compare.budget import Budget, Price, worst_case
from ddllm.analysis.compare.judge import Judge, Verdict
from ddllm.analysis.compare.results import Measured, Results, key_of
from ddllm.call import Usage
from ddllm.definitions.workload import Model, Prompt, Workload
from ddllm.errors import DdllmError, DefinitionError

__all__ = ["Options", "Outcome", "Run", "measure"]

#: The feature that comparisons spend as, where the calls are measured.
FEATURE = "compare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run. The functions are what reaches outside, for tests to replace."""

    allow_unpriced: bool = False
    keep_answers: bool = False
    retry_failed: bool = False
    metrics: bool = True
    judge: Judge = field(default_factory=Judge)
    price: Price = pricing.cost
    make_client: Callable[[], Any] = make_client
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: calls that it made, calls that are still to be made, and why it stopped before them."""

    made: int
    left: int
    stopped: Literal["budget", "interrupted"] | None = None


@dataclass(slots=True)
class _Job:
    """One call to be made; `reserved` is what is set aside for it so far."""

    key: str
    prompt: Prompt
    model: Model
    repetition: int
    request: dict[str, Any] = field(repr=False)
    worst: float
    priced: bool
    reservations: int = 1

    @property
    def reserved(self) -> float:
        return self.worst * self.reservations


def measure() -> None:
    """Have the calls of this process measured and reported to the agent, as any application's."""
    ddllm.patch()


class Run:
    """One run of a workload into its results, once.

    `progress` is called after each finished call, on the thread that made it, one call at a time; `interrupted` when an
    interruption came and calls under way are waited for.
    """

    def __init__(
        self,
        workload: Workload,
        results: Results,
        options: Options | None = None,
        progress: Callable[[Measured], None] = lambda _: None,
        interrupted: Callable[[], None] = lambda: None,
    ) -> None:
        self._workload = workload
        self._results = results
        self._options = options or Options()
        self._progress = progress
        self._interrupted = interrupted
        self.budget = Budget(workload.budget, results.spent)
        self._waiting = deque(self._todo())
        self._closing = threading.Event()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._ended: SimpleQueue[BaseException | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._mine = threading.local()
        self._made = 0
        self._counting = threading.Lock()
        self._client: Any = None

    def __repr__(self) -> str:
        return f"Run({self._workload.name}, {self._made} made, {len(self._waiting)} waiting, {self.budget})"

    @property
    def waiting(self) -> int:
        """Calls that are still to be made."""
        return len(self._waiting)

    def _todo(self) -> Iterator[_Job]:
        worst: dict[tuple[str, Model], float | None] = {}
        for prompt, model, repetition in order(self._workload):
            key = key_of(prompt, model, repetition)
            done = self._results.finished.get(key)
            if done is not None and not (self._options.retry_failed and done.status == "error"):
                continue
            request = request_of(prompt, model)
            if (prompt.id, model) not in worst:
                limit = prompt.parameters.max_tokens
                worst[prompt.id, model] = worst_case(model, request, limit, self._options.price)
            most = worst[prompt.id, model]
            if most is None and not self._options.allow_unpriced:
                hint = "Set its price in ddllm.yaml (prices.models), or let it run outside the budget with --allow-unpriced"
                raise DefinitionError(f"no price of `{model.id}` is known, so no budget can hold", hint=hint)
            yield _Job(key, prompt, model, repetition, request, most or 0.0, most is not None)

    def make_calls(self) -> Outcome:
        """Make the calls that are not in the results yet. Raises `DdllmError` where no call can succeed.

        An interruption lets the calls that are under way end, since they will be paid for; a second one does not.
        """
        if not self._waiting:
            return Outcome(0, 0)
        self._client = self._options.make_client()
        watch_retries(self._client, self._may_retry)
        count = min(self._workload.concurrency, len(self._waiting))
        self._threads = [
            threading.Thread(target=self._work, name=f"ddllm-compare-{n}", daemon=True) for n in range(count)
        ]
        for thread in self._threads:
            thread.start()
        stopped: Literal["budget", "interrupted"] | None = None
        try:
            stopped = self._feed(count)
        except KeyboardInterrupt:
            stopped = "interrupted"
            self._closing.set()
            self._interrupted()
        except Exception:
            self._close()
            raise
        self._close()  # in no `finally`: a second interruption would wait there
        return Outcome(self._made, self._left(), stopped)

    def _feed(self, most: int) -> Literal["budget"] | None:
        under_way = 0
        while self._waiting or under_way:
            while self._waiting and under_way < most and self.budget.reserve(self._waiting[0].worst):
                under_way += 1
                self._jobs.put(self._waiting.popleft())
            if not under_way:
                return "budget"
            failure = self._ended.get()
            under_way -= 1
            if failure is not None:
                raise failure
        return None

    def _left(self) -> int:
        keys = (key_of(*each) for each in order(self._workload))
        return sum(key not in self._results.finished for key in keys)

    def _close(self) -> None:
        self._closing.set()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self._closing.is_set():
                return
            failure: BaseException | None = None
            try:
                self._call(job)
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits for it
                failure = error
            self._ended.put(failure)

    def _call(self, job: _Job) -> None:
        self._mine.job = job
        at = self._options.now().isoformat(timespec="milliseconds")
        self._results.begin(job.key, job.worst)
        try:
            with self._context(job.prompt):
                answer = ask(self._client, job.request, stream=job.prompt.parameters.stream)
        except DdllmError:
            self._results.withdraw(job.key, job.reserved)
            raise
        measured = self._measured(job, at, answer)
        self._results.finish(measured)
        self.budget.settle(job.worst, measured.charged, reservations=job.reservations)
        with self._counting:
            self._made += 1
            self._progress(measured)

    def _context(self, prompt: Prompt) -> AbstractContextManager[Any]:
        if not self._options.metrics:
            return nullcontext()
        expects = prompt.expects and {**prompt.expects.format, "allow_wrapped": prompt.expects.allow_wrapped}
        return ddllm.context(feature=FEATURE, comparison=self._workload.name, expects=expects)

    def _may_retry(self) -> bool:
        job: _Job = self._mine.job
        if not self.budget.reserve(job.worst):
            return False
        job.reservations += 1
        self._results.begin(job.key, job.worst)
        return True

    def _measured(self, job: _Job, at: str, answer: Answer) -> Measured:
        failed = answer.error is not None
        verdict = Verdict() if failed else self._options.judge.verdict(job.prompt, answer)
        usage = answer.usage or Usage()
        cost = None if failed else self._cost(job, answer)
        last = cost if cost is not None else job.worst if answer.billed and job.priced else 0.0
        return Measured(
            key=job.key,
            prompt=job.prompt.id,
            model=job.model.id,
            repetition=job.repetition,
            at=at,
            status="error" if failed else "ok",
            error=answer.error,
            cost=cost,
            reserved=job.reserved,
            charged=last + job.worst * (job.reservations - 1),
            ttft=answer.ttft,
            duration=answer.duration,
            input_tokens=usage.input,
            output_tokens=usage.output,
            tokens_per_second=answer.tokens_per_second,
            finish=answer.finish,
            refusal=verdict.refusal,
            format_ok=verdict.format_ok,
            format_reason=verdict.format_reason,
            checks=verdict.checks,
            answer=answer.text if self._options.keep_answers and not failed else None,
            region=self._client.meta.region_name,
        )

    def _cost(self, job: _Job, answer: Answer) -> float | None:
        if answer.usage is None:
            return None
        cost = self._options.price(job.model.provider, job.model.id, answer.usage)
        return None if cost is None else cost.usd


def order(workload: Workload) -> Iterator[tuple[Prompt, Model, int]]:
    """Return the calls in the order in which they are made, the same each time.

    The models take turns at each prompt, in a drawn order, so that the time of day and a busy hour meet all of them alike.
    """
    rng = Random(workload.name)  # noqa: S311 - to be repeated, not to be secret
    for repetition in range(workload.repeat):
        prompts = list(workload.prompts)
        rng.shuffle(prompts)
        for prompt in prompts:
            models = list(workload.models)
            rng.shuffle(models)
            for model in models:
                yield prompt, model, repetition

"""Runs cases, each by itself: in this process, or spread over several."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter

import numpy as np

from ddllm.alerting.state import State
from ddllm.alerting.watch import Course
from ddllm.errors import DdllmError
from ddllm.testing.cases import Case, Expected
from ddllm.testing.judge import judge
from ddllm.testing.outcome import RECOVERY, Exercised, Failure, Outcome
from ddllm.testing.scenario import Scenario, written
from ddllm.testing.subjects import with_members

# Measured: a process takes 1.2 s of CPU to start, so that it should have twice that to do.
_A_CASE = 0.006  # seconds, and
_A_MINUTE = 2e-6  # for each minute of each monitor
_WORTH_A_PROCESS = 2.5


def run_all(cases: Sequence[Case], jobs: int | None = None) -> Iterator[Outcome]:
    """Run cases and yield what came of each, in their order. `jobs` are processes, by default as many as pay."""
    number = jobs or min(os.cpu_count() or 1, 1 + int(_seconds(cases) / _WORTH_A_PROCESS))
    if number == 1:
        yield from map(run, cases)
        return
    # Spawned and not forked: numpy has threads of its own, and what is forked then may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(number, mp_context=context) as pool:
        yield from pool.map(run, cases, chunksize=max(1, len(cases) // (4 * number)))


def _seconds(cases: Sequence[Case]) -> float:
    """Return about how long cases take in one process."""
    return sum(_A_CASE + _A_MINUTE * each.size for each in cases)


def run(case: Case) -> Outcome:
    """Run a case. What keeps it from running is a failure like any other."""
    began = perf_counter()
    failures: list[Failure] = []
    exercised, approximate = Exercised(), frozenset[str]()
    try:
        scenario = Scenario(case)
        failures += [each for expected in case.expected for each in _failures(scenario, expected)]
        exercised, approximate = _exercised(scenario), _approximate(scenario)
    except DdllmError as error:
        failures.append(Failure(error.where or case.where, _said(error)))
    return Outcome(
        case.file, case.name, case.where, perf_counter() - began, tuple(failures), exercised, tuple(sorted(approximate))
    )


def _failures(scenario: Scenario, expected: Expected) -> Iterator[Failure]:
    try:
        for key, sentence in judge(scenario, expected.what):
            pictures = () if key is None else scenario.pictures(key, expected.what.group)
            yield Failure(expected.where, sentence, pictures)
    except DdllmError as error:
        yield Failure(expected.where, _said(error))


def _said(error: DdllmError) -> str:
    return f"{error.message}. {error.hint}" if error.hint else error.message


def _approximate(scenario: Scenario) -> frozenset[str]:
    courses = scenario.courses()
    return frozenset(key for key, course in courses.items() if course.is_approximate)


def _exercised(scenario: Scenario) -> Exercised:
    """Return what the expectations that name a monitor are about, its parts included."""
    courses = scenario.courses()
    asked = [
        (each.what.monitor, each.what.group)
        for each in scenario.case.expected
        if each.what.monitor is not None and each.what.monitor in courses
    ]
    named = dict(asked)
    monitors = [key for key in with_members(named, scenario.case.subjects) if key in courses]
    transitions = {(key, name) for key in monitors for name in _transitions(scenario, courses[key])}
    groups = {(key, written(courses[key].by, group)) for key in named for group in courses[key].groups}
    expected = {
        (key, written(courses[key].by, courses[key].groups[row]))
        for key, group in asked
        for row in scenario.rows(key, group)
    }
    return Exercised(frozenset(monitors), frozenset(transitions), frozenset(groups), frozenset(expected))


def _transitions(scenario: Scenario, course: Course) -> Iterator[str]:
    """Yield what a monitor's groups went through from the test's start on: states that were reached, and recoveries."""
    states = course.states[:, scenario.since_start(course) >= 0]
    before, after = states[:, :-1], states[:, 1:]
    for state in (State.ALERT, State.WARN, State.NO_DATA):
        if ((before != state) & (after == state)).any():
            yield str(state)
    if (np.isin(before, (State.ALERT, State.WARN)) & (after == State.OK)).any():
        yield RECOVERY

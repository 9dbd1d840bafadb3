"""Files of tests -> cases that can run in any process. Every unknown name is found here, before anything runs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ddllm.definitions.monitor_tests import (
    DEFAULT_START,
    Expectation,
    MonitorTests,
    load_tests,
    monitors_of,
    unknown_monitors,
)
from ddllm.definitions.monitors import KIND
from ddllm.definitions.problems import Problems
from ddllm.definitions.project import Project, load_project
from ddllm.errors import DdllmError, DefinitionError
from ddllm.testing.data import SeriesPlan, plan_series
from ddllm.testing.subjects import Subject, subjects, with_members

_RECORDED = 7 * 86_400  # seconds that a recording is taken to have


@dataclass(frozen=True, slots=True)
class Expected:
    """An expectation, and where it was written."""

    where: str
    what: Expectation


@dataclass(frozen=True, slots=True)
class Case:
    """One test: its data, the monitors that it runs by key, and what is expected.

    `listed` are the monitors that speak of the files that it names: what an expectation without a monitor is about.
    """

    file: str
    name: str
    where: str
    start: int
    series: tuple[SeriesPlan, ...]
    recording: Path | None
    subjects: Mapping[str, Subject]
    listed: tuple[str, ...]
    expected: tuple[Expected, ...]

    @property
    def size(self) -> int:
        """How much there is to do: minutes times monitors. The length of a recording is not known before it is read."""
        begin = min((each.start for each in self.series), default=0)
        end = max((each.end for each in self.series), default=_RECORDED)
        return (end - begin) // 60 * len(self.subjects)


@dataclass(frozen=True, slots=True)
class Suite:
    """Everything to run, and every monitor that could have been tested, each environment's."""

    cases: tuple[Case, ...]
    subjects: Mapping[str, Subject]


def load_suite(folder: Path, files: Sequence[Path]) -> Suite:
    """Read files of tests, and the monitors below `folder` that they are about.

    Raises DefinitionError, or DefinitionListError, with all that is wrong.
    """
    problems = Problems()
    cases: list[Case] = []
    everything: dict[str, Subject] = {}

    @cache
    def of_env(env: str) -> tuple[Project, Mapping[str, Subject]]:
        project = load_project(folder, env)
        return project, subjects(project)

    for path in files:
        with problems.caught():
            tests = load_tests(path, folder / KIND / "settings.yaml")
            project, known = of_env(tests.env)
            listed = [each.key for each in monitors_of(tests, project)]
            everything = {**known, **everything}
            for index in range(len(tests.tests)):
                with problems.caught():
                    cases.append(_case(tests, index, listed, known))
    problems.raise_any()
    return Suite(tuple(cases), everything)


def _case(tests: MonitorTests, index: int, listed: Sequence[str], known: Mapping[str, Subject]) -> Case:
    test = tests.tests[index]
    problems = Problems()
    start = int((test.start or DEFAULT_START).timestamp())
    series: dict[tuple[str, tuple[str, ...]], SeriesPlan] = {}
    for place, each in enumerate(test.series):
        with problems.caught(), _at(str(tests.at(index, "series", place))):
            begin = start + each.start
            plan = plan_series(each.metric, each.values, each.kind, start=begin, interval=test.interval, test=test.name)
            if series.setdefault((plan.metric, plan.tags), plan) is not plan:
                raise DdllmError(f"`{each.metric}` is written twice")
    problems.add(*unknown_monitors(tests, index, listed))
    problems.raise_any()
    speaking = tuple(key for key in listed if known[key].speaks)
    named = [each.monitor for each in test.expect if each.monitor is not None]
    needed = [*named, *(speaking if len(named) < len(test.expect) else ())]
    return Case(
        tests.document.file,
        test.name,
        str(tests.at(index)),
        start,
        tuple(series.values()),
        tests.path.parent / test.recording if test.recording is not None else None,
        {key: known[key] for key in with_members(needed, known)},
        speaking,
        tuple(Expected(str(tests.at(index, "expect", place)), each) for place, each in enumerate(test.expect)),
    )


@contextmanager
def _at(where: str) -> Iterator[None]:
    """Give an error of the block its place."""
    try:
        yield
    except DdllmError as error:
        raise DefinitionError(error.message, where=where, hint=error.hint) from None

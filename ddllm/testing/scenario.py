"""A case that ran: its data was drawn, its monitors went over it, and now it can be asked what they did and said."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ddllm.alerting.gather import gathered
from ddllm.alerting.message import Said, say
from ddllm.alerting.state import State
from ddllm.alerting.watch import Course, NotRun, watch
from ddllm.errors import DdllmError
from ddllm.query.arrays.frame import Axis
from ddllm.query.recordings import read_recording
from ddllm.testing.cases import Case, Expected
from ddllm.testing.data import Data
from ddllm.testing.outcome import Picture
from ddllm.testing.reach import is_reached
from ddllm.testing.subjects import with_members

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MINUTE = 60


class Scenario:
    """A case's monitors over its data. Times of its interface are seconds from the test's start."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.data = _data(case)
        self.start = case.start if case.recording is None else self.data.start
        first = self.data.start // _MINUTE * _MINUTE + _MINUTE
        last = max(self.data.end, self.start + max(map(_latest, case.expected)))
        axis = Axis(first, _MINUTE, max(1, (last - first) // _MINUTE + 1))
        watched = [each.watched for each in case.subjects.values()]
        self._courses = watch(watched, self.data.of, axis, cell=self.data.cell)

    def course(self, key: str) -> Course:
        """Return what became of a monitor. Raises DdllmError for one that is not evaluated here."""
        course = self._courses[key]
        if isinstance(course, NotRun):
            raise DdllmError(f"`{key}` cannot be tested: {course.reason}")
        return course

    def courses(self) -> Mapping[str, Course]:
        """Return what became of every monitor that is evaluated here."""
        return {key: course for key, course in self._courses.items() if isinstance(course, Course)}

    @cached_property
    def listed(self) -> tuple[str, ...]:
        """The monitors that an expectation without a monitor is about: those that the data reaches and that run here."""
        runs = (key for key in self.case.listed if isinstance(self._courses.get(key), Course))
        return tuple(key for key in runs if self.is_reached(key))

    def is_reached(self, key: str) -> bool:
        """Whether a series of the test is one that a monitor, or a part of it, reads."""
        subjects = self.case.subjects
        return any(is_reached(subjects[each], self.data) for each in with_members([key], subjects))

    def check_group(self, key: str, group: str | None) -> None:
        """Raise DdllmError for tags that no group of a monitor can have: the data lacks them, or the monitor does."""
        course = self.course(key)
        for name, value in _tags(group).items():
            if name not in course.by:
                by = f"grouped by {', '.join(course.by)}" if course.by else "not grouped"
                raise DdllmError(f"`{key}` is {by}: it has no group `{group}`")
            if not any(f"{name}:{value}" in each.tags for each in self.data.series):
                said = f"no series of the test has the tag `{name}:{value}`, so `{key}` has no group `{group}`"
                raise DdllmError(said)

    def rows(self, key: str, group: str | None) -> list[int]:
        """Return the rows of a monitor's groups that have the tags of `group`, all without one."""
        course, wanted = self.course(key), _tags(group).items()
        tags = (dict(zip(course.by, each, strict=True)) for each in course.groups)
        return [row for row, each in enumerate(tags) if wanted <= each.items()]

    def since_start(self, course: Course) -> "NDArray[np.int64]":
        """Return the times of a course's evaluations as seconds from the test's start."""
        times: NDArray[np.int64] = course.times - self.start
        return times

    def states(self, key: str, group: str | None) -> "NDArray[np.int8]":
        """Return the most severe state of the groups at each evaluation."""
        course, rows = self.course(key), self.rows(key, group)
        if not rows:
            return np.full(len(course.times), State.ABSENT, np.int8)
        found: NDArray[np.int8] = course.states[rows].max(axis=0)
        return found

    def said(self, key: str, group: str | None) -> list[Said]:
        """Return what a monitor told of its groups from the test's start on, the earliest first."""
        course = gathered(self.course(key))
        subject = self.case.subjects[key]
        wanted = _tags(group).items()
        groups = [
            each
            for each in course.groups
            if all(dict(zip(course.by, each, strict=True)).get(name, value) == value for name, value in wanted)
        ]
        members = [self.course(each) for each in subject.members]
        found = [
            say(subject.texts, course, told, each, members)
            for told in groups
            for each in course.told(told)
            if each.at >= self.start
        ]
        return sorted(found, key=lambda each: each.notification.at)

    def pictures(self, key: str, group: str | None) -> tuple[Picture, ...]:
        """Return what a person needs to see of a monitor: its groups, and those of its parts."""
        found: list[Picture] = []
        for each in with_members([key], self.case.subjects):
            course = self.course(each)
            kept = self.since_start(course) >= 0
            wanted = {name: value for name, value in _tags(group).items() if name in course.by}
            for row in self.rows(each, written(tuple(wanted), tuple(wanted.values())) or None):
                values = None if course.values is None else course.values[row][kept]
                states = course.states[row][kept]
                times, threshold = self.since_start(course)[kept], course.rule.critical.threshold
                shown = written(course.by, course.groups[row])
                found.append(Picture(each, shown, times, states, values, threshold, course.is_approximate))
        return tuple(found)


def written(by: tuple[str, ...], group: tuple[str, ...]) -> str:
    """Write a group as people do: `service:chat,model_name:claude`."""
    return ",".join(f"{key}:{value}" for key, value in zip(by, group, strict=True))


def _tags(group: str | None) -> Mapping[str, str]:
    """Read a group. A tag without a colon has the value ""."""
    pairs = (tag.strip().partition(":") for tag in (group or "").split(",") if tag.strip())
    return {key: value for key, _, value in pairs}


def _latest(expected: Expected) -> int:
    what = expected.what
    return max(what.at or 0, *(what.within or (0,)), 0)


def _data(case: Case) -> Data:
    """Draw or read the data of a case. Raises DdllmError."""
    if case.recording is not None:
        held = read_recording(case.recording)
        return Data(held.series, held.start, held.end, held.interval)
    begin = min(each.start for each in case.series)
    end = max(each.end for each in case.series)
    return Data(tuple(each.series() for each in case.series), begin, end, case.series[0].interval)

"""monitors/tests/*.yaml: what monitors must do with given data.

    monitors: [../*.yaml]
    env: prod
    tests:
    - name: slow provider pages in time
      interval: 1m
      series:
      - {metric: "ddllm.ttft{env:prod,service:chat}", values: "lognormal(p50=0.5,p95=0.8,n=40)x30"}
      expect:
      - {within: [31m, 38m], monitor: ttft-p95-degraded, state: Alert}

This module knows the shape; what metrics, monitors and `values` mean is known to ddllm.testing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from ddllm.definitions.document import Document, Position, Route, load
from ddllm.definitions.monitors import KIND, MonitorDefinition
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.problems import Problems
from ddllm.definitions.project import Project, load_project, shown
from ddllm.definitions.settings import Settings, check_names, load_settings
from ddllm.definitions.shape import Shape, check
from ddllm.definitions.variables import Layer, as_written
from ddllm.errors import DefinitionError
from ddllm.query.series import Kind

#: Monday, so that weeks and days begin with the test.
DEFAULT_START = datetime(2026, 1, 5, tzinfo=UTC)

_MINUTE = 60
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_DURATION = re.compile(r"(-?)((?:\d+[smhdw])+)")


def _duration(value: object) -> int:
    """Read `36m`, `1h30m` or `-7d` as seconds."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must be a time such as 36m or 1h30m")
    seconds = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(\w)", found[2]))
    return -seconds if found[1] else seconds


def _time(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.second or at.microsecond:
        raise ValueError("must be a full minute, such as 2026-01-05T09:00:00Z")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _no_default(schema: dict[str, Any]) -> None:
    """Leave out a default that is written otherwise than it is kept."""
    schema.pop("default", None)


def _positive(seconds: int) -> int:
    if seconds <= 0:
        raise ValueError("must be longer than nothing")
    return seconds


def _before(seconds: int) -> int:
    if seconds > 0 or seconds % _MINUTE:
        raise ValueError("must be whole minutes before the start, such as -7d")
    return seconds


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return text


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


#: Seconds, written as a time.
Duration = Annotated[
    int, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$"})
]
_Time = Annotated[datetime, BeforeValidator(_time), WithJsonSchema({"type": "string"})]
_Values = Annotated[str, BeforeValidator(_as_text), WithJsonSchema({"type": ["string", "number"]})]
_Texts = Annotated[
    list[str],
    BeforeValidator(_as_list),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
State = Literal["OK", "Warn", "Alert", "No Data"]


class SeriesShape(Shape):
    """One series. `start` (written `from`) is where its values begin, before the test's start for history."""

    metric: str = Field(min_length=1)
    values: _Values
    kind: Kind | None = None
    start: Annotated[Duration, AfterValidator(_before)] = Field(default=0, alias="from", json_schema_extra=_no_default)


class EventShape(Shape):
    """Something that happened, for the runbooks that look at it. Monitors do not see it."""

    at: Duration
    title: str = Field(min_length=1)
    tags: list[str] = Field(default_factory=list)


class MessageShape(Shape):
    """What a notification says: all of `contains`, and what `regex` finds."""

    contains: _Texts = Field(default_factory=list)
    regex: Annotated[str, AfterValidator(_pattern)] | None = None

    def found_in(self, text: str) -> bool:
        """Whether `regex` finds something in a text; true without one."""
        return self.regex is None or re.search(self.regex, text) is not None


class Expectation(Shape):
    """What must hold `at` a time, be reached `within` a window, or `never` happen."""

    at: Duration | None = None
    within: Annotated[list[Duration], Field(min_length=2, max_length=2)] | None = None
    never: Literal[True] | None = None
    monitor: str | None = None
    group: str | None = None
    state: State | None = None
    notifies: list[str] | None = None
    message: MessageShape | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Expectation":
        told = self.notifies is not None or self.message is not None
        if (self.at is None) + (self.within is None) != 1 and not (self.never and self.at is None):
            raise ValueError("says when by one of `at`, `within` and `never: true`")
        if self.never and told:
            raise ValueError("says what is told by `at` or `within`, not by `never`")
        if not (self.never or told or self.state):
            raise ValueError("says nothing: add `state`, `notifies` or `message`")
        if self.monitor is None and (self.state or self.group):
            raise ValueError("says a `state` or `group`, and not of which `monitor`")
        if self.within and self.within[0] > self.within[1]:
            raise ValueError("ends before it begins: `within` is [from, to]")
        return self


class MonitorTest(Shape):
    """One test: data, and what is expected of it."""

    name: str = Field(min_length=1)
    start: _Time | None = None
    interval: Annotated[Duration, AfterValidator(_positive)] = Field(default=_MINUTE, json_schema_extra=_no_default)
    series: list[SeriesShape] = Field(default_factory=list)
    recording: str | None = None
    events: list[EventShape] = Field(default_factory=list)
    expect: list[Expectation] = Field(min_length=1)

    @model_validator(mode="after")
    def _data(self) -> "MonitorTest":
        if bool(self.series) == (self.recording is not None):
            raise ValueError("needs data: one of `series` and `recording`")
        return self


class MonitorTestsFile(Shape):
    """The shape of a file of tests. `variables` are its own, in front of those of settings.yaml."""

    monitors: list[str] = Field(min_length=1)
    env: str | None = None
    variables: dict[str, Any] = Field(default_factory=dict)
    tests: list[MonitorTest] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class MonitorTests:
    """A file of tests, its variables put in. `env` is the environment that its monitors are rendered for."""

    path: Path
    document: Document
    env: str
    monitors: tuple[str, ...]
    tests: tuple[MonitorTest, ...]

    def at(self, *route: str | int) -> Position:
        """Where a part of the tests was written: `at(0, "series", 1)`."""
        return self.document.at(("tests", *route))


def files_of_tests(root: Path) -> list[Path]:
    """Return the files of tests below monitors/."""
    return sorted(path for path in (root / KIND / "tests").rglob("*.yaml") if path.is_file())


def load_tests(path: Path, settings_file: Path) -> MonitorTests:
    """Read a file of tests. Raises DefinitionError, or DefinitionListError, with all that is wrong."""
    document = load(path, shown=shown(path))
    written = document.value if isinstance(document.value, dict) else {}
    env = written.get("env")
    settings = load_settings(settings_file, env if isinstance(env, str) else None, shown=shown(settings_file))
    file = check(MonitorTestsFile, as_written(_resolved(written, settings, document)), document, ())
    problems = Problems()
    first: dict[str, int] = {}
    for index, test in enumerate(file.tests):
        other = first.setdefault(test.name, index)
        if other != index:
            line = document.at(("tests", other)).line
            where = str(document.at(("tests", index, "name")))
            problems.add(DefinitionError(f"the name `{test.name}` is used twice, first in line {line}", where=where))
    problems.raise_any()
    return MonitorTests(path, document, settings.env, tuple(file.monitors), tuple(file.tests))


def _resolved(written: dict[str, Any], settings: Settings, document: Document) -> Any:
    own = written.get("variables")
    values = own if isinstance(own, dict) else {}
    route: Route = ("variables",)
    check_names(values, document, ("variables",))
    scope = settings.scope.within(Layer(values, document, route))
    return {key: scope.resolve(value, document, (key,)) for key, value in written.items()}


def monitors_of(tests: MonitorTests, project: Project) -> tuple[MonitorDefinition, ...]:
    """Return the monitors of the files that the tests name. Raises DefinitionError for a pattern that finds none."""
    found: dict[str, MonitorDefinition] = {}
    problems = Problems()
    known = [each for each in project.definitions if isinstance(each, MonitorDefinition)]
    for index, pattern in enumerate(tests.monitors):
        matched = _of_files(known, {path.resolve() for path in tests.path.parent.glob(pattern)})
        if not matched:
            where = str(tests.document.at(("monitors", index)))
            hint = "A pattern is relative to the file of tests, such as ../*.yaml"
            problems.add(DefinitionError(f"`{pattern}` finds no monitor", where=where, hint=hint))
        found |= {each.key: each for each in matched}
    problems.raise_any()
    return tuple(found.values())


def _of_files(known: Sequence[MonitorDefinition], paths: set[Path]) -> list[MonitorDefinition]:
    return [each for each in known if Path(each.source.document.file).resolve() in paths]


def unknown_monitors(tests: MonitorTests, index: int, listed: Sequence[str]) -> Iterator[DefinitionError]:
    """Yield an error for each expectation of a test about a monitor that its file does not list."""
    for place, each in enumerate(tests.tests[index].expect):
        if each.monitor is not None and each.monitor not in listed:
            yield unknown("monitor", each.monitor, listed, tests.at(index, "expect", place, "monitor"))


def check_tests(project: Project, root: Path) -> None:
    """Read every file of tests, and look for the monitors that they name. What their series say is read where they run.

    Raises DefinitionError, or DefinitionListError, with all that is wrong.
    """
    problems = Problems()
    projects = {project.env: project}
    for path in files_of_tests(root):
        with problems.caught():
            tests = load_tests(path, root / KIND / "settings.yaml")
            if tests.env not in projects:
                projects[tests.env] = load_project(root, tests.env)
            listed = [each.key for each in monitors_of(tests, projects[tests.env])]
            for index in range(len(tests.tests)):
                problems.add(*unknown_monitors(tests, index, listed))
    problems.raise_any()


def unknown(what: str, name: str, known: Sequence[str], position: Position) -> DefinitionError:
    """Return the error for a name that nothing has: a test with one would prove nothing."""
    return DefinitionError(f"there is no {what} `{name}`", where=str(position), hint=did_you_mean(name, known))

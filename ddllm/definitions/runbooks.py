"""monitors/runbooks/<slug>.yaml: a decision tree. A file holds one runbook under its slug, or its body directly.

`facts` are named queries, `steps` ask, `auto` says which way to go where facts can tell, `causes` are the leaves. Text has
Datadog's way of placeholders, `{{version.now}}`, filled in when a runbook is run.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import Document, Route
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.problems import Problems
from ddllm.definitions.settings import Settings
from ddllm.definitions.shape import Shape, check
from ddllm.errors import DefinitionError

KIND = "runbooks"

_SLUG = re.compile(r"[a-z][a-z0-9-]{1,60}\Z")

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")]
_Text = Annotated[str, Field(min_length=1)]
_Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,60}$")]


class Branch(Shape):
    """One way on from a step: to a cause, or, as the last one, with `else` to a step or a cause. The first true one is taken."""

    condition: _Text | None = Field(default=None, alias="if")
    cause: _Name | None = None
    goto_runbook: _Slug | None = None
    otherwise: _Name | None = Field(default=None, alias="else")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.condition is None) is (self.otherwise is None):
            raise ValueError("must hold either `if` or `else`")
        if self.condition is not None and self.cause is None:
            raise ValueError("must name a `cause` beside `if`")
        return self

    @property
    def target(self) -> str:
        """The step or cause that it leads to."""
        return self.otherwise or self.cause or ""


class Step(Shape):
    """A question. Without `auto`, or where a fact is not known, it is for a person."""

    ask: _Text
    auto: list[Branch] = Field(default_factory=list)


class Cause(Shape):
    """A leaf: what was found, and what to do about it."""

    title: _Text | None = None
    do: list[_Text] = Field(default_factory=list)
    goto_runbook: _Slug | None = None


class Runbook(Shape):
    """One runbook as its file writes it, variables put in. `start` is the first step unless it says another."""

    title: _Text = Field(max_length=80)  # of a notebook's name: Datadog's limit
    impact: _Text
    facts: dict[_Name, _Text] = Field(default_factory=dict)
    start: _Name | None = None
    steps: dict[_Name, Step] = Field(min_length=1)
    causes: dict[_Name, Cause] = Field(default_factory=dict)

    @property
    def first(self) -> str:
        """The step that it starts with."""
        return self.start or next(iter(self.steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookDefinition(Definition):
    """A runbook, the keys of the monitors that name it, and the titles of the dashboards with a row for it or for them.

    Of monitors that one `for_each` makes it is the key that they have in common.
    """

    runbook: Runbook
    monitors: tuple[str, ...] = ()
    dashboards: tuple[str, ...] = ()

    def used_by(self, monitors: Sequence[str], dashboards: Sequence[str]) -> "RunbookDefinition":
        """Return it with what leads to it."""
        return replace(self, monitors=tuple(monitors), dashboards=tuple(dashboards))

    def elsewhere(self) -> Iterator[tuple[str, Route]]:
        """Yield the slug of each runbook that it goes on with, and the route to where it says so."""
        for name, step in self.runbook.steps.items():
            for index, branch in enumerate(step.auto):
                if branch.goto_runbook:
                    yield branch.goto_runbook, ("steps", name, "auto", index, "goto_runbook")
        for name, cause in self.runbook.causes.items():
            if cause.goto_runbook:
                yield cause.goto_runbook, ("causes", name, "goto_runbook")


def read(document: Document, settings: Settings) -> list[RunbookDefinition]:
    """Read a file. Raises DefinitionError, or DefinitionListError, with all that is wrong in it."""
    slug = PurePath(document.file).stem
    if not _SLUG.match(slug):
        hint = "The name of a runbook's file is its slug: it begins with a small letter and holds small letters, digits and hyphens"
        raise DefinitionError(f"`{slug}` cannot be the slug of a runbook", where=document.file, hint=hint)
    route = _route(slug, document)
    value = document.value[slug] if route else document.value
    body = settings.scope.resolve(value, document, route)
    runbook = check(Runbook, body, document, route)
    _check_ways(runbook, document, route)
    return [RunbookDefinition(kind=KIND, key=slug, body=body, source=Source(document, route), runbook=runbook)]


def _route(slug: str, document: Document) -> Route:
    """Return where the body stands: below the slug, or right at the top."""
    value = document.value
    if not isinstance(value, dict) or len(value) != 1:
        return ()
    [key] = value
    if key != slug and key not in Runbook.model_fields:
        hint = f"Rename the file to {key}.yaml, or the key to `{slug}`"
        raise DefinitionError(f"the file is named {slug} and holds `{key}`", where=str(document.key((key,))), hint=hint)
    return (key,) if key == slug else ()


def _check_ways(runbook: Runbook, document: Document, route: Route) -> None:
    """Refuse ways to nowhere, branches that are never reached, and circles."""
    problems = Problems()
    if runbook.first not in runbook.steps:
        problems.add(_nowhere("step", runbook.first, runbook.steps, document, (*route, "start")))
    known = {**runbook.steps, **runbook.causes}
    for name, step in runbook.steps.items():
        for index, branch in enumerate(step.auto):
            place = (*route, "steps", name, "auto", index)
            if branch.cause is not None and branch.cause not in runbook.causes:
                problems.add(_nowhere("cause", branch.cause, runbook.causes, document, (*place, "cause")))
            if branch.otherwise is not None and branch.otherwise not in known:
                problems.add(_nowhere("step or cause", branch.otherwise, known, document, (*place, "else")))
            if branch.otherwise is not None and index + 1 < len(step.auto):
                where = str(document.at(place))
                problems.add(DefinitionError("nothing behind `else` is ever reached: it must come last", where=where))
    problems.raise_any()
    _check_circles(runbook, document, route)


def _nowhere(what: str, name: str, known: Mapping[str, Any], document: Document, place: Route) -> DefinitionError:
    return DefinitionError(
        f"there is no {what} `{name}`", where=str(document.at(place)), hint=did_you_mean(name, known)
    )


def _check_circles(runbook: Runbook, document: Document, route: Route) -> None:
    """Follow the one way that goes from step to step, `else`, from each step."""
    for start in runbook.steps:
        way, name = [start], _next(runbook, start)
        while name is not None and name not in way:
            way.append(name)
            name = _next(runbook, name)
        if name == start:
            where = str(document.key((*route, "steps", start)))
            raise DefinitionError(f"the steps go in a circle: {' -> '.join((*way, name))}", where=where)


def _next(runbook: Runbook, name: str) -> str | None:
    ways = (branch.otherwise for branch in runbook.steps[name].auto)
    return next((way for way in ways if way in runbook.steps), None)

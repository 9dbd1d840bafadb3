"""Writes what somebody changed in Datadog into the files, at the place of each value: the other way out of drift.

A file is read again after it was changed, and has to say exactly what Datadog holds. What cannot be carried over is an error
that names it, and then every file is as it was.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import Document, Route, parse
from ddllm.definitions.editing import Piece, carried, put, remove
from ddllm.definitions.variables import escaped
from ddllm.errors import DefinitionError, SyncError
from ddllm.sync.compare import Change
from ddllm.sync.identity import Owner
from ddllm.sync.normalise import ABSENT
from ddllm.sync.plan import Plan, Step
from ddllm.sync.resource import Importable, Resource

_TOKEN = re.compile(r"\$\$\{|\$\{[^{}]*\}")
_HINT = "Nothing was written. `--on-drift overwrite` lets the files win"


class _CannotError(Exception):
    """A field cannot be carried over; its text says why."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was written: the fields of each definition, and the variables that gave way to what Datadog holds."""

    definition: Definition
    fields: tuple[str, ...]
    replaced: tuple[str, ...]


@contextmanager
def adopted(plan: Plan, resources: Mapping[str, Resource]) -> Iterator[tuple[Adopted, ...]]:
    """Write what the steps of a plan found in Datadog into the files. What is raised inside puts them back as they were.

    Raises SyncError, with nothing written, for what cannot be carried over.
    """
    files = _Files()
    told: list[Adopted] = []
    reasons: list[str] = []
    for step in plan.steps:
        adoption = _Adoption(step, resources[step.definition.kind], plan.owner, files)
        told.append(adoption.carry_out())
        reasons += adoption.reasons
    _refuse(reasons)
    before = files.write()
    try:
        yield tuple(told)
    except BaseException:
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")
        raise


def check_adopted(drift: Plan, plan: Plan) -> None:
    """Raise SyncError where the files still do not say what Datadog holds. `drift` was adopted, `plan` is what is left to do."""
    meant = {step.reference: {change.path for change in step.changes} for step in drift.steps}
    left = {
        step.definition.key: [
            ".".join(change.path) for change in step.changes if change.path in meant.get(step.reference, ())
        ]
        for step in plan.steps
    }
    _refuse([f"`{key}`: {', '.join(fields)}" for key, fields in left.items() if fields])


def _refuse(reasons: Sequence[str]) -> None:
    if reasons:
        raise SyncError(f"what Datadog holds cannot be carried into the files: {'; '.join(reasons)}", hint=_HINT)


class _Files:
    """The files that are changed, each with its text so far."""

    def __init__(self) -> None:
        self._read: dict[str, Document] = {}
        self._now: dict[str, Document] = {}

    def document(self, source: Source) -> Document:
        file = source.document.file
        self._read.setdefault(file, source.document)
        return self._now.setdefault(file, source.document)

    def change(self, file: str, text: str) -> None:
        self._now[file] = parse(text, file)

    def write(self) -> dict[Path, str]:
        """Write them, and return the texts that stood there."""
        for file, document in self._now.items():
            Path(file).write_text(document.text, encoding="utf-8")
        return {Path(file): document.text for file, document in self._read.items()}


@dataclass
class _Adoption:
    """One object: its changes, from Datadog into the file."""

    step: Step
    resource: Resource
    owner: Owner
    files: _Files
    reasons: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)

    @property
    def source(self) -> Source:
        return self.step.definition.source

    def carry_out(self) -> Adopted:
        fields: list[str] = []
        for change in self.step.changes:
            name = ".".join(change.path)
            try:
                if self._carry(change):
                    fields.append(name)
            except _CannotError as error:
                self.reasons.append(f"`{self.step.definition.key}`: {name} ({error})")
            except DefinitionError as error:
                self.reasons.append(f"`{self.step.definition.key}`: {name} ({error.message})")
        return Adopted(self.step.definition, tuple(fields), tuple(self.replaced))

    def _carry(self, change: Change) -> bool:
        """Write one field. Returns whether there was something to write: a threshold follows from the query beside it."""
        inside, held = self._exported(change)
        origin = self.source.derived.get(change.path)
        if origin is not None and any(other.path == origin for other in self.step.changes):
            return False
        route = (*self.source.route, *inside)
        document = self.files.document(self.source)
        if held is not ABSENT:
            text = put(document, route, self._written(document, route, inside, change, held))
        elif document.holds(route) and isinstance(route[-1], str):
            text = remove(document, route)
        else:
            raise _CannotError("the file does not write it there")
        self.files.change(document.file, text)
        return True

    def _exported(self, change: Change) -> tuple[Route, Any]:
        """Return where a field stands in the definition, and what Datadog holds of it as a file writes it, ABSENT for nothing."""
        definition = self.step.definition
        if not isinstance(self.resource, Importable) or self.step.held is None:
            raise _CannotError(f"{definition.kind} cannot be adopted")
        route = self.source.route
        if route and route[-1] != definition.key:
            by = "for_each" if "/" in definition.key else ".".join(map(str, route[1:]))
            raise _CannotError(f"`{definition.key}` is made by `{by}`")
        places = self.resource.places(definition, self.owner)
        for size in range(len(change.path), 0, -1):
            place = places.get(change.path[:size])
            if place is not None:
                return (*place, *change.path[size:]), change.old
        exported = self.resource.exported(self.step.held.body)
        if change.path[0] not in definition.body and change.path[0] not in exported:
            raise _CannotError("it is not a field of the file")
        return change.path, _at(exported, change.path)

    def _written(self, document: Document, route: Route, inside: Route, change: Change, held: Any) -> Any:
        """Return a value as the file shall write it."""
        raw = _at(document.value, route)
        if isinstance(raw, str) and isinstance(held, str):
            return self._text(raw, change, held)
        if isinstance(held, list):
            meant = _at(self.step.definition.body, inside)
            return self._list(raw if isinstance(raw, list) else [], meant if isinstance(meant, list) else [], held)
        if isinstance(raw, str) and _TOKEN.search(raw):
            self.replaced.append(f"{raw} in {'.'.join(change.path)}")
        return escaped(held)

    def _text(self, raw: str, change: Change, held: str) -> str:
        """Write a text, with the variables in it that still mean what they meant; what ddllm puts around it must be unchanged."""
        wanted = str(change.new)
        forms = _TOKEN.findall(raw.strip())
        literals = _TOKEN.split(raw.strip())
        pattern = "(.*?)".join(map(re.escape, literals))
        found = re.fullmatch(pattern, wanted.strip(), re.DOTALL) or re.search(pattern, wanted, re.DOTALL)
        if found is None:
            raise _CannotError("the text is not the file's own")
        before, after = wanted[: found.start()].lstrip(), wanted[found.end() :].rstrip()
        if not (held.startswith(before) and held.endswith(after) and len(held) >= len(before) + len(after)):
            raise _CannotError("what ddllm adds to the text was changed")
        own = held[len(before) : len(held) - len(after)].strip()
        pieces: list[Piece] = [(literals[0], literals[0])]
        for form, meaning, literal in zip(forms, found.groups(), literals[1:], strict=True):
            pieces += [(form, meaning), (literal, literal)]
        text, lost = carried(pieces, own, escaped)
        self.replaced += [f"{form} in {'.'.join(change.path)}" for form in lost if form != "$${"]
        return f"{text}\n" if raw.endswith("\n") else text

    def _list(self, raw: list[Any], meant: list[Any], held: list[Any]) -> list[Any]:
        """Write a list: the items that stay as they were written, the new ones behind them, and none that ddllm adds."""
        own, added = meant[: len(raw)], meant[len(raw) :]
        missing = [str(item) for item in added if item not in held]
        if missing:
            raise _CannotError(f"ddllm adds {', '.join(missing)}")
        kept = [item for item, meaning in zip(raw, own, strict=False) if meaning in held]
        return [*kept, *(escaped(item) for item in held if item not in meant)]


def _at(value: Any, route: Sequence[str | int]) -> Any:
    for part in route:
        is_there = (
            part in value if isinstance(value, Mapping) else isinstance(value, list) and part in range(len(value))
        )
        if not is_there:
            return ABSENT
        value = value[part]
    return value

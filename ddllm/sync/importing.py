"""Takes over an object that somebody made by hand: its definition goes to a file, and then ddllm's marks go onto the object.

Marking is one update, noted in the journal like any other; it is made only of what was read before, and shown first.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from ddllm.api.datadog import Datadog
from ddllm.definitions.definition import Definition
from ddllm.definitions.editing import append
from ddllm.definitions.schemas import kind_of
from ddllm.definitions.variables import Reference, escaped, fill, reveal
from ddllm.errors import ConfigError, DefinitionError, SyncError
from ddllm.sync.apply import Writer, replace_object
from ddllm.sync.compare import Cause
from ddllm.sync.identity import IDENTITY_PREFIX, Owner
from ddllm.sync.plan import Plan, Step
from ddllm.sync.preflight import validate_step
from ddllm.sync.remote import ids_of
from ddllm.sync.resource import Importable, Remote, Resource
from ddllm.sync.session import Progress, Wish, read

_BARE = "monitors"  # what a number alone is taken for
_TEMPLATES = re.compile(r"\{\{.*?\}\}")
_KEY_LENGTH = 58  # leaves room for a number behind it


@dataclass(frozen=True, slots=True)
class Found:
    """An object of nobody's: its kind, its id, its page, and the body that Datadog holds."""

    resource: Resource
    source: Importable
    id: int | str
    page: str
    body: Mapping[str, Any] = field(repr=False)

    @property
    def noun(self) -> str:
        """What a sentence calls it."""
        return f"the {self.resource.noun} {self.id}"

    def key(self, taken: Collection[str]) -> str:
        """Return a key made of its name that no definition has yet."""
        name = str(self.body.get("name") or self.body.get("title") or "")
        words = re.sub(r"[^a-z0-9]+", "-", _TEMPLATES.sub("", name).lower()).strip("-")
        start = words if words[:1].isalpha() and len(words) > 1 else f"{self.resource.noun.lower()}-{words or self.id}"
        base = start[:_KEY_LENGTH].strip("-")
        return next(each for each in (f"{base}{f'-{n}' if n > 1 else ''}" for n in count(1)) if each not in taken)


def find(api: Datadog, kinds: Mapping[str, Resource], text: str, kind: str | None, owner: Owner) -> Found:
    """Find the object that a text names, an address or an id; `kind` says of which kind it is.

    Raises ConfigError for a text that names none, SyncError where there is no such object, or it is somebody's already.
    """
    possible = {
        name: (resource, identifier)
        for name, resource in kinds.items()
        if isinstance(resource, Importable) and kind in {None, name}
        if (identifier := resource.identifier(text)) is not None
    }
    name = next(iter(possible), None) if len(possible) == 1 else _BARE if _BARE in possible else None
    if name is None:
        importable = ", ".join(each for each, resource in kinds.items() if isinstance(resource, Importable))
        said = f"may be one of {', '.join(possible)}" if possible else f"names no object of {kind or 'Datadog'}"
        raise ConfigError(f"`{text}` {said}", hint=f"Give the address of its page, or --kind: {importable}")
    resource, identifier = possible[name]
    body = resource.fetch(api, identifier)
    if body is None:
        raise SyncError(f"there is no {resource.noun} {identifier} in Datadog")
    found = Found(resource, resource, identifier, resource.page(api, identifier), body)
    _check_unmarked(found, owner)
    return found


def _check_unmarked(found: Found, owner: Owner) -> None:
    marks = found.resource.marks(found.body)
    key = owner.key_in(marks)
    if key is not None:
        raise SyncError(f"{found.noun} is managed here already, as `{key}`")
    theirs = next((mark for mark in marks if mark.startswith(IDENTITY_PREFIX)), None)
    if theirs:
        owned = theirs.removeprefix(IDENTITY_PREFIX)
        raise SyncError(
            f"{found.noun} belongs to another project or environment: {owned}",
            hint="Remove it from those files, and its tag in Datadog, before it can be imported here",
        )


def written_before(found: Found, definitions: Iterable[Definition]) -> str | None:
    """Return the key of the definition that an earlier import wrote of the object and nobody marked; None without one."""
    for each in definitions:
        if each.kind == found.resource.kind:
            lines = each.source.document.text.splitlines()[: each.source.position.line - 1]
            if lines and lines[-1].strip() == f"# {_comment(found)}":
                return each.key
    return None


def _comment(found: Found) -> str:
    return f"Imported from {found.page}"


@contextmanager
def written(found: Found, folder: Path, key: str, keys: Callable[[], Mapping[str, str]]) -> Iterator[Path]:
    """Write the definition of an object to its file. What is raised inside puts the file back as it was.

    `keys` returns the keys of the monitors that have a definition, by id: what is made of them then names them.
    """
    name = found.source.home(key)
    path = folder / name
    before = path.read_text(encoding="utf-8") if path.exists() else None
    kind = kind_of(name)
    text = before if before is not None else f"{kind.header(name)}\n" if kind else ""
    body = found.source.named(escaped(found.source.exported(found.body)), keys)
    made = append(text, key, body, _comment(found))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made, encoding="utf-8")
    except OSError as error:
        raise SyncError(f"the file cannot be written: {error.strerror}", where=str(path)) from None
    try:
        yield path
    except BaseException:
        if before is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(before, encoding="utf-8")
        raise


def marking(api: Datadog, found: Found, definition: Definition, owner: Owner, progress: Progress) -> Plan:
    """Plan the update that makes an object the one of a definition, validated by Datadog.

    Raises SyncError where the definition has its object already, DefinitionError where Datadog cannot turn one into the other.
    """
    asked = Wish(owner, {definition.kind: found.resource}, (definition,))
    remotes = read(api, asked, progress)
    reference = Reference(definition.kind, definition.key)
    if reference in remotes:
        raise SyncError(
            f"`{definition.key}` has its {found.resource.noun} already: {remotes[reference].page}",
            hint="Name another key with --key",
        )
    ids = ids_of(asked.read, asked.definitions, remotes)
    wanted = fill(found.resource.wanted(definition, asked.owner), ids)
    reason = found.resource.refusal(found.body, wanted)
    if reason:
        raise DefinitionError(f"`{definition.key}`: {reason}", where=str(definition.source.position))
    held = Remote(found.id, definition.key, None, found.page, found.body)
    comparison = found.resource.compared(wanted, held)
    step = Step(definition, Cause.CHANGE, wanted, held, comparison.changes, comparison.declared)
    validate_step(api, found.resource, step, wanted)
    return Plan(asked.owner, (step,), 0, (), ids)


def mark(writer: Writer, found: Found, plan: Plan) -> Remote:
    """Carry the plan out. Raises SyncError where the object changed since it was read."""
    [step] = plan.steps
    held = step.held
    now = found.source.fetch(writer.api, found.id)
    resource = found.resource
    if held is None or now is None or resource.everything(replace(held, body=now)) != resource.everything(held):
        raise SyncError(
            f"{found.noun} changed since it was read", hint="Nothing was written to Datadog; import it again"
        )
    mark_of = resource.normaliser.mark_of(step.wanted)
    body = resource.marked(resource.normaliser.completed(step.wanted, now, step.declared), mark_of)
    return replace_object(writer, resource, replace(held, body=now), reveal(body, writer.environ), mark_of)

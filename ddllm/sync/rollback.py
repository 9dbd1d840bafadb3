"""Undoes a run: puts back what its journal holds, as far as nobody changed it since.

Decide first, then act: `plan_rollback` reads and says what it would do and what it leaves, `apply_rollback` writes. The
writes are noted in a journal of their own, so a rollback can be rolled back.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ddllm.errors import DdllmError, SyncError
from ddllm.sync.apply import Writer, create_object, delete_object, replace_object
from ddllm.sync.identity import applied_in
from ddllm.sync.journal import Entry, Run
from ddllm.sync.resource import Importable, Remote, Resource

Action = Literal["restore", "delete", "recreate"]


@dataclass(frozen=True, slots=True)
class Reversal:
    """One write undone. `held` is the object as it is now, None where it is to be made again."""

    action: Action
    kind: str
    key: str
    held: Remote | None
    before: Mapping[str, Any] | None = field(repr=False)
    before_id: int | str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A write that is not undone, and why."""

    kind: str
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback would do, in its order, and what it would leave."""

    run: str
    reversals: tuple[Reversal, ...]
    left: tuple[Left, ...]

    @property
    def deletions(self) -> int:
        """How many objects would be deleted."""
        return sum(each.action == "delete" for each in self.reversals)


def plan_rollback(writer: Writer, run: Run) -> Rollback:
    """Decide what to undo, the last write first."""
    reversals: list[Reversal] = []
    left: list[Left] = []
    for entry in reversed(run.entries):
        resource = writer.resources.get(entry.kind)
        if resource is None:
            left.append(Left(entry.kind, entry.key, "this version of ddllm does not know its kind"))
            continue
        undone = _DECISIONS[entry.action](writer, resource, entry)
        if isinstance(undone, Reversal):
            reversals.append(undone)
        elif undone is not None:
            left.append(undone)
    return Rollback(run.name, tuple(reversals), tuple(left))


def check_rollback(rollback: Rollback, most: int) -> None:
    """Raise SyncError where it deletes more than is allowed."""
    if rollback.deletions > most:
        raise SyncError(
            f"{rollback.deletions} objects that the run made would be deleted, and {most} may be",
            hint=f"Nothing was written. If that is meant: --max-deletes {rollback.deletions}",
        )


def _undo_create(writer: Writer, resource: Resource, entry: Entry) -> Reversal | Left | None:
    now = _now(writer, resource, entry)
    if now is None:
        return None
    if not resource.is_owned:
        return Left(entry.kind, entry.key, "the organisation shares it, so it stays")
    if not _is_as_left(resource, entry, now):
        return _changed(entry)
    return Reversal("delete", entry.kind, entry.key, now, None)


def _undo_update(writer: Writer, resource: Resource, entry: Entry) -> Reversal | Left | None:
    now = _now(writer, resource, entry)
    if now is None:
        return None if _is_released(writer, resource, entry) else Left(entry.kind, entry.key, "it was deleted since")
    before = Remote(now.id, now.key, _applied(resource, entry), now.page, entry.before or {})
    if resource.everything(now) == resource.everything(before):
        return None
    if not _is_as_left(resource, entry, now):
        return _changed(entry)
    return Reversal("restore", entry.kind, entry.key, now, entry.before)


def _is_released(writer: Writer, resource: Resource, entry: Entry) -> bool:
    """Whether an object that an import took over is without marks again: the work of an earlier rollback."""
    if not isinstance(resource, Importable) or entry.id is None or _applied(resource, entry):
        return False
    body = resource.fetch(writer.api, entry.id)
    return body is not None and writer.owner.key_in(resource.marks(body)) is None


def _undo_delete(writer: Writer, resource: Resource, entry: Entry) -> Reversal | Left | None:
    if _now(writer, resource, entry) is not None:
        return None  # it was not deleted
    if next(iter(resource.find(writer.api, writer.owner, entry.key)), None) is not None:
        return None  # it was made again
    return Reversal("recreate", entry.kind, entry.key, None, entry.before, entry.id)


_DECISIONS: Mapping[str, Callable[[Writer, Resource, Entry], Reversal | Left | None]] = {
    "create": _undo_create,
    "update": _undo_update,
    "delete": _undo_delete,
}


def _now(writer: Writer, resource: Resource, entry: Entry) -> Remote | None:
    if entry.id is None:  # the run ended before it knew
        return next(iter(resource.find(writer.api, writer.owner, entry.key)), None)
    return resource.read(writer.api, writer.owner, entry.id)


def _is_as_left(resource: Resource, entry: Entry, now: Remote) -> bool:
    if entry.left is not None:
        return resource.everything(now) == entry.left
    return now.applied == entry.mark  # the run ended before it could note what it left


def _applied(resource: Resource, entry: Entry) -> str | None:
    """Return the second mark that the object carried before the write."""
    return applied_in(resource.marks(entry.before or {}))


def _changed(entry: Entry) -> Left:
    return Left(entry.kind, entry.key, "somebody changed it since")


def apply_rollback(writer: Writer, rollback: Rollback, report: Callable[[Reversal, Remote | None], None]) -> None:
    """Write. Raises SyncError where a write fails, saying how far it came; a second rollback goes on from there."""
    ids: dict[str, int | str] = {}
    for number, reversal in enumerate(rollback.reversals):
        try:
            report(reversal, _reverse(writer, reversal, ids))
        except DdllmError as error:
            rest = ", ".join(each.key for each in rollback.reversals[number:])
            raise SyncError(
                f"`{reversal.key}` could not be undone: {error.message}",
                hint=f"Not undone: {rest}. Another `ddllm rollback {rollback.run}` goes on from here",
            ) from error


def _reverse(writer: Writer, reversal: Reversal, ids: dict[str, int | str]) -> Remote | None:
    resource = writer.resources[reversal.kind]
    if reversal.action == "delete" and reversal.held:
        delete_object(writer, resource, reversal.held)
        return None
    before = _with_new_ids(resource.normaliser.writable(reversal.before or {}), ids)
    mark = applied_in(resource.marks(before))
    if reversal.held:
        return replace_object(writer, resource, reversal.held, before, mark)
    remote = create_object(writer, resource, reversal.key, before, mark)
    ids[str(reversal.before_id)] = remote.id
    return remote


def _with_new_ids(value: Any, ids: Mapping[str, int | str]) -> Any:
    """Return a body in which objects that were made again go by their new ids."""
    if not ids:
        return value
    if isinstance(value, Mapping):
        return {name: _with_new_ids(item, ids) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_with_new_ids(item, ids) for item in value]
    if isinstance(value, str):
        pattern = "|".join(map(re.escape, ids))
        return re.sub(rf"(?<![\w-])(?:{pattern})(?![\w-])", lambda found: str(ids[found.group()]), value)
    return ids.get(str(value), value) if isinstance(value, int) and not isinstance(value, bool) else value

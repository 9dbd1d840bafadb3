"""Carries a plan out: a loop over its steps, in their order, that stops at the first failure and says how far it came."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ddllm.api.datadog import Datadog, DuplicateError, NoAnswerError
from ddllm.definitions.variables import Reference, fill, references, reveal, secrets
from ddllm.errors import DdllmError, SyncError
from ddllm.sync.identity import Owner
from ddllm.sync.journal import Journal
from ddllm.sync.plan import Orphan, Plan, Step
from ddllm.sync.preflight import validate_step
from ddllm.sync.resource import Remote, Resource

#: Seconds before each look for an object whose creation was not answered. Listings follow writes with a delay.
_LOOKS = (0.5, 1.0, 2.0)
_CREATES = 3


class Result(StrEnum):
    """What became of a step."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    MOVED = "skipped: it changed in Datadog since it was read"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was carried out, or skipped, and the object as it is now, or was."""

    kind: str
    key: str
    result: Result
    remote: Remote


class PartialSyncError(SyncError):
    """A write failed. `done` are the outcomes before it, `left` the keys that were not carried out, the failed one first."""

    def __init__(self, cause: DdllmError, where: str | None, done: Sequence[Outcome], left: Sequence[str]) -> None:
        self.done = tuple(done)
        self.left = tuple(left)
        written = f"Written before: {', '.join(each.key for each in done)}" if done else "Nothing was written"
        happened = "may or may not have been written" if isinstance(cause, NoAnswerError) else "could not be written"
        super().__init__(
            f"`{left[0]}` {happened}: {cause.message}",
            where=where,
            hint=f"{written}. Not written: {', '.join(left)}. The next sync goes on from here",
        )


@dataclass(frozen=True)
class Writer:
    """What it takes to write: the API, the kinds, whose objects they are, and where each write is noted before it happens."""

    api: Datadog
    resources: Mapping[str, Resource]
    owner: Owner
    journal: Journal
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    sleep: Callable[[float], None] = time.sleep


def apply_plan(writer: Writer, plan: Plan, report: Callable[[Outcome], None]) -> list[Outcome]:
    """Write. Raises PartialSyncError where a step fails; one whose object changed since it was read is skipped."""
    ids = dict(plan.ids)
    done: list[Outcome] = []
    keys = [*(step.definition.key for step in plan.steps), *(each.remote.key for each in plan.deletions)]
    wheres = [step.definition.source.position.short for step in plan.steps]

    def note(outcome: Outcome) -> None:
        done.append(outcome)
        report(outcome)

    sent = {each.name for step in plan.steps for each in secrets(step.wanted)} & writer.environ.keys()
    if sent:
        writer.api.hide(writer.environ[name] for name in sent)
    try:
        for step in plan.steps:
            outcome = _carry_out(writer, step, ids)
            ids[step.reference] = outcome.remote.id
            note(outcome)
        for orphan in plan.deletions:
            note(_delete(writer, orphan))
    except DdllmError as error:
        where = wheres[len(done)] if len(done) < len(wheres) else None
        raise PartialSyncError(error, where, done, keys[len(done) :]) from error
    return done


def _carry_out(writer: Writer, step: Step, ids: Mapping[Reference, int | str]) -> Outcome:
    resource = writer.resources[step.definition.kind]
    wanted = fill(step.wanted, ids)
    if any(references(step.wanted)):
        validate_step(writer.api, resource, step, wanted)
    mark = resource.normaliser.mark_of(wanted)
    if step.held is None:
        remote = _Creation(writer, resource, step.definition.key).create(
            reveal(resource.marked(wanted, mark), writer.environ), mark
        )
        return Outcome(resource.kind, step.definition.key, Result.CREATED, remote)
    return _update(writer, resource, step, step.held, wanted, mark)


def _update(
    writer: Writer, resource: Resource, step: Step, held: Remote, wanted: Mapping[str, Any], mark: str
) -> Outcome:
    key = step.definition.key
    now = resource.read(writer.api, writer.owner, held.id)
    if now is None or resource.everything(now) != resource.everything(held):
        return Outcome(resource.kind, key, Result.MOVED, held)
    body = resource.marked(resource.normaliser.completed(wanted, now.body, step.declared), mark)
    return Outcome(
        resource.kind, key, Result.UPDATED, replace_object(writer, resource, now, reveal(body, writer.environ), mark)
    )


def replace_object(
    writer: Writer, resource: Resource, held: Remote, body: Mapping[str, Any], mark: str | None
) -> Remote:
    """Replace an object by a whole body, and note it."""
    number = writer.journal.begin("update", resource, held.key, held, mark)
    remote = resource.update(writer.api, writer.owner, held, body)
    writer.journal.end(number, remote.id, resource.everything(remote))
    return remote


def create_object(writer: Writer, resource: Resource, key: str, body: Mapping[str, Any], mark: str | None) -> Remote:
    """Create an object by a whole body exactly once, and note it."""
    return _Creation(writer, resource, key).create(body, mark)


def delete_object(writer: Writer, resource: Resource, held: Remote) -> None:
    """Delete an object, and note it."""
    number = writer.journal.begin("delete", resource, held.key, held, None)
    resource.delete(writer.api, held)
    writer.journal.end(number, held.id, None)


def _delete(writer: Writer, orphan: Orphan) -> Outcome:
    resource = writer.resources[orphan.kind]
    now = resource.read(writer.api, writer.owner, orphan.remote.id)
    if now is not None and resource.everything(now) != resource.everything(orphan.remote):
        return Outcome(orphan.kind, orphan.remote.key, Result.MOVED, orphan.remote)
    if now is not None:
        delete_object(writer, resource, now)
    return Outcome(orphan.kind, orphan.remote.key, Result.DELETED, orphan.remote)


@dataclass(frozen=True, slots=True)
class _Creation:
    """Creates one object exactly once, whatever becomes of the request."""

    writer: Writer
    resource: Resource
    key: str

    def create(self, body: Mapping[str, Any], mark: str | None) -> Remote:
        number = self.writer.journal.begin("create", self.resource, self.key, None, mark)
        remote = self._created(body)
        self.writer.journal.end(number, remote.id, self.resource.everything(remote))
        return remote

    def _created(self, body: Mapping[str, Any]) -> Remote:
        tries = 0
        while True:
            tries += 1
            try:
                return self._only(self.resource.create(self.writer.api, self.writer.owner, body))
            except DuplicateError as duplicate:
                return self._adopted(duplicate)
            except NoAnswerError:
                # Look for the object before trying again: the request may have had its effect.
                found = self._looked_for()
                if found is not None:
                    return found
                if tries == _CREATES:
                    raise

    def _looked_for(self) -> Remote | None:
        for wait in _LOOKS:
            self.writer.sleep(wait)
            found = self._found()
            if found:
                return found[0]
        return None

    def _found(self) -> list[Remote]:
        found = self.resource.find(self.writer.api, self.writer.owner, self.key)
        return sorted(found, key=_age)

    def _adopted(self, duplicate: DuplicateError) -> Remote:
        """Take the object that Datadog holds already, if it is the one: a run beside this one made it."""
        existing = self.resource.read(self.writer.api, self.writer.owner, duplicate.existing)
        if existing is None or existing.key != self.key:
            raise SyncError(
                f"Datadog holds an equal {self.resource.noun} already, with the id {duplicate.existing}, which is not this one",
                hint="Delete it, take it over with `ddllm import`, or change the definition",
            ) from duplicate
        return existing

    def _only(self, made: Remote) -> Remote:
        """Return the object that stays where a run beside this one made a twin: the older; the younger's maker deletes it.

        Of twins of the same second, as far as Datadog tells the time, the one with the smaller id stays, if the maker of the
        other was late enough to see both. It is given the time to delete its own; where it does not, ours goes.
        """
        if self.resource.is_unique:
            return made
        found = self._found_with(made)
        for wait in _LOOKS:
            others = [each for each in found if each.id != made.id]
            if not others or others[0].created > made.created:
                return made
            if _age(others[0]) < _age(made):
                break
            self.writer.sleep(wait)
            found = self._found()
        others = [each for each in found if each.id != made.id]
        if not others:
            return made
        self.resource.delete(self.writer.api, made)
        return others[0]

    def _found_with(self, made: Remote) -> list[Remote]:
        """Look for what has the identity. Raises SyncError, and takes back what was made, where its kind's list should show it and does not."""
        for wait in (0.0, *_LOOKS):
            if wait:
                self.writer.sleep(wait)
            found = self._found()
            if not self.resource.lists_at_once or any(each.id == made.id for each in found):
                return found
        self.resource.delete(self.writer.api, made)
        raise SyncError(
            f"Datadog's list of {self.resource.kind} does not show what was just created, so that nothing tells whether there was one already",
            hint="It was deleted again. Try again when the list is whole",
        )


def _age(remote: Remote) -> tuple[str, str]:
    """Return what sorts older objects first."""
    return remote.created, str(remote.id)

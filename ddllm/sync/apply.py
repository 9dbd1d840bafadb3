"""Carries a plan out: a loop over its steps, in their order, that stops at the first failure and says how far it came."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ddllm.api.datadog import Datadog, DuplicateError, NoAnswerError
from ddllm.definitions.variables import Reference, fill, references
from ddllm.errors import DdllmError, SyncError
from ddllm.sync.identity import Owner
from ddllm.sync.plan import Plan, Step
from ddllm.sync.preflight import validate_step
from ddllm.sync.resource import Remote, Resource

#: Seconds before each look for an object whose creation was not answered. Listings follow writes with a delay.
_LOOKS = (0.5, 1.0, 2.0)
_CREATES = 3


class Result(StrEnum):
    """What became of a step."""

    CREATED = "created"
    UPDATED = "updated"
    MOVED = "skipped: it changed in Datadog since it was read"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step that was carried out, or skipped, and the object as it is now."""

    step: Step
    result: Result
    remote: Remote


class PartialSyncError(SyncError):
    """A step failed. `done` are the outcomes before it, `left` the steps that were not carried out, the failed one first."""

    def __init__(self, cause: DdllmError, done: list[Outcome], left: tuple[Step, ...]) -> None:
        self.done = tuple(done)
        self.left = left
        failed = left[0].definition
        written = (
            f"Written before: {', '.join(each.step.definition.key for each in done)}" if done else "Nothing was written"
        )
        rest = ", ".join(step.definition.key for step in left)
        happened = "may or may not have been written" if isinstance(cause, NoAnswerError) else "could not be written"
        super().__init__(
            f"`{failed.key}` {happened}: {cause.message}",
            where=failed.source.position.short,
            hint=f"{written}. Not written: {rest}. The next sync goes on from here",
        )


def apply_plan(
    api: Datadog,
    resources: Mapping[str, Resource],
    plan: Plan,
    report: Callable[[Outcome], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Outcome]:
    """Write. Raises PartialSyncError where a step fails; one whose object changed since it was read is skipped."""
    ids = dict(plan.ids)
    done: list[Outcome] = []
    for index, step in enumerate(plan.steps):
        try:
            outcome = _carry_out(_Writer(api, resources[step.definition.kind], plan.owner, sleep), step, ids)
        except DdllmError as error:
            raise PartialSyncError(error, done, plan.steps[index:]) from error
        ids[step.reference] = outcome.remote.id
        done.append(outcome)
        report(outcome)
    return done


@dataclass(frozen=True, slots=True)
class _Writer:
    api: Datadog
    resource: Resource
    owner: Owner
    sleep: Callable[[float], None]


def _carry_out(writer: _Writer, step: Step, ids: Mapping[Reference, int | str]) -> Outcome:
    wanted = fill(step.wanted, ids)
    if any(references(step.wanted)):
        validate_step(writer.api, writer.resource, step, wanted)
    if step.held is None:
        body = writer.resource.marked(wanted, writer.resource.normaliser.mark_of(wanted))
        return Outcome(step, Result.CREATED, _create(writer, step.definition.key, body))
    return _update(writer, step, step.held, wanted)


def _update(writer: _Writer, step: Step, held: Remote, wanted: Mapping[str, Any]) -> Outcome:
    resource, normaliser = writer.resource, writer.resource.normaliser
    now = resource.read(writer.api, writer.owner, held.id)
    if now is None or now.applied != held.applied or _everything(resource, now) != _everything(resource, held):
        return Outcome(step, Result.MOVED, held)
    body = resource.marked(normaliser.completed(wanted, now.body, step.declared), normaliser.mark_of(wanted))
    return Outcome(step, Result.UPDATED, resource.update(writer.api, writer.owner, now, body))


def _everything(resource: Resource, remote: Remote) -> Mapping[str, Any]:
    return resource.normaliser.canonical(remote.body, resource.normaliser.optional(remote.body))


def _create(writer: _Writer, key: str, body: Mapping[str, Any]) -> Remote:
    """Create exactly once: after a request that was not answered, look for the object before trying again."""
    tries = 0
    while True:
        tries += 1
        try:
            return writer.resource.create(writer.api, writer.owner, body)
        except DuplicateError as duplicate:
            return _adopt(writer, key, duplicate)
        except NoAnswerError:
            found = _look(writer, key)
            if found is not None:
                return found
            if tries == _CREATES:
                raise


def _look(writer: _Writer, key: str) -> Remote | None:
    for wait in _LOOKS:
        writer.sleep(wait)
        found = next(iter(writer.resource.find(writer.api, writer.owner, key)), None)
        if found is not None:
            return found
    return None


def _adopt(writer: _Writer, key: str, duplicate: DuplicateError) -> Remote:
    """Take the object that Datadog holds already, if it is the one: a run beside this one made it."""
    existing = writer.resource.read(writer.api, writer.owner, duplicate.existing)
    if existing is None or existing.key != key:
        raise SyncError(
            f"Datadog holds an equal {writer.resource.noun} already, with the id {duplicate.existing}, which is not this one",
            hint="Delete it, or change the definition",
        ) from duplicate
    return existing

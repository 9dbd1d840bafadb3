"""Decides what to write: a pure function from what is wanted and what is there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal

from ddllm.definitions.definition import Definition
from ddllm.definitions.problems import Problems
from ddllm.definitions.variables import Reference, fill, secrets
from ddllm.errors import DefinitionError, SyncError
from ddllm.sync.compare import Cause, Change
from ddllm.sync.identity import Owner
from ddllm.sync.normalise import Path
from ddllm.sync.remote import Ids, Remotes
from ddllm.sync.resource import Remote, Resource

OnDrift = Literal["overwrite", "fail", "adopt"]


@dataclass(frozen=True, slots=True)
class Step:
    """One object to be written. `held` is None where it is to be created.

    `wanted` is its body without the second mark; references to objects that do not exist yet are still templates in it, and
    so are secrets.
    """

    definition: Definition
    cause: Cause
    wanted: Mapping[str, Any] = field(repr=False)
    held: Remote | None
    changes: tuple[Change, ...] = ()
    declared: frozenset[Path] = frozenset()

    @property
    def creates(self) -> bool:
        """Whether the object does not exist yet."""
        return self.held is None

    @property
    def reference(self) -> Reference:
        """What other definitions call it."""
        return Reference(self.definition.kind, self.definition.key)


@dataclass(frozen=True, slots=True)
class Orphan:
    """An object of ours that no definition describes any more."""

    kind: str
    remote: Remote


@dataclass(frozen=True, slots=True)
class Pending:
    """A definition whose object only Datadog can make, and has not yet."""

    definition: Definition
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync would do, in the order in which it would: first the steps, then the deletions. Orphans are left alone."""

    owner: Owner
    steps: tuple[Step, ...]
    unchanged: int
    orphans: tuple[Orphan, ...]
    ids: Ids = field(repr=False)
    deletions: tuple[Orphan, ...] = ()
    pending: tuple[Pending, ...] = ()

    def __repr__(self) -> str:
        return f"<Plan {self.owner}: {self.creates} to create, {self.updates} to update, {len(self.deletions)} to delete, {self.unchanged} unchanged>"

    @property
    def creates(self) -> int:
        """How many objects would be created."""
        return sum(step.creates for step in self.steps)

    @property
    def updates(self) -> int:
        """How many objects would be changed."""
        return len(self.steps) - self.creates

    @property
    def writes(self) -> int:
        """How many writes it takes."""
        return len(self.steps) + len(self.deletions)


def make_plan(
    resources: Mapping[str, Resource],
    definitions: Sequence[Definition],
    remotes: Remotes,
    owner: Owner,
    ids: Ids,
    *,
    prune: bool = False,
    rotate: bool = False,
) -> Plan:
    """Decide. With `prune` what has no definition any more is deleted, with `rotate` what holds a secret is written again.

    Raises DefinitionError for what Datadog cannot do, SyncError for definitions that need each other.
    """
    problems = Problems()
    steps: list[Step] = []
    pending: list[Pending] = []
    for definition in in_order(definitions, resources):
        resource = resources[definition.kind]
        held = remotes.get(Reference(definition.kind, definition.key))
        reason = resource.pending(definition) if held is None else None
        if reason:
            pending.append(Pending(definition, reason))
            continue
        with problems.caught():
            step = _step(resource, definition, held, ids, owner, rotate=rotate)
            steps += [step] if step else []
    problems.raise_any()
    known = {Reference(each.kind, each.key) for each in definitions}
    gone = [
        Orphan(reference.kind, remotes[reference])
        for reference in sorted(remotes.keys() - known)
        if reference.kind in resources and resources[reference.kind].is_owned
    ]
    deletions = sorted(gone, key=lambda each: -resources[each.kind].rank) if prune else []
    unchanged = len(definitions) - len(steps) - len(pending)
    return Plan(owner, tuple(steps), unchanged, () if prune else tuple(gone), ids, tuple(deletions), tuple(pending))


def in_order(definitions: Iterable[Definition], resources: Mapping[str, Resource]) -> list[Definition]:
    """Return the definitions so that each comes after those that it refers to, and else by the rank of its kind."""
    ranked = sorted(definitions, key=lambda each: resources[each.kind].rank)
    by_reference = {Reference(each.kind, each.key): each for each in ranked}
    sorter = TopologicalSorter(
        {reference: each.references & by_reference.keys() for reference, each in by_reference.items()}
    )
    try:
        return [by_reference[reference] for reference in sorter.static_order()]
    except CycleError as error:
        circle = " -> ".join(reference.key for reference in error.args[1])
        raise SyncError(f"definitions refer to each other in a circle: {circle}") from None


def _step(
    resource: Resource, definition: Definition, held: Remote | None, ids: Ids, owner: Owner, *, rotate: bool
) -> Step | None:
    if held and held.is_as_wanted and not rotate:
        return None
    wanted = fill(resource.wanted(definition, owner), ids)
    if held is None:
        return Step(definition, Cause.NEW, wanted, None)
    reason = resource.refusal(held.body, wanted)
    if reason:
        raise DefinitionError(f"`{definition.key}`: {reason}", where=str(definition.source.position))
    comparison = resource.compared(wanted, held)
    cause = comparison.cause or (Cause.ROTATE if rotate and any(secrets(wanted)) else None)
    if cause is None:
        return None
    return Step(definition, cause, wanted, held, comparison.changes, comparison.declared)


def only_drift(plan: Plan) -> Plan:
    """Return the part of a plan that undoes what somebody changed in Datadog."""
    steps = tuple(step for step in plan.steps if step.cause in {Cause.DRIFT, Cause.CONFLICT})
    return replace(plan, steps=steps, unchanged=plan.unchanged + len(plan.steps) - len(steps), orphans=(), pending=())


def check_drift(plan: Plan, on_drift: OnDrift | None) -> None:
    """Raise SyncError where the plan may not be carried out: a conflict that nobody decided, or drift under `fail`."""
    conflicts = [step.definition.key for step in plan.steps if step.cause is Cause.CONFLICT]
    drifted = [step.definition.key for step in plan.steps if step.cause is Cause.DRIFT]
    if on_drift == "fail" and conflicts + drifted:
        raise SyncError(
            f"changed in Datadog since the last sync: {', '.join(conflicts + drifted)}", hint="Nothing was written"
        )
    if on_drift is None and conflicts:
        raise SyncError(
            f"changed both here and in Datadog since the last sync: {', '.join(conflicts)}",
            hint="Nothing was written. `--on-drift overwrite` lets the files win, `--on-drift adopt` writes what Datadog holds into them",
        )


def check_deletes(plan: Plan, most: int) -> None:
    """Raise SyncError where the plan deletes more than is allowed."""
    if len(plan.deletions) > most:
        keys = ", ".join(each.remote.key for each in plan.deletions)
        raise SyncError(
            f"{len(plan.deletions)} objects would be deleted, and {most} may be: {keys}",
            hint=f"Nothing was written. If that is meant: --max-deletes {len(plan.deletions)}",
        )


def check_secrets(plan: Plan, environ: Mapping[str, str]) -> None:
    """Raise SyncError where a secret that is due to be sent is not in the environment."""
    missing = {
        secret.name: step for step in plan.steps for secret in secrets(step.wanted) if not environ.get(secret.name)
    }
    if missing:
        names = ", ".join(sorted(missing))
        keys = ", ".join(sorted({step.definition.key for step in missing.values()}))
        raise SyncError(
            f"{names} {'is' if len(missing) == 1 else 'are'} not set in the environment: needed for {keys}",
            hint="Nothing was written",
        )

"""Decides what to write: a pure function from what is wanted and what is there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal

from ddllm.definitions.definition import Definition
from ddllm.definitions.problems import Problems
from ddllm.definitions.variables import Reference, fill
from ddllm.errors import DefinitionError, SyncError
from ddllm.sync.compare import Cause, Change, compare
from ddllm.sync.identity import Owner
from ddllm.sync.normalise import Path
from ddllm.sync.remote import Remotes
from ddllm.sync.resource import Remote, Resource

OnDrift = Literal["overwrite", "fail"]


@dataclass(frozen=True, slots=True)
class Step:
    """One object to be written. `held` is None where it is to be created.

    `wanted` is its body without the second mark; references to objects that do not exist yet are still templates in it.
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
    """An object of ours that no definition describes any more. It is left alone."""

    kind: str
    remote: Remote


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync would do, in the order in which it would."""

    owner: Owner
    steps: tuple[Step, ...]
    unchanged: int
    orphans: tuple[Orphan, ...]
    ids: Mapping[Reference, int | str] = field(repr=False)

    def __repr__(self) -> str:
        return f"<Plan {self.owner}: {self.creates} to create, {self.updates} to update, {self.unchanged} unchanged>"

    @property
    def creates(self) -> int:
        """How many objects would be created."""
        return sum(step.creates for step in self.steps)

    @property
    def updates(self) -> int:
        """How many objects would be changed."""
        return len(self.steps) - self.creates


def make_plan(
    resources: Mapping[str, Resource], definitions: Sequence[Definition], remotes: Remotes, owner: Owner
) -> Plan:
    """Decide. Raises DefinitionError for what Datadog cannot do, SyncError for definitions that need each other."""
    ids = {reference: remote.id for reference, remote in remotes.items()}
    problems = Problems()
    steps: list[Step] = []
    for definition in in_order(definitions):
        with problems.caught():
            step = _step(resources[definition.kind], definition, remotes, ids, owner)
            steps += [step] if step else []
    problems.raise_any()
    known = {Reference(each.kind, each.key) for each in definitions}
    orphans = tuple(Orphan(reference.kind, remotes[reference]) for reference in sorted(remotes.keys() - known))
    return Plan(owner, tuple(steps), len(definitions) - len(steps), orphans, ids)


def in_order(definitions: Iterable[Definition]) -> list[Definition]:
    """Return the definitions so that each comes after those that it refers to."""
    by_reference = {Reference(each.kind, each.key): each for each in definitions}
    graph = {reference: each.references & by_reference.keys() for reference, each in by_reference.items()}
    try:
        return [by_reference[reference] for reference in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " -> ".join(reference.key for reference in error.args[1])
        raise SyncError(f"definitions refer to each other in a circle: {circle}") from None


def _step(
    resource: Resource, definition: Definition, remotes: Remotes, ids: Mapping[Reference, int | str], owner: Owner
) -> Step | None:
    held = remotes.get(Reference(definition.kind, definition.key))
    wanted = fill(resource.wanted(definition, owner), ids)
    if held is None:
        return Step(definition, Cause.NEW, wanted, None)
    reason = resource.refusal(held.body, wanted)
    if reason:
        raise DefinitionError(f"`{definition.key}`: {reason}", where=str(definition.source.position))
    comparison = compare(resource.normaliser, wanted, held.body, held.applied)
    if comparison.cause is None:
        return None
    return Step(definition, comparison.cause, wanted, held, comparison.changes, comparison.declared)


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
            hint="Nothing was written. `--on-drift overwrite` lets the files win; or carry the change over into them",
        )

"""A plan kept in a file, so that what a person reviewed is what is written: it holds hashes of both sides of each write.

A saved plan is refused where an object in it moved, in the files or in Datadog. What it does not hold is not written.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ddllm.definitions.definition import Definition
from ddllm.errors import SyncError
from ddllm.sync.identity import Owner
from ddllm.sync.plan import Orphan, Plan, Step
from ddllm.sync.resource import Resource

_VERSION = 1

#: The kind and key of an object, and hashes of what it shall be and is: None for what is not there, before or after.
_Write = tuple[str | None, str | None]
_Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What was reviewed."""

    owner: Owner
    writes: Mapping[_Name, _Write]

    @property
    def prunes(self) -> bool:
        """Whether it deletes anything."""
        return any(wanted is None for wanted, _ in self.writes.values())


def save(plan: Plan, resources: Mapping[str, Resource], path: Path) -> None:
    """Write a plan to a file. Raises SyncError where that cannot be."""
    writes = [
        {"kind": kind, "key": key, "wanted": wanted, "held": held}
        for (kind, key), (wanted, held) in _writes(plan, resources).items()
    ]
    content = {"ddllm_plan": _VERSION, "project": plan.owner.project, "env": plan.owner.env, "writes": writes}
    try:
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise SyncError(f"the plan cannot be written to {path}: {error.strerror}") from None


def load(path: Path) -> SavedPlan:
    """Read a saved plan. Raises SyncError where the file is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["ddllm_plan"] != _VERSION:
            raise SyncError(f"{path} was written by another version of ddllm", hint="Make the plan anew")
        writes = {(each["kind"], each["key"]): (each["wanted"], each["held"]) for each in content["writes"]}
        return SavedPlan(Owner(content["project"], content["env"]), writes)
    except (OSError, UnicodeDecodeError, LookupError, TypeError, ValueError):
        raise SyncError(f"{path} is not a plan of ddllm", hint="`ddllm plan --out FILE` writes one") from None


def only_saved(
    plan: Plan, saved: SavedPlan, definitions: Iterable[Definition], resources: Mapping[str, Resource]
) -> Plan:
    """Return the writes of a saved plan that are still to be done. Raises SyncError where one of its objects moved.

    A write that the new plan does not hold is done already, unless its definition is gone, or has come back.
    """
    if plan.owner != saved.owner:
        raise SyncError(
            f"the plan is for {saved.owner}, and the files are for {plan.owner}", hint="Nothing was written"
        )
    now = _writes(plan, resources)
    defined = {(each.kind, each.key) for each in definitions}
    moved = [
        name[1]
        for name, write in saved.writes.items()
        if now.get(name, write) != write or (write[0] is None) is (name in defined)
    ]
    if moved:
        raise SyncError(
            f"the plan no longer holds: {', '.join(sorted(moved))} changed since, in the files or in Datadog",
            hint="Nothing was written. Make the plan anew",
        )
    steps = tuple(step for step in plan.steps if (step.definition.kind, step.definition.key) in saved.writes)
    deletions = tuple(each for each in plan.deletions if (each.kind, each.remote.key) in saved.writes)
    return replace(plan, steps=steps, deletions=deletions)


def _writes(plan: Plan, resources: Mapping[str, Resource]) -> dict[_Name, _Write]:
    steps = {
        (each.definition.kind, each.definition.key): _step(each, resources[each.definition.kind], plan.owner)
        for each in plan.steps
    }
    return steps | {(each.kind, each.remote.key): _deletion(each, resources) for each in plan.deletions}


def _step(step: Step, resource: Resource, owner: Owner) -> _Write:
    # As the files have it, references unfilled: once a run that broke off has made what they name, they would be filled.
    return _hash(resource.wanted(step.definition, owner)), resource.everything(step.held) if step.held else None


def _deletion(orphan: Orphan, resources: Mapping[str, Resource]) -> _Write:
    return None, resources[orphan.kind].everything(orphan.remote)


def _hash(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()

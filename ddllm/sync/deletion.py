"""Deletes safely: in an order in which nothing is used any more, and only where Datadog says beforehand that it can."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from ddllm.api.datadog import Datadog
from ddllm.errors import SyncError
from ddllm.sync.plan import Orphan, Plan
from ddllm.sync.resource import Resource

_ID = re.compile(r"[0-9a-z]+(?:-[0-9a-z]+)*")
#: What tells an id from the words around it: of monitors and notebooks digits, of SLOs 32 of sixteen, of dashboards three times three.
_LIKE_AN_ID = re.compile(r".*\d{4}.*|[0-9a-f]{32}|[0-9a-z]{3}(?:-[0-9a-z]{3}){2}")


def in_deletion_order(orphans: Sequence[Orphan]) -> list[Orphan]:
    """Return objects so that each comes before those whose ids it mentions: a composite before its members."""
    by_id = {str(each.remote.id): each for each in orphans}
    used_by: dict[str, set[str]] = {identifier: set() for identifier in by_id}
    for identifier, each in by_id.items():
        for mentioned in _mentions(each) & by_id.keys() - {identifier}:
            used_by[mentioned].add(identifier)
    try:
        return [by_id[identifier] for identifier in TopologicalSorter(used_by).static_order()]
    except CycleError:
        return list(orphans)


def check_deletable(api: Datadog, resources: Mapping[str, Resource], plan: Plan) -> None:
    """Raise SyncError where something that stays uses what is to be deleted."""
    going = {str(each.remote.id) for each in plan.deletions}
    by_kind: dict[str, list[Orphan]] = defaultdict(list)
    for each in plan.deletions:
        by_kind[each.kind].append(each)
    reasons = [
        f"{orphan.remote.key} ({blocked[orphan.remote.id]})"
        for kind, orphans in by_kind.items()
        for blocked in [resources[kind].blocked(api, [each.remote for each in orphans])]
        for orphan in orphans
        if orphan.remote.id in blocked and not _only(blocked[orphan.remote.id], going)
    ]
    if reasons:
        raise SyncError(f"still in use, so it cannot be deleted: {'; '.join(reasons)}", hint="Nothing was written")


def _only(reason: str, going: set[str]) -> bool:
    """Return whether a reason names no users but objects that are deleted as well."""
    named = {word for word in _ID.findall(reason) if _LIKE_AN_ID.fullmatch(word)}
    return bool(named) and named <= going


def _mentions(orphan: Orphan) -> set[str]:
    return set(_ID.findall(json.dumps(orphan.remote.body, default=str)))

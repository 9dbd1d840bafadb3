"""One definition against one object: what differs, and who changed it.

Three sides are known without a state file: the definition, the object, and the mark that the last sync left on the object.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ddllm.sync.normalise import ABSENT, Normaliser, Path


class Cause(StrEnum):
    """Why an object will be written."""

    NEW = "new"
    CHANGE = "config change"
    DRIFT = "drift"
    CONFLICT = "conflict"
    MARK = "mark"
    ROTATE = "rotate"


@dataclass(frozen=True, slots=True)
class Change:
    """One field: what the object holds and what it shall hold. ABSENT is no value."""

    path: Path
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """`cause` is None where nothing is to be written. `declared`: the optional fields that are ours or were at the last sync."""

    cause: Cause | None
    changes: tuple[Change, ...]
    declared: frozenset[Path]


def compare(
    normaliser: Normaliser,
    wanted: Mapping[str, Any],
    held: Mapping[str, Any],
    applied: str | None,
    *,
    has_mark: bool = True,
) -> Comparison:
    """Compare what is wanted with what Datadog holds; `applied` is the object's mark, None where it has none.

    Without `has_mark` the kind has no place for one, and an object that is as wanted lacks nothing.
    """
    canonical, own = normaliser.written(wanted)
    mark = normaliser.mark(canonical)
    if (applied == mark or not has_mark) and normaliser.canonical(held, own) == canonical:
        return Comparison(None, (), own)
    before = normaliser.declared_when(held, applied, own) if applied else None
    declared = own | (before or frozenset())
    changes = tuple(differences(normaliser.canonical(held, declared), normaliser.canonical(wanted, declared)))
    if not changes:
        return Comparison(None if applied == mark or not has_mark else Cause.MARK, (), declared)
    return Comparison(_cause(normaliser, applied, mark, unchanged=before is not None), changes, declared)


def _cause(normaliser: Normaliser, applied: str | None, mark: str, *, unchanged: bool) -> Cause:
    if applied is None or applied.partition("-")[0] != str(normaliser.version):
        return Cause.CHANGE  # no third side to ask
    if applied == mark:
        return Cause.DRIFT
    return Cause.CHANGE if unchanged else Cause.CONFLICT


def differences(old: Any, new: Any, path: Path = ()) -> Iterator[Change]:
    """Yield the fields that differ, mappings looked into, in the order of their names."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            yield from differences(old.get(name, ABSENT), new.get(name, ABSENT), (*path, name))
    elif old != new:
        yield Change(path, old, new)

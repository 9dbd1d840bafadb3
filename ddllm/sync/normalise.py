"""When two bodies mean the same: what Datadog adds, rewrites and forgets is taken out before they are compared.

A kind states its knowledge as a table of rows, a reason beside each. Three sorts of fields follow from it:

- managed: compared always, an absent one with its default;
- optional (`managed=False`, and every key that the table does not name): compared only where the definition declares it, so
  that what a newer Datadog or its UI added is neither reported nor lost;
- the server's own (`same=gone`): never compared.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import combinations
from typing import Any, Final, TypeAlias

Body: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str, ...]


class Absent:
    """The type of ABSENT: no value at all, as opposed to null."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()

_SUBSETS = 6  # optional fields of which every combination is tried: 64 hashes


def keep(value: Any) -> Any:
    """Compare the value as it is."""
    return value


def gone(_value: Any) -> Any:
    """Do not compare: the server's own."""
    return ABSENT


def unless(*defaults: Any) -> Callable[[Any], Any]:
    """Return a rule: these values mean the same as no value."""
    return lambda value: ABSENT if value in defaults else value


def text(value: Any) -> Any:
    """Compare without white space around: the server trims it."""
    return value.strip() or ABSENT if isinstance(value, str) else value


def unordered(value: Any) -> Any:
    """Compare as a set of texts."""
    return sorted({str(item) for item in value}) or ABSENT if isinstance(value, list) else value


def aliases(names: Mapping[Any, Any]) -> Callable[[Any], Any]:
    """Return a rule: these names mean the same."""
    return lambda value: names.get(value, value)


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one field. `cleared` is the value to send where the field was ours and is no longer declared."""

    path: str
    reason: str
    same: Callable[[Any], Any] = keep
    managed: bool = True
    cleared: Any = None

    @property
    def parts(self) -> Path:
        """The path in parts."""
        return tuple(self.path.split("."))


@dataclass(frozen=True, slots=True)
class Normaliser:
    """The knowledge of one kind.

    `version` belongs to every hash: it grows with any change of the table that changes a canonical form. `inside` names the
    mappings whose keys are fields themselves and which a write replaces as a whole; `replaces` says that it replaces the whole
    body so, and what it leaves out is lost. `between` holds rules that need more than one field.
    """

    version: int
    rows: tuple[Row, ...]
    inside: tuple[str, ...] = ()
    between: Callable[[Body], Body] = keep
    replaces: bool = False
    _by_path: dict[Path, Row] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_path.update({row.parts: row for row in self.rows})

    def canonical(self, body: Mapping[str, Any], declared: frozenset[Path] | None = frozenset()) -> Body:
        """Return what of a body is compared; of the optional fields those that are declared, with None all that have a value."""
        kept: Body = {}
        for path, value in self._fields(self.between(_clean(body))):
            row = self._by_path.get(path)
            if declared is None or path in declared or (row and row.managed):
                same = row.same(value) if row else value
                if same is not ABSENT:
                    _set(kept, path, same)
        cleaned: Body = _clean(kept)
        return cleaned

    def written(self, body: Mapping[str, Any]) -> tuple[Body, frozenset[Path]]:
        """Return the canonical form of all that a body gives a value to, and which optional fields are in it."""
        canonical = self.canonical(body, None)
        return canonical, frozenset(path for path, _ in self._fields(canonical) if not self._is_managed(path))

    def optional(self, body: Mapping[str, Any]) -> frozenset[Path]:
        """Return the optional fields to which a body gives a value."""
        return self.written(body)[1]

    def mark(self, canonical: Mapping[str, Any]) -> str:
        """Return what the mark on the object says of a canonical form: `<version>-<hash>`."""
        data = json.dumps(canonical, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
        return f"{self.version}-{sha256(data.encode()).hexdigest()[:16]}"

    def mark_of(self, wanted: Mapping[str, Any]) -> str:
        """Return the mark of what a definition wants."""
        return self.mark(self.canonical(wanted, None))

    def declared_when(self, body: Mapping[str, Any], mark: str, likely: frozenset[Path]) -> frozenset[Path] | None:
        """Return the optional fields that were declared when `mark` was put on a body that is still the same; None where it is not.

        A hash cannot be read, but of the few optional fields each combination can be tried, the likely one first.
        """
        optional = self.optional(body)
        candidates = (likely & optional, *self._combinations(sorted(optional)))
        return next((chosen for chosen in candidates if self.mark(self.canonical(body, chosen)) == mark), None)

    def completed(self, body: Mapping[str, Any], old: Mapping[str, Any], declared: frozenset[Path]) -> Body:
        """Return what to send in place of `old`: `body`, what nobody declared kept, what is no longer declared cleared."""
        result: Body = _copy(body)
        for path in sorted({*self._kept(old)} - declared):
            kept = _get(old, path)
            if (self.replaces or path[0] in self.inside) and kept is not None and _get(result, path) is ABSENT:
                _set(result, path, kept)
        for path in sorted(declared):
            row = self._by_path.get(path)
            if len(path) == 1 and _get(result, path) is ABSENT:
                result[path[0]] = row.cleared if row else None
        return result

    def writable(self, body: Mapping[str, Any]) -> Body:
        """Return a body that Datadog answered with as it may be sent back: without what is the server's own."""
        result: Body = _copy(body)
        for row in self.rows:
            if row.same is gone and _get(result, row.parts) is not ABSENT:
                _drop(result, row.parts)
        return result

    def _kept(self, body: Mapping[str, Any]) -> Iterator[Path]:
        for path, value in self._fields(body):
            row = self._by_path.get(path)
            if row is None or (not row.managed and row.same(value) is not ABSENT):
                yield path

    def _is_managed(self, path: Path) -> bool:
        row = self._by_path.get(path)
        return row is not None and row.managed

    def _fields(self, body: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
        for name, value in body.items():
            if name in self.inside and isinstance(value, dict):
                for inner, item in value.items():
                    yield (name, inner), item
            else:
                yield (name,), value

    @staticmethod
    def _combinations(paths: list[Path]) -> Iterator[frozenset[Path]]:
        sizes = range(len(paths) + 1) if len(paths) <= _SUBSETS else (0, len(paths))
        for size in sizes:
            yield from map(frozenset, combinations(paths, size))


def _clean(value: Any) -> Any:
    """Write numbers in one way and leave out what is empty: null, {} and [] come and go between request and answer."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(
        value, dict
    ):  # not Mapping, whose check takes ten times as long, and this runs for every value there is
        cleaned: Body = {}
        for key, item in value.items():
            kept = item if isinstance(item, str) else _clean(item)
            if kept or not (kept is None or isinstance(kept, (dict, list))):
                cleaned[key] = kept
        return cleaned
    return [_clean(item) for item in value] if isinstance(value, list) else value


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _get(body: Mapping[str, Any], path: Path) -> Any:
    value: Any = body
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return ABSENT
        value = value[part]
    return value


def _set(body: Body, path: Path, value: Any) -> None:
    for part in path[:-1]:
        body = body.setdefault(part, {})
    body[path[-1]] = value


def _drop(body: Body, path: Path) -> None:
    for part in path[:-1]:
        body = body[part]
    body.pop(path[-1], None)

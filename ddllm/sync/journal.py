"""The journal: one file a run, in which each write is noted before it happens, with the object as it was.

A line of JSON each: first the run, then two for a write, one before it and one after. A write with one line may or may not
have happened. Fields that can hold secrets are left out.
"""

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ddllm.errors import SyncError
from ddllm.sync.identity import Owner
from ddllm.sync.resource import Remote, Resource

#: Where the journals of a repository lie.
FOLDER = Path(".ddllm") / "journal"

_VERSION = 1

Action = Literal["create", "update", "delete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One write. `before` is None for a create, `id` until one is known. `left` is a hash of what it left, None where that is not known.

    `mark` is the second mark that it was to write, None for a deletion and where the kind has no place for one.
    """

    number: int
    action: Action
    kind: str
    key: str
    id: int | str | None
    mark: str | None
    before: Mapping[str, Any] | None = field(repr=False)
    left: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """What a journal says."""

    name: str
    owner: Owner
    entries: tuple[Entry, ...] = field(repr=False)


class Journal:
    """Writes a run's journal. The file is made at the first write, so that a run without writes leaves nothing."""

    def __init__(self, folder: Path, owner: Owner, now: datetime | None = None) -> None:
        begun = now or datetime.now(UTC)
        # Two runs of one second are still listed in their order.
        self.name = f"{begun:%Y%m%dT%H%M%S}.{begun.microsecond // 1000:03d}Z-{secrets.token_hex(3)}"
        self.path = folder / FOLDER / f"{self.name}.jsonl"
        self._owner = owner
        self._number = 0

    @property
    def is_used(self) -> bool:
        """Whether anything was noted."""
        return self._number > 0

    def begin(self, action: Action, resource: Resource, key: str, held: Remote | None, mark: str | None) -> int:
        """Note a write that is about to happen. Returns its number."""
        self._number += 1
        before = {name: value for name, value in held.body.items() if name not in resource.hidden} if held else None
        line = {"n": self._number, "action": action, "kind": resource.kind, "key": key}
        self._write({**line, "id": held.id if held else None, "mark": mark, "before": before})
        return self._number

    def end(self, number: int, identifier: int | str, left: str | None) -> None:
        """Note that it happened, and a hash of what is there now."""
        self._write({"n": number, "done": True, "id": identifier, "left": left})

    def _write(self, line: Mapping[str, Any]) -> None:
        head = {"ddllm_journal": _VERSION, "run": self.name, "project": self._owner.project, "env": self._owner.env}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                for each in (line,) if file.tell() else (head, line):
                    file.write(json.dumps(each, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())  # a write that is not in the journal cannot be undone
        except OSError as error:
            raise SyncError(
                f"the journal {self.path} cannot be written: {error.strerror}", hint="Without it no run could be undone"
            ) from None


def find(folder: Path, run: str) -> Path:
    """Return the journal of a run, which is named by its name, the beginning of it, or a file. Raises SyncError."""
    named = Path(run)
    if named.is_file():
        return named
    known = sorted((folder / FOLDER).glob("*.jsonl"))
    matching = [path for path in known if path.stem.startswith(run)]
    if len(matching) == 1:
        return matching[0]
    names = ", ".join(path.stem for path in (matching or known)[-5:])
    raise SyncError(
        f"{len(matching)} runs begin with `{run}`" if matching else f"there is no journal of a run `{run}`",
        hint=f"The latest in {folder / FOLDER}: {names}" if names else f"There are none in {folder / FOLDER}",
    )


def read(path: Path) -> Run:
    """Read a journal; a last line that was cut off counts for nothing. Raises SyncError where it is none."""
    try:
        lines = list(_lines(path))
        head, rest = lines[0], lines[1:]
        if head["ddllm_journal"] != _VERSION:
            raise SyncError(f"{path} was written by another version of ddllm")
        return Run(head["run"], Owner(head["project"], head["env"]), tuple(_entries(rest)))
    except (OSError, UnicodeDecodeError, LookupError, TypeError, ValueError):
        raise SyncError(f"{path} is not a journal of ddllm") from None


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    text = path.read_text(encoding="utf-8")
    whole, _, _cut = text.rpartition("\n")
    yield from (json.loads(line) for line in whole.splitlines())


def _entries(lines: list[dict[str, Any]]) -> Iterator[Entry]:
    done = {line["n"]: line for line in lines if line.get("done")}
    for line in lines:
        if line.get("done"):
            continue
        after = done.get(line["n"], {})
        yield Entry(
            number=line["n"],
            action=line["action"],
            kind=line["kind"],
            key=line["key"],
            id=after.get("id", line["id"]),
            mark=line["mark"],
            before=line["before"],
            left=after.get("left"),
        )

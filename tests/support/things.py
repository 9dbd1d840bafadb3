"""A kind of object that Datadog does not have: what the engine does with it, it does with every kind."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ddllm.api.datadog import Datadog
from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import parse
from ddllm.definitions.variables import Reference, Template
from ddllm.errors import ApiError
from ddllm.sync.apply import Writer
from ddllm.sync.deletion import in_deletion_order
from ddllm.sync.identity import Owner, applied_in
from ddllm.sync.journal import Journal
from ddllm.sync.normalise import Body, Normaliser, Row, gone, unordered
from ddllm.sync.plan import Plan, make_plan
from ddllm.sync.resource import Remote, Resource

OWNER = Owner("shop", "prod")


@dataclass(frozen=True)
class Fault:
    """A write that fails, before it happened or after."""

    error: ApiError
    happened: bool = False


class Things(Resource):
    """Objects in a dictionary. `refused` names keys that validation refuses, `faults` what the next writes meet."""

    kind = "things"
    noun = "thing"
    is_unique = True
    normaliser = Normaliser(
        version=1,
        rows=(
            Row("value", ""),
            Row("uses", ""),
            Row("kind", ""),
            Row("token", "write-only", gone),
            Row("marks", "", lambda marks: unordered([m for m in marks if "_applied" not in m])),
        ),
    )

    def __init__(self) -> None:
        self.held: dict[int, Body] = {}
        self.calls: list[str] = []
        self.refused: set[str] = set()
        self.faults: list[Fault | None] = []
        self._ids = count(1)

    def put_there(self, key: str, value: Any, *, mark: str | None = None, owner: Owner = OWNER, **more: Any) -> int:
        """Make an object exist, marked as if `value` had been applied unless told otherwise."""
        body = {"value": value, "marks": [owner.identity(key)], **more}
        applied = mark or self.normaliser.mark_of(body)
        identifier = next(self._ids)
        self.held[identifier] = {**self.marked(body, applied), "id": identifier}
        return identifier

    def wanted(self, definition: Definition, owner: Owner) -> Body:
        return {**definition.body, "marks": [owner.identity(definition.key)]}

    def marked(self, body: Mapping[str, Any], mark: str) -> Body:
        return {**body, "marks": [*body["marks"], f"ddllm_applied:{mark}"]}

    def marks(self, body: Mapping[str, Any]) -> Sequence[str]:
        marks: Sequence[str] = body["marks"]
        return marks

    def listing(self, api: Datadog, owner: Owner) -> Iterable[Remote]:
        self.calls.append("list")
        return [each for each in map(self._remote, self.held.values()) if each]

    def find(self, api: Datadog, owner: Owner, key: str) -> Iterable[Remote]:
        self.calls.append(f"find {key}")
        return [each for each in map(self._remote, self.held.values()) if each and each.key == key]

    def read(self, api: Datadog, owner: Owner, identifier: int | str) -> Remote | None:
        self.calls.append(f"read {identifier}")
        return self._remote(self.held[int(identifier)]) if identifier in self.held else None

    def refusal(self, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
        return None if held.get("kind") == wanted.get("kind") else "a thing keeps its kind"

    def validate(self, api: Datadog, body: Mapping[str, Any], held: Remote | None) -> None:
        self.calls.append(f"validate {self._key(body)}")
        if self._key(body) in self.refused:
            raise ApiError("The value provided for parameter 'value' is invalid", status=400)

    def create(self, api: Datadog, owner: Owner, body: Mapping[str, Any]) -> Remote:
        self.calls.append(f"create {self._key(body)}")
        fault = self.faults.pop(0) if self.faults else None
        if fault and not fault.happened:
            raise fault.error
        identifier = next(self._ids)
        self.held[identifier] = {**body, "id": identifier}
        if fault:
            raise fault.error
        return self._found(self.held[identifier])

    def update(self, api: Datadog, owner: Owner, held: Remote, body: Mapping[str, Any]) -> Remote:
        self.calls.append(f"update {held.id}")
        fault = self.faults.pop(0) if self.faults else None
        if fault:
            raise fault.error
        self.held[int(held.id)] = {**body, "id": held.id}
        return self._found(self.held[int(held.id)])

    def delete(self, api: Datadog, held: Remote) -> None:
        self.calls.append(f"delete {held.id}")
        fault = self.faults.pop(0) if self.faults else None
        if fault:
            raise fault.error
        self.held.pop(int(held.id), None)

    def _found(self, body: Body) -> Remote:
        found = self._remote(body)
        assert found is not None
        return found

    @staticmethod
    def _key(body: Mapping[str, Any]) -> str | None:
        return OWNER.key_in(body["marks"])

    @staticmethod
    def _remote(body: Body) -> Remote | None:
        key = OWNER.key_in(body["marks"])
        return Remote(body["id"], key, applied_in(body["marks"]), f"/things/{body['id']}", body) if key else None


def thing(key: str, value: Any, *uses: str, **more: Any) -> Definition:
    """Define a thing; `uses` are keys of others."""
    document = parse(f"{key}:\n  value: {value}\n", "things.yaml")
    templates = {"uses": Template(tuple(Reference("things", each) for each in uses))} if uses else {}
    return Definition(
        kind="things", key=key, body={"value": value, **templates, **more}, source=Source(document, (key,))
    )


def planned(things: Things, *definitions: Definition, prune: bool = False, rotate: bool = False) -> Plan:
    """Plan for the things that are there."""
    remotes = {Reference("things", each.key): each for each in things.listing(None, OWNER)}  # type: ignore[arg-type]
    ids = {reference: remote.id for reference, remote in remotes.items()}
    plan = make_plan({"things": things}, definitions, remotes, OWNER, ids, prune=prune, rotate=rotate)
    return replace(plan, deletions=tuple(in_deletion_order(plan.deletions)))


def writer(things: Things, sleep: Callable[[float], None] = lambda _seconds: None, **environ: str) -> Writer:
    """Return what it takes to write things; the journal goes below the current folder."""
    api: Any = SimpleNamespace(hide=list)
    return Writer(api, {"things": things}, OWNER, Journal(Path(), OWNER), environ, sleep)

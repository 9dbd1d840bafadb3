"""Recorded sessions with Datadog, held against what says that it behaves the same: a table of equalities, an emulator.

What differs is a `Difference`. A test names those that it accepts, each with its reason, and `unexplained` keeps the list
honest: a reason that no difference needs any more fails too.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from ddllm.sync.compare import differences
from ddllm.sync.normalise import Normaliser
from tests.support.openapi import recordings

Exchange = Mapping[str, Any]
Session = Sequence[Exchange]

#: Sends a request: method, path, body. Returns status and body.
Call = Callable[[str, str, Any], tuple[int, Any]]

#: Turns an answer into the objects that it holds.
Objects = Callable[[Any], Iterable[Mapping[str, Any]]]


class Difference(NamedTuple):
    """Where a recorded request or answer is not matched. `field` has no indexes of lists."""

    recording: str
    request: str
    field: str
    recorded: Any
    ours: Any


def sessions(path: str) -> Iterator[Session]:
    """Return the recordings in which a path like this was written to, each with all of its requests to such paths."""
    pattern = re.compile(path)
    for _, exchanges in groupby(recordings(), key=lambda each: each["recording"]):
        session = [each for each in exchanges if pattern.match(each["path"])]
        if any(each["method"] != "GET" for each in session):
            yield session


def unexplained(
    found: Iterable[Difference], fields: Mapping[str, str], recordings: Mapping[str, str] | None = None
) -> list[Difference | str]:
    """Return the differences that have no reason, by field or by recording, and the reasons that have no difference."""
    reasons = {**fields, **(recordings or {})}
    assert all(reasons.values())
    used: set[str] = set()
    rest: list[Difference | str] = []
    for each in found:
        matching = {each.field, each.recording} & reasons.keys()
        used |= matching
        rest += [] if matching else [each]
    return [*rest, *(f"not needed: {name}" for name in reasons.keys() - used)]


# -- a table of equalities


def second_sync(normaliser: Normaliser, session: Session, objects: Objects) -> Iterator[Difference]:
    """Yield what a second sync would change in what Datadog answered to a write, and in what it showed of it later.

    The definition is the recorded request; of a partial one only the fields that it has are compared.
    """
    sent: dict[Any, Mapping[str, Any]] = {}
    whole: set[Any] = set()
    for exchange in session:
        if exchange["status"] >= 300 or not isinstance(exchange["answer"], dict | list):
            continue
        shown = {each.get("id"): each for each in objects(exchange["answer"])}
        if exchange["method"] in {"POST", "PUT", "PATCH"} and len(shown) == 1 and isinstance(exchange["sent"], dict):
            [identifier] = shown
            sent[identifier] = {**sent.get(identifier, {}), **exchange["sent"]}
            whole |= {identifier} if exchange["method"] == "POST" else set()
        for identifier, held in shown.items():
            if identifier in sent:
                yield from _changes(normaliser, exchange, sent[identifier], held, whole=identifier in whole)


def _changes(
    normaliser: Normaliser, exchange: Exchange, wanted: Mapping[str, Any], held: Mapping[str, Any], *, whole: bool
) -> Iterator[Difference]:
    declared = normaliser.optional(wanted)
    ours, theirs = normaliser.canonical(wanted, declared), normaliser.canonical(held, declared)
    compared = theirs if whole else {name: value for name, value in theirs.items() if name in wanted}
    for change in differences(compared, ours):
        field = ".".join(map(str, change.path))
        yield Difference(exchange["recording"], _request(exchange), field, change.old, change.new)


# -- an emulator


def replay(session: Session, call: Call, *, of_the_moment: Iterable[str]) -> Iterator[Difference]:
    """Send a session's requests to an emulator and yield where it does not answer as Datadog did.

    Ids that Datadog gave are replaced by those that the emulator gives. Fields named in `of_the_moment`, at any depth, are
    ids, times and people: they have to be there in both or in neither.
    """
    ids: dict[str, str] = {}
    skipped = frozenset(of_the_moment)
    for exchange in session:
        status, answer = call(exchange["method"], _replaced(exchange["path"], ids), _replaced(exchange["sent"], ids))
        if status != exchange["status"]:
            yield Difference(exchange["recording"], _request(exchange), "status", exchange["status"], (status, answer))
            continue
        ids |= dict(_identities(exchange["answer"], answer))
        for field, recorded, ours in _unequal(_replaced(exchange["answer"], ids), answer, (), skipped):
            yield Difference(exchange["recording"], _request(exchange), field, recorded, ours)


def _request(exchange: Exchange) -> str:
    return f"{exchange['method']} {re.sub(r'[0-9a-f]{8,}|[0-9]{3,}', 'ID', exchange['path'])}"


def _replaced(value: Any, ids: Mapping[str, str]) -> Any:
    """Put the emulator's ids in place of the recorded ones."""
    if isinstance(value, Mapping):
        return {key: _replaced(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, ids) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return int(ids[str(value)]) if str(value) in ids else value
    if isinstance(value, str):
        for recorded, ours in ids.items():
            value = value.replace(recorded, ours)
    return value


def _identities(recorded: Any, ours: Any) -> Iterator[tuple[str, str]]:
    if isinstance(recorded, list) and isinstance(ours, list):
        for one, other in zip(recorded, ours, strict=False):
            yield from _identities(one, other)
    elif isinstance(recorded, dict) and isinstance(ours, dict):
        if isinstance(recorded.get("id"), int | str) and "id" in ours:
            yield str(recorded["id"]), str(ours["id"])
        for name in recorded.keys() & ours.keys():
            yield from _identities(recorded[name], ours[name])


def _unequal(
    recorded: Any, ours: Any, route: tuple[str, ...], skipped: frozenset[str]
) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for name in sorted(recorded.keys() | ours.keys()):
            if name in skipped and name in recorded and name in ours:
                continue
            yield from _unequal(recorded.get(name, "absent"), ours.get(name, "absent"), (*route, name), skipped)
    elif isinstance(recorded, list) and isinstance(ours, list) and len(recorded) == len(ours):
        for one, other in zip(recorded, ours, strict=True):
            yield from _unequal(one, other, route, skipped)
    elif recorded != ours or isinstance(recorded, float) is not isinstance(ours, float):
        yield ".".join(route), recorded, ours

"""Reads what an owner has in Datadog."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ddllm.api.datadog import Datadog
from ddllm.definitions.definition import Definition
from ddllm.definitions.variables import Reference, fill
from ddllm.errors import SyncError
from ddllm.sync.identity import Owner
from ddllm.sync.resource import Importable, Remote, Resource

#: Requests at a time: as many connections as the client keeps open.
PARALLEL = 4

_ADDRESS = re.compile(r"https?://[^\s()<>\"\\\]]+")
_FEW = 20  # objects that are looked for one by one
_NAMED = 5  # keys in a message

#: Objects by kind and key.
Remotes = Mapping[Reference, Remote]
#: What stands in place of a reference.
Ids = Mapping[Reference, int | str]


def read_remotes(
    api: Datadog,
    resources: Mapping[str, Resource],
    definitions: Sequence[Definition],
    owner: Owner,
    progress: Callable[[str], None],
) -> Remotes:
    """Read every object of the owner, of the kinds that are given and those that the definitions refer to.

    A listing may miss an object that lost the tag it is listed by, so what seems to be new is looked for by its identity: a
    twin would alert twice. And a listing may leave fields out, so what seems to differ is read once more, alone. Raises
    SyncError where two objects carry one identity, and where a listing proves to be cut off.
    """
    found: dict[Reference, list[Remote]] = defaultdict(list)
    for kind, resource in resources.items():
        progress(f"Reading {kind}")
        _add(found, kind, resource.listing(api, owner))
        missing = [each.key for each in definitions if each.kind == kind and Reference(kind, each.key) not in found]
        _add(found, kind, _looked_for(api, resource, owner, missing))
    for kind, resource in resources.items():
        missing = [each.key for each in definitions if each.kind == kind and Reference(kind, each.key) not in found]
        _follow_links(api, resource, owner, missing, [each for remotes in found.values() for each in remotes])
    listed = {reference: _single(resources[reference.kind], remotes) for reference, remotes in found.items()}
    return _with_details(api, resources, definitions, owner, listed)


def _looked_for(api: Datadog, resource: Resource, owner: Owner, keys: Sequence[str]) -> list[Remote]:
    """Look for objects by their identities, all at once or one by one. Raises SyncError where that shows a listing to be cut off."""
    found = _found(api, resource, owner, keys)
    missed = [each for each in found if resource.is_listed(each)]
    if missed:  # a run beside this one may just have made them; then they are listed by now
        listed = {each.id for each in resource.listing(api, owner)}
        missed = [each for each in missed if each.id not in listed]
    if missed:
        raise _incomplete(resource, [each.key for each in missed])
    return found


def _follow_links(api: Datadog, resource: Resource, owner: Owner, keys: Sequence[str], known: Sequence[Remote]) -> None:
    """Read what our other objects link to and no list held, if something of that kind seems to be new.

    Dashboards and notebooks have no search that would show their list to be cut off. Raises SyncError where this does.
    """
    if not (keys and resource.lists_all and isinstance(resource, Importable)):
        return
    addresses = {address for each in known for address in _ADDRESS.findall(json.dumps(each.body))}
    linked = {identifier for each in addresses if (identifier := resource.identifier(each)) is not None}
    unlisted = sorted(linked - {each.id for each in known}, key=str)[:_FEW]
    with ThreadPoolExecutor(PARALLEL) as pool:
        found = list(pool.map(lambda identifier: resource.read(api, owner, identifier), unlisted))
    left_out = [each.key for each in found if each is not None and each.key in keys]
    if left_out:
        raise _incomplete(resource, left_out)


def _incomplete(resource: Resource, keys: Sequence[str]) -> SyncError:
    named = f"{', '.join(keys[:_NAMED])}{', …' if len(keys) > _NAMED else ''}"
    return SyncError(
        f"Datadog's list of {resource.kind} is incomplete: it leaves out {named}",
        hint="Nothing was written, since what it leaves out would look deleted. Try again",
    )


def _found(api: Datadog, resource: Resource, owner: Owner, keys: Sequence[str]) -> list[Remote]:
    if resource.lists_all:
        return [each for each in resource.listing(api, owner) if each.key in keys] if keys else []
    many = resource.find_many(api, owner, frozenset(keys)) if len(keys) > _FEW else None
    if many is not None:
        return list(many)
    with ThreadPoolExecutor(PARALLEL) as pool:
        looks = pool.map(lambda key: list(resource.find(api, owner, key)), keys)
        return [each for remotes in looks for each in remotes]


def referred(definitions: Iterable[Definition]) -> frozenset[str]:
    """Return the kinds that definitions refer to."""
    return frozenset(reference.kind for each in definitions for reference in each.references)


def ids_of(resources: Mapping[str, Resource], definitions: Sequence[Definition], remotes: Remotes) -> Ids:
    """Return what stands in place of references: ids, and for links to what is neither there nor about to be, the page that lists it.

    Raises SyncError for a reference that only an object can fulfil.
    """
    ids: dict[Reference, int | str] = {reference: remote.id for reference, remote in remotes.items()}
    coming = {Reference(each.kind, each.key) for each in definitions}
    for each in definitions:
        for reference in each.references:
            if reference in ids or reference in coming:
                continue
            stand_in = resources[reference.kind].stand_in
            if stand_in is None:
                raise SyncError(
                    f"`{each.key}` needs `{reference}`, which is not in Datadog yet",
                    where=each.source.position.short,
                    hint=f"Sync {reference.kind} as well, or before",
                )
            ids[reference] = stand_in
    return ids


def _with_details(
    api: Datadog, resources: Mapping[str, Resource], definitions: Sequence[Definition], owner: Owner, listed: Remotes
) -> Remotes:
    ids = ids_of(resources, definitions, listed)

    def seems_to_differ(definition: Definition, remote: Remote) -> bool:
        resource = resources[definition.kind]
        return resource.compared(fill(resource.wanted(definition, owner), ids), remote).cause is not None

    pairs = ((each, Reference(each.kind, each.key)) for each in definitions)
    doubtful = [
        reference for each, reference in pairs if reference in listed and seems_to_differ(each, listed[reference])
    ]
    with ThreadPoolExecutor(PARALLEL) as pool:
        read = list(
            pool.map(lambda reference: resources[reference.kind].read(api, owner, listed[reference].id), doubtful)
        )
    same = {Reference(each.kind, each.key) for each in definitions} - set(doubtful)
    if None in read:  # what was listed a moment ago is gone, and with it an id that the others were compared with
        same.clear()
    details = dict(zip(doubtful, read, strict=True))
    complete = {reference: details.get(reference, remote) for reference, remote in listed.items()}
    return {
        reference: replace(remote, is_as_wanted=reference in same)
        for reference, remote in complete.items()
        if remote is not None
    }


def _add(found: dict[Reference, list[Remote]], kind: str, remotes: Iterable[Remote]) -> None:
    for remote in remotes:
        found[Reference(kind, remote.key)].append(remote)


def _single(resource: Resource, remotes: Sequence[Remote]) -> Remote:
    if len({remote.id for remote in remotes}) > 1:
        raise SyncError(
            f"{len(remotes)} {resource.noun}s carry the identity of `{remotes[0].key}`: {', '.join(remote.page for remote in remotes)}",
            hint="A copy keeps the marks of its original: remove the tags or the text that begin with `ddllm` from the copy, or delete it",
        )
    return remotes[0]

"""Reads what an owner has in Datadog."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ddllm.api.datadog import Datadog
from ddllm.definitions.definition import Definition
from ddllm.definitions.variables import Reference, fill
from ddllm.errors import SyncError
from ddllm.sync.compare import compare
from ddllm.sync.identity import Owner
from ddllm.sync.resource import Remote, Resource

#: Requests at a time: as many connections as the client keeps open.
PARALLEL = 4

#: Objects by kind and key.
Remotes = Mapping[Reference, Remote]


def read_remotes(
    api: Datadog,
    resources: Mapping[str, Resource],
    definitions: Sequence[Definition],
    owner: Owner,
    progress: Callable[[str], None],
) -> Remotes:
    """Read every object of the owner. Raises SyncError where two objects carry one identity.

    A listing may miss an object that lost the tag it is listed by, so what seems to be new is looked for by its identity:
    a twin would alert twice. And a listing may leave fields out, so what seems to differ is read once more, alone.
    """
    found: dict[Reference, list[Remote]] = defaultdict(list)
    for kind, resource in resources.items():
        progress(f"Reading {kind}")
        _add(found, kind, resource.listing(api, owner))
        missing = [each.key for each in definitions if each.kind == kind and Reference(kind, each.key) not in found]
        with ThreadPoolExecutor(PARALLEL) as pool:
            for remotes in pool.map(lambda key, of=resource: list(of.find(api, owner, key)), missing):
                _add(found, kind, remotes)
    listed = {reference: _single(resources[reference.kind], remotes) for reference, remotes in found.items()}
    return _with_details(api, resources, definitions, owner, listed)


def _with_details(
    api: Datadog, resources: Mapping[str, Resource], definitions: Sequence[Definition], owner: Owner, listed: Remotes
) -> Remotes:
    ids = {reference: remote.id for reference, remote in listed.items()}

    def seems_to_differ(definition: Definition, remote: Remote) -> bool:
        resource = resources[definition.kind]
        wanted = fill(resource.wanted(definition, owner), ids)
        return compare(resource.normaliser, wanted, remote.body, remote.applied).cause is not None

    pairs = ((each, Reference(each.kind, each.key)) for each in definitions)
    doubtful = [
        reference for each, reference in pairs if reference in listed and seems_to_differ(each, listed[reference])
    ]
    with ThreadPoolExecutor(PARALLEL) as pool:
        read = list(
            pool.map(lambda reference: resources[reference.kind].read(api, owner, listed[reference].id), doubtful)
        )
    details = dict(zip(doubtful, read, strict=True))
    complete = {reference: details.get(reference, remote) for reference, remote in listed.items()}
    return {reference: remote for reference, remote in complete.items() if remote is not None}


def _add(found: dict[Reference, list[Remote]], kind: str, remotes: Iterable[Remote]) -> None:
    for remote in remotes:
        found[Reference(kind, remote.key)].append(remote)


def _single(resource: Resource, remotes: Sequence[Remote]) -> Remote:
    if len({remote.id for remote in remotes}) > 1:
        raise SyncError(
            f"{len(remotes)} {resource.noun}s carry the identity of `{remotes[0].key}`: {', '.join(remote.page for remote in remotes)}",
            hint="A copy keeps the tags of its original: remove those that begin with `ddllm` from the copy, or delete it",
        )
    return remotes[0]

"""One run against one organisation: from definitions to a plan, by the same steps for every command."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ddllm.api.datadog import Datadog
from ddllm.definitions.definition import Definition
from ddllm.definitions.project import Project
from ddllm.lint.run import refuse_errors
from ddllm.sync.deletion import check_deletable, in_deletion_order
from ddllm.sync.identity import Owner
from ddllm.sync.plan import Plan, make_plan
from ddllm.sync.preflight import validate_plan
from ddllm.sync.remote import Remotes, ids_of, read_remotes, referred
from ddllm.sync.resource import Resource
from ddllm.sync.resources import resources as every_kind

#: Shows what is being done.
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a plan is made for: whose objects, of which kinds, and what may be done besides creating and changing.

    `project` is what the linter looks at before anything is written, None where it has been done.
    """

    owner: Owner
    kinds: Mapping[str, Resource]
    definitions: Sequence[Definition]
    prune: bool = False
    rotate: bool = False
    project: Project | None = field(default=None, repr=False)

    @property
    def read(self) -> Mapping[str, Resource]:
        """The kinds that must be read: those that may be written, and those that the definitions refer to."""
        needed = self.kinds.keys() | referred(self.definitions)
        return {kind: resource for kind, resource in every_kind().items() if kind in needed}


def read(api: Datadog, wish: Wish, progress: Progress) -> Remotes:
    """Read what there is."""
    return read_remotes(api, wish.read, wish.definitions, wish.owner, progress)


def decide(wish: Wish, remotes: Remotes) -> Plan:
    """Decide, without asking anybody."""
    ids = ids_of(wish.read, wish.definitions, remotes)
    plan = make_plan(wish.kinds, wish.definitions, remotes, wish.owner, ids, prune=wish.prune, rotate=wish.rotate)
    return replace(plan, deletions=tuple(in_deletion_order(plan.deletions)))


def refuse(wish: Wish, plan: Plan) -> None:
    """Raise DefinitionError where something would be written and the linter finds an error, in it or beside it."""
    if plan.steps and wish.project is not None:
        refuse_errors(wish.project)


def check(api: Datadog, wish: Wish, plan: Plan, progress: Progress) -> None:
    """Check what would be written, by the linter and by Datadog, and whether Datadog would delete what would be deleted."""
    refuse(wish, plan)
    if plan.steps:
        progress(f"Having Datadog validate {len(plan.steps)} of {len(wish.definitions)}")
        validate_plan(api, wish.kinds, plan)
    if plan.deletions:
        check_deletable(api, wish.kinds, plan)

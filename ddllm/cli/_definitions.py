"""What the commands that read definition files share: their options, and the way from files to a plan."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from ddllm.api.datadog import Datadog
from ddllm.definitions.definition import Definition
from ddllm.definitions.metrics import metric_definitions
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.project import Project, load_project
from ddllm.errors import ConfigError
from ddllm.sync.apply import Writer
from ddllm.sync.identity import Owner
from ddllm.sync.journal import Journal
from ddllm.sync.plan import Plan
from ddllm.sync.resource import Resource
from ddllm.sync.resources import resources
from ddllm.sync.session import Progress, Wish, check, decide, read

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

#: How many objects a run deletes at most, unless it is told otherwise.
MOST_DELETES = 5


def definition_options(command: CommandT) -> CommandT:
    """Add --dir and --env."""
    folder = click.option(
        "--dir",
        "folder",
        type=click.Path(path_type=Path),
        default=".",
        help="The folder that holds monitors/. Default: the current one.",
    )
    env = click.option(
        "--env", metavar="NAME", help="The environment. Default: `default_env` of monitors/settings.yaml."
    )
    return folder(env(command))


def max_deletes_option(command: CommandT) -> CommandT:
    """Add --max-deletes."""
    return click.option(
        "--max-deletes",
        type=click.IntRange(min=0),
        default=MOST_DELETES,
        show_default=True,
        help="Stop, with nothing written, where more would be deleted.",
    )(command)


def selected(kinds: Sequence[str]) -> Mapping[str, Resource]:
    """Return the kinds that were named, all of them where none was. Raises ConfigError for one that does not exist."""
    known = resources()
    for kind in kinds:
        if kind not in known:
            hint = did_you_mean(kind, known) or f"There are: {', '.join(sorted(known))}"
            raise ConfigError(f"there is no kind `{kind}` to sync", hint=hint)
    return {kind: resource for kind, resource in known.items() if not kinds or kind in kinds}


def wish_of(project: Project, kinds: Mapping[str, Resource], *, prune: bool = False, rotate: bool = False) -> Wish:
    """Return what the definitions of the given kinds ask for, what they read of ddllm's own metrics among it.

    A kind brings those without whose objects its own cannot be made: monitors on SLOs bring the SLOs. Definitions of other
    kinds are checked and left out.
    """
    everything = (*project.definitions, *metric_definitions(project.definitions))
    chosen = dict(kinds)
    while needed := _needed(everything, chosen):
        chosen |= needed
    definitions = tuple(each for each in everything if each.kind in chosen)
    return Wish(Owner(project.name, project.env), chosen, definitions, prune=prune, rotate=rotate, project=project)


def _needed(definitions: Sequence[Definition], kinds: Mapping[str, Resource]) -> dict[str, Resource]:
    """Return the other kinds whose objects nothing can stand in for, where definitions of the given ones refer to them."""
    asked = {kind for each in definitions if each.kind in kinds for kind, _ in each.references}
    return {
        kind: resource
        for kind, resource in resources().items()
        if kind in asked and kind not in kinds and resource.stand_in is None
    }


def load(
    folder: Path,
    env: str | None,
    kinds: Mapping[str, Resource],
    *,
    prune: bool = False,
    rotate: bool = False,
) -> Wish:
    """Read the definitions below a folder."""
    return wish_of(load_project(folder, env), kinds, prune=prune, rotate=rotate)


def plan_for(api: Datadog, wish: Wish, progress: Progress) -> Plan:
    """Read Datadog, decide, and have Datadog check what would be written."""
    plan = decide(wish, read(api, wish, progress))
    check(api, wish, plan, progress)
    return plan


def writer_for(api: Datadog, owner: Owner, folder: Path) -> Writer:
    """Return what it takes to write, with a journal in the folder; every kind may be written."""
    return Writer(api, resources(), owner, Journal(folder, owner), os.environ)


def confirmed(question: str, *, yes: bool, output: str = "text") -> bool:
    """Ask, where somebody can answer and `--yes` did not. Without a terminal nobody is asked."""
    asks = not yes and output == "text" and has_terminal()
    return click.confirm(question) if asks else True


def has_terminal() -> bool:
    """Whether somebody can answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Show what is being done, on standard error where that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _text: None
        return
    with console.status("") as status:
        yield lambda text: status.update(f"{text} …")

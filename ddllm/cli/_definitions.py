"""What the commands that read definition files share: their options, and the way from files to a plan."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from ddllm.api.datadog import Datadog
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.project import Project, load_project
from ddllm.errors import ConfigError
from ddllm.sync.identity import Owner
from ddllm.sync.plan import Plan, make_plan
from ddllm.sync.preflight import validate_plan
from ddllm.sync.remote import read_remotes
from ddllm.sync.resource import Resource
from ddllm.sync.resources import resources

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

Progress = Callable[[str], None]


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


def selected(kinds: Sequence[str]) -> Mapping[str, Resource]:
    """Return the kinds that were named, all of them where none was. Raises ConfigError for one that does not exist."""
    known = resources()
    for kind in kinds:
        if kind not in known:
            raise ConfigError(f"there is no kind `{kind}` to sync", hint=did_you_mean(kind, known))
    return {kind: resource for kind, resource in known.items() if not kinds or kind in kinds}


def load(folder: Path, env: str | None, kinds: Mapping[str, Resource]) -> Project:
    """Read the definitions of the given kinds; those of others are checked and left out."""
    project = load_project(folder, env)
    return Project(project.name, project.env, tuple(each for each in project.definitions if each.kind in kinds))


def plan_for(api: Datadog, project: Project, kinds: Mapping[str, Resource], progress: Progress) -> Plan:
    """Read Datadog, decide, and have Datadog validate what would be written."""
    owner = Owner(project.name, project.env)
    plan = make_plan(kinds, project.definitions, read_remotes(api, kinds, project.definitions, owner, progress), owner)
    if plan.steps:
        progress(f"Having Datadog validate {len(plan.steps)} of {len(project.definitions)}")
        validate_plan(api, kinds, plan)
    return plan


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Show what is being done, on standard error where that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _text: None
        return
    with console.status("") as status:
        yield lambda text: status.update(f"{text} …")

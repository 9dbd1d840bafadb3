"""`ddllm import`: takes over a monitor, dashboard or SLO that was made by hand."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli._definitions import definition_options, has_terminal, selected, shown_progress, writer_for
from ddllm.cli._plan_view import print_plan
from ddllm.definitions.definition import Definition
from ddllm.definitions.monitors import KIND
from ddllm.definitions.project import Project, load_project
from ddllm.errors import DefinitionError
from ddllm.lint.run import refuse_errors
from ddllm.sync.identity import Owner
from ddllm.sync.importing import Found, find, mark, marking, written, written_before
from ddllm.sync.resources import resources


@click.command("import")
@click.argument("what", metavar="URL_OR_ID")
@click.option(
    "--kind",
    metavar="KIND",
    help="What it is: monitors, dashboards, slos or runbooks. Default: by the address; of a number, monitors.",
)
@click.option(
    "--key",
    metavar="KEY",
    help="The key of its definition. Default: that which an earlier import gave it, else made of its name. One that exists already is taken as it is.",
)
@click.option("--yes", is_flag=True, help="Mark it without asking.")
@definition_options
def command(what: str, kind: str | None, key: str | None, yes: bool, folder: Path, env: str | None) -> None:
    """Write a monitor, dashboard or SLO of Datadog to a file, and make it ddllm's.

    URL_OR_ID is the address of its page, or its id. The definition goes to a file of its own (monitors/imported/KEY.yaml,
    dashboards/KEY.yaml), an SLO to monitors/slos.yaml. What marking the object would change is shown, and done with --yes or
    after a yes at the terminal; then `ddllm plan` has nothing to do. An object that another project or environment marked is
    refused. The write is noted in .ddllm/journal, for `ddllm rollback`. Needs DD_API_KEY and DD_APP_KEY.

    Exit code: 0 written, and marked unless a sentence says how to; 1 an error, with nothing written anywhere.
    """
    console = Console()
    kinds = selected((kind,) if kind else ())
    project = load_project(folder, env)
    owner = Owner(project.name, project.env)
    with Datadog(Connection.from_environ()) as api:
        with ExitStack() as undo, shown_progress() as progress:
            progress("Reading Datadog")
            found = find(api, kinds, what, kind, owner)
            taken = {each.key.partition("/")[0] for each in project.of(found.resource.kind)}
            key = key or written_before(found, project.of(found.resource.kind)) or found.key(taken)
            if key not in taken:
                path = undo.enter_context(written(found, folder, key, lambda: _keys(api, owner)))
                project = load_project(folder, env)
                refuse_errors(project)
                console.print(f"written  {os.path.relpath(path)}", soft_wrap=True, highlight=False)
            plan = marking(api, found, _definition(project, found.resource.kind, key), owner, progress)
        print_plan(console, plan)
        if not (yes or (has_terminal() and click.confirm("Mark it in Datadog?"))):
            _tell_how(found, key, folder, env)
            return
        writer = writer_for(api, owner, folder)
        remote = mark(writer, found, plan)
    console.print(f"marked {found.resource.kind} {key}  {remote.page}", soft_wrap=True, highlight=False)
    console.print(f"To undo it: ddllm rollback {writer.journal.name}", soft_wrap=True, highlight=False, style="dim")


def _keys(api: Datadog, owner: Owner) -> Mapping[str, str]:
    """Return the keys of the owner's monitors by their ids."""
    return {str(each.id): each.key for each in resources()[KIND].listing(api, owner)}


def _definition(project: Project, kind: str, key: str) -> Definition:
    found = next((each for each in project.of(kind) if each.key == key), None)
    if found is None:
        raise DefinitionError(f"`{key}` stands for several {kind}, and an object can only be one of them")
    return found


def _tell_how(found: Found, key: str, folder: Path, env: str | None) -> None:
    """Say how to mark the object later; until then a sync would make a second one."""
    where = "".join((f" --dir {folder}" if folder != Path() else "", f" --env {env}" if env else ""))
    click.echo(
        f"{found.noun[:1].upper()}{found.noun[1:]} is not marked, and a sync would make a second one. "
        f"To mark it: ddllm import {found.page} --key {key}{where} --yes"
    )

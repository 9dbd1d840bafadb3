"""`ddllm destroy`: deletes everything of a project and environment from Datadog."""

import sys
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli._definitions import (
    definition_options,
    load,
    max_deletes_option,
    plan_for,
    selected,
    shown_progress,
    writer_for,
)
from ddllm.cli._plan_view import print_outcomes, print_plan, told
from ddllm.errors import ConfigError, SyncError
from ddllm.sync.apply import Result, apply_plan
from ddllm.sync.plan import check_deletes


@click.command("destroy")
@click.argument("kinds", metavar="[KIND]...", nargs=-1)
@definition_options
@max_deletes_option
@click.option("--yes", is_flag=True, help="Do not ask. Without a terminal it is needed.")
@click.pass_context
def command(
    context: click.Context, kinds: tuple[str, ...], folder: Path, env: str | None, max_deletes: int, yes: bool
) -> None:
    """Delete from Datadog what carries ddllm's mark for this project and environment.

    What an organisation shares stays: PagerDuty services and the configuration of metrics. `ddllm rollback` makes again what
    was deleted, with new ids. Needs DD_API_KEY and DD_APP_KEY.

    Exit code: 0 all is gone, 1 an error, or an object that somebody changed meanwhile was left.
    """
    chosen = selected(kinds)
    wish = replace(load(folder, env, chosen, prune=True), kinds=chosen, definitions=())
    console = Console()
    with Datadog(Connection.from_environ()) as api:
        with shown_progress() as progress:
            plan = plan_for(api, wish, progress)
        print_plan(console, plan)
        check_deletes(plan, max_deletes)
        if plan.deletions and not yes:
            if not (sys.stdin.isatty() and sys.stdout.isatty()):
                raise ConfigError("without a terminal nobody can be asked", hint="Add --yes if that is meant")
            if click.prompt(f"Type {wish.owner} to delete all of it", default="", show_default=False) != str(
                wish.owner
            ):
                raise SyncError("nothing was deleted")
        writer = writer_for(api, wish.owner, folder)
        with print_outcomes(console, plan.writes) as report:
            outcomes = apply_plan(writer, plan, report)
    if outcomes:
        console.print(f"{plan.owner}: {told(plan, outcomes)}.", soft_wrap=True, highlight=False, style="bold")
    context.exit(1 if any(outcome.result is Result.MOVED for outcome in outcomes) else 0)

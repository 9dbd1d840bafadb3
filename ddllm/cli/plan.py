"""`ddllm plan`: what a sync would change, and nothing written."""

import json
from pathlib import Path

import click
from rich.console import Console

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli._definitions import definition_options, load, plan_for, selected, shown_progress
from ddllm.cli._plan_view import plan_json, plan_markdown, print_plan

_CHANGES = 2


@click.command("plan")
@click.argument("kinds", metavar="[KIND]...", nargs=-1)
@definition_options
@click.option("--format", "output", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.pass_context
def command(context: click.Context, kinds: tuple[str, ...], folder: Path, env: str | None, output: str) -> None:
    """Show what `ddllm sync` would change in Datadog.

    KIND is `monitors`; without one, every kind. Reads Datadog, has it validate what would be written, and writes nothing.
    Needs DD_API_KEY and DD_APP_KEY.

    Exit code: 0 nothing would change, 2 something would, 1 an error.
    """
    chosen = selected(kinds)
    project = load(folder, env, chosen)
    with Datadog(Connection.from_environ()) as api, shown_progress() as progress:
        plan = plan_for(api, project, chosen, progress)
    if output == "json":
        click.echo(json.dumps(plan_json(plan), ensure_ascii=False, indent=2))
    elif output == "markdown":
        click.echo(plan_markdown(plan))
    else:
        print_plan(Console(), plan)
    context.exit(_CHANGES if plan.steps else 0)

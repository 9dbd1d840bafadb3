"""`ddllm drift`: what somebody changed in Datadog since the last sync."""

import json
from pathlib import Path

import click
from rich.console import Console

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli._definitions import definition_options, load, selected, shown_progress
from ddllm.cli._plan_view import plan_json, print_drift
from ddllm.sync.plan import only_drift
from ddllm.sync.session import decide, read

_DRIFT = 2


@click.command("drift")
@click.argument("kinds", metavar="[KIND]...", nargs=-1)
@definition_options
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(context: click.Context, kinds: tuple[str, ...], folder: Path, env: str | None, output: str) -> None:
    """Show what was changed in Datadog, and not in the files, since the last sync.

    Each field with what the file says and what Datadog holds. Changes of the files alone are no drift, nor are mutes, nor
    what Datadog sets by itself. Reads only. Needs DD_API_KEY and DD_APP_KEY.

    Exit code: 0 no drift, 2 drift, 1 an error.
    """
    wish = load(folder, env, selected(kinds))
    with Datadog(Connection.from_environ()) as api, shown_progress() as progress:
        plan = only_drift(decide(wish, read(api, wish, progress)))
    if output == "json":
        click.echo(json.dumps(plan_json(plan), ensure_ascii=False, indent=2))
    else:
        print_drift(Console(), plan)
    context.exit(_DRIFT if plan.steps else 0)

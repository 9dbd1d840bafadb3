"""`ddllm sync`: makes Datadog equal to the definition files."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli._definitions import definition_options, load, plan_for, selected, shown_progress
from ddllm.cli._plan_view import plan_json, print_outcome, print_plan
from ddllm.errors import SyncError
from ddllm.sync.apply import Outcome, Result, apply_plan
from ddllm.sync.plan import OnDrift, Plan, check_drift


@click.command("sync")
@click.argument("kinds", metavar="[KIND]...", nargs=-1)
@definition_options
@click.option(
    "--on-drift",
    type=click.Choice(["overwrite", "fail"]),
    help="What to do with what somebody changed in Datadog. Default: overwrite it, and stop where the file changed as well.",
)
@click.option("--yes", is_flag=True, help="Do not ask. Without a terminal nobody is asked.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    context: click.Context,
    kinds: tuple[str, ...],
    folder: Path,
    env: str | None,
    on_drift: OnDrift | None,
    yes: bool,
    output: str,
) -> None:
    """Create and change objects in Datadog until they are as the files say.

    KIND is `monitors`; without one, every kind. The whole plan is made, and validated by Datadog, before the first write; one
    failure means that nothing is written. Objects without ddllm's mark for this project and environment are never touched,
    and nothing is deleted. A second sync writes nothing. Needs DD_API_KEY and DD_APP_KEY.

    Exit code: 0 everything is as the files say, 1 an error, or an object that somebody changed meanwhile was skipped.
    """
    chosen = selected(kinds)
    project = load(folder, env, chosen)
    console = Console()
    with Datadog(Connection.from_environ()) as api:
        with shown_progress() as progress:
            plan = plan_for(api, project, chosen, progress)
        if output == "text":
            print_plan(console, plan)
        check_drift(plan, on_drift)
        if plan.steps and not yes and _asks(output) and not click.confirm("Write this to Datadog?"):
            raise SyncError("nothing was written")
        outcomes = apply_plan(
            api, chosen, plan, lambda outcome: print_outcome(console, outcome) if output == "text" else None
        )
    _finish(console, plan, outcomes, output)
    context.exit(1 if any(outcome.result is Result.MOVED for outcome in outcomes) else 0)


def _asks(output: str) -> bool:
    return output == "text" and sys.stdin.isatty() and sys.stdout.isatty()


def _finish(console: Console, plan: Plan, outcomes: list[Outcome], output: str) -> None:
    if output == "json":
        click.echo(json.dumps(plan_json(plan, outcomes), ensure_ascii=False, indent=2))
    elif outcomes:
        counts = [(result, sum(outcome.result is result for outcome in outcomes)) for result in Result]
        told = ", ".join(f"{count} {result.partition(':')[0]}" for result, count in counts if count)
        console.print(
            f"{plan.owner}: {told}, {plan.unchanged} unchanged.", soft_wrap=True, highlight=False, style="bold"
        )

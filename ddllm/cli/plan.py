"""`ddllm plan`: what a sync would change, and nothing written."""

import json
from pathlib import Path

import click
from rich.console import Console

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli._definitions import definition_options, load, selected, shown_progress
from ddllm.cli._plan_view import plan_json, plan_markdown, print_plan
from ddllm.errors import ConfigError
from ddllm.sync import saved, snapshot
from ddllm.sync.plan import Plan
from ddllm.sync.session import Wish, check, decide, read

_CHANGES = 2

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("plan")
@click.argument("kinds", metavar="[KIND]...", nargs=-1)
@definition_options
@click.option("--prune", is_flag=True, help="Plan to delete what has no definition any more.")
@click.option("--format", "output", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--out", type=_FILE, metavar="FILE", help="Keep the plan in a file, for `ddllm sync --plan FILE`.")
@click.option("--snapshot", type=_FILE, metavar="FILE", help="Plan against a snapshot: offline, without keys.")
@click.option("--save-snapshot", type=_FILE, metavar="FILE", help="Keep what was read in a file, for --snapshot.")
@click.pass_context
def command(
    context: click.Context,
    kinds: tuple[str, ...],
    folder: Path,
    env: str | None,
    prune: bool,
    output: str,
    out: Path | None,
    snapshot: Path | None,
    save_snapshot: Path | None,
) -> None:
    """Show what `ddllm sync` would change in Datadog.

    KIND is one of monitors, dashboards, pagerduty, notifications, slos, runbooks, metrics, webhooks, retention; without one,
    every kind. Reads Datadog, has it validate what would be written, and writes nothing. Needs DD_API_KEY and DD_APP_KEY,
    except with --snapshot, which knows what Datadog held when it was taken and leaves the validation to Datadog's next plan.

    Exit code: 0 nothing would change, 2 something would, 1 an error.
    """
    wish = load(folder, env, selected(kinds), prune=prune, linted=True)
    plan = _offline(wish, snapshot, save_snapshot) if snapshot else _online(wish, save_snapshot)
    if out:
        saved.save(plan, wish.kinds, out)
    if output == "json":
        click.echo(json.dumps(plan_json(plan), ensure_ascii=False, indent=2))
    elif output == "markdown":
        click.echo(plan_markdown(plan))
    else:
        print_plan(Console(), plan)
    context.exit(_CHANGES if plan.writes else 0)


def _online(wish: Wish, save_to: Path | None) -> Plan:
    with Datadog(Connection.from_environ()) as api, shown_progress() as progress:
        remotes = read(api, wish, progress)
        if save_to:
            snapshot.save(remotes, wish.owner, save_to)
        plan = decide(wish, remotes)
        check(api, wish, plan, progress)
        return plan


def _offline(wish: Wish, path: Path, save_to: Path | None) -> Plan:
    if save_to:
        raise ConfigError("--snapshot and --save-snapshot exclude each other")
    return decide(wish, snapshot.load(path, wish.owner))

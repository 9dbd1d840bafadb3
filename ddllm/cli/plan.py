"""`ddllm plan`: what a sync would change, and nothing written."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli._definitions import definition_options, load, selected, shown_progress
from ddllm.cli._numpy import needs_numpy
from ddllm.cli._plan_view import plan_json, plan_markdown, print_plan
from ddllm.definitions.project import load_project
from ddllm.errors import ConfigError
from ddllm.sync import saved, snapshot
from ddllm.sync.plan import Plan
from ddllm.sync.session import Wish, check, decide, read, refuse

if TYPE_CHECKING:
    from ddllm.cli._plan_backtest import Differences

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
@click.option(
    "--backtest",
    "backtests",
    is_flag=True,
    help="Say how many alerts a week changed monitors would have given, before and after, in the last 30 days.",
)
@click.option("--recording", type=_FILE, metavar="FILE", help="The history for --backtest, in Datadog's place.")
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
    backtests: bool,
    recording: Path | None,
) -> None:
    """Show what `ddllm sync` would change in Datadog.

    KIND is one of monitors, dashboards, pagerduty, notifications, slos, runbooks, metrics, webhooks, retention; without one,
    every kind. Reads Datadog, has it validate what would be written, and writes nothing. Needs DD_API_KEY and DD_APP_KEY,
    except with --snapshot, which knows what Datadog held when it was taken and leaves the validation to Datadog's next plan.

    Exit code: 0 nothing would change, 2 something would, 1 an error.
    """
    if recording and not backtests:
        raise ConfigError("--recording is the history for --backtest")
    wish = load(folder, env, selected(kinds), prune=prune)
    plan = _offline(wish, snapshot, save_snapshot) if snapshot else _online(wish, save_snapshot)
    if out:
        saved.save(plan, wish.kinds, out)
    found = _differences(plan, folder, env, recording) if backtests else None
    if output == "json":
        told = plan_json(plan) | ({"backtest": found.as_json()} if found else {})
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    elif output == "markdown":
        click.echo("\n".join([plan_markdown(plan), *(found.markdown() if found else ())]))
    else:
        print_plan(Console(), plan)
        for line in found.lines() if found else ():
            click.echo(line)
    context.exit(_CHANGES if plan.writes else 0)


def _differences(plan: Plan, folder: Path, env: str | None, recording: Path | None) -> "Differences":
    with needs_numpy():
        from ddllm.cli._plan_backtest import differences  # noqa: PLC0415 - 150 ms, and needs ddllm[test]
    return differences(plan, load_project(folder, env), recording, folder)


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
    plan = decide(wish, snapshot.load(path, wish.owner))
    refuse(wish, plan)
    return plan

"""`ddllm sync`: makes Datadog equal to the definition files."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from rich.console import Console

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli._definitions import (
    confirmed,
    definition_options,
    load,
    max_deletes_option,
    selected,
    shown_progress,
    writer_for,
)
from ddllm.cli._plan_view import plan_json, print_adopted, print_blind, print_outcomes, print_plan, told
from ddllm.errors import ApiError, ConfigError, SyncError
from ddllm.sync import saved
from ddllm.sync.adopting import Adopted, adopted, check_adopted
from ddllm.sync.apply import Outcome, Result, apply_plan
from ddllm.sync.journal import Journal
from ddllm.sync.plan import OnDrift, Plan, check_deletes, check_drift, check_secrets, only_drift
from ddllm.sync.session import Progress, Wish, check, decide, read
from ddllm.sync.sight import Blind, blind_monitors


@click.command("sync")
@click.argument("kinds", metavar="[KIND]...", nargs=-1)
@definition_options
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write exactly what `ddllm plan --out FILE` showed, and nothing where an object in it moved since.",
)
@click.option("--prune", is_flag=True, help="Delete what has no definition any more.")
@max_deletes_option
@click.option(
    "--on-drift",
    type=click.Choice(["overwrite", "fail", "adopt"]),
    help="What to do with what somebody changed in Datadog: overwrite it, stop, or write it into the files. Default: overwrite it, and stop where the file changed as well.",
)
@click.option("--rotate", is_flag=True, help="Send every secret again: Datadog never shows whether one changed.")
@click.option("--yes", is_flag=True, help="Do not ask. Without a terminal nobody is asked.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    context: click.Context,
    kinds: tuple[str, ...],
    folder: Path,
    env: str | None,
    plan_file: Path | None,
    prune: bool,
    max_deletes: int,
    on_drift: OnDrift | None,
    rotate: bool,
    yes: bool,
    output: str,
) -> None:
    """Create and change objects in Datadog until they are as the files say.

    KIND is one of monitors, dashboards, pagerduty, notifications, slos, runbooks, metrics, webhooks, retention; without one,
    every kind. Monitors bring the SLOs that they alert on. The whole plan is made, and validated by Datadog, before the first
    write; one failure means that nothing is written. Objects without ddllm's mark for this project and environment are never
    touched, and nothing is deleted without --prune. A second sync writes nothing. Each object is noted in .ddllm/journal before
    it is written, for `ddllm rollback`. Needs DD_API_KEY and DD_APP_KEY.

    Exit code: 0 everything is as the files say, 1 an error, or an object that somebody changed meanwhile was skipped.
    """
    if plan_file and on_drift == "adopt":
        raise ConfigError("--plan and --on-drift adopt exclude each other: what is adopted was not reviewed")
    reviewed = saved.load(plan_file) if plan_file else None
    prune = prune or bool(reviewed and reviewed.prunes)
    wish = load(folder, env, selected(kinds), prune=prune, rotate=rotate)
    console = Console(quiet=output == "json")
    taken: Sequence[Adopted] = ()
    with Datadog(Connection.from_environ()) as api:
        with ExitStack() as undo:
            with shown_progress() as progress:
                plan = decide(wish, read(api, wish, progress))
                if on_drift == "adopt" and only_drift(plan).steps:
                    adopting = _adopting(api, wish, only_drift(plan), folder, console, progress)
                    wish, plan, taken = undo.enter_context(adopting)
                check(api, wish, plan, progress)
            if reviewed:
                plan = saved.only_saved(plan, reviewed, wish.definitions, wish.kinds)
            print_plan(console, plan)
            check_drift(plan, on_drift)
            check_deletes(plan, max_deletes)
            check_secrets(plan, os.environ)
            if plan.writes and not confirmed("Write this to Datadog?", yes=yes, output=output):
                raise SyncError("nothing was written")
        writer = writer_for(api, wish.owner, folder)
        with print_outcomes(console, plan.writes) as report:
            outcomes = apply_plan(writer, plan, report)
        blind, unknown = _sight(api, wish)
    print_blind(console, blind, unknown)
    if output == "json":
        click.echo(json.dumps(plan_json(plan, outcomes, blind, taken), ensure_ascii=False, indent=2))
    elif outcomes:
        _finish(console, plan, outcomes, writer.journal)
    context.exit(1 if any(outcome.result is Result.MOVED for outcome in outcomes) else 0)


@contextmanager
def _adopting(
    api: Datadog, wish: Wish, drift: Plan, folder: Path, console: Console, progress: Progress
) -> Iterator[tuple[Wish, Plan, Sequence[Adopted]]]:
    """Write drift into the files, and yield what they ask for now, the plan, and what was written. What is raised inside undoes it."""
    with adopted(drift, wish.kinds) as told:
        after = load(folder, wish.owner.env, wish.kinds, prune=wish.prune, rotate=wish.rotate)
        plan = decide(after, read(api, after, progress))
        check_adopted(drift, plan)
        print_adopted(console, told)
        yield after, plan, tuple(told)


def _sight(api: Datadog, wish: Wish) -> tuple[list[Blind], str | None]:
    """Return what the monitors cannot see yet; where Datadog does not say, why not. Everything is written by then."""
    try:
        return blind_monitors(api, wish.definitions), None
    except ApiError as error:
        return [], error.message


def _finish(console: Console, plan: Plan, outcomes: Sequence[Outcome], journal: Journal) -> None:
    console.print(f"{plan.owner}: {told(plan, outcomes)}.", soft_wrap=True, highlight=False, style="bold")
    if journal.is_used:
        console.print(f"To undo it: ddllm rollback {journal.name}", soft_wrap=True, highlight=False, style="dim")

"""`ddllm rollback`: undoes a run of sync, import, destroy, or of rollback itself."""

from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli._definitions import confirmed, max_deletes_option, shown_progress, writer_for
from ddllm.errors import SyncError
from ddllm.sync import journal
from ddllm.sync.resource import Remote
from ddllm.sync.resources import resources
from ddllm.sync.rollback import Reversal, Rollback, apply_rollback, check_rollback, plan_rollback

_WORDS = {
    "restore": ("~", "yellow", "put back as it was"),
    "delete": ("-", "red", "delete: the run made it"),
    "recreate": ("+", "green", "make again: the run deleted it"),
}


@click.command("rollback")
@click.argument("run")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=".",
    help="The folder that holds .ddllm/journal. Default: the current one.",
)
@max_deletes_option
@click.option("--yes", is_flag=True, help="Do not ask. Without a terminal nobody is asked.")
def command(run: str, folder: Path, max_deletes: int, yes: bool) -> None:
    """Put back what a run changed, remove what it created, and make again what it deleted.

    RUN is the name that the run ended with, its beginning, or a journal's file. What somebody changed since is named and
    left alone. A second rollback does nothing. Needs DD_API_KEY and DD_APP_KEY.

    Exit code: 0 undone, or nothing left to undo; 1 an error, or something had to be left.
    """
    told = journal.read(journal.find(folder, run))
    console = Console()
    with Datadog(Connection.from_environ()) as api:
        writer = writer_for(api, told.owner, folder)
        with shown_progress() as progress:
            progress("Reading what the run wrote")
            rollback = plan_rollback(writer, told)
        _show(console, rollback)
        check_rollback(rollback, max_deletes)
        if rollback.reversals and not confirmed("Write this to Datadog?", yes=yes):
            raise SyncError("nothing was written")
        apply_rollback(writer, rollback, lambda reversal, remote: _report(console, reversal, remote))
    if rollback.left:
        raise SyncError(f"{len(rollback.left)} of {len(told.entries)} writes were left as they are now")


def _show(console: Console, rollback: Rollback) -> None:
    for each in rollback.reversals:
        sign, style, words = _WORDS[each.action]
        _print(console, Text(f"{sign} {each.kind} {each.key}", style=style).append(f"  {words}", style="dim"))
    for left in rollback.left:
        _print(console, Text(f"? {left.kind} {left.key}  left: {left.reason}", style="magenta"))
    if not rollback.reversals and not rollback.left:
        _print(console, Text(f"{rollback.run}: nothing to undo.", style="bold"))


def _report(console: Console, reversal: Reversal, remote: Remote | None) -> None:
    done = {"restore": "restored", "delete": "deleted", "recreate": "made again"}[reversal.action]
    line = Text(f"{done} ", style="green").append(f"{reversal.kind} {reversal.key}", style="default")
    _print(console, line.append(f"  {remote.page}" if remote else "", style="cyan"))
    if reversal.action == "recreate" and resources()[reversal.kind].hidden:
        words = f"  without its secret, which no journal holds: `ddllm sync {reversal.kind} --rotate` sends it"
        _print(console, Text(words, style="yellow"))


def _print(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=True, highlight=False)

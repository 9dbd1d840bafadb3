"""`ddllm top`: a live table of a real application's spend, speed and health, from what it sends to its agent."""

import json
import os
import sys
import time

import click
from rich.console import Console
from rich.text import Text

from ddllm.cli._child import ending_as_interrupted
from ddllm.cli._listen import INTERRUPTED, announce, listening_agent, listening_options, run_or_wait
from ddllm.cli._live import live, render
from ddllm.cli._output import show, terminal_width
from ddllm.cli._summary import as_json, snapshot
from ddllm.sandbox.agent import Agent


@click.command("top", context_settings={"allow_interspersed_args": False})
@listening_options
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What to print at the end.",
)
@click.pass_context
def command(
    context: click.Context, argv: tuple[str, ...], listen: str, forward: str | None, seconds: float | None, output: str
) -> None:
    """Show what an application's LLM calls cost and how fast they are, while it runs.

    ddllm top -- ddtrace-run python app.py

    Listens in the agent's place and runs COMMAND with DD_DOGSTATSD_URL set to that; a real agent still gets every packet.
    Ends with COMMAND and its exit code, or on Ctrl-C, which ends COMMAND too. COMMAND has no terminal to read from.
    Without a COMMAND, prints the line that makes an application send here.

    On a terminal the table is live; the last one is printed at the end. With --format json, COMMAND's own output goes to
    standard error.
    """
    agent = listening_agent(listen, forward, os.environ)
    with ending_as_interrupted(), agent:
        try:
            code = _watch(agent, argv, seconds, quiet=output == "json")
        except KeyboardInterrupt:
            code = INTERRUPTED if argv else 0
    _report(agent, output)
    context.exit(code)


def _watch(agent: Agent, argv: tuple[str, ...], seconds: float | None, *, quiet: bool) -> int:
    """Wait for the end, behind a live table where there is a terminal. Return the exit code."""
    announce(agent, argv, "ddllm top", quiet=quiet)
    if quiet or not sys.stdout.isatty():
        return run_or_wait(agent, argv, seconds, quiet=quiet)
    console = Console(highlight=False)

    def above_table(line: str) -> None:
        console.print(Text.from_ansi(line), soft_wrap=True)

    with live(agent, console, time.time):
        return run_or_wait(agent, argv, seconds, output=above_table, quiet=quiet)


def _report(agent: Agent, output: str) -> None:
    taken = snapshot(agent, time.time())
    if output == "json":
        click.echo(json.dumps(as_json(taken) | {"agent": agent.to_json()}, indent=2))
        return
    show(render(taken, width=terminal_width()))

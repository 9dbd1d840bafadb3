"""`ddllm top`: a live table of a real application's spend, speed and health, from what it sends to its agent."""

import json
import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Event

import click
from rich.console import Console
from rich.text import Text

from ddllm.cli._child import Child, ending_as_interrupted
from ddllm.cli._live import live, render, table_console
from ddllm.cli._summary import as_json, snapshot
from ddllm.errors import ConfigError
from ddllm.sandbox.agent import LOOPBACK, Agent
from ddllm.sandbox.sockets import DEFAULT_PORT, Address

#: Where the Datadog Agent's packages and its Helm chart put its socket.
AGENT_SOCKET = Path("/var/run/datadog/dsd.socket")

#: What a shell says of a command that Ctrl-C ended.
_INTERRUPTED = 130


@click.command("top", context_settings={"allow_interspersed_args": False})
@click.argument("argv", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--listen",
    default=LOOPBACK,
    show_default=True,
    help="Where to listen: udp://host:port or unix:///path. Port 0 is any that is free.",
)
@click.option(
    "--forward",
    metavar="URL|none",
    help="The real agent, which gets every packet too. Default: the one that the environment names, or that runs here.",
)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="End after so many seconds.")
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
    agent = _agent(listen, forward, os.environ)
    with ending_as_interrupted(), agent:
        try:
            code = _watch(agent, argv, seconds, quiet=output == "json")
        except KeyboardInterrupt:
            code = _INTERRUPTED if argv else 0
    _report(agent, output)
    context.exit(code)


def _agent(listen: str, forward: str | None, environ: Mapping[str, str]) -> Agent:
    where = Address.parse(listen)
    if forward is not None:
        return Agent(listen, forward_to=None if forward == "none" else forward)
    found = real_agent(environ)
    if found is not None and Address.parse(found) == where:
        found = None  # told to take the real agent's place
    try:
        return Agent(listen, forward_to=found)
    except ConfigError as error:
        raise ConfigError(error.message, hint="--forward none goes without the real agent") from None


def real_agent(environ: Mapping[str, str], agent_socket: Path = AGENT_SOCKET, port: int = DEFAULT_PORT) -> str | None:
    """Find the agent that the application would have sent to: as its environment says, else where an agent usually listens."""
    if url := environ.get("DD_DOGSTATSD_URL"):
        return str(_parsed("DD_DOGSTATSD_URL", url))
    host = environ.get("DD_DOGSTATSD_HOST") or environ.get("DD_AGENT_HOST")
    named = environ.get("DD_DOGSTATSD_PORT")
    if host or named:
        host = host or "127.0.0.1"
        bracketed = f"[{host}]" if ":" in host else host
        return str(_parsed("DD_AGENT_HOST, DD_DOGSTATSD_PORT", f"udp://{bracketed}:{named or DEFAULT_PORT}"))
    if agent_socket.is_socket():
        return str(Address(path=str(agent_socket)))
    return str(Address("127.0.0.1", port)) if _is_taken(port) else None


def _parsed(names: str, url: str) -> Address:
    try:
        return Address.parse(url)
    except ConfigError as error:
        raise ConfigError(error.message, where=names, hint="--forward none goes without the real agent") from None


def _is_taken(port: int) -> bool:
    """Tell whether somebody receives on a UDP port of this machine, without sending anything there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _watch(agent: Agent, argv: tuple[str, ...], seconds: float | None, *, quiet: bool) -> int:
    """Wait for the end, behind a live table where there is a terminal. Return the exit code."""
    console = Console(highlight=False)
    interactive = sys.stdout.isatty() and not quiet
    if not argv:
        click.echo(f"export DD_DOGSTATSD_URL={agent.urls[0]}", err=quiet)
    if agent.forwards_to:
        click.echo(f"ddllm top: everything is passed on to {agent.forwards_to}", err=True)
    if not interactive:
        return _wait(agent, argv, seconds, console=None, quiet=quiet)
    with live(agent, console, time.time):
        return _wait(agent, argv, seconds, console=console, quiet=quiet)


def _wait(agent: Agent, argv: tuple[str, ...], seconds: float | None, *, console: Console | None, quiet: bool) -> int:
    if not argv:
        Event().wait(seconds)
        return 0

    def above_table(line: str) -> None:
        if console:
            console.print(Text.from_ansi(line), soft_wrap=True)

    environ = os.environ | {"DD_DOGSTATSD_URL": agent.urls[0]}
    with Child(argv, environ, output=above_table if console else None, stdout=sys.stderr if quiet else None) as child:
        try:
            code = child.wait(seconds)
        except KeyboardInterrupt:
            return child.stop()
        if code is not None:
            return code
        child.stop()
        return 0


def _report(agent: Agent, output: str) -> None:
    taken = snapshot(agent, time.time())
    if output == "json":
        click.echo(json.dumps(as_json(taken) | {"agent": agent.to_json()}, indent=2))
        return
    console = table_console()
    console.print(render(taken, width=console.width))

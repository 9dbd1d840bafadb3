"""Listening in the agent's place to a real application: shared by the commands that look at what it sends."""

import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import click

from ddllm.cli._child import Child
from ddllm.errors import ConfigError
from ddllm.sandbox.agent import LOOPBACK, Agent
from ddllm.sandbox.sockets import DEFAULT_PORT, Address

#: Where the Datadog Agent's packages and its Helm chart put its socket.
AGENT_SOCKET = Path("/var/run/datadog/dsd.socket")

#: What a shell says of a command that Ctrl-C ended.
INTERRUPTED = 130

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def listening_options(command: CommandT) -> CommandT:
    """Add COMMAND, --listen, --forward and --seconds."""
    argv = click.argument("argv", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
    listen = click.option(
        "--listen",
        default=LOOPBACK,
        show_default=True,
        help="Where to listen: udp://host:port or unix:///path. Port 0 is any that is free.",
    )
    forward = click.option(
        "--forward",
        metavar="URL|none",
        help="The real agent, which gets every packet too. Default: the one that the environment names, or that runs here.",
    )
    seconds = click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="End after so many seconds.")
    return argv(listen(forward(seconds(command))))


def listening_agent(listen: str, forward: str | None, environ: Mapping[str, str], **options: Any) -> Agent:
    """Make the agent that stands before the real one, if there is a real one. `options` are the agent's own."""
    where = Address.parse(listen)
    if forward is not None:
        return Agent(listen, forward_to=None if forward == "none" else forward, **options)
    found = real_agent(environ)
    if found is not None and Address.parse(found) == where:
        found = None  # told to take the real agent's place
    try:
        return Agent(listen, forward_to=found, **options)
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


def announce(agent: Agent, argv: Sequence[str], command: str, *, quiet: bool) -> None:
    """Print how an application is led here, and where its packets go on to; `quiet` keeps standard output for results."""
    if not argv:
        click.echo(f"export DD_DOGSTATSD_URL={agent.urls[0]}", err=quiet)
    if agent.forwards_to:
        click.echo(f"{command}: everything is passed on to {agent.forwards_to}", err=True)


def run_or_wait(
    agent: Agent,
    argv: Sequence[str],
    seconds: float | None,
    *,
    output: Callable[[str], None] | None = None,
    quiet: bool,
) -> int:
    """Run COMMAND to its end, or wait for the seconds to pass, or for Ctrl-C. Return the exit code.

    `output` gets COMMAND's lines; `quiet` leads them to standard error.
    """
    if not argv:
        Event().wait(seconds)
        return 0
    environ = os.environ | {"DD_DOGSTATSD_URL": agent.urls[0]}
    with Child(argv, environ, output=output, stdout=sys.stderr if quiet else None) as child:
        try:
            code = child.wait(seconds)
        except KeyboardInterrupt:
            return child.stop()
        if code is not None:
            return code
        child.stop()
        return 0

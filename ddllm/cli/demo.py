"""`ddllm demo`: the whole idea on one machine, with no account anywhere."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import click
from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from ddllm.cli._child import ending_as_interrupted
from ddllm.cli._demo_alerts import alerts, sentence
from ddllm.cli._demo_closing import closing, shown
from ddllm.cli._demo_steps import APPLICATIONS, SCENE, Sync, application, run_applications, run_sync, sync_arguments
from ddllm.cli._live import live, render
from ddllm.cli._output import show, terminal_width
from ddllm.cli._stack import Stack
from ddllm.cli._summary import Snapshot, as_json, snapshot
from ddllm.definitions.library import library_folder
from ddllm.definitions.project import load_project
from ddllm.errors import DdllmError

#: The longest run: with starting, syncing and stopping, the demo ends within 90 s.
_LONGEST = 45.0

_RULE_WIDTH = 120
_WIDTH = 200  # of what is no terminal: no sentence wraps


@click.command("demo")
@click.option(
    "--seconds",
    type=click.FloatRange(1, _LONGEST),
    default=30.0,
    show_default=True,
    help="How long visitors use the application.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What to print: the show, or one document of what arrived and was synced.",
)
def command(seconds: float, output: str) -> None:
    """See the whole idea work on this machine, with no account anywhere.

    Two small services on Amazon Bedrock run under ddtrace-run: one knows nothing of ddllm (examples/assistant.py), one says
    what its calls are for (examples/helpdesk.py). Their metrics arrive here by DogStatsD; then `ddllm sync monitors` puts alerts on them, twice, because the
    second run has nothing to do. Bedrock, the agent and Datadog's API are local stand-ins; boto3, ddtrace and
    datadog-api-client are the real ones. Nothing leaves the machine, and nothing keeps running.
    """
    with ending_as_interrupted(), Stack() as stack:
        for models, dials in SCENE.items():
            stack.bedrock.turn(models, **dials)
        if output == "json":
            click.echo(json.dumps(_document(stack, seconds), indent=2, ensure_ascii=False))
        else:
            _show(stack, seconds)


def _document(stack: Stack, seconds: float) -> dict[str, Any]:
    said = run_applications(stack, seconds)
    taken = _arrived(stack)
    syncs = list(_twice(stack))
    return {
        "applications": [
            {"command": application(seconds, name), "said": said[service]} for name, service in APPLICATIONS.items()
        ],
        "summary": as_json(taken),
        "agent": stack.agent.to_json(),
        "bedrock": stack.bedrock.stats.as_json(),
        "sync": [{"writes": sync.writes, "report": sync.report} for sync in syncs],
        "seen": list(closing(taken, stack.agent, syncs)),
    }


def _show(stack: Stack, seconds: float) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH
    _title(console, "Two applications on Bedrock, under ddtrace-run")
    console.print(
        "The first knows nothing of ddllm; the second says which of its users' actions take its calls. "
        "Claude and Llama are simulated; boto3, ddtrace and the wires are real."
    )
    for name in APPLICATIONS:
        _command(console, application(seconds, name))
    with live(stack.agent, console, time.time) if console.is_terminal else nullcontext():
        said = run_applications(stack, seconds)
    taken = _arrived(stack)
    show(render(taken, width=terminal_width()))
    for service, line in said.items():
        console.print(f"What the {service} saw: {line}.", style="dim")
    _title(console, "Alerts on it, from YAML")
    show(alerts(load_project(library_folder())))
    syncs = []
    for sync in _twice(stack):
        _command(console, ["ddllm", *sync_arguments()])
        console.print(sentence(sync), style="bold", soft_wrap=True, highlight=False)
        syncs.append(sync)
    _title(console, "What was seen")
    for line in closing(taken, stack.agent, syncs):
        console.print(f"• {line}")
    console.print(
        "Your own application: ddtrace-run python app.py, with ddllm installed; ddllm doctor checks each step."
    )


def _title(console: Console, text: str) -> None:
    console.print()
    console.print(Rule(Text(text, style="bold"), align="left", style="dim"), width=min(console.width, _RULE_WIDTH))


def _command(console: Console, argv: Sequence[str]) -> None:
    """Show a command as a user would type it."""
    console.print(Text(f"$ {shown(argv)}", style="cyan"), soft_wrap=True)


def _arrived(stack: Stack) -> Snapshot:
    """Return what arrived. Raises `DdllmError` if nothing did."""
    stack.agent.close()  # reads to the end first, and keeps what it has
    taken = snapshot(stack.agent, time.time())
    if not taken.total.requests:
        raise DdllmError(
            "no metric of ddllm's arrived from the application", hint="`ddllm doctor` tells which step does not work"
        )
    return taken


def _twice(stack: Stack) -> Iterator[Sync]:
    """Sync, and sync again. Raises `DdllmError` if the second run wrote something."""
    yield run_sync(stack)
    second = run_sync(stack)
    if second.writes:
        raise DdllmError(f"the second sync wrote {second.writes} objects; it should have had nothing to do")
    yield second

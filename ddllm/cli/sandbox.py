"""`ddllm sandbox`: a local Datadog and Bedrock to point real clients at."""

import json
import time
from contextlib import suppress
from threading import Event

import click

from ddllm.cli._child import ending_as_interrupted
from ddllm.cli._live import render
from ddllm.cli._output import show, terminal_width
from ddllm.cli._stack import Stack
from ddllm.cli._summary import snapshot


@click.command("sandbox")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print the environment variables.",
)
def command(output: str) -> None:
    """Run a local Datadog and Bedrock for your own clients, until Ctrl-C.

    Prints the environment variables that lead to an agent, to Datadog's API and to Bedrock, all on this machine. With them
    set, an application under ddtrace-run calls simulated Claude and Llama models and reports here, and `ddllm sync` writes
    here. No account is needed, and nothing leaves the machine. At the end, what arrived is shown.
    """
    with ending_as_interrupted(), Stack() as stack, suppress(KeyboardInterrupt):
        _announce(stack, output)
        Event().wait()
    if output == "text" and stack.agent.metrics():
        show(render(snapshot(stack.agent, time.time()), width=terminal_width()))


def _announce(stack: Stack, output: str) -> None:
    variables = stack.application_environ | stack.command_environ
    if output == "json":
        document = {"environment": variables, "urls": _urls(stack)}
        click.echo(json.dumps(document, indent=2))
        return
    click.echo("# an application: ddtrace-run python app.py")
    click.echo("\n".join(f"export {name}={value}" for name, value in stack.application_environ.items()))
    click.echo("# ddllm's own commands: ddllm sync monitors")
    click.echo("\n".join(f"export {name}={value}" for name, value in stack.command_environ.items()))
    click.echo(f'# turn the models\' dials: curl -d \'{{"*": {{"throttle": 0.2}}}}\' {stack.bedrock.url}/__dials')
    click.echo("# Ctrl-C ends it", err=True)


def _urls(stack: Stack) -> dict[str, str]:
    return {
        "agent": stack.agent.udp_url,
        "traces": stack.traces.url,
        "bedrock": stack.bedrock.url,
        "api": stack.api.url,
    }

"""The command line: one file a command, found by its place. A file's name is the command's, its `command` what runs."""

import gc
import sys
from importlib import import_module
from pkgutil import iter_modules

import click

from ddllm.errors import DdllmError


class Commands(click.Group):
    """Loads a command's module when the command is used, so that `ddllm --version` costs what it prints."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """List the modules of this package; those with a leading underscore are shared by commands."""
        return sorted(name for _, name, _ in iter_modules(__path__) if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ddllm", prog_name="ddllm")
def cli() -> None:
    """Are our AI systems healthy? Datadog metrics for LLM applications, and the monitors on them as code."""


def collect_seldom() -> None:
    """Let Python look for garbage seldom: a command builds one large tree and ends, and looking through it took a third of its time."""
    gc.set_threshold(100_000, 50, 50)


def main() -> None:
    """Run the command line. An error is one line on standard error and exit code 1: 2 means "changes" to a CI job."""
    collect_seldom()
    try:
        code = cli.main(standalone_mode=False, prog_name="ddllm")
    except DdllmError as error:
        click.echo(f"ddllm: {error}", err=True)
        code = 1
    except click.ClickException as error:
        code = _misused(error)
    except click.Abort:
        click.echo("ddllm: interrupted", err=True)
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


def _misused(error: click.ClickException) -> int:
    """Say in one line what was wrong with the usage. A group without a command is a question: its answer is the help."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None and type(error).__name__ == "NoArgsIsHelpError":  # click 8.2; before, click printed it
        click.echo(context.get_help())
        return 0
    message = " ".join(error.format_message().split()).rstrip(".")
    hint = f". `{context.command_path} --help` tells more" if context is not None else ""
    click.echo(f"ddllm: {message}{hint}", err=True)
    return 1

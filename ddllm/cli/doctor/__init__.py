"""`ddllm doctor`: does each step from a call to a graph work here, and what to do where it does not."""

import json
from collections.abc import Iterable
from importlib import metadata

import click
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ddllm.cli._output import show
from ddllm.cli.doctor import account, agent, configuration, startup
from ddllm.cli.doctor.check import Check, Finding, Status

CHECKS: tuple[Check, ...] = (*startup.CHECKS, *configuration.CHECKS, *agent.CHECKS, *account.CHECKS)

_STYLES: dict[Status, str] = {"ok": "green", "warn": "yellow", "fail": "bold red", "skip": "dim"}

Row = tuple[str, Finding]


@click.command()
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to print."
)
@click.pass_context
def command(context: click.Context, output: str) -> None:
    """Say which step from a call to a graph does not work here, and what to do.

    Run it in the application's environment, with the application's variables. Exit code 1 where a check fails; a
    warning is no failure.
    """
    rows = [(check.name, check.run()) for check in CHECKS]
    if output == "json":
        click.echo(as_json(rows))
    else:
        show(as_text(rows))
    context.exit(1 if failed(rows) else 0)


def failed(rows: Iterable[Row]) -> bool:
    """Tell whether a check failed."""
    return any(finding.status == "fail" for _, finding in rows)


def as_json(rows: Iterable[Row]) -> str:
    """Render for programs: `healthy` is whether no check failed."""
    rows = list(rows)
    return json.dumps(
        {
            "version": metadata.version("ddllm"),
            "healthy": not failed(rows),
            "checks": [
                {"name": name, "status": finding.status, "detail": finding.detail, "advice": finding.advice}
                for name, finding in rows
            ],
        },
        indent=2,
    )


def as_text(rows: Iterable[Row]) -> Table:
    """Render for people: one row a check, what to do below what was found."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, finding in rows:
        found = Text(finding.detail)
        below = Group(found, Padding(Text(f"→ {finding.advice}"), (0, 0, 0, 2))) if finding.advice else found
        table.add_row(Text(finding.status, _STYLES[finding.status]), Text(name), below)
    return table

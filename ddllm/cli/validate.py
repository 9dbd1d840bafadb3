"""`ddllm validate`: reads every definition file, offline."""

import json
from collections import Counter
from pathlib import Path

import click

from ddllm.definitions.project import load_project


@click.command("validate")
@click.argument("folder", metavar="[PATH]", type=click.Path(path_type=Path), default=".")
@click.option("--env", metavar="NAME", help="The environment. Default: `default_env` of monitors/settings.yaml.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(folder: Path, env: str | None, output: str) -> None:
    """Check the definition files below PATH, without a network and without keys.

    PATH is the folder that holds monitors/. Every fault is named with its file, line and column.

    Exit code: 0 all can be used, 1 something is wrong.
    """
    project = load_project(folder, env)
    counts = dict(Counter(each.kind for each in project.definitions))
    if output == "json":
        click.echo(json.dumps({"project": project.name, "env": project.env, "definitions": counts}))
    else:
        told = (
            ", ".join(f"{count} {kind.removesuffix('s') if count == 1 else kind}" for kind, count in counts.items())
            or "no definitions"
        )
        click.echo(f"{project.name}/{project.env}: {told}, all well.")

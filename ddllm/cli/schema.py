"""`ddllm schema`: JSON Schemas of the files that people write, for editors and other tools."""

import json
from pathlib import Path

import click

from ddllm.cli._output import write_text
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.schemas import KINDS, text
from ddllm.errors import ConfigError, DdllmError


@click.command("schema")
@click.argument("kind", metavar="[KIND]", required=False)
@click.option(
    "--all",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the schema of every kind to DIR/<kind>.json, in place of what is there.",
)
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(kind: str | None, folder: Path | None, output: str) -> None:
    """Print the JSON Schema of a kind of file, or list the kinds.

    An editor with a YAML language server takes it from the first line of a file,
    `# yaml-language-server: $schema=../.ddllm/schemas/monitors.json`. `ddllm init` writes that line, and the schemas to .ddllm/schemas;
    after an upgrade `ddllm schema --all .ddllm/schemas` renews them. Variables, `${name}`, are taken wherever a file may hold
    them; what only the whole repository can tell is left to `ddllm validate`.

    Exit code: 0 printed or written, 1 an error.
    """
    if kind is not None and kind not in KINDS:
        hint = did_you_mean(kind, KINDS)
        raise ConfigError(f"there is no kind of file `{kind}`", hint=hint or f"There are: {', '.join(KINDS)}")
    if folder is not None:
        _write_all(folder)
    elif kind is not None:
        write_text(text(KINDS[kind].schema()), None)
    elif output == "json":
        click.echo(json.dumps({each.name: each.schema() for each in KINDS.values()}, indent=2))
    else:
        width = max(map(len, KINDS))
        for each in KINDS.values():
            click.echo(f"{each.name:<{width}}  {each.files}")


def _write_all(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DdllmError(f"the folder cannot be made: {error.strerror}", where=str(folder)) from None
    for each in KINDS.values():
        write_text(text(each.schema()), folder / f"{each.name}.json")
    click.echo(f"{len(KINDS)} schemas written to {folder}")

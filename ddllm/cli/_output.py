"""Results to standard output, or to the file that --output names."""

import os
from io import StringIO
from pathlib import Path

import click
from rich.console import Console, RenderableType

from ddllm.errors import DdllmError

#: No line is longer. What is no terminal has no width to wrap at.
_ENDLESS = 100_000


def show(thing: RenderableType, file: Path | None = None) -> None:
    """Print on a terminal in its width and colours; to a pipe or file write full lines, without spaces at their ends."""
    console = Console(highlight=False)
    if file is None and console.is_terminal:
        console.print(thing, crop=False)
    else:
        write_text(plain(thing), file)


def plain(thing: RenderableType) -> str:
    """Return what stands in a pipe or file."""
    stream = StringIO()
    console = Console(file=stream, width=_ENDLESS, highlight=False, color_system=None, force_terminal=False)
    console.print(thing)
    return "\n".join(line.rstrip() for line in stream.getvalue().split("\n"))


def terminal_width() -> int | None:
    """Return how wide standard output is, None where it is no terminal."""
    console = Console()
    return console.width if console.is_terminal else None


def refuse_unwritable(file: Path) -> None:
    """Raise DdllmError before the work is done where its result could not be written."""
    if not file.parent.is_dir():
        raise DdllmError(f"there is no folder {file.parent} to write to", where=str(file))
    if file.is_dir():
        raise DdllmError("this is a folder; name a file in it", where=str(file))
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise DdllmError("the file cannot be written: Permission denied", where=str(file))


def write_text(text: str, file: Path | None) -> None:
    """Write a text that ends in a line feed. Raises DdllmError where the file cannot be written."""
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DdllmError(f"the file cannot be written: {error.strerror}", where=str(file)) from None

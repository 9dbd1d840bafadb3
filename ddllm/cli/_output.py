"""Results to standard output, or to the file that --output names."""

import os
from pathlib import Path

import click

from ddllm.errors import DdllmError


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

"""`ddllm validate`: reads every definition file, offline."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from ddllm.definitions.problems import Problems
from ddllm.definitions.project import Project, load_project
from ddllm.errors import ConfigError, DdllmError, DefinitionError
from ddllm.settings.file import load_file

_PLACE = re.compile(r"(?P<file>.+?)(?::(?P<line>\d+))?(?::(?P<column>\d+))?")


@click.command("validate")
@click.argument("folder", metavar="[PATH]", type=click.Path(path_type=Path), default=".")
@click.option("--env", metavar="NAME", help="The environment. Default: `default_env` of monitors/settings.yaml.")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="github: annotations, which a workflow of GitHub Actions shows at the lines of a pull request.",
)
@click.pass_context
def command(context: click.Context, folder: Path, env: str | None, output: str) -> None:
    """Check the definition files below PATH, and ddllm.yaml, without a network and without keys.

    PATH is the folder that holds monitors/. Every fault is named with its file, line and column.

    Exit code: 0 all can be used, 1 something is wrong.
    """
    project: Project | None = None
    problems = Problems()
    with problems.caught():
        project = load_project(folder, env)
    with problems.caught():
        _check_application(folder)
    if output == "text":
        problems.raise_any()
    if output == "json":
        click.echo(json.dumps(_as_json(project, problems.found), ensure_ascii=False, indent=2))
    else:
        for each in problems.found if output == "github" else ():
            click.echo(_annotation(each))
        if project and not problems.found:
            click.echo(f"{project.name}/{project.env}: {_counted(project)}, all well.")
    context.exit(1 if problems.found else 0)


def _check_application(folder: Path) -> None:
    """Read ddllm.yaml, where there is one: the application would go on without it, and say so only in its log."""
    path = folder / "ddllm.yaml"
    if path.is_file():
        try:
            load_file(path)
        except ConfigError as error:
            raise DefinitionError(error.message, where=error.where, hint=error.hint) from None


def _counts(project: Project) -> Mapping[str, int]:
    return Counter(each.kind for each in project.definitions)


def _counted(project: Project) -> str:
    counts = _counts(project).items()
    words = [f"{count} {kind.removesuffix('s') if count == 1 else kind}" for kind, count in counts]
    return ", ".join(words) or "no definitions"


def _as_json(project: Project | None, problems: Sequence[DdllmError]) -> dict[str, Any]:
    return {
        "project": project.name if project else None,
        "env": project.env if project else None,
        "definitions": dict(_counts(project)) if project else {},
        "problems": [{**_place(each), "message": each.message, "hint": each.hint or None} for each in problems],
    }


def _place(problem: DdllmError) -> dict[str, Any]:
    """Return file, line and column of a problem, None where one has none."""
    found = _PLACE.fullmatch(problem.where or "")
    parts: Mapping[str, str | None] = found.groupdict() if found else {}
    line, column = (int(part) if part else None for part in (parts.get("line"), parts.get("column")))
    return {"file": parts.get("file"), "line": line, "column": column}


def _annotation(problem: DdllmError) -> str:
    """Return a command to GitHub's runner, in whose data a few characters are escaped."""
    place = _place(problem)
    names = {"file": place["file"], "line": place["line"], "col": place["column"]}
    said = f"{problem.message}. {problem.hint}" if problem.hint else problem.message
    told = ",".join(f"{name}={_escaped(str(value), inside=True)}" for name, value in names.items() if value is not None)
    return f"::error {told}::{_escaped(said)}" if told else f"::error::{_escaped(said)}"


def _escaped(text: str, *, inside: bool = False) -> str:
    for character, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), *(((":", "%3A"), (",", "%2C")) * inside)):
        text = text.replace(character, code)
    return text

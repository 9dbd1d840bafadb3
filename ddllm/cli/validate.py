"""`ddllm validate`: reads every definition file and lints it, offline unless it is told to ask Datadog."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Group
from rich.text import Text

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli._findings_view import annotation, as_json, counted, in_words
from ddllm.cli._findings_view import command as github_command
from ddllm.cli._output import show
from ddllm.definitions.monitor_tests import check_tests
from ddllm.definitions.problems import Problems
from ddllm.definitions.project import Project, load_project
from ddllm.errors import ConfigError, DdllmError, DefinitionError
from ddllm.lint.finding import Finding, Severity
from ddllm.lint.live import Live
from ddllm.lint.rules import refusing
from ddllm.lint.run import lint
from ddllm.settings.file import load_file

_PLACE = re.compile(r"(?P<file>.+?)(?::(?P<line>\d+))?(?::(?P<column>\d+))?")


@click.command("validate")
@click.argument("folder", metavar="[PATH]", type=click.Path(path_type=Path), default=".")
@click.option("--env", metavar="NAME", help="The environment. Default: `default_env` of monitors/settings.yaml.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info"]),
    default="error",
    show_default=True,
    help="Exit with 1 on findings of this severity and worse ones.",
)
@click.option(
    "--live",
    "ask",
    is_flag=True,
    help="Ask Datadog too what the queries can see. Needs DD_API_KEY and DD_APP_KEY; writes nothing.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="github: annotations, which a workflow of GitHub Actions shows at the lines of a pull request.",
)
@click.pass_context
def command(context: click.Context, folder: Path, env: str | None, fail_on: str, ask: bool, output: str) -> None:
    """Check the definition files below PATH, their tests, and ddllm.yaml, without a network and without keys.

    PATH is the folder that holds monitors/. Every fault is named with its file, line and column. Queries and messages are
    linted: docs/lint.md says what each rule finds, and `# ddllm: ignore RULE WHY` at a definition lets it be. With --live a
    rule that Datadog does not answer is named as not checked.

    Exit code: 0 all can be used, 1 something is wrong.
    """
    project: Project | None = None
    problems = Problems()
    with problems.caught():
        project = load_project(folder, env)
    with problems.caught():
        _check_application(folder)
    if project is not None:
        with problems.caught():
            check_tests(project, folder)
    if output == "text":
        told = Problems()
        told.add(*map(_named, problems.found))
        told.raise_any()
    with _organisation(ask=ask) as live:
        findings = lint(project, live=live) if project else []
    unchecked = live.not_checked if live else {}
    if output == "json":
        click.echo(json.dumps(_as_json(project, problems.found, findings, unchecked), ensure_ascii=False, indent=2))
    elif output == "github":
        for line in (*map(_annotation, problems.found), *map(annotation, findings), *_notices(unchecked)):
            click.echo(line)
    elif project:
        show(Group(*in_words(findings), *_unchecked(unchecked), _summary(project, findings, unchecked)))
    failed = any(each.severity >= Severity.named(fail_on) for each in findings)
    context.exit(1 if problems.found or failed else 0)


@contextmanager
def _organisation(*, ask: bool) -> Iterator[Live | None]:
    """Return what rules can ask, None where they shall not. Without keys they hear that nobody answers."""
    if not ask:
        yield None
        return
    try:
        connection = Connection.from_environ()
    except ConfigError as error:
        yield Live(None, silent=error.message)
        return
    with Datadog(connection) as api:
        yield Live(api)


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


def _summary(project: Project, findings: Sequence[Finding], unchecked: Mapping[str, str]) -> Text:
    counts = _counts(project).items()
    words = [f"{count} {kind.removesuffix('s') if count == 1 else kind}" for kind, count in counts]
    open_ended = "nothing found, but not all was checked" if unchecked else "all well"
    style = "bold" if findings or unchecked else "bold green"
    return Text(
        f"{project.name}/{project.env}: {', '.join(words) or 'no definitions'}, {counted(findings) or open_ended}.",
        style,
    )


def _unchecked(unchecked: Mapping[str, str]) -> Iterator[Text]:
    for code, reason in unchecked.items():
        yield Text.assemble(("not checked", "yellow"), f" {code}: {reason}")


def _notices(unchecked: Mapping[str, str]) -> Iterator[str]:
    for code, reason in unchecked.items():
        yield github_command("notice", None, None, None, f"not checked: {code}: {reason}")


def _as_json(
    project: Project | None, problems: Sequence[DdllmError], findings: Sequence[Finding], unchecked: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "project": project.name if project else None,
        "env": project.env if project else None,
        "definitions": dict(_counts(project)) if project else {},
        "problems": [_problem(each) for each in problems],
        "findings": [as_json(each) for each in findings],
        "not_checked": [{"code": code, "reason": reason} for code, reason in unchecked.items()],
    }


def _problem(problem: DdllmError) -> dict[str, Any]:
    rule = refusing(problem.message)
    return {
        **_place(problem),
        "code": rule.code if rule else None,
        "message": problem.message,
        "hint": problem.hint or None,
    }


def _place(problem: DdllmError) -> dict[str, Any]:
    """Return file, line and column of a problem, None where one has none."""
    found = _PLACE.fullmatch(problem.where or "")
    parts: Mapping[str, str | None] = found.groupdict() if found else {}
    line, column = (int(part) if part else None for part in (parts.get("line"), parts.get("column")))
    return {"file": parts.get("file"), "line": line, "column": column}


def _named(problem: DefinitionError) -> DefinitionError:
    """Begin a problem with the code of the rule that docs/lint.md has for it, if there is one."""
    rule = refusing(problem.message)
    if rule is None:
        return problem
    return DefinitionError(f"{rule.code}: {problem.message}", where=problem.where, hint=problem.hint)


def _annotation(problem: DefinitionError) -> str:
    told = _named(problem)
    said = f"{told.message}. {told.hint}" if told.hint else told.message
    return github_command("error", said=said, **_place(problem))

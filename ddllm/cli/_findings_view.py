"""Findings as a person, a program and GitHub read them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from ddllm.cli._output import terminal_width
from ddllm.errors import pointed
from ddllm.lint.finding import Finding, Severity
from ddllm.lint.rules import rules

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
#: Characters of a query that are shown on either side of the caret, where no terminal says how many there is room for.
_BESIDE = 100
_INDENT = "    "


def counted(findings: Sequence[Finding]) -> str:
    """Return how many there are of each severity, the worst first; nothing without one."""
    numbers = {severity: sum(each.severity is severity for each in findings) for severity in reversed(Severity)}
    return ", ".join(f"{count} {_named(severity, count)}" for severity, count in numbers.items() if count)


def in_words(findings: Iterable[Finding], *, placed: bool = True) -> Iterator[Text]:
    """Yield a few lines for each finding: where, how bad, the rule and what it found; the query; what to write; why.

    Of a query that stands alone nobody asks where: `placed` is false.
    """
    why = {rule.code: rule.summary for rule in rules()}
    width = terminal_width()
    for each in findings:
        where = (f"{each.position}: ", "bold") if placed else ""
        severity = (str(each.severity), _STYLES[each.severity])
        yield Text.assemble(where, severity, f" {each.code}: {each.message}")
        if each.query is not None:
            line, caret = pointed(each.query, each.caret or 0, _beside(each.caret or 0, width))
            yield Text(f"{_INDENT}{line}")
            yield Text(f"{_INDENT}{caret}", style=_STYLES[each.severity])
        if each.instead:
            yield Text.assemble((f"{_INDENT}instead: ", "bold"), each.instead)
        if each.code in why:
            yield Text.assemble((f"{_INDENT}why: ", "bold"), why[each.code], style="dim")


def _beside(caret: int, width: int | None) -> int:
    """Return how much of a query has room on either side of the caret: what the left side leaves is the right one's."""
    if width is None:
        return _BESIDE
    room = width - len(_INDENT) - 1
    return max(room - caret, room // 2)


def as_json(finding: Finding) -> Mapping[str, Any]:
    """Return a finding as an object of JSON."""
    position = finding.position
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "key": finding.key,
        "file": position.file,
        "line": position.line,
        "column": position.column,
        **of_query(finding),
    }


def of_query(finding: Finding) -> Mapping[str, Any]:
    """Return what a finding says, its place in a file left out; `caret` is the index in `query`."""
    why = next((rule.summary for rule in rules() if rule.code == finding.code), None)
    said = {"message": finding.message, "instead": finding.instead, "why": why}
    return {**said, "query": finding.query, "caret": finding.caret}


def annotation(finding: Finding) -> str:
    """Return a command to GitHub's runner that shows a finding at its line."""
    said = ". ".join(filter(None, (f"{finding.code}: {finding.message}", finding.instead)))
    position = finding.position
    return command(_LEVELS[finding.severity], position.file, position.line, position.column, said)


def command(level: str, file: str | None, line: int | None, column: int | None, said: str) -> str:
    """Return a command to GitHub's runner, in whose data a few characters are escaped."""
    names = {"file": file, "line": line, "col": column}
    told = ",".join(f"{name}={_escaped(str(value), inside=True)}" for name, value in names.items() if value is not None)
    return f"::{level} {told}::{_escaped(said)}" if told else f"::{level}::{_escaped(said)}"


def _named(severity: Severity, count: int) -> str:
    word = "note" if severity is Severity.INFO else str(severity)
    return word if count == 1 else f"{word}s"


def _escaped(text: str, *, inside: bool = False) -> str:
    for character, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), *(((":", "%3A"), (",", "%2C")) * inside)):
        text = text.replace(character, code)
    return text

"""`ddllm query`: reads Datadog's queries without Datadog, and says what they mean."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ddllm.cli._findings_view import in_words, of_query
from ddllm.cli._history import Span
from ddllm.cli._numpy import needs_numpy
from ddllm.cli._output import show
from ddllm.errors import DdllmError, QueryError
from ddllm.lint.finding import Finding, Severity
from ddllm.lint.rules import rules
from ddllm.lint.run import check, query_subject
from ddllm.query.ast import Expression, Several
from ddllm.query.explain import explain
from ddllm.query.monitor import MonitorQuery
from ddllm.query.parse import parse, parse_monitor

_KINDS = ("monitor", "widget", "formula")
_Tree = Expression | Several | MonitorQuery

_KIND = click.option(
    "--kind", type=click.Choice(_KINDS), help="What the query belongs to.  [default: told by the query]"
)
_TYPE = click.option(
    "--type", "monitor_type", metavar="TYPE", help="A monitor's type, as the API calls it, such as `query alert`."
)


@click.group("query")
def command() -> None:
    """Read queries of metrics and monitors, offline."""


@command.command("parse")
@click.argument("query", required=False)
@_KIND
@_TYPE
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def parse_query(
    context: click.Context, query: str | None, kind: str | None, monitor_type: str | None, output: str
) -> None:
    """Print QUERY in the usual way, or say where and why it cannot be read.

    With --format json and without QUERY, reads lines from standard input, {"kind": "monitor", "monitor_type": null, "query":
    "…"}, and answers each with a line: {"ok": true, "printed": "…"} or {"ok": false, "error": {"message": "…", "position": 0,
    "suggestion": null}}.

    Exit code: 0 the query can be read, or every line has an answer; 1 otherwise.
    """
    if query is None:
        if output != "json":
            raise click.UsageError("give a QUERY, or --format json to read lines from standard input")
        for line in _answers(sys.stdin.buffer, _answer):
            click.echo(line)
        return
    if output == "json":
        answer = _answer(query, kind, monitor_type)
        click.echo(_line(answer))
        context.exit(0 if answer["ok"] else 1)
    try:
        click.echo(str(_read(query, kind, monitor_type)))
    except QueryError as error:
        _refuse(context, error)


@command.command("explain")
@click.argument("query")
@_KIND
@_TYPE
@click.pass_context
def explain_query(context: click.Context, query: str, kind: str | None, monitor_type: str | None) -> None:
    """Say in words what QUERY computes, over which window, and when it fires.

    ddllm query explain 'percentile(last_5m):p95:ddllm.ttft{env:prod} by {service} > 2'
    """
    try:
        tree = _read(query, kind, monitor_type)
    except QueryError as error:
        _refuse(context, error)
    else:
        drawn = Table.grid(padding=(0, 2, 0, 0))
        for heading, sentence in explain(tree):
            drawn.add_row(Text(heading, style="bold"), Text(sentence))
        show(drawn)


@command.command("lint")
@click.argument("query", required=False)
@_KIND
@_TYPE
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def lint_query(
    context: click.Context, query: str | None, kind: str | None, monitor_type: str | None, output: str
) -> None:
    """Say what QUERY would get wrong: rules that need no more than a query, those of docs/lint.md on options left out.

    With --format json and without QUERY, reads lines from standard input as `ddllm query parse` does, and answers each with a
    line: {"ok": true, "findings": [{"code": "count/not-sum", "severity": "error", "message": "…", …}]}. `ok` is false where a
    finding is an error.

    Exit code: 0 no error was found, or every line has an answer; 1 otherwise.
    """
    if query is None:
        if output != "json":
            raise click.UsageError("give a QUERY, or --format json to read lines from standard input")
        for line in _answers(sys.stdin.buffer, _linted):
            click.echo(line)
        return
    if output == "json":
        answer = _linted(query, kind, monitor_type)
        click.echo(_line(answer))
        context.exit(0 if answer["ok"] else 1)
    found = _findings(query, kind, monitor_type)
    show(Group(*in_words(found, placed=False)) if found else Text("nothing found"))
    context.exit(1 if any(each.severity is Severity.ERROR for each in found) else 0)


@command.command("eval")
@click.argument("query", required=False)
@_KIND
@_TYPE
@click.option(
    "--recording",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Answer from this recording; by default, from what Datadog has.",
)
@click.option(
    "--from",
    "start",
    metavar="TIME",
    help="7d, 12h (before now, or before a recording's end), or a date such as 2026-01-31T09:00Z.  [default: all of the recording; 4h before --to of Datadog]",
)
@click.option("--to", "end", metavar="TIME", help="As --from.  [default: now, or the recording's end]")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def eval_query(
    context: click.Context,
    query: str | None,
    kind: str | None,
    monitor_type: str | None,
    recording: Path | None,
    start: str | None,
    end: str | None,
    output: str,
) -> None:
    """Answer QUERY over a history: of a metric query the points, of a monitor's its value and its state at each evaluation.

    ddllm query eval 'avg:ddllm.ttft{*} by {service}' --recording week.jsonl.gz --from 1d

    The history is a recording, or comes from Datadog (DD_API_KEY, DD_APP_KEY with the permission timeseries_query, DD_SITE). With
    --format json, --recording and without QUERY, reads lines from standard input as `ddllm query parse` does, and answers each with
    a line: {"ok": true, "interval": 60, "series": [{"group": {"service": "chat"}, "points": [[1767571200, 0.41]]}]}.

    Exit code: 0 there is an answer, or every line has one; 1 otherwise.
    """
    with needs_numpy():
        from ddllm.cli import _query_eval  # noqa: PLC0415 - 150 ms, and needs ddllm[test]
        from ddllm.testing.answers import Asked  # noqa: PLC0415 - as above
    span = Span(recording, start, end)
    if query is None:
        if output != "json":
            raise click.UsageError("give a QUERY, or --format json to read lines from standard input")
        values_of = _query_eval.over_lines(span)

        def answer(query: str, kind: str | None, monitor_type: str | None) -> Mapping[str, Any]:
            return _answered(lambda: values_of(query, _read(query, kind, monitor_type), monitor_type))

        for line in _answers(sys.stdin.buffer, answer):
            click.echo(line)
        return
    try:
        asked = Asked(query, _read(query, kind, monitor_type), monitor_type)
    except QueryError as error:
        if output == "json":
            click.echo(_line(_refusal(error.message, error.position, error.suggestion)))
            context.exit(1)
        _refuse(context, error)
    if output == "json":
        found = _answered(lambda: _query_eval.answer_json(asked, span))
        click.echo(_line(found))
        context.exit(0 if found["ok"] else 1)
    try:
        _query_eval.run(asked, span)
    except QueryError as error:
        _refuse(context, error)


def _answered(answer: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return answer()
    except QueryError as error:
        return _refusal(error.message, error.position, error.suggestion)


def _findings(query: str, kind: str | None, monitor_type: str | None) -> list[Finding]:
    try:
        tree: _Tree | QueryError = _read(query, kind, monitor_type)
    except QueryError as error:
        tree = error
    found = check(query_subject(query, tree), rules())
    return sorted(found, key=lambda each: (-each.severity, each.caret or 0, each.code))


def _linted(query: str, kind: str | None, monitor_type: str | None) -> dict[str, Any]:
    found = _findings(query, kind, monitor_type)
    errors = any(each.severity is Severity.ERROR for each in found)
    told = [{"code": each.code, "severity": str(each.severity), **of_query(each)} for each in found]
    return {"ok": not errors, "findings": told}


def _read(query: str, kind: str | None, monitor_type: str | None) -> _Tree:
    """Parse a query; one of no known kind as a monitor's or as a widget's, whichever can be read further."""
    if kind == "monitor" or (kind is None and monitor_type is not None):
        return parse_monitor(query, monitor_type)
    if kind is not None:
        return parse(query)
    try:
        return parse_monitor(query)
    except QueryError as of_monitor:
        try:
            return parse(query)
        except QueryError as of_widget:
            raise max(of_widget, of_monitor, key=lambda error: error.position or 0) from None


def _refuse(context: click.Context, error: QueryError) -> NoReturn:
    """Print an error with the place that it points to."""
    hint = f". {error.hint}" if error.hint else ""
    click.echo("\n".join(filter(None, (f"ddllm: {error.message}{hint}", error.pointed()))), err=True)
    context.exit(1)


def _answers(
    lines: Iterable[bytes], answer: Callable[[str, str | None, str | None], Mapping[str, Any]]
) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                asked = _asked(line)
            except DdllmError as error:
                yield _line(_refusal(f"line {number} {error.message}", None, None))
            else:
                yield _line(answer(*asked))


def _asked(line: bytes) -> tuple[str, str | None, str | None]:
    """Return query, kind and type of a line."""
    try:
        row = json.loads(line)
    except ValueError:
        raise DdllmError("is not JSON") from None
    if not isinstance(row, dict) or not isinstance(row.get("query"), str):
        raise DdllmError("has no query")
    kind, monitor_type = row.get("kind"), row.get("monitor_type")
    if kind not in {*_KINDS, None}:
        raise DdllmError(f"has no kind that is known: {', '.join(_KINDS)}")
    return row["query"], kind, monitor_type if isinstance(monitor_type, str) else None


def _answer(query: str, kind: str | None, monitor_type: str | None) -> dict[str, Any]:
    try:
        return {"ok": True, "printed": str(_read(query, kind, monitor_type))}
    except QueryError as error:
        return _refusal(error.message, error.position, error.suggestion)


def _refusal(message: str, position: int | None, suggestion: str | None) -> dict[str, Any]:
    return {"ok": False, "error": {"message": message, "position": position, "suggestion": suggestion}}


def _line(answer: Mapping[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False)

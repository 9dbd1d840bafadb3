"""`ddllm costs`: who spends the money, and how much of it was for nothing."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from ddllm.analysis.costs import DIMENSIONS, analyse, as_json, cache_saving
from ddllm.analysis.sources import DatadogSource, RecordedSource, Source, Window
from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli._costs_view import render
from ddllm.cli._definitions import shown_progress
from ddllm.cli._output import refuse_unwritable, show, write_text
from ddllm.cli._prices import catalogue_in_force
from ddllm.cli._times import moment
from ddllm.errors import ConfigError
from ddllm.query.recordings import read_recording

_DEFAULT_FROM = "7d"


@click.command("costs")
@click.option(
    "--from",
    "start",
    metavar="TIME",
    help="7d, 12h (before now, or before a recording's end), or a date such as 2026-01-31T09:00Z.  [default: 7d before --to]",
)
@click.option("--to", "end", metavar="TIME", help="As --from.  [default: now]")
@click.option("--env", metavar="NAME", help="One environment alone.  [default: all]")
@click.option(
    "--by",
    multiple=True,
    type=click.Choice(list(DIMENSIONS)),
    help="Divide the spend by this; may be repeated.  [default: each of them]",
)
@click.option(
    "--recording", type=click.Path(path_type=Path), help="Ask this recording in Datadog's place; by default, all of it."
)
@click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, help="Rows of a table.")
@click.option("--format", "output", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@click.option(
    "--output", "file", type=click.Path(path_type=Path), help="Write to this file.  [default: standard output]"
)
def command(
    start: str | None,
    end: str | None,
    env: str | None,
    by: tuple[str, ...],
    recording: Path | None,
    top: int,
    output: str,
    file: Path | None,
) -> None:
    """Show which prompt templates, features, models and actions spend the money.

    And what was spent for nothing: on answers that failed or were abandoned, and, as estimates, on malformed answers,
    refusals and input that the prompt cache could have served. Asks Datadog (DD_API_KEY, DD_APP_KEY with the permission
    timeseries_query, DD_SITE), or a recording, which needs neither keys nor a network.

    --format html writes one page with charts that needs no network either.

    Exit code: 0, or 1 for an error.
    """
    _check_env(env)
    if file is not None:
        refuse_unwritable(file)
    if output == "html":
        from ddllm.cli import _costs_html  # noqa: PLC0415 - plotly: 40 ms, and an extra

        page = _costs_html.page
    saving = cache_saving(catalogue_in_force())
    with _asked(recording, start, end) as (source, window):
        report = analyse(source, window, env=env, by=tuple(dict.fromkeys(by)) or tuple(DIMENSIONS), saving=saving)
    if output == "json":
        write_text(json.dumps(as_json(report), ensure_ascii=False, indent=2) + "\n", file)
    elif output == "html":
        write_text(page(report, top=top), file)
    else:
        # What is written to a file is UTF-8, which has blocks.
        show(render(report, top=top, ascii_only=file is None and Console().options.ascii_only), file)


def _check_env(env: str | None) -> None:
    if env is not None and (not env.strip() or set(env) & set(" ,{}()!:*$\"'")):
        raise ConfigError(f"--env {env!r} is no environment", hint="Write the value of the tag `env`, such as prod")


@contextmanager
def _asked(recording: Path | None, start: str | None, end: str | None) -> Iterator[tuple[Source, Window]]:
    """Open what is asked, and say for which time."""
    if recording is not None:
        recorded = read_recording(recording)
        window = _window(start, end, now=recorded.end, earliest=recorded.start)
        yield RecordedSource(recorded, window, str(recording)), window
        return
    window = _window(start, end, now=time.time(), earliest=None)
    with Datadog(Connection.from_environ()) as api, shown_progress() as progress:
        progress(f"Asking {api.connection.url}")
        yield DatadogSource(api, window), window


def _window(start: str | None, end: str | None, *, now: float, earliest: float | None) -> Window:
    """Read the options; for a recording, now is its end."""
    last = moment(end, now, "--to") if end else now
    if start is not None:
        first = moment(start, now, "--from")
    else:
        first = moment(_DEFAULT_FROM, last, "--from") if earliest is None else earliest
    if first >= last and not (first == last == earliest):
        raise ConfigError("--from is not before --to")
    return Window.around(first, last)

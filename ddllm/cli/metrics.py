"""`ddllm metrics`: what ddllm can send, how many custom metrics it makes, and a recording of what arrives."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import click

from ddllm import catalog
from ddllm.analysis.estimate import as_json, estimate
from ddllm.cli._child import ending_as_interrupted
from ddllm.cli._listen import INTERRUPTED, announce, listening_agent, listening_options, run_or_wait
from ddllm.cli._metrics_view import render_catalogue, render_estimate
from ddllm.cli._numbers import things
from ddllm.cli._output import refuse_unwritable, show
from ddllm.errors import ConfigError, DdllmError
from ddllm.query.recordings import Recording, read_recording, write_recording
from ddllm.settings import FileSettings, Settings, file_path, load_file

#: A week of buckets, and more series than anybody wants to pay for: what the agent of a recording keeps.
_RETENTION = 7 * 86_400 // 10
_MAX_SERIES = 200_000

_FORMAT = click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)


@click.group("metrics")
def command() -> None:
    """Tell what ddllm can send and how many custom metrics it makes, and record what arrives."""


@command.command("list")
@_FORMAT
def list_metrics(output: str) -> None:
    """List every metric that ddllm can send."""
    if output == "json":
        click.echo(json.dumps([_metric_json(metric) for metric in catalog.METRICS], indent=2))
        return
    show(render_catalogue(catalog.METRICS))


def _metric_json(metric: catalog.Metric) -> dict[str, object]:
    return {
        "name": metric.name,
        "type": metric.kind,
        "unit": metric.unit,
        "per_unit": metric.per_unit,
        "tags": [*catalog.UNIFIED_TAGS, *metric.tags],
        "percentiles": metric.percentiles,
        "description": metric.description,
    }


@command.command("estimate")
@listening_options
@click.option("--recording", type=click.Path(path_type=Path), help="Count a recording in place of what arrives.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="The ddllm.yaml whose metrics.exclude and tags.exclude hold.  [default: DDLLM_CONFIG, else ./ddllm.yaml]",
)
@click.option("--hosts", type=click.IntRange(min=1), default=1, show_default=True, help="So many hosts send the same.")
@click.option(
    "--price", type=click.FloatRange(min=0), help="Dollars a month for 100 custom metrics, to show dollars too."
)
@click.option("--top", type=click.IntRange(min=1), default=20, show_default=True, help="Rows of a table.")
@_FORMAT
@click.pass_context
def estimate_metrics(
    context: click.Context,
    argv: tuple[str, ...],
    listen: str,
    forward: str | None,
    seconds: float | None,
    recording: Path | None,
    config: Path | None,
    hosts: int,
    price: float | None,
    top: int,
    output: str,
) -> None:
    """Estimate how many custom metrics a configuration makes, and what each metric and tag contributes.

    ddllm metrics estimate -- ddtrace-run python app.py

    Counts what a live application sends, as `ddllm top` listens to one (until COMMAND ends, --seconds have passed, or
    Ctrl-C), or a recording. With another ddllm.yaml in --config, says what that one would make.
    """
    settings = _configuration(config)
    code = 0
    if recording is None:
        found, code = _recorded(argv, listen, forward, seconds, "ddllm metrics estimate", quiet=output == "json")
    elif argv or seconds:
        raise ConfigError("--recording stands in place of COMMAND and --seconds", hint="Leave one of them out")
    else:
        found = read_recording(recording)
    counted = estimate(
        found.series, exclude_metrics=settings.metrics_exclude, exclude_tags=settings.tags_exclude, hosts=hosts
    )
    if output == "json":
        click.echo(json.dumps(as_json(counted, price), indent=2))
    else:
        show(render_estimate(counted, top=top, price=price))
    context.exit(code)


@command.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@listening_options
@click.pass_context
def export_metrics(
    context: click.Context,
    file: Path,
    argv: tuple[str, ...],
    listen: str,
    forward: str | None,
    seconds: float | None,
) -> None:
    """Write a recording of what a live application sends, for `costs`, `metrics estimate` and tests.

    ddllm metrics export day.jsonl.gz -- ddtrace-run python app.py

    Listens as `ddllm top` does, until COMMAND ends, --seconds have passed, or Ctrl-C. FILE is gzipped where its name ends in
    .gz. A week fits; what is older goes. Where nothing arrives, nothing is written, and the exit code is 1.
    """
    refuse_unwritable(file)
    found, code = _recorded(argv, listen, forward, seconds, "ddllm metrics export", quiet=False)
    if not found.series:
        raise DdllmError(
            "no metric arrived, so nothing was written",
            where=str(file),
            hint="Does the process run under ddtrace-run, and is ddllm installed there?",
        )
    write_recording(found, file)
    click.echo(f"{file}: {len(found.series)} series of {things(len(found.metrics()), 'metric')}", err=True)
    context.exit(code)


def _configuration(config: Path | None) -> FileSettings:
    if config is not None:
        return load_file(config, named_by="--config")
    path = file_path(Settings.from_environ())
    return FileSettings() if path is None else load_file(path)


def _recorded(
    argv: Iterable[str], listen: str, forward: str | None, seconds: float | None, name: str, *, quiet: bool
) -> tuple[Recording, int]:
    """Listen, and return what arrived, with the exit code."""
    command_line = tuple(argv)
    agent = listening_agent(listen, forward, os.environ, retention=_RETENTION, max_series=_MAX_SERIES)
    with ending_as_interrupted(), agent:
        try:
            announce(agent, command_line, name, quiet=quiet)
            code = run_or_wait(agent, command_line, seconds, quiet=quiet)
        except KeyboardInterrupt:
            code = INTERRUPTED if command_line else 0
    if agent.stats.dropped:
        click.echo(f"{name}: more than {_MAX_SERIES:,} series arrived; the rest is not in it", err=True)
    return agent.recording(), code

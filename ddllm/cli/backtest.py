"""`ddllm backtest`: what monitors would have done with a history."""

from pathlib import Path

import click

from ddllm.cli._definitions import definition_options
from ddllm.cli._history import Span
from ddllm.cli._numpy import needs_numpy
from ddllm.errors import ConfigError


@click.command("backtest")
@click.argument("monitors", nargs=-1, metavar="[MONITOR]...")
@click.option("--all", "every", is_flag=True, help="Every monitor that somebody may hear of.")
@definition_options
@click.option(
    "--from",
    "start",
    metavar="TIME",
    help="7d, 12h (before now, or before a recording's end), or a date such as 2026-01-31T09:00Z.  [default: all of the recording; 14d before now of Datadog]",
)
@click.option("--to", "end", metavar="TIME", help="As --from.  [default: now, or the recording's end]")
@click.option(
    "--recording",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Run over this recording; by default, over what Datadog has.",
)
@click.option("--group", metavar="TAGS", help="Groups with these tags alone: service:chat,model_name:claude-3-5-haiku.")
@click.option(
    "--threshold",
    type=float,
    metavar="N",
    help="Try this threshold in place of the monitor's; of a composite, in place of its first part's.",
)
@click.option(
    "--per-week",
    type=click.FloatRange(min=0),
    metavar="N",
    help="Find the threshold that gives at most N alerts a week.",
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes. Default: as many as pay, one a core.")
@click.option("--format", "output", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@click.option(
    "--output", "file", type=click.Path(path_type=Path), help="Write to this file.  [default: standard output]"
)
def command(
    monitors: tuple[str, ...],
    every: bool,
    folder: Path,
    env: str | None,
    start: str | None,
    end: str | None,
    recording: Path | None,
    group: str | None,
    threshold: float | None,
    per_week: float | None,
    jobs: int | None,
    output: str,
    file: Path | None,
) -> None:
    """Show which alerts monitors would have given over a history: how many a week, for how long, and of which groups.

    MONITOR is a monitor's key, or a pattern of keys such as 'ttft-*'; a composite speaks for its parts. The history is a recording, or
    comes from Datadog (DD_API_KEY, DD_APP_KEY with the permission timeseries_query, DD_SITE); what is over is kept in
    .ddllm/history/ and asked once.

    Exit code: 0 whatever was found, 1 for an error.
    """
    if bool(monitors) == every:
        raise ConfigError("name monitors, or --all of them" if not every else "--all and names exclude each other")
    if threshold is not None and per_week is not None:
        raise ConfigError("--threshold and --per-week exclude each other")
    with needs_numpy():
        from ddllm.cli._backtest_run import Asked, run  # noqa: PLC0415 - 150 ms, and needs ddllm[test]
    span = Span(recording, start, end)
    run(Asked(folder, env, monitors, span, group, threshold, per_week, jobs, output, file))

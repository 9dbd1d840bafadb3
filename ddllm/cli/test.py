"""`ddllm test`: runs the tests of monitors, offline."""

from collections.abc import Sequence
from pathlib import Path

import click

from ddllm.errors import ConfigError

#: What the optional dependencies of `ddllm[test]` are imported as.
_NEEDED = frozenset({"numpy", "junitparser", "watchfiles"})


@click.command("test")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=".",
    help="The folder that holds monitors/. Default: the current one.",
)
@click.option("--run", "pattern", metavar="PATTERN", help="Only tests in whose names this regular expression is found.")
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the results as a JUnit file, too."
)
@click.option("--coverage", is_flag=True, help="Say which monitors, transitions and groups no test exercised.")
@click.option(
    "--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT", help="Fail where the coverage is below this."
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes. Default: as many as pay, one a core.")
@click.option("--watch", is_flag=True, help="Run again whenever a file below monitors/ changes, until Ctrl-C.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    context: click.Context,
    files: Sequence[Path],
    folder: Path,
    pattern: str | None,
    junit: Path | None,
    coverage: bool,
    fail_under: float | None,
    jobs: int | None,
    watch: bool,
    output: str,
) -> None:
    """Run tests of monitors: what they must do, and say, with given data.

    FILES are files of tests; by default all below monitors/tests/. Nothing leaves the machine, and no keys are needed. A
    monitor, group or metric that does not exist is an error.

    Exit code: 0 every test passed, 1 otherwise.
    """
    try:
        from ddllm.cli._test_run import Asked, run_on_change, run_once  # noqa: PLC0415 - 150 ms, and needs ddllm[test]
    except ModuleNotFoundError as error:
        if error.name not in _NEEDED:
            raise
        raise ConfigError(f"{error.name} is not installed", hint='Run: pip install "ddllm[test]"') from None
    wants_coverage = coverage or fail_under is not None
    asked = Asked(folder, tuple(files), pattern, junit, wants_coverage, fail_under or 0.0, jobs, output)
    if watch:
        run_on_change(asked)
    context.exit(0 if run_once(asked) else 1)

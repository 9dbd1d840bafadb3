"""One run of `ddllm test`, and runs one after the other while files change."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import click
from rich.console import Console
from rich.progress import track
from watchfiles import watch

from ddllm.cli._output import refuse_unwritable, show, terminal_width, write_text
from ddllm.cli._test_view import Results, as_json, render
from ddllm.definitions.monitor_tests import files_of_tests
from ddllm.errors import ConfigError, DdllmError
from ddllm.testing.cases import Case, load_suite
from ddllm.testing.coverage import coverage
from ddllm.testing.junit import junit
from ddllm.testing.outcome import Outcome
from ddllm.testing.run import run_all

_LOOKS = 200  # milliseconds between looks at what changed


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    folder: Path
    files: tuple[Path, ...]
    pattern: str | None
    junit: Path | None
    coverage: bool
    fail_under: float
    jobs: int | None
    output: str


def run_once(asked: Asked) -> bool:
    """Run the tests and show what came of them. Returns whether all is well. Raises DdllmError."""
    if asked.junit is not None:
        refuse_unwritable(asked.junit)
    began = perf_counter()
    files = asked.files or files_of_tests(asked.folder)
    if not files:
        raise ConfigError(f"there are no tests below {asked.folder / 'monitors' / 'tests'}")
    suite = load_suite(asked.folder, files)
    cases = _chosen(suite.cases, asked.pattern)
    outcomes = list(_shown_progress(run_all(cases, asked.jobs), len(cases)))
    covered = coverage(suite.subjects, outcomes) if asked.coverage else None
    results = Results(outcomes, perf_counter() - began, covered)
    if asked.junit is not None:
        write_text(junit(outcomes), asked.junit)
    if asked.output == "json":
        click.echo(json.dumps(as_json(results), ensure_ascii=False, indent=2))
    else:
        show(render(results, terminal_width()))
    if covered is not None and covered.percent < asked.fail_under:
        click.echo(f"ddllm: the coverage is {covered.percent:.1f} %, below {asked.fail_under:g} %", err=True)
        return False
    return not results.failed


def run_on_change(asked: Asked) -> None:
    """Run, and run again whenever a file below monitors/ changes, until interrupted. An error is shown, and ends nothing."""
    ran = False
    # What changes while the first tests run has to be seen too, so that it is watched for before them.
    for changes in watch(asked.folder / "monitors", raise_interrupt=True, yield_on_timeout=True, rust_timeout=_LOOKS):
        if changes or not ran:
            _run_shown(asked)
            ran = True


def _run_shown(asked: Asked) -> None:
    try:
        run_once(asked)
    except DdllmError as error:
        click.echo(f"ddllm: {error}", err=True)


def _chosen(cases: Sequence[Case], pattern: str | None) -> Sequence[Case]:
    if pattern is None:
        return cases
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"--run: `{pattern}` is no regular expression: {error}") from None
    chosen = [each for each in cases if wanted.search(each.name)]
    if not chosen:
        raise ConfigError(f"--run: no test has a name in which `{pattern}` is found")
    return chosen


def _shown_progress(outcomes: Iterator[Outcome], total: int) -> Iterator[Outcome]:
    """Show how far it is, on standard error where that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return outcomes
    return iter(track(outcomes, "Testing", total=total, console=console, transient=True))

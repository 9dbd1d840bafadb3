"""`ddllm compare`: the same prompts through several models, side by side."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ddllm.analysis.compare import Options, Outcome, Run, measure
from ddllm.analysis.compare.report import Report, report
from ddllm.analysis.compare.results import Measured, Results, default_path, of_workload
from ddllm.cli._child import ending_as_interrupted
from ddllm.cli._compare_view import Ending, as_json, render
from ddllm.cli._output import refuse_unwritable, show, write_text
from ddllm.cli._prices import catalogue_in_force
from ddllm.definitions.workload import Workload, load_workload
from ddllm.errors import ConfigError, DdllmError

#: What the simulated models are like: one careful and dear, one quick and cheap that keeps formats less well.
SCENE: Mapping[str, Mapping[str, float]] = {
    "*claude*": {"ttft_p50": 420, "ttft_p95": 900, "tokens_per_second": 75, "answer_tokens": 110, "refuse": 0.02},
    "*llama*": {"ttft_p50": 240, "ttft_p95": 520, "tokens_per_second": 110, "answer_tokens": 80, "malformed_json": 0.2},
}

_INTERRUPTED = 130
_WAITING = "Calls that are under way end first, since they will be paid for. Interrupt again to leave them."


@click.command("compare")
@click.argument("path", metavar="WORKLOAD", type=click.Path(path_type=Path))
@click.option("--sandbox", is_flag=True, help="Ask simulated models on this machine; no account is needed.")
@click.option(
    "--results",
    "results_path",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where results are kept. Default: .ddllm/compare/NAME.jsonl.",
)
@click.option("--fresh", is_flag=True, help="Throw earlier results away and start over.")
@click.option("--retry-failed", is_flag=True, help="Make calls again that failed in an earlier run.")
@click.option("--keep-answers", is_flag=True, help="Keep the answers' text in the results, not only what was measured.")
@click.option("--allow-unpriced", is_flag=True, help="Call models without a known price too; no budget holds for them.")
@click.option("--no-metrics", is_flag=True, help="Send no metrics of the calls to the Datadog agent.")
@click.option("--format", "output", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to a file."
)
@click.pass_context
def command(
    context: click.Context,
    path: Path,
    sandbox: bool,
    results_path: Path | None,
    fresh: bool,
    retry_failed: bool,
    keep_answers: bool,
    allow_unpriced: bool,
    no_metrics: bool,
    output: str,
    out: Path | None,
) -> None:
    """Send the same prompts through several models and compare cost, speed and quality.

    WORKLOAD is a YAML file with prompts, models and a budget, which is never passed. Each number comes with its 95 %
    interval, and a difference is told only where it is real.

    Finished calls are kept in a results file: the same command goes on where an earlier run stopped, and with nothing left to
    do it prints the report again. Credentials and region are boto3's own.

    Exit code: 0 done, or stopped by the budget; 1 an error, or every call failed; 130 interrupted.
    """
    workload = load_workload(path)
    _check_places(path, results_path, out)
    options = Options(
        allow_unpriced=allow_unpriced,
        keep_answers=keep_answers,
        retry_failed=retry_failed,
        metrics=not no_metrics,
        price=catalogue_in_force().cost,
    )
    renderer = _renderer(output, out)
    kept = results_path or _default_path(workload, sandbox=sandbox)
    with ExitStack() as exits:
        exits.enter_context(ending_as_interrupted())
        if sandbox:
            exits.enter_context(_sandbox())
        results = exits.enter_context(Results(kept, fresh=fresh))
        outcome, spent = _run(workload, results, options)
        aside = results.aside
        measured = of_workload(workload, results.finished)
    if outcome.stopped == "interrupted":
        click.echo(
            f"ddllm: interrupted; {len(measured)} of {workload.calls} calls are in {kept}, and the same command goes on",
            err=True,
        )
        context.exit(_INTERRUPTED)
    found = report(workload, measured)
    ending = Ending(
        outcome=outcome,
        spent=spent,
        limit=workload.budget,
        results=str(kept),
        aside=sum(aside.values()),
        aside_calls=len(aside),
        sandbox=sandbox,
    )
    renderer(found, ending)
    if found.calls and found.errors == found.calls:
        told = sorted({error for model in found.models for error in model.errors})
        raise DdllmError(f"every call failed ({', '.join(told)})", hint="--retry-failed makes them again")
    context.exit(0)


def _check_places(workload: Path, results: Path | None, out: Path | None) -> None:
    """Refuse, before any money is spent, to write where nothing can be written, or over what the run reads or keeps."""
    for option, file in (("--results", results), ("--out", out)):
        if file is None:
            continue
        refuse_unwritable(file)
        if _are_one(file, workload):
            raise ConfigError(f"{option} names the workload itself", where=str(file), hint="Name another file")
    if results is not None and out is not None and _are_one(results, out):
        raise ConfigError("--out and --results name one file", where=str(out), hint="Name two")


def _are_one(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def _default_path(workload: Workload, *, sandbox: bool) -> Path:
    """Return where results are kept: simulated ones stand apart from real ones."""
    path = default_path(workload)
    return path.with_suffix(".sandbox.jsonl") if sandbox else path


@contextmanager
def _sandbox() -> Iterator[None]:
    """Let this process be one that calls and reports to stand-ins; nothing leaves the machine."""
    from ddllm.cli._stack import Stack, clean_environ  # noqa: PLC0415 - 400 ms of servers, where they are wanted

    before = dict(os.environ)
    with Stack() as stack:
        for models, dials in SCENE.items():
            stack.bedrock.turn(models, **dials)
        try:
            _replace_environ(clean_environ(before) | stack.application_environ)
            yield
        finally:
            _replace_environ(before)


def _replace_environ(environ: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environ)


def _run(workload: Workload, results: Results, options: Options) -> tuple[Outcome, float]:
    if options.metrics:
        measure()
    console = Console(stderr=True)
    with _progress(console, workload, results) as advance:
        run = Run(workload, results, options, advance, lambda: console.print(_WAITING, style="yellow", soft_wrap=True))
        outcome = run.make_calls()
    return outcome, run.budget.spent


@contextmanager
def _progress(console: Console, workload: Workload, results: Results) -> Iterator[Callable[[Measured], None]]:
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        done = len(of_workload(workload, results.finished))
        task = progress.add_task(workload.name, total=workload.calls, completed=done)
        yield lambda _: progress.advance(task)


_Renderer = Callable[[Report, Ending], None]


def _renderer(output: str, out: Path | None) -> _Renderer:
    """Choose how to print, before any money is spent on what could not be printed."""
    if output == "html":
        from ddllm.cli._compare_html import page, script  # noqa: PLC0415 - plotly, where a page is wanted

        if out is None and sys.stdout.isatty():
            raise click.UsageError("a page is not for a terminal: name a file with --out")
        plotly = script()

    def write(found: Report, ending: Ending) -> None:
        if output == "html":
            write_text(page(found, ending, plotly) + "\n", out)
        elif output == "json":
            write_text(json.dumps(as_json(found, ending), indent=2, ensure_ascii=False) + "\n", out)
        else:
            show(render(found, ending), out)

    return write

"""One run of `ddllm backtest`, and what `ddllm plan --backtest` shares with it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ddllm.api.connection import Connection
from ddllm.api.datadog import Datadog
from ddllm.cli._backtest_view import Backtest, as_json, render
from ddllm.cli._history import Span
from ddllm.cli._output import refuse_unwritable, show, write_text
from ddllm.definitions.monitors import KIND, MonitorDefinition
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.project import Project, load_project
from ddllm.errors import ConfigError
from ddllm.query.recordings import recorded_span
from ddllm.testing.backtest import History, Probe, Result, Wish, backtest
from ddllm.testing.history import Downloads
from ddllm.testing.readings import readings_of
from ddllm.testing.subjects import Subject, subjects, with_members

_DEFAULT_DAYS = 14
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    folder: Path
    env: str | None
    patterns: tuple[str, ...]
    span: Span
    group: str | None
    threshold: float | None
    per_week: float | None
    jobs: int | None
    output: str
    file: Path | None


def run(asked: Asked) -> None:
    """Run monitors over a history and show what would have been. Raises DdllmError."""
    if asked.file is not None:
        refuse_unwritable(asked.file)
    project = load_project(asked.folder, asked.env)
    probes = _chosen(probes_of(project), asked.patterns)
    if asked.threshold is not None and len(probes) != 1:
        raise ConfigError(f"--threshold is about one monitor, and {len(probes)} were chosen")
    if asked.output == "html":
        from ddllm.cli import _backtest_html  # noqa: PLC0415 - plotly: 40 ms, and an extra

        page = _backtest_html.page
    wish = Wish(
        within=_tags(asked.group), threshold=asked.threshold, per_week=asked.per_week, curves=asked.output == "html"
    )
    results, source, notes = over_history(probes, asked.span, asked.folder, wish, asked.jobs)
    found = Backtest(results, source, project.env, notes)
    if asked.output == "json":
        write_text(json.dumps(as_json(found), ensure_ascii=False, indent=2) + "\n", asked.file)
    elif asked.output == "html":
        write_text(page(found), asked.file)
    else:
        show(render(found), asked.file)


def over_history(
    probes: Sequence[Probe], span: Span, folder: Path, wish: Wish, jobs: int | None = None
) -> tuple[list[Result], str, tuple[str, ...]]:
    """Run monitors over the part of a history that `span` says: a recording, or what Datadog has.

    Returns the results in the order of the monitors, where the history came from, and what is not exact about it.
    """
    history: History
    notes: tuple[str, ...] = ()
    if span.recording is not None:
        history, source = span.recording, str(span.recording)
        start, end = span.bounds(None, recorded_span(span.recording)[1])
    else:
        now = time.time()
        start, last = span.bounds(now - _DEFAULT_DAYS * 86_400, now)
        start, end = int(start or 0) // _MINUTE * _MINUTE, int(last or now) // _MINUTE * _MINUTE
        probes, readings, windows = readings_of(probes)
        with Datadog(Connection.from_environ()) as api, _shown(f"Asking {api.connection.url}", None) as advance:
            kept = folder / ".ddllm" / "history"
            history = Downloads(api, kept, now).recording(readings, start, end, lambda _done, total: advance(total))
            source = api.connection.url
        notes = tuple(_notes(windows))
    order = {each.key: place for place, each in enumerate(probes)}
    with _shown("Running monitors", len(probes)) as advance:
        results = []
        for each in backtest(probes, history, replace(wish, start=start, end=end), jobs=jobs):
            results.append(each)
            advance(len(probes))
    return sorted(results, key=lambda each: order[each.probe.key]), source, notes


def _notes(windows: Mapping[str, int]) -> Iterator[str]:
    if windows:
        yield (
            f"Percentiles are looked at once a window and not once a minute, because Datadog's API gives no sketches: {', '.join(windows)}"
        )


def probes_of(project: Project) -> list[Probe]:
    """Return every monitor of a project, each with its parts."""
    known = subjects(project)
    runbooks = {each.key: each.runbook for each in project.of(KIND) if isinstance(each, MonitorDefinition)}
    return [probe_of(each, known, runbooks.get(key)) for key, each in known.items()]


def probe_of(subject: Subject, known: Mapping[str, Subject], runbook: str | None) -> Probe:
    """Return a monitor with its parts."""
    parts = tuple(known[key].watched for key in with_members([subject.key], known) if key != subject.key)
    return Probe(subject.watched, subject.severity, runbook, parts)


def _chosen(probes: Sequence[Probe], patterns: Sequence[str]) -> list[Probe]:
    """Return the monitors that patterns name; without one, those that speak. Raises ConfigError for a pattern that names none."""
    if not patterns:
        return [each for each in probes if each.severity != "none"]
    for pattern in patterns:
        if not any(fnmatchcase(each.key, pattern) for each in probes):
            hint = did_you_mean(pattern, [each.key for each in probes])
            raise ConfigError(f"there is no monitor `{pattern}`", hint=hint)
    return [each for each in probes if any(fnmatchcase(each.key, pattern) for pattern in patterns)]


def _tags(group: str | None) -> Mapping[str, str] | None:
    """Read `service:chat,model_name:claude`."""
    if group is None:
        return None
    pairs = [tag.strip().partition(":") for tag in group.split(",")]
    if not all(key and separator for key, separator, _ in pairs):
        raise ConfigError(f"--group {group!r} is no group", hint="Write it as service:chat,model_name:claude-3-5-haiku")
    return {key: value for key, _, value in pairs}


@contextmanager
def _shown(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show how far it is, on standard error where that is a terminal. What is yielded takes one more of so many in all."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda of: progress.update(task, advance=1, total=of)

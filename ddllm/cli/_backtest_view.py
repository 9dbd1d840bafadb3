"""A backtest for people and for programs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ddllm.cli._numbers import duration, things
from ddllm.cli._tables import Column, Table, name, quiet
from ddllm.cli._times import span
from ddllm.query.arrays.anomalies import APPROXIMATE
from ddllm.testing.alerts import Totals, totals
from ddllm.testing.backtest import Result
from ddllm.testing.trials import Trial

VERSION = 1
_MINUTE = 60
_LARGE = 10  # alerts a week


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a command found: the monitors' results, where the history came from, the environment, and what is inexact."""

    results: Sequence[Result]
    source: str
    env: str
    notes: tuple[str, ...] = ()

    @property
    def start(self) -> int:
        """Where the history begins."""
        return self.results[0].start - _MINUTE

    @property
    def end(self) -> int:
        """Where the history ends."""
        return self.results[0].end

    @property
    def title(self) -> str:
        """Say what was looked at."""
        return f"env {self.env}, {span(self.start, self.end)}, from {self.source}"


def render(found: Backtest) -> RenderableType:
    """Return the report."""
    ran = [each for each in found.results if each.skipped is None]
    loud = sorted((each for each in ran if each.alerts), key=lambda each: (-each.a_week, each.probe.key))
    parts: list[RenderableType] = [quiet(found.title), Text()]
    if loud:
        parts += [_table(loud), Text()]
    parts += [Text(line) for line in trials(ran)]
    parts += [Text(line) for line in remarks(found)]
    parts.append(Text(summary(found), style="bold"))
    return Group(*parts)


def _table(results: Sequence[Result]) -> Table:
    columns = [
        name("monitor"),
        Column("severity", "picture", goes=3),
        Column("alerts a week"),
        Column("warnings", goes=1),
        Column("in alert"),
        Column("flaps", goes=4),
        Column("groups", goes=2),
        Column("longest", goes=5),
        name("worst group"),
    ]
    table = Table(columns)
    for each in results:
        row = totals(each.alerts, each.end)
        table.add_row(
            f"{each.probe.key}{' ~' if each.approximate else ''}",
            each.probe.severity or "",
            rate(each.a_week),
            str(row.warnings),
            duration(row.seconds) if row.seconds else "0",
            str(row.flaps),
            str(each.groups),
            duration(row.longest) if row.longest else "0",
            group_text(row.worst or {}),
        )
    return table


def trials(results: Sequence[Result]) -> Iterator[str]:
    """Say what other thresholds give."""
    for each in results:
        if each.trial is not None:
            yield f"{each.probe.key}: {trial_text(each, each.trial)}"
        elif each.untried is not None and each.groups:
            yield f"{each.probe.key}: no other threshold: {each.untried}"


def trial_text(result: Result, trial: Trial) -> str:
    """Say what one other threshold gives."""
    of = "" if trial.monitor == result.probe.key else f" of {trial.monitor}"
    return (
        f"threshold{of} {trial.before:.10g} → {trial.after:.10g}: "
        f"{rate(result.shipped_a_week)} → {rate(trial.a_week)} alerts a week"
    )


def remarks(found: Backtest) -> Iterator[str]:
    """Say what was quiet, what was not run, and what is not exact."""
    ran = [each for each in found.results if each.skipped is None]
    without = [each.probe.key for each in ran if not each.groups]
    silent = [each.probe.key for each in ran if each.groups and not each.alerts]
    if silent:
        yield f"Never in alert: {', '.join(silent)}"
    if without:
        yield f"No data: {', '.join(without)}"
    for each in found.results:
        if each.skipped is not None:
            yield f"Not run: {each.probe.key}: {each.skipped}"
    approximate = [each.probe.key for each in ran if each.approximate]
    if approximate:
        yield f"~ {', '.join(approximate)}: {APPROXIMATE}"
    yield from found.notes


def summary(found: Backtest) -> str:
    """Add everything up in a sentence."""
    ran = [each for each in found.results if each.skipped is None]
    by_severity: dict[str, float] = {}
    for each in ran:
        severity = each.probe.severity or "no severity"
        by_severity[severity] = by_severity.get(severity, 0.0) + each.a_week
    parts = ", ".join(f"{severity} {rate(number)}" for severity, number in by_severity.items() if number)
    whole = rate(sum(by_severity.values()))
    return f"{things(len(ran), 'monitor')}: {whole} alerts a week in all{f' ({parts})' if parts else ''}."


def rate(number: float) -> str:
    """Write a number of alerts a week: one that is small has a digit behind the point."""
    return f"{number:.0f}" if number >= _LARGE else f"{number:.1f}".removesuffix(".0")


def group_text(group: Mapping[str, str]) -> str:
    """Write a group as Datadog does."""
    return ",".join(f"{key}:{value}" for key, value in group.items())


def as_json(found: Backtest) -> dict[str, Any]:
    """Return the report of JSON's types; docs/backtests.md says what the keys mean."""
    alerts = [
        {
            "monitor": each.probe.key,
            "group": dict(alert.group),
            "state": str(alert.state),
            "start": alert.start,
            "end": alert.end,
            "peak": alert.peak,
            "runbook": each.probe.runbook,
            "severity": each.probe.severity,
            "cause": None,
        }
        for each in found.results
        for alert in each.alerts
    ]
    return {
        "version": VERSION,
        "source": found.source,
        "env": found.env,
        "start": found.start,
        "end": found.end,
        "monitors": [_monitor_json(each, totals(each.alerts, each.end)) for each in found.results],
        "alerts": sorted(alerts, key=lambda each: (each["start"], each["monitor"])),
        "notes": list(found.notes),
    }


def _monitor_json(result: Result, row: Totals) -> dict[str, Any]:
    trial = result.trial
    return {
        "monitor": result.probe.key,
        "runbook": result.probe.runbook,
        "severity": result.probe.severity,
        "groups": result.groups,
        "approximate": result.approximate,
        "skipped": result.skipped,
        "alerts_a_week": round(result.a_week, 3),
        "warnings_a_week": round(row.warnings / result.weeks, 3),
        "seconds_in_alert": row.seconds,
        "longest_seconds": row.longest,
        "flaps": row.flaps,
        "worst_group": None if row.worst is None else dict(row.worst),
        "threshold": None
        if trial is None
        else {
            "monitor": trial.monitor,
            "before": trial.before,
            "after": trial.after,
            "alerts_a_week_before": round(result.shipped_a_week, 3),
            "alerts_a_week": round(trial.a_week, 3),
        },
        "not_tried": result.untried,
    }

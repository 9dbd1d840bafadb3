"""Outcomes of monitor tests for people and for programs. A failure shows states over time and, on a terminal, the values."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ddllm.alerting.state import State
from ddllm.cli._numbers import things
from ddllm.cli._plot import STYLES, plot
from ddllm.query.arrays.anomalies import APPROXIMATE
from ddllm.testing.coverage import Coverage
from ddllm.testing.judge import clock
from ddllm.testing.outcome import Failure, Outcome, Picture

_PICTURES = 8  # of a failure at most: a monitor of many groups would fill the screen
_CHANGES = 12  # of a state that are written: what flaps would fill the screen, too


@dataclass(frozen=True, slots=True)
class Results:
    """What came of a run: outcomes, how long it took, and what was not exercised where somebody asked."""

    outcomes: Sequence[Outcome]
    seconds: float
    coverage: Coverage | None = None

    @property
    def failed(self) -> int:
        """How many tests failed."""
        return sum(not each.passed for each in self.outcomes)


def render(results: Results, width: int | None) -> RenderableType:
    """Show a run. `width` is the terminal's; without one there are no plots."""
    parts: list[RenderableType] = []
    for outcome in results.outcomes:
        if not outcome.passed:
            parts += [*_failed(outcome, width), Text()]
    if results.coverage is not None:
        parts += [*_coverage(results.coverage), Text()]
    approximate = sorted({key for each in results.outcomes for key in each.approximate})
    if approximate:
        parts.append(Text(f"{', '.join(approximate)}: {APPROXIMATE}", style="dim"))
    parts.append(_summary(results))
    return Group(*parts)


def as_json(results: Results) -> dict[str, Any]:
    """Return a run as JSON."""
    return {
        "passed": len(results.outcomes) - results.failed,
        "failed": results.failed,
        "seconds": round(results.seconds, 3),
        "tests": [
            {
                "file": each.file,
                "name": each.name,
                "where": each.where,
                "passed": each.passed,
                "failures": [{"where": one.where, "message": one.message} for one in each.failures],
                "approximate": list(each.approximate),
            }
            for each in results.outcomes
        ],
        "coverage": None if results.coverage is None else _coverage_json(results.coverage),
        "approximate": APPROXIMATE if any(each.approximate for each in results.outcomes) else None,
    }


def _coverage_json(coverage: Coverage) -> dict[str, Any]:
    return {"percent": round(coverage.percent, 1), **asdict(coverage)}


def _summary(results: Results) -> Text:
    passed = len(results.outcomes) - results.failed
    text = f"{things(len(results.outcomes), 'test')}, {passed} passed"
    text += f", {results.failed} failed" if results.failed else ""
    return Text(f"{text} ({results.seconds:.1f} s)", style="red" if results.failed else "green")


def _failed(outcome: Outcome, width: int | None) -> Iterator[RenderableType]:
    yield Text.assemble(("FAILED ", "bold red"), (outcome.name, "bold"), f"  {outcome.where}")
    for failure in outcome.failures:
        yield Text(f"  {failure.where}: {failure.message}")
        yield from _pictures(failure, width)


def _pictures(failure: Failure, width: int | None) -> Iterator[RenderableType]:
    shown = failure.pictures[:_PICTURES]
    for picture in shown:
        group = f" {{{picture.group}}}" if picture.group else ""
        note = " (approximate)" if picture.is_approximate else ""
        yield Text.assemble("    ", (picture.monitor, "bold"), f"{group}{note}: ", _timeline(picture))
        if width is not None:
            yield from plot(picture.times, picture.states, picture.values, picture.threshold, width=width, at=clock)
    if len(failure.pictures) > len(shown):
        yield Text(f"    and {len(failure.pictures) - len(shown)} more", style="dim")


def _timeline(picture: Picture) -> Text:
    """Return the states one after the other, each with the time at which it began."""
    states, times = picture.states, picture.times
    begins = np.flatnonzero(np.diff(states, prepend=np.int8(-1))).tolist()
    text = Text()
    for place in begins[:_CHANGES]:
        state = State(states[place])
        name = str(state) or "nothing"
        text.append(f"{', ' if text else ''}{name}", style=STYLES[state])
        text.append(f" from {clock(int(times[place]))}")
    if len(begins) > _CHANGES:
        text.append(f", and {things(len(begins) - _CHANGES, 'more change')}")
    return text


def _coverage(coverage: Coverage) -> Iterator[RenderableType]:
    """Show what was not exercised, one line a monitor."""
    missed: dict[str, list[str]] = {key: ["no test names it"] for key in coverage.missed_monitors}
    for key, name in coverage.missed_transitions:
        missed.setdefault(key, []).append(name)
    for key, group in coverage.groups:
        missed.setdefault(key, []).append(f"nothing is expected of {group}")
    table = Table.grid(padding=(0, 2, 0, 0))
    for key, what in sorted(missed.items()):
        table.add_row(Text(f"  {key}"), Text(", ".join(what)))
    if missed:
        yield Text("Not exercised:", style="bold")
        yield table
    yield Text(
        f"Coverage {coverage.percent:.1f} %: {coverage.monitors - len(coverage.missed_monitors)} of {coverage.monitors} monitors, "
        f"{coverage.transitions - len(coverage.missed_transitions)} of {coverage.transitions} transitions"
    )

"""What a plan's changes of monitors do to the number of alerts: each monitor before and after, over the same history."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ddllm.alerting.watch import Watched
from ddllm.cli._backtest_run import over_history, probe_of
from ddllm.cli._backtest_view import rate
from ddllm.cli._history import Span
from ddllm.cli._times import span as span_text
from ddllm.definitions.monitors import KIND
from ddllm.definitions.project import Project
from ddllm.sync.plan import Plan, Step
from ddllm.testing.backtest import Probe, Result, Wish
from ddllm.testing.subjects import Subject, subjects, with_members

#: How far back Datadog is asked.
_DEFAULT_FROM = "30d"
#: Options that decide about states; the others say who hears of them.
_DECIDING = frozenset(
    {
        *(
            "thresholds",
            "threshold_windows",
            "evaluation_delay",
            "new_group_delay",
            "on_missing_data",
            "notify_no_data",
        ),
        *("no_data_timeframe", "timeout_h", "scheduling_options", "group_retention_duration"),
    }
)
_OLD = 1_000_000  # added to ids, so that both kinds of a monitor run side by side
_ROWS = 50  # of a comment on a pull request


@dataclass(frozen=True, slots=True)
class Difference:
    """One monitor that somebody hears of: alerts a week before and after, None where it was not there or cannot be run.

    `changed` are the monitors, itself or its parts, that the plan changes; `reason` says why one was not run.
    """

    monitor: str
    changed: tuple[str, ...]
    before: float | None
    after: float | None
    reason: str | None = None
    approximate: bool = False

    @property
    def text(self) -> str:
        """Say it on one line."""
        parts = "" if self.changed == (self.monitor,) else f" (by {', '.join(self.changed)})"
        rough = ", approximate" if self.approximate else ""
        if self.reason is not None:
            return f"{self.monitor}{parts}: not run: {self.reason}"
        if self.before is None:
            return f"{self.monitor}{parts}: new, {rate(self.after or 0)} alerts a week{rough}"
        return f"{self.monitor}{parts}: {rate(self.before)} → {rate(self.after or 0)} alerts a week{rough}"


@dataclass(frozen=True, slots=True)
class Differences:
    """All of a plan; `title` says over what history."""

    rows: tuple[Difference, ...]
    title: str = ""
    notes: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield what is printed below a plan."""
        yield f"Backtest, {self.title}:" if self.rows else "Backtest: no monitor alerts otherwise than before."
        yield from (f"  {each.text}" for each in self.rows)
        yield from self.notes

    def markdown(self) -> Iterator[str]:
        """Yield what stands below a plan in a comment on a pull request."""
        yield from ("", "#### Backtest", "", f"{self.title or 'No monitor alerts otherwise than before'}.", "")
        yield from (f"- {each.text}" for each in self.rows[:_ROWS])
        if len(self.rows) > _ROWS:
            yield f"- … {len(self.rows) - _ROWS} more"
        yield from (f"\n{each}" for each in self.notes)

    def as_json(self) -> list[dict[str, Any]]:
        """Return it of JSON's types."""
        return [
            {
                "monitor": each.monitor,
                "changed": list(each.changed),
                "alerts_a_week_before": each.before,
                "alerts_a_week_after": each.after,
                "skipped": each.reason,
                "approximate": each.approximate,
            }
            for each in self.rows
        ]


def differences(plan: Plan, project: Project, recording: Path | None, folder: Path) -> Differences:
    """Run the monitors that a plan changes or makes over a history, as they are and as they would be. Raises DdllmError."""
    known = subjects(project)
    steps = {step.definition.key: step for step in plan.steps if step.definition.kind == KIND and _decides(step)}
    old = _World(known, plan, {key: step for key, step in steps.items() if step.held is not None})
    after: dict[str, Probe] = {}
    before: dict[str, Probe] = {}
    for key, subject in known.items():
        touched = [each for each in with_members([key], known) if each in steps]
        if not subject.speaks or not touched:
            continue
        after[key] = probe_of(subject, known, None)
        if key not in steps or steps[key].held is not None:
            before[key] = old.probe(key)
    if not after:
        return Differences(())
    where = Span(recording, None if recording else _DEFAULT_FROM, None)
    results, source, notes = over_history([*after.values(), *before.values()], where, folder, Wish())
    by_key = {each.probe.key: each for each in results}
    rows = tuple(
        _difference(key, known, steps, by_key[key], by_key.get(before[key].key) if key in before else None)
        for key in after
    )
    title = f"{span_text(results[0].start - 60, results[0].end)}, from {source}"
    return Differences(rows, title, notes)


def _difference(
    key: str, known: Mapping[str, Subject], steps: Mapping[str, Step], after: Result, before: Result | None
) -> Difference:
    changed = tuple(each for each in with_members([key], known) if each in steps)
    reason = after.skipped or (before.skipped if before else None)
    if reason is not None:
        return Difference(key, changed, None, None, reason)
    rough = after.approximate or (before is not None and before.approximate)
    return Difference(key, changed, before.a_week if before else None, after.a_week, None, rough)


def _decides(step: Step) -> bool:
    """Whether a step changes when a monitor alerts."""
    return step.held is None or any(
        change.path[:1] in {("query",), ("type",)}
        or (change.path[0] == "options" and _DECIDING & set(change.path[1:2]))
        for change in step.changes
    )


class _World:
    """The monitors as Datadog holds them: those that the plan changes with their old bodies, the others as they stay."""

    def __init__(self, known: Mapping[str, Subject], plan: Plan, changed: Mapping[str, Step]) -> None:
        self._known = known
        self._changed = changed
        made_up = {key: subject.watched.id for key, subject in known.items()}
        self._key_of = {each: key for key, each in made_up.items()}
        self._made_up = {
            int(number): made_up[reference.key]
            for reference, number in plan.ids.items()
            if reference.kind == KIND and reference.key in made_up and str(number).isdigit()
        }

    def probe(self, key: str) -> Probe:
        """Return a monitor with its parts."""
        watched = self._watched(key)
        return Probe(watched, parts=tuple(self._watched(each) for each in self._parts(watched)))

    def _watched(self, key: str) -> Watched:
        now = self._known[key].watched
        if key not in self._changed or (held := self._changed[key].held) is None:
            return self._renamed(now, now.query)
        body = held.body
        was = replace(now, type=body["type"], query=body["query"], options=body.get("options") or {})
        query = was.query
        if was.type == "composite":
            query = re.sub(r"\d+", lambda number: str(self._made_up.get(int(number[0]), number[0])), query)
        return self._renamed(was, query)

    def _renamed(self, watched: Watched, query: str) -> Watched:
        if watched.type == "composite":
            query = re.sub(r"\d+", lambda number: str(int(number[0]) + _OLD), query)
        return replace(watched, id=watched.id + _OLD, key=f"{watched.key} before", query=query)

    def _parts(self, watched: Watched) -> Sequence[str]:
        if watched.type != "composite":
            return ()
        numbers = (int(each) - _OLD for each in re.findall(r"\d+", watched.query))
        return [self._key_of[each] for each in numbers if each in self._key_of]

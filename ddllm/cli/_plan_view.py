"""A plan for people, for programs and for a pull request."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import unified_diff
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from ddllm.definitions.variables import Template
from ddllm.sync.adopting import Adopted
from ddllm.sync.apply import Outcome, Result
from ddllm.sync.compare import Cause, Change
from ddllm.sync.normalise import ABSENT
from ddllm.sync.plan import Orphan, Pending, Plan, Step
from ddllm.sync.sight import Blind

#: How a step is marked and coloured, by its cause.
_SIGNS: Mapping[Cause, tuple[str, str]] = {
    Cause.NEW: ("+", "green"),
    Cause.CHANGE: ("~", "yellow"),
    Cause.DRIFT: ("!", "magenta"),
    Cause.CONFLICT: ("!", "bold red"),
    Cause.MARK: ("~", "dim"),
    Cause.ROTATE: ("~", "yellow"),
}
_EXPLAINED: Mapping[Cause, str] = {
    Cause.NEW: "new",
    Cause.CHANGE: "config change",
    Cause.DRIFT: "drift: changed in Datadog; the file wins",
    Cause.CONFLICT: "conflict: changed both here and in Datadog",
    Cause.MARK: "as the file says; its mark is renewed",
    Cause.ROTATE: "its secret is sent again",
}
_DIFF_LINES = 20
_WAITING = 3  # names of what waits for the same
_NAMED = 4  # metrics in a sentence
_MARKDOWN_LIMIT = 60_000  # a comment on GitHub takes 65,536 characters


def print_plan(console: Console, plan: Plan) -> None:
    """Print what would be done, field by field, with the place of each."""
    for step in plan.steps:
        sign, style = _SIGNS[step.cause]
        line = Text(f"{sign} {step.definition.kind} {step.definition.key}", style=style)
        line.append(f"  {_EXPLAINED[step.cause]}", style="dim").append(
            f"  {step.definition.source.position.short}", style="cyan"
        )
        _print(console, line)
        for change in step.changes:
            for line in _change_lines(step, change):
                _print(console, line)
    for orphan in plan.deletions:
        line = Text(f"- {orphan.kind} {orphan.remote.key}", style="red").append("  deleted", style="dim")
        _print(console, line.append(f"  {orphan.remote.page}", style="cyan"))
    for orphan in plan.orphans:
        words = f"? {orphan.kind} {orphan.remote.key}  in Datadog, and in no file any more; left alone  {orphan.remote.page}"
        _print(console, Text(words, style="dim"))
    for words in _waiting_lines(plan.pending):
        _print(console, Text(words, style="dim"))
    _print(console, Text(summary(plan), style="bold"))


def _waiting_lines(pending: Sequence[Pending]) -> Iterator[str]:
    """Yield a line for what waits for the same: of many the first, and how many more."""
    for (kind, reason), group in groupby(pending, key=lambda each: (each.definition.kind, each.reason)):
        keys = [each.definition.key for each in group]
        more = f" and {len(keys) - _WAITING} more" if len(keys) > _WAITING else ""
        yield f"… {kind} {', '.join(keys[:_WAITING])}{more}  {reason}"


def print_adopted(console: Console, adopted: Iterable[Adopted]) -> None:
    """Print what was written into the files."""
    for each in adopted:
        line = Text(f"< {each.definition.kind} {each.definition.key}", style="magenta").append(
            "  adopted: ", style="dim"
        )
        line.append(", ".join(each.fields), style="default").append(
            f"  {each.definition.source.position.short}", style="cyan"
        )
        _print(console, line)
        for replaced in each.replaced:
            _print(console, Text(f"    what Datadog holds stands in place of {replaced}", style="dim"))


def print_drift(console: Console, plan: Plan) -> None:
    """Print what somebody changed: each field, what the file says, and what Datadog holds."""
    for step in plan.steps:
        page = step.held.page if step.held else ""
        line = Text(f"! {step.definition.kind} {step.definition.key}", style=_SIGNS[step.cause][1])
        line.append(f"  {'changed in the file as well' if step.cause is Cause.CONFLICT else ''}", style="dim")
        _print(console, line.append(f"  {page}", style="cyan"))
        for change in step.changes:
            for line in _drift_lines(step, change):
                _print(console, line)
    words = f"{len(plan.steps)} changed in Datadog" if plan.steps else "no drift"
    _print(console, Text(f"{plan.owner}: {words}, {plan.unchanged} as they were.", style="bold"))


def _drift_lines(step: Step, change: Change) -> Iterator[Text]:
    where = step.definition.source.at(change.path).short
    yield Text(f"    {'.'.join(change.path)}", style="bold").append(f"  {where}", style="not bold cyan")
    if _is_long(change.old) or _is_long(change.new):
        yield from (
            Text(f"      {line}", style=_line_style(line))
            for line in _line_diff(Change(change.path, change.new, change.old))
        )
        return
    yield Text(f"      file     {shown(change.new)}")
    yield Text(f"      Datadog  {shown(change.old)}")


def summary(plan: Plan) -> str:
    """Return one sentence on a plan."""
    if not plan.writes:
        return f"{plan.owner}: nothing to do, {plan.unchanged} unchanged{_waiting(plan)}."
    deletes = f"{len(plan.deletions)} to delete, " if plan.deletions else ""
    return f"{plan.owner}: {plan.creates} to create, {plan.updates} to update, {deletes}{plan.unchanged} unchanged{_waiting(plan)}."


def told(plan: Plan, outcomes: Sequence[Outcome]) -> str:
    """Return what became of a plan: how many of what."""
    counts = [(result, sum(outcome.result is result for outcome in outcomes)) for result in Result]
    words = [f"{count} {result.partition(':')[0]}" for result, count in counts if count]
    return ", ".join([*words, f"{plan.unchanged} unchanged"]) + _waiting(plan)


def _waiting(plan: Plan) -> str:
    return f", {len(plan.pending)} to wait for" if plan.pending else ""


@contextmanager
def print_outcomes(console: Console, total: int) -> Iterator[Callable[[Outcome], None]]:
    """Print what becomes of each write as it happens, below a bar where that is a terminal."""
    columns = (TextColumn("Writing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)

        def report(outcome: Outcome) -> None:
            style = "red" if outcome.result is Result.MOVED else "green"
            line = Text(f"{outcome.result} ", style=style).append(f"{outcome.kind} {outcome.key}", style="default")
            _print(console, line.append(f"  {outcome.remote.page}", style="cyan"))
            progress.advance(task)

        yield report


def print_blind(console: Console, blind: Sequence[Blind], unknown: str | None) -> None:
    """Print which monitors cannot see yet, and what cures it; `unknown` is why Datadog did not say."""
    if unknown:
        _print(console, Text(f"Whether the monitors see their metrics was not checked: {unknown}", style="yellow"))
    by_reason: dict[tuple[str, str], list[Blind]] = defaultdict(list)
    for each in blind:
        by_reason[each.reason, each.cure].append(each)
    for (reason, cure), found in by_reason.items():
        monitors = {key for each in found for key in each.monitors}
        who = "1 monitor cannot" if len(monitors) == 1 else f"{len(monitors)} monitors cannot"
        line = Text(f"{who} see yet, {reason}: {_some([each.metric for each in found])}. ", style="yellow")
        _print(console, line.append(f"{cure}.", style="dim"))


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _print(console: Console, text: Text) -> None:
    console.print(text, soft_wrap=True, highlight=False)


def _change_lines(step: Step, change: Change) -> Iterator[Text]:
    where = step.definition.source.at(change.path).short
    head = Text(f"    {'.'.join(change.path)}", style="bold")
    if _is_long(change.old) or _is_long(change.new):
        yield head.append(f"  {where}", style="cyan")
        yield from (Text(f"      {line}", style=_line_style(line)) for line in _line_diff(change))
        return
    head.append(f"  {shown(change.old)} -> {shown(change.new)}", style="not bold")
    yield head.append(f"  {where}", style="cyan")


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value


def _line_diff(change: Change) -> Iterator[str]:
    old, new = (("" if value is ABSENT else str(value)).splitlines() for value in (change.old, change.new))
    lines = list(unified_diff(old, new, lineterm="", n=1))[2:]
    yield from lines[:_DIFF_LINES]
    if len(lines) > _DIFF_LINES:
        yield f"… {len(lines) - _DIFF_LINES} lines more"


def _line_style(line: str) -> str:
    return {"+": "green", "-": "red"}.get(line[:1], "dim")


def shown(value: Any) -> str:
    """Return a value on one line."""
    if value is ABSENT:
        return "nothing"
    if isinstance(value, Template | str):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def plan_json(
    plan: Plan,
    outcomes: Iterable[Outcome] | None = None,
    blind: Iterable[Blind] = (),
    adopted: Iterable[Adopted] = (),
) -> dict[str, Any]:
    """Return a plan, and what became of it, what was written into the files, and which monitors are blind after it, as JSON."""
    result: dict[str, Any] = {
        "project": plan.owner.project,
        "env": plan.owner.env,
        "summary": {
            "create": plan.creates,
            "update": plan.updates,
            "delete": len(plan.deletions),
            "unchanged": plan.unchanged,
            "drift": sum(step.cause is Cause.DRIFT for step in plan.steps),
            "conflict": sum(step.cause is Cause.CONFLICT for step in plan.steps),
            "orphans": len(plan.orphans),
            "pending": len(plan.pending),
        },
        "steps": [_step_json(step) for step in plan.steps],
        "deletions": [_orphan_json(each) for each in plan.deletions],
        "orphans": [_orphan_json(each) for each in plan.orphans],
        "pending": [
            {"kind": each.definition.kind, "key": each.definition.key, "reason": each.reason} for each in plan.pending
        ],
    }
    if outcomes is not None:
        result["outcomes"] = [_outcome_json(outcome) for outcome in outcomes]
        result["adopted"] = [_adopted_json(each) for each in adopted]
        result["blind"] = [
            {"metric": each.metric, "reason": each.reason, "cure": each.cure, "monitors": list(each.monitors)}
            for each in blind
        ]
    return result


def _orphan_json(orphan: Orphan) -> dict[str, Any]:
    remote = orphan.remote
    return {"kind": orphan.kind, "key": remote.key, "id": remote.id, "url": remote.page}


def _adopted_json(adopted: Adopted) -> dict[str, Any]:
    definition = adopted.definition
    return {
        "kind": definition.kind,
        "key": definition.key,
        "fields": list(adopted.fields),
        "replaced": list(adopted.replaced),
        "source": definition.source.position.short,
    }


def _step_json(step: Step) -> dict[str, Any]:
    position = step.definition.source.position
    return {
        "kind": step.definition.kind,
        "key": step.definition.key,
        "action": "create" if step.creates else "update",
        "cause": str(step.cause),
        "id": step.held.id if step.held else None,
        "file": position.file,
        "line": position.line,
        "changes": [_change_json(step, change) for change in step.changes],
    }


def _change_json(step: Step, change: Change) -> dict[str, Any]:
    position = step.definition.source.at(change.path)
    old, new = (
        None if value is ABSENT else str(value) if isinstance(value, Template) else value
        for value in (change.old, change.new)
    )
    return {"path": ".".join(change.path), "old": old, "new": new, "file": position.file, "line": position.line}


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "kind": outcome.kind,
        "key": outcome.key,
        "result": outcome.result.name.lower(),
        "id": outcome.remote.id,
        "url": outcome.remote.page,
    }


def plan_markdown(plan: Plan) -> str:
    """Return a plan as a comment on a pull request, cut where it would be too long for one."""
    head = [f"### ddllm plan for `{plan.owner}`", "", summary(plan), ""]
    blocks = ["\n".join(_step_markdown(step)) for step in plan.steps]
    blocks += [
        f"- **deleted**: {each.kind} `{each.remote.key}` ([open]({each.remote.page}))" for each in plan.deletions
    ]
    blocks += [
        f"- `{each.remote.key}` is in Datadog, and in no file any more ([open]({each.remote.page}))"
        for each in plan.orphans
    ]
    kept: list[str] = []
    length = sum(map(len, head))
    for block in blocks:
        length += len(block) + 1
        if length > _MARKDOWN_LIMIT:
            kept.append(f"… {len(blocks) - len(kept)} more")
            break
        kept.append(block)
    return "\n".join([*head, *kept])


def _step_markdown(step: Step) -> Iterator[str]:
    link = f" ([open]({step.held.page}))" if step.held else ""
    yield f"- **{_EXPLAINED[step.cause]}**: {step.definition.kind} `{step.definition.key}`, `{step.definition.source.position.short}`{link}"
    if step.changes:
        yield "  ```diff"
        for change in step.changes:
            yield f"  # {'.'.join(change.path)}"
            if _is_long(change.old) or _is_long(change.new):
                yield from (f"  {line}" for line in _line_diff(change))
            else:
                yield from (f"  - {shown(change.old)}", f"  + {shown(change.new)}")
        yield "  ```"

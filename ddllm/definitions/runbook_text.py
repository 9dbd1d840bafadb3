"""A runbook as markdown for people: what users feel, what to ask in which order, and what to do about each cause."""

import re
from collections.abc import Iterable, Iterator

from ddllm.definitions.runbooks import Branch, Cause, Runbook

_PLACEHOLDER = re.compile(r"\{\{\s*(?:links\.)?([\w.]+)\s*\}\}")


def paragraphs(runbook: Runbook, links: Iterable[str], runbooks_page: str) -> Iterator[str]:
    """Yield the parts of the text, each of which can stand alone, the title first.

    `links` are markdown, shown on top. Other runbooks are named, with the address of the page that lists them.
    """
    yield "\n\n".join([f"# {runbook.title}", f"**What users feel:** {_readable(runbook.impact)}", *links])
    yield "\n".join(["## Find the cause", "", *_steps(runbook)])
    if runbook.causes:
        yield "\n\n".join(["## What to do", *_causes(runbook, runbooks_page)])
    if runbook.facts:
        yield "\n".join(["## Facts", "", *_facts(runbook)])


def _steps(runbook: Runbook) -> Iterator[str]:
    order = [runbook.first, *(name for name in runbook.steps if name != runbook.first)]
    numbers = {name: number for number, name in enumerate(order, start=1)}
    for name in order:
        step = runbook.steps[name]
        yield f"{numbers[name]}. **{_readable(step.ask)}**"
        yield from (f"    - {_way(branch, runbook, numbers)}" for branch in step.auto)


def _way(branch: Branch, runbook: Runbook, numbers: dict[str, int]) -> str:
    condition = f"if `{branch.condition}`" if branch.condition else "else"
    target = branch.target
    if target in numbers:
        return f"{condition}: go on with {numbers[target]}"
    return f"{condition}: **{_title(target, runbook.causes[target])}**"


def _causes(runbook: Runbook, runbooks_page: str) -> Iterator[str]:
    for name, cause in runbook.causes.items():
        lines = [f"- {_readable(line)}" for line in cause.do]
        if cause.goto_runbook:
            lines.append(f"- Go on with the runbook `{cause.goto_runbook}`, in [the list of runbooks]({runbooks_page})")
        yield "\n".join([f"### {_title(name, cause)}", *lines])


def _facts(runbook: Runbook) -> Iterator[str]:
    yield "What the conditions speak of. `.now` is the window of the alert, `.before` one as long before it began, `.change`"
    yield "now over before, `.n` the number of samples."
    yield ""
    yield from (f"- `{name}`: `{query}`" for name, query in runbook.facts.items())


def _title(name: str, cause: Cause) -> str:
    return _readable(cause.title) if cause.title else name.replace("_", " ").capitalize()


def _readable(text: str) -> str:
    """Return a text with its placeholders as words: they get their values only where a runbook is run."""
    return _PLACEHOLDER.sub(lambda found: f"*{found.group(1).replace('_', ' ')}*", text.strip())

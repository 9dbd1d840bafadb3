"""The words with which `ddllm demo` ends: what was seen, in sentences, from what arrived."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ddllm import catalog
from ddllm.cli._demo_steps import Sync
from ddllm.cli._summary import Snapshot
from ddllm.sandbox.agent import Agent


def closing(taken: Snapshot, agent: Agent, syncs: Sequence[Sync]) -> Iterator[str]:
    """Yield a sentence each on money, speed, what retries hid, what broke, what answers were worth, and the syncs."""
    yield _money(taken)
    yield from _speed(agent)
    yield from _throttles(taken, agent)
    yield from _abandoned(taken)
    yield from _quality(taken, agent)
    yield from _actions(taken)
    yield f"{syncs[0].writes} monitors and SLOs written, and a second sync wrote {syncs[1].writes or 'none'}"


def _money(taken: Snapshot) -> str:
    spent: dict[str, float] = {}
    for row in taken.rows:
        spent[row.feature] = spent.get(row.feature, 0.0) + row.dollars
    most = max(spent, key=lambda feature: spent[feature])
    return (
        f"${taken.total.dollars:.4f} spent by {len(spent)} features, most of it by {most} (${spent[most]:.4f})"
        f": {taken.total.input_tokens:,.0f} tokens in, {taken.total.output_tokens:,.0f} out"
    )


def _speed(agent: Agent) -> Iterator[str]:
    slow = agent.percentile(catalog.TTFT.name, 0.95, by=("model_name",))
    if slow:
        (model,), seconds = max(slow.items(), key=lambda item: item[1])
        yield f"p95 TTFT {seconds:.2f} s on {model}, the slowest to begin"


def _throttles(taken: Snapshot, agent: Agent) -> Iterator[str]:
    throttled = round(taken.total.throttled)
    if not throttled:
        return
    # A call that gave up is one error, and its attempts were throttled all the same.
    failed = round(agent.total(catalog.REQUESTS.name, error_type="ThrottlingException"))
    shown_to_it = "saw none" if not failed else f"saw {failed} failed call{'s' if failed > 1 else ''}"
    yield f"{throttled} attempts were throttled, which boto3's retries hid: the application {shown_to_it}"


def _abandoned(taken: Snapshot) -> Iterator[str]:
    left = round(taken.total.abandoned)
    if left:
        yield f"{left} stream{'s were' if left > 1 else ' was'} left before the end, and counted as such"


def _quality(taken: Snapshot, agent: Agent) -> Iterator[str]:
    total = taken.total
    if total.refusals:
        yield f"{total.refusals:.0f} answers were refusals behind an HTTP 200, told from what they say"
    if total.malformed:
        reasons = agent.total(catalog.STRUCTURED_FAILURES.name, by=("reason",))
        said = ", ".join(f"{number:.0f} {reason}" for (reason,), number in sorted(reasons.items()))
        yield f"{total.malformed:.0f} of {total.checked:.0f} answers with a promised format broke it ({said})"


def _actions(taken: Snapshot) -> Iterator[str]:
    for one in taken.actions[:1]:
        each = one.calls / one.completed
        yield f"{one.completed:.0f} times {one.action}: {each:.1f} calls and ${one.dollars / one.completed:.4f} each"


def shown(argv: Sequence[str]) -> str:
    """Return a command as a person would type it: programs by their name, files as seen from here."""
    return " ".join(_short(part) for part in argv)


def _short(part: str) -> str:
    path = Path(part)
    if not path.is_absolute():
        return part
    if os.access(path, os.X_OK) and path.is_file():
        return "python" if path.name.startswith("python") else path.name
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else part

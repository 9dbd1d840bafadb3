"""What the demo shows of the sync: which alerts there are now. The plan's own lines would fill two screens."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from ddllm.cli._demo_steps import Sync
from ddllm.definitions.monitors import MonitorDefinition
from ddllm.definitions.project import Project
from ddllm.definitions.settings import SEVERITIES

_STYLES = {"page": "red", "ticket": "yellow", "info": "dim"}


def alerts(project: Project) -> Table:
    """Return the monitors that notify somebody, by severity, each `for_each` once; the last row counts the parts of composites."""
    keys: dict[str, list[str]] = {}
    for monitor in project.of("monitors"):
        if isinstance(monitor, MonitorDefinition):
            keys.setdefault(monitor.severity or "none", []).append(monitor.key)
    table = Table.grid(padding=(0, 2))
    for severity in SEVERITIES:
        found = keys.get(severity, [])
        if severity == "none":
            table.add_row(
                severity, str(len(found)), "parts of those: they notify nobody, and keep the others quiet", style="dim"
            )
        elif found:
            names = sorted({key.partition("/")[0] for key in found})
            table.add_row(severity, str(len(found)), ", ".join(names), style=_STYLES[severity])
    return table


def sentence(sync: Sync) -> str:
    """Return what `ddllm sync` says at its end."""
    owner, counts = f"{sync.report['project']}/{sync.report['env']}", sync.report["summary"]
    if not sync.report["steps"]:
        return f"{owner}: nothing to do, {counts['unchanged']} unchanged."
    return f"{owner}: {_made(sync.report)} created, {counts['unchanged']} unchanged."


def _made(report: Mapping[str, Any]) -> int:
    return sum(outcome["result"] == "created" for outcome in report["outcomes"])

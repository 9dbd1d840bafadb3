"""Monitors as a sync would write them, ready to run without Datadog: ids are made up, links lead to names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ddllm.alerting.message import Texts
from ddllm.alerting.watch import Watched
from ddllm.definitions.monitors import KIND, MonitorDefinition
from ddllm.definitions.project import Project
from ddllm.definitions.settings import Severity
from ddllm.definitions.slos import KIND as SLOS
from ddllm.definitions.variables import Reference, as_written, fill


@dataclass(frozen=True, slots=True)
class Subject:
    """A monitor that can be run: how, what it says, where it was written, and the keys of a composite's members."""

    watched: Watched
    texts: Texts
    severity: Severity | None
    where: str
    members: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The monitor's key."""
        return self.watched.key

    @property
    def speaks(self) -> bool:
        """Whether somebody may hear of it: a part of a composite (severity none) is silent."""
        return self.severity != "none"


def subjects(project: Project) -> dict[str, Subject]:
    """Return every monitor of a project by its key."""
    found = [each for each in project.of(KIND) if isinstance(each, MonitorDefinition)]
    ids: dict[Reference, int | str] = {Reference(each.kind, each.key): each.key for each in project.definitions}
    ids |= {Reference(KIND, each.key): 1000 + place for place, each in enumerate(found)}
    slos = {each.key: each.body for each in project.of(SLOS)}
    return {each.key: _subject(each, ids, slos) for each in found}


def _subject(
    monitor: MonitorDefinition, ids: Mapping[Reference, int | str], slos: Mapping[str, Mapping[str, Any]]
) -> Subject:
    body: Mapping[str, Any] = as_written(fill(monitor.body, ids))
    options = body.get("options") or {}
    of_slo = next((slos[each.key] for each in monitor.references if each.kind == SLOS), None)
    number = ids[Reference(KIND, monitor.key)]
    return Subject(
        Watched(int(number), monitor.key, body["type"], str(body["query"]), options, of_slo),
        Texts(body["name"], body.get("message") or "", options.get("escalation_message") or ""),
        monitor.severity,
        str(monitor.source.position),
        tuple(each.key for each in monitor.members),
    )


def with_members(keys: Iterable[str], known: Mapping[str, Subject]) -> Iterator[str]:
    """Yield monitors and all that they are made of, each once."""
    seen: set[str] = set()
    ahead = list(keys)
    while ahead:
        key = ahead.pop(0)
        if key not in seen:
            seen.add(key)
            yield key
            ahead += known[key].members

"""monitors/*.yaml: a file holds monitors by key; the body is Datadog's own monitor JSON plus a few fields of ddllm's.

ddllm's fields: `severity` (gives the priority and a tag), `team` (a tag), `runbook`, `collect_context`, `for_each` (one
monitor an item). The critical threshold is taken from the query, where it stands anyway.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import Field

from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import Document, Route
from ddllm.definitions.entries import entries
from ddllm.definitions.problems import Problems
from ddllm.definitions.settings import Settings, Severity
from ddllm.definitions.shape import Shape, check
from ddllm.definitions.thresholds import trailing_comparison
from ddllm.definitions.variables import Reference, Template, as_written
from ddllm.errors import DefinitionError

KIND = "monitors"

#: Datadog's priority of a severity, where the definition writes none.
PRIORITIES: Mapping[Severity, int] = {"page": 2, "ticket": 3, "info": 4}

#: Tags by which ddllm knows its own objects. A definition that carries one was copied from Datadog with its marks.
RESERVED_TAGS = ("ddllm:", "ddllm_applied:", "managed_by:")

_OWN_FIELDS = frozenset({"severity", "team", "runbook", "collect_context"})
_MEMBERS = 10  # of a composite: Datadog's limit

Team = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_./-]{0,100}$")]
_Tag = Annotated[str, Field(min_length=1, max_length=200)]  # Datadog cuts longer ones

MonitorType = Literal[
    "audit alert",
    "ci-pipelines alert",
    "ci-tests alert",
    "composite",
    "cost alert",
    "data-jobs alert",
    "data-quality alert",
    "database-monitoring alert",
    "error-tracking alert",
    "event alert",
    "event-v2 alert",
    "llm-observability alert",
    "log alert",
    "metric alert",
    "network-path alert",
    "network-performance alert",
    "process alert",
    "query alert",
    "rum alert",
    "service check",
    "slo alert",
    "synthetics alert",
    "trace-analytics alert",
]


class Thresholds(Shape):
    """`options.thresholds`."""

    critical: float | None = None
    critical_recovery: float | None = None
    warning: float | None = None
    warning_recovery: float | None = None
    ok: float | None = None
    unknown: float | None = None
    critical_query: str | None = None
    critical_recovery_query: str | None = None


class ThresholdWindows(Shape):
    """`options.threshold_windows`: anomaly monitors need both."""

    trigger_window: str | None = None
    recovery_window: str | None = None


class Options(Shape):
    """`options`. Mutes (`silenced`) are left out: they belong to whoever set them."""

    aggregation: dict[str, Any] | None = None
    device_ids: list[str] | None = None
    enable_logs_sample: bool | None = None
    enable_samples: bool | None = None
    escalation_message: str | None = None
    evaluation_delay: int | None = None
    group_retention_duration: str | None = None
    groupby_simple_monitor: bool | None = None
    include_tags: bool | None = None
    locked: bool | None = None
    min_failure_duration: int | None = None
    min_location_failed: int | None = None
    new_group_delay: int | None = None
    new_host_delay: int | None = None
    no_data_timeframe: int | None = None
    notification_preset_name: str | None = None
    notify_audit: bool | None = None
    notify_by: list[str] | None = None
    notify_no_data: bool | None = None
    on_missing_data: Literal["default", "show_no_data", "show_and_notify_no_data", "resolve"] | None = None
    renotify_interval: int | None = None
    renotify_occurrences: int | None = None
    renotify_statuses: list[str] | None = None
    require_full_window: bool | None = None
    scheduling_options: dict[str, Any] | None = None
    synthetics_check_id: str | None = None
    threshold_windows: ThresholdWindows | None = None
    thresholds: Thresholds | None = None
    timeout_h: int | None = None
    variables: list[dict[str, Any]] | None = None


class Monitor(Shape):
    """One monitor as its file writes it, `for_each` taken out and variables put in."""

    severity: Severity | None = None
    team: Team | None = None
    runbook: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9-]{1,60}$")
    collect_context: bool = False
    name: str = Field(min_length=1)
    type: MonitorType
    query: str = Field(min_length=1)
    message: str = ""
    tags: list[_Tag] = Field(default_factory=list)
    priority: Annotated[int, Field(ge=1, le=5)] | None = None
    options: Options = Options()
    restricted_roles: list[str] | None = None
    assets: list[dict[str, Any]] | None = None
    draft_status: Literal["draft", "published"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorDefinition(Definition):
    """A monitor, and what routing and the alert's context need to know of it.

    `meaning` is what its author wrote as its message, references as their text; the body's message holds more.
    """

    severity: Severity | None
    team: str | None
    runbook: str | None
    collect_context: bool
    meaning: str = ""

    @property
    def members(self) -> tuple[Reference, ...]:
        """The monitors of a composite, in the order in which Datadog gives them the letters a, b, c."""
        query = self.body["query"]
        found = query.references if isinstance(query, Template) else ()
        return tuple(dict.fromkeys(each for each in found if each.kind == KIND))


def read(document: Document, settings: Settings) -> list[MonitorDefinition]:
    """Read the monitors of one file. Raises DefinitionError, or DefinitionListError, with all that is wrong in it."""
    problems = Problems()
    found: list[MonitorDefinition] = []
    for key, route, body in entries(document, settings, "monitor", problems):
        with problems.caught():
            found.append(define(key, body, Source(document, route), settings))
    problems.raise_any()
    return found


def define(key: str, body: Mapping[str, Any], source: Source, settings: Settings) -> MonitorDefinition:
    """Make a monitor of a body as a file writes it, `for_each` taken out and variables put in.

    Raises DefinitionError, or DefinitionListError, with all that is wrong.
    """
    monitor = check(Monitor, as_written(body), source.document, source.route)
    severity = settings.capped(monitor.severity) if monitor.severity else None
    team = monitor.team or settings.team
    definition = MonitorDefinition(
        kind=KIND,
        key=key,
        body={name: value for name, value in body.items() if name not in _OWN_FIELDS},
        source=source,
        severity=severity,
        team=team,
        runbook=monitor.runbook,
        collect_context=monitor.collect_context,
        meaning=monitor.message,
    )
    check_tags(monitor.tags, source)
    _check_composite(monitor, definition)
    return _with_priority(_with_tags(_with_threshold(definition)))


def check_tags(tags: Sequence[str], source: Source) -> None:
    """Refuse tags by which ddllm knows its own objects."""
    for index, tag in enumerate(tags):
        if tag.startswith(RESERVED_TAGS):
            raise DefinitionError(
                f"the tag `{tag}` is one by which ddllm knows its own objects",
                where=str(source.document.at((*source.route, "tags", index))),
                hint="ddllm sets it; remove it from the file",
            )


def _check_composite(monitor: Monitor, definition: MonitorDefinition) -> None:
    if monitor.type != "composite":
        return
    members = len(definition.members)
    if members > _MEMBERS:
        where = str(definition.source.at(("query",)))
        raise DefinitionError(f"a composite has at most {_MEMBERS} members, and this one has {members}", where=where)


def _with_threshold(definition: MonitorDefinition) -> MonitorDefinition:
    """Take `critical` from the query. Writing another number beside it is an error: Datadog refuses it without saying where."""
    comparison = trailing_comparison(str(definition.body["query"]))
    if comparison is None or definition.body["type"] == "composite":
        return definition
    options = definition.body.get("options") or {}
    thresholds = options.get("thresholds") or {}
    written = thresholds.get("critical")
    if written is not None and float(written) != float(comparison.value):
        raise DefinitionError(
            f"`options.thresholds.critical` is {written}, and the query compares with {comparison.value}",
            where=str(definition.source.at(("options", "thresholds", "critical"))),
            hint="Leave `critical` out: it is taken from the query",
        )
    options = {**options, "thresholds": {**thresholds, "critical": comparison.value}}
    return _derive(definition, {"options": options}, ("options", "thresholds", "critical"), "query")


def _with_tags(definition: MonitorDefinition) -> MonitorDefinition:
    tags = list(definition.body.get("tags") or [])
    if definition.team:
        tags.append(f"team:{definition.team}")
    if definition.severity and definition.severity != "none":
        tags.append(f"severity:{definition.severity}")
    return replace(definition, body={**definition.body, "tags": list(dict.fromkeys(tags))})


def _with_priority(definition: MonitorDefinition) -> MonitorDefinition:
    priority = definition.body.get("priority")
    if priority is None and definition.severity is not None:
        priority = PRIORITIES.get(definition.severity)
    return _derive(definition, {"priority": priority}, ("priority",), "severity")


def _derive(definition: MonitorDefinition, values: Mapping[str, Any], route: Route, origin: str) -> MonitorDefinition:
    """Put in what was worked out from another field, whose place is that of the value where the file does not write it."""
    source = definition.source
    written = source.document.holds((*source.route, *route))
    derived = source.derived if written else {**source.derived, route: (origin,)}
    return replace(definition, body={**definition.body, **values}, source=replace(source, derived=derived))

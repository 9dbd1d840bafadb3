"""The message of a monitor, in Datadog's template language: what a page must show first, what its author wrote, who hears of it.

The first 300 characters of a page hold value, threshold, group, runbook and a dashboard link with scope and time: PagerDuty
shows 1,024 characters, a phone far fewer. Handles stand in conditions, one a transition, because text outside of them is sent
at every one. What is used of the language is documented by Datadog under "Monitors > Notifications > Variables".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ddllm.definitions.definition import Definition
from ddllm.definitions.monitors import MonitorDefinition
from ddllm.definitions.variables import Reference, Secret, Template

#: Handles that wake a person. They get neither warnings nor, while the collector pages, the first notification.
_PAGERS = ("@pagerduty", "@opsgenie-", "@oncall-", "@victorops-")
_CHECKS = "service check"  # have a warning threshold without writing one, and a message in place of a value
_WITHOUT_VALUE = frozenset({"event alert", "synthetics alert"})
#: What stands for a value where there is none.
_STATE = "{{#is_alert}}Alert{{/is_alert}}{{#is_recovery}}OK{{/is_recovery}}"
#: The time that the linked dashboard shows: an hour before the alert, so that its onset is seen, and what follows.
_FROM = '{{eval "last_triggered_at_epoch-3600000"}}'
_TO = '{{eval "last_triggered_at_epoch+900000"}}'

Part = str | Reference | Secret


@dataclass(frozen=True, slots=True)
class Member:
    """A monitor of a composite, by its key and how its query compares (`> 2`), empty where it compares with nothing."""

    key: str
    comparison: str


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears of alerts of one feature, or of every feature that no audience before it has.

    `webhook` is the collector's, None where it collects nothing; with `collector_pages` it alone pages, and pagers among the
    handles are called only where an alert is still open when Datadog notifies again.
    """

    feature: str | None
    handles: tuple[str, ...]
    webhook: str | None = None
    collector_pages: bool = False

    @property
    def pagers(self) -> tuple[str, ...]:
        """The handles that wake a person."""
        return tuple(each for each in self.handles if each.startswith(_PAGERS))

    @property
    def others(self) -> tuple[str, ...]:
        """The handles that do not."""
        return tuple(each for each in self.handles if not each.startswith(_PAGERS))


@dataclass(frozen=True, slots=True)
class Links:
    """Where a page leads: Datadog's pages, the runbook and the dashboard, None where there is none; and the environment."""

    pages: str
    env: str
    runbook: Reference | None
    dashboard: Definition | None


def message(
    monitor: MonitorDefinition,
    groups: Sequence[str],
    members: Sequence[Member],
    audiences: Sequence[Audience],
    links: Links,
) -> str | Template:
    """Return the whole message. `groups` are the keys that the monitor alerts by, `members` those of a composite, in order."""
    parts: list[Part] = [f"{_state(monitor, members)} | {_scope(groups, links.env)}\n", *_links(links, groups)]
    others = [value for value, _ in _values(members)][1:]
    parts += [f"Also {', '.join(others)}\n"] if others else []
    written = monitor.body.get("message") or ""
    parts += ["\n", *(written.parts if isinstance(written, Template) else (written.strip(),))] if written else []
    parts.append(f"\n\n{''.join(_calls(audiences, warns=_warns(monitor))).strip()}")
    if any(isinstance(part, Reference | Secret) for part in parts):
        return Template(tuple(parts))
    return "".join(map(str, parts)).strip()


def _state(monitor: MonitorDefinition, members: Sequence[Member]) -> str:
    value = _value(monitor, members)
    told = _when("is_recovery", "Recovered: ") + value
    return _when("is_no_data", "No data") + _when("is_no_data", told, negated=True)


def _value(monitor: MonitorDefinition, members: Sequence[Member]) -> str:
    """Return what shows the value and what it is compared with. A composite has none of its own, but those of its members."""
    kind = monitor.body["type"]
    if kind == "composite":
        return next((f"{value} ({comparison})" for value, comparison in _values(members)), _STATE)
    if kind == _CHECKS:
        return "{{check_message}}"
    if kind in _WITHOUT_VALUE:
        return _STATE
    threshold = "{{threshold}}"
    if _warns(monitor):
        threshold = _when("is_warning", "{{warn_threshold}}") + _when("is_warning", threshold, negated=True)
    return f"{{{{value}}}} ({{{{comparator}}}} {threshold})"


def _values(members: Sequence[Member]) -> Iterator[tuple[str, str]]:
    """Yield the value of each member of a composite that has one, which Datadog calls by its letter, and its comparison."""
    for letter, member in zip("abcdefghij", members, strict=False):
        if member.comparison:
            yield f"{member.key} {{{{{letter}.value}}}}", member.comparison


def _warns(monitor: MonitorDefinition) -> bool:
    options: Mapping[str, Any] = monitor.body.get("options") or {}
    return monitor.body["type"] == _CHECKS or (options.get("thresholds") or {}).get("warning") is not None


def _scope(groups: Sequence[str], env: str) -> str:
    # A facet's `@` would be taken for a handle's.
    return ",".join(f"{key.removeprefix('@')}:{_variable(key)}" for key in groups) or f"env:{env}"


def _variable(key: str) -> str:
    return f"{{{{[{key}].name}}}}" if "." in key else f"{{{{{key}.name}}}}"


def _links(links: Links, groups: Sequence[str]) -> Iterator[Part]:
    if links.runbook:
        yield from (f"Runbook {links.pages}/notebook/", links.runbook, "\n")
    if links.dashboard:
        chosen = "".join(f"&tpl_var_{name}={value}" for name, value in _chosen(links.dashboard, groups, links.env))
        yield f"Dashboard {links.pages}/dashboard/"
        yield Reference(links.dashboard.kind, links.dashboard.key)
        yield f"?from_ts={_FROM}&to_ts={_TO}{chosen}&live=false\n"


def _chosen(dashboard: Definition, groups: Sequence[str], env: str) -> Iterator[tuple[str, str]]:
    """Yield the template variables of a dashboard that an alert gives a value to, unless they have it anyway."""
    for variable in dashboard.body.get("template_variables") or []:
        key = variable.get("prefix")
        if key in groups:
            yield variable["name"], _variable(key)
        elif key == "env" and env not in variable.get("defaults", ()):
            yield variable["name"], env


def _calls(audiences: Sequence[Audience], *, warns: bool) -> Iterator[str]:
    """Yield the handles of each audience, where it has any, in the condition that its feature makes."""
    features = [each.feature for each in audiences if each.feature is not None]
    for audience in audiences:
        text = _transitions(audience, warns=warns)
        if not text:
            continue
        if audience.feature is not None:
            yield _when(f'is_exact_match "feature.name" "{audience.feature}"', text)
            continue
        for feature in reversed(features):
            text = _when(f'is_exact_match "feature.name" "{feature}"', text, negated=True)
        yield text


def _transitions(audience: Audience, *, warns: bool) -> str:
    """Return the handles of an audience, by transition.

    A pager hears of the recovery from everything that may follow an alert (no data, a warning), or its incident stays open.
    """
    webhook = (audience.webhook,) if audience.webhook else ()
    called = webhook if audience.collector_pages else (*audience.pagers, *webhook)
    blocks = [("is_alert", called), ("is_no_data", called)]
    if audience.collector_pages:
        blocks.append(("is_renotify", audience.pagers))
    recoveries = ("is_alert_recovery", "is_no_data_recovery", *(("is_warning_recovery",) if warns else ()))
    blocks += [(recovery, (*audience.pagers, *webhook)) for recovery in recoveries]
    texts = [_when(condition, _spaced(handles)) for condition, handles in blocks if handles]
    return "".join((*texts, _spaced(audience.others) if audience.others else ""))


def _spaced(handles: Iterable[str]) -> str:
    """Return handles with a space on both sides: Datadog takes one for a handle only after white space."""
    return f" {' '.join(handles)} "


def _when(condition: str, text: str, *, negated: bool = False) -> str:
    name = condition.partition(" ")[0]
    return f"{{{{{'^' if negated else '#'}{condition}}}}}{text}{{{{/{name}}}}}"

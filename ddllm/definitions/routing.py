"""monitors/routing.yaml: who hears of a monitor, and the objects that it takes in Datadog: PagerDuty services, a webhook, rules.

The first route that matches a monitor decides. A route on a feature is decided when the monitor alerts, by the feature of the
group, so it takes a monitor that is grouped by feature.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import Document, Position, load
from ddllm.definitions.document import Route as Place
from ddllm.definitions.nearest import did_you_mean
from ddllm.definitions.problems import Problems
from ddllm.definitions.settings import Settings, Severity
from ddllm.definitions.shape import Shape, check
from ddllm.definitions.variables import Scope, Secret, Template, as_written
from ddllm.errors import DefinitionError

PAGERDUTY = "pagerduty"
WEBHOOKS = "webhooks"
NOTIFICATIONS = "notifications"
RETENTION = "retention"

#: The key of the webhook that leads to the alert context collector, and of the filter that keeps exemplars for it.
CONTEXT = "context"
EXEMPLARS = "exemplars"

#: What Datadog tells the collector of an alert, in its own variables: what identifies it, for the rest can be asked. Texts that
#: may hold quotation marks (titles, messages, queries) would break the JSON, so they are not in it.
PAYLOAD: Mapping[str, str] = {
    "id": "$ID",
    "monitor_id": "$ALERT_ID",
    "cycle_key": "$ALERT_CYCLE_KEY",
    "transition": "$ALERT_TRANSITION",
    "type": "$ALERT_TYPE",
    "priority": "$ALERT_PRIORITY",
    "scope": "$ALERT_SCOPE",
    "tags": "$TAGS",
    "date": "$DATE",
    "link": "$LINK",
    "org_id": "$ORG_ID",
}

#: The fields that Datadog never shows again, `*` for any name: only there may a secret stand, and nothing else may.
_WRITE_ONLY: tuple[Place, ...] = (
    ("pagerduty", "services", "*", "key"),
    ("pagerduty", "rest", "token"),
    ("context", "token"),
)
_PAGERDUTY_HANDLE = re.compile(r"@?pagerduty-(.+)")


def _handle(text: str) -> str:
    if not re.fullmatch(r"@[^@\s]\S*", text):
        raise ValueError("is no handle: one is written as @slack-acme-alerts")
    return text


def _recipient(text: str) -> str:
    if not re.fullmatch(r"[^@\s]\S*", text):
        raise ValueError("is no recipient: in a notification rule one is written without `@`, as slack-acme-alerts")
    return text


_Handle = Annotated[str, AfterValidator(_handle)]
_Recipient = Annotated[str, AfterValidator(_recipient)]
_ServiceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
_Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,60}$")]

Context = Literal["attach", "send", "none"]


class Service(Shape):
    """A service of PagerDuty: the integration key with which Datadog sends to it."""

    key: str


class Rest(Shape):
    """PagerDuty's REST API, which adds the context to an incident: a token, and the address that notes are made from."""

    token: str
    sender: str = Field(alias="from", min_length=1)


class PagerDuty(Shape):
    """`pagerduty`."""

    region: Literal["us", "eu"] = "us"
    services: dict[_ServiceName, Service] = Field(default_factory=dict)
    rest: Rest | None = None


class Collector(Shape):
    """`context`: the alert context collector."""

    url: str = Field(pattern=r"^https?://\S+$")
    token: str
    page_content: bool = False


class Match(Shape):
    """What a route is for; what is not written matches everything. `monitor` is a glob on the key."""

    severity: Severity | None = None
    team: str | None = None
    feature: str | None = Field(default=None, pattern=r'^[^"{}\s]+$')
    monitor: str | None = Field(default=None, min_length=1)


class Route(Shape):
    """Who hears of the monitors that match, and how the context reaches them."""

    match: Match
    notify: list[_Handle]
    context: Context = "none"


class RuleFilter(Shape):
    """Which monitors a rule is for: tags that all must match, or a scope."""

    tags: list[str] | None = Field(default=None, min_length=1, max_length=20)
    scope: str | None = Field(default=None, min_length=1, max_length=3000)


class RuleCondition(Shape):
    """Recipients of the alerts of one scope."""

    scope: str = Field(min_length=1, max_length=3000)
    recipients: list[_Recipient] = Field(min_length=1)


class ConditionalRecipients(Shape):
    """Recipients by condition."""

    conditions: list[RuleCondition] = Field(min_length=1, max_length=10)
    fallback_recipients: list[_Recipient] | None = None


class Bundle(Shape):
    """How long alerts are gathered into one notification, in seconds."""

    duration: int = Field(ge=1)


class NotificationRule(Shape):
    """One of Datadog's own notification rules, as its API has it; recipients carry no `@`."""

    name: str | None = Field(default=None, min_length=1, max_length=800)
    filter: RuleFilter
    recipients: list[_Recipient] | None = Field(default=None, min_length=1)
    conditional_recipients: ConditionalRecipients | None = None
    bundle_config: Bundle | None = None


class RoutingFile(Shape):
    """The shape of routing.yaml."""

    pagerduty: PagerDuty = PagerDuty()
    context: Collector | None = None
    routes: list[Route] = Field(default_factory=list)
    notification_rules: dict[_Key, NotificationRule] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Routing:
    """routing.yaml, read for one environment. `webhook` is the name of the collector's webhook, None without a collector."""

    file: RoutingFile
    definitions: tuple[Definition, ...]
    webhook: str | None
    document: Document = field(repr=False)

    def at(self, index: int, *inside: str | int) -> Position:
        """Where a route was written, or a field of it."""
        place = ("routes", index, *inside)
        return self.document.key(place) if inside else self.document.at(place)


def load_routing(path: Path, settings: Settings, *, shown: str | None = None) -> Routing | None:
    """Read routing.yaml; None where there is none. Raises DefinitionError, or DefinitionListError, with all that is wrong."""
    if not path.is_file():
        return None
    document = load(path, shown=shown)
    values = _resolved(document.value or {}, settings.scope, document, ())
    file = check(RoutingFile, as_written(values), document, ())
    problems = Problems()
    problems.add(*_wrong(file, values, document))
    problems.raise_any()
    webhook = f"ddllm-{settings.project}-{settings.env}-{CONTEXT}" if file.context else None
    return Routing(file, tuple(_definitions(values, document)), webhook, document)


def _resolved(value: Any, scope: Scope, document: Document, place: Place) -> Any:
    """Put variables in; secrets only where they may stand."""
    if isinstance(value, dict):
        return {key: _resolved(item, scope, document, (*place, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, scope, document, (*place, index)) for index, item in enumerate(value)]
    return scope.resolve(value, document, place, secrets=_is_write_only(place))


def _is_write_only(place: Place) -> bool:
    return any(
        len(place) == len(pattern) and all(part in {"*", name} for part, name in zip(pattern, place, strict=True))
        for pattern in _WRITE_ONLY
    )


def _wrong(file: RoutingFile, values: Mapping[str, Any], document: Document) -> Iterator[DefinitionError]:
    for place, value in _leaves(values):
        if _is_write_only(place) and not _is_secret(value):
            yield DefinitionError(
                f"`{'.'.join(map(str, place))}` stands here for everybody to read",
                where=str(document.at(place)),
                hint="Write ${secret:NAME} and give it in the environment",
            )
        handle = _PAGERDUTY_HANDLE.fullmatch(value) if isinstance(value, str) and _is_recipient(place) else None
        if handle and file.pagerduty.services and handle[1] not in file.pagerduty.services:
            yield DefinitionError(
                f"there is no service `{handle[1]}` under pagerduty.services",
                where=str(document.at(place)),
                hint=did_you_mean(handle[1], file.pagerduty.services),
            )
    for index, route in enumerate(file.routes):
        if route.context != "none" and file.context is None:
            yield DefinitionError(
                f"the route says `context: {route.context}`, and the file has no `context` that says where to",
                where=str(document.at(("routes", index, "context"))),
            )
    for key, rule in file.notification_rules.items():
        yield from _wrong_rule(key, rule, document)


def _wrong_rule(key: str, rule: NotificationRule, document: Document) -> Iterator[DefinitionError]:
    for names, values in (
        (("filter.tags", "filter.scope"), (rule.filter.tags, rule.filter.scope)),
        (("recipients", "conditional_recipients"), (rule.recipients, rule.conditional_recipients)),
    ):
        if sum(value is not None for value in values) != 1:
            where = str(document.key(("notification_rules", key)))
            yield DefinitionError(f"the rule `{key}` must have one of `{names[0]}` and `{names[1]}`", where=where)


def _leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, (*place, key))
    else:
        yield place, value


def _is_secret(value: Any) -> bool:
    return isinstance(value, Template) and any(isinstance(part, Secret) for part in value.parts)


def _is_recipient(place: Place) -> bool:
    return any(part in {"notify", "recipients", "fallback_recipients"} for part in place)


def _definitions(values: Mapping[str, Any], document: Document) -> Iterator[Definition]:
    def defined(kind: str, key: str, body: Mapping[str, Any], *place: str) -> Definition:
        return Definition(kind=kind, key=key, body=body, source=Source(document, place))

    for name, service in (values.get("pagerduty") or {}).get("services", {}).items():
        body = {"service_name": name, "service_key": service["key"]}
        yield defined(PAGERDUTY, name, body, "pagerduty", "services", name)
    collector = values.get("context")
    if collector:
        headers = {"Authorization": Template(("Bearer ", *collector["token"].parts))}
        body = {"url": collector["url"], "encode_as": "json", "payload": dict(PAYLOAD), "custom_headers": headers}
        yield defined(WEBHOOKS, CONTEXT, body, "context")
        yield defined(RETENTION, EXEMPLARS, _EXEMPLARS, "context")
    for key, rule in (values.get("notification_rules") or {}).items():
        yield defined(NOTIFICATIONS, key, {"name": key, **rule}, "notification_rules", key)


#: Keeps every exemplar that the tracer sent: Datadog drops what no filter keeps after 15 minutes.
_EXEMPLARS: Mapping[str, Any] = {
    "name": "ddllm exemplars",
    "enabled": True,
    "filter": {"query": "operation_name:ddllm.exemplar"},
    "filter_type": "spans-sampling-processor",
    "rate": 1,
}

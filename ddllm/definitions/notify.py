"""Finds for every monitor who hears of it, and gives it the message that says so."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

from ddllm import catalog
from ddllm.definitions.definition import Definition
from ddllm.definitions.message import Audience, Links, Member, message
from ddllm.definitions.monitors import MonitorDefinition
from ddllm.definitions.problems import Problems
from ddllm.definitions.routing import Route, Routing
from ddllm.definitions.thresholds import trailing_comparison
from ddllm.definitions.variables import Reference
from ddllm.errors import DefinitionError, QueryError
from ddllm.query.ast import Method, Quoted
from ddllm.query.monitor import CheckQuery, EventQuery
from ddllm.query.parse import parse_monitor
from ddllm.query.reads import reads

#: The dashboard that a page leads to; a project without it has its first one.
_DASHBOARD = "llm-health"
_FEATURE = "feature"


def with_messages(
    definitions: Sequence[Definition], routing: Routing | None, pages: str, env: str, problems: Problems
) -> list[Definition]:
    """Return the definitions, each monitor with its whole message; what is wrong with one goes to `problems`.

    `pages` is the address of Datadog's pages. A monitor of severity none notifies nobody by itself and keeps its message; so
    does one without a severity that no route matches, which is how an imported one arrives.
    """
    project = _Project(definitions, routing, pages, env)
    result: list[Definition] = []
    for definition in definitions:
        with problems.caught():
            result.append(project.notifying(definition) if isinstance(definition, MonitorDefinition) else definition)
    if routing is not None and not len(problems):
        problems.add(*project.without_net())
    return result


@dataclass(frozen=True)
class _Project:
    definitions: Sequence[Definition]
    routing: Routing | None
    pages: str
    env: str

    @cached_property
    def by_reference(self) -> Mapping[Reference, Definition]:
        return {Reference(each.kind, each.key): each for each in self.definitions}

    @cached_property
    def dashboards(self) -> list[Definition]:
        """The dashboards that a page may lead to, the best first."""
        found = (each for each in self.definitions if each.kind == "dashboards")
        return sorted(found, key=lambda each: each.key != _DASHBOARD)

    def dashboard_for(self, monitor: Definition) -> Definition | None:
        """Return the first dashboard that does not show the monitor itself: the two could not be made one after the other."""
        own = Reference(monitor.kind, monitor.key)
        return next((each for each in self.dashboards if own not in self._needed(each)), None)

    def _needed(self, definition: Definition) -> frozenset[Reference]:
        """Return what must exist before a definition can be written, and what that needs in turn."""
        needed: set[Reference] = set()
        ahead = [*definition.references]
        while ahead:
            reference = ahead.pop()
            if reference not in needed and reference in self.by_reference:
                needed.add(reference)
                ahead += self.by_reference[reference].references
        return frozenset(needed)

    def notifying(self, monitor: MonitorDefinition) -> MonitorDefinition:
        audiences = self.audiences(monitor)
        if monitor.severity == "none" or (monitor.severity is None and not audiences):
            return monitor
        runbook = Reference("runbooks", monitor.runbook) if monitor.runbook else None
        links = Links(self.pages, self.env, runbook, self.dashboard_for(monitor))
        members = [
            Member(each.key, " ".join(map(str, trailing_comparison(str(each.body["query"])) or ())))
            for each in self.members(monitor)
        ]
        text = message(monitor, self.groups(monitor), members, audiences, links)
        return replace(monitor, body={**monitor.body, "message": text})

    def members(self, monitor: MonitorDefinition) -> list[Definition]:
        return [self.by_reference[each] for each in monitor.members if each in self.by_reference]

    def groups(self, monitor: Definition) -> tuple[str, ...]:
        """Return the keys that a monitor alerts by: of a composite those that all its members share."""
        if isinstance(monitor, MonitorDefinition) and monitor.body["type"] == "composite":
            first, *others = [self.groups(each) for each in self.members(monitor)] or [()]
            return tuple(key for key in first if all(key in other for other in others))
        return group_keys(str(monitor.body["query"]))

    def audiences(self, monitor: MonitorDefinition) -> list[Audience]:
        """Return who hears of a monitor, the first that fits first. Raises DefinitionError where nobody does, or not of all."""
        if self.routing is None or monitor.severity == "none":
            return []
        grouped = _FEATURE in self.groups(monitor)
        matching = [(index, route) for index, route in enumerate(self.routing.file.routes) if _matches(route, monitor)]
        chosen: dict[str | None, tuple[int, Route]] = {}
        for index, route in matching:
            if route.match.feature is None or grouped:
                chosen.setdefault(route.match.feature, (index, route))
            if route.match.feature is None:
                break
        if None not in chosen and not (monitor.severity is None and not matching):
            raise self._unheard(monitor, [route for _, route in matching], grouped=grouped)
        return [self._audience(monitor, feature, index, route) for feature, (index, route) in chosen.items()]

    def _unheard(self, monitor: MonitorDefinition, matching: Sequence[Route], *, grouped: bool) -> DefinitionError:
        where = str(monitor.source.position)
        if not matching:
            said = f"no route matches `{monitor.key}` (severity {monitor.severity}, team {monitor.team})"
            hint = "Add one to monitors/routing.yaml, with `notify: []` if nobody shall hear of it"
            return DefinitionError(said, where=where, hint=hint)
        features = ", ".join(f"`{route.match.feature}`" for route in matching)
        if not grouped:
            said = (
                f"the only routes for `{monitor.key}` are for the feature {features}, and it is not grouped by feature"
            )
            hint = "Add `feature` to the `by {…}` of its query, or a route without `feature`"
            return DefinitionError(said, where=where, hint=hint)
        said = f"alerts of `{monitor.key}` reach somebody only for the feature {features}"
        return DefinitionError(said, where=where, hint="Add a route without `feature` after them, for the others")

    def _audience(self, monitor: MonitorDefinition, feature: str | None, index: int, route: Route) -> Audience:
        if not monitor.collect_context or route.context == "none" or self.routing is None:
            return Audience(feature, tuple(route.notify))
        sends = route.context == "send"
        audience = Audience(feature, tuple(route.notify), f"@webhook-{self.routing.webhook}", collector_pages=sends)
        if sends and not audience.pagers:
            raise DefinitionError(
                "with `context: send` the route needs a handle that pages: Datadog calls it where the collector did not",
                where=str(self.routing.at(index)),
                hint="Add the service's handle, such as @pagerduty-llm-platform, to `notify`",
            )
        if sends and not (monitor.body.get("options") or {}).get("renotify_interval"):
            raise DefinitionError(
                f"`{monitor.key}` is paged by the collector alone, and nobody would notice that it did not",
                where=str(monitor.source.position),
                hint="Write options.renotify_interval, such as 10 minutes: Datadog pages where an alert is still open then",
            )
        return audience

    def without_net(self) -> Iterator[DefinitionError]:
        """Yield an error for the first route that lets the collector page where nothing pages for the collector's own silence."""
        if self.routing is None:
            return
        sending = [index for index, route in enumerate(self.routing.file.routes) if route.context == "send"]
        if sending and not any(self._watches_collector(each) for each in self.definitions):
            heartbeat = catalog.COLLECTOR_HEARTBEAT
            yield DefinitionError(
                "`context: send` needs a monitor that pages when the collector falls silent",
                where=str(self.routing.at(sending[0], "context")),
                hint=f"Write a monitor on {heartbeat} of severity page, without collect_context, that a route with a pager matches",
            )

    def _watches_collector(self, monitor: Definition) -> bool:
        if not isinstance(monitor, MonitorDefinition) or catalog.COLLECTOR_HEARTBEAT.name not in str(
            monitor.body["query"]
        ):
            return False
        return any(each.pagers and not each.collector_pages for each in self.audiences(monitor))


def _matches(route: Route, monitor: MonitorDefinition) -> bool:
    """Whether a route is for a monitor, its feature left open."""
    match = route.match
    return (
        match.severity in {None, monitor.severity}
        and match.team in {None, monitor.team}
        and (match.monitor is None or fnmatchcase(monitor.key, match.monitor))
    )


#: One metric, compared: most queries by far, and looking is ten times as fast as parsing.
_PLAIN = re.compile(
    r"(?:avg|sum|min|max|percentile)\(last_\w+\):\w+:[\w.]+\{[^{}]*\}(?: by \{(?P<by>[\w.,/-]+)\})?(?:\.as_count\(\))? (?:[<>]=?) [\d.]+"
)


def group_keys(query: str) -> tuple[str, ...]:
    """Return the tag keys that a query alerts by; none of one that cannot be read, which is for others to say."""
    plain = _PLAIN.fullmatch(query)
    if plain:
        return tuple(plain["by"].split(",")) if plain["by"] else ()
    try:
        tree = parse_monitor(query)
    except QueryError:
        return ()
    if isinstance(tree, CheckQuery | EventQuery):
        return tuple(key for key in _arguments(tree.methods, "by") if key != "*")
    keys: Iterable[tuple[str, ...]] = (read.group_keys for read in reads(tree))
    return next(iter(keys), ())


def _arguments(methods: Iterable[Method], name: str) -> Iterator[str]:
    """Yield what a method of a chain is given, each of several in one text by itself: `by("service,@http.status_code")`."""
    for argument in (each for method in methods if method.name == name for each in method.arguments):
        text = argument.plain if isinstance(argument, Quoted) else str(argument)
        yield from filter(None, (part.strip() for part in text.split(",")))

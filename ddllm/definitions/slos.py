"""monitors/slos.yaml: SLOs by key; the body is Datadog's own SLO JSON, names and tags as for monitors.

`burn_rate` makes monitors besides, which alert when an SLO's error budget is spent too fast: `<key>-burn-fast` and, where it
is written, `<key>-burn-slow`. The limits of their windows and rates are those that Datadog documents.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from ddllm.definitions import monitors
from ddllm.definitions.definition import Definition, Source
from ddllm.definitions.document import Document, Route
from ddllm.definitions.entries import entries
from ddllm.definitions.monitors import MonitorDefinition, Team, check_tags
from ddllm.definitions.problems import Problems
from ddllm.definitions.settings import Settings, Severity
from ddllm.definitions.shape import Shape, check
from ddllm.definitions.variables import Reference, Template, as_written
from ddllm.errors import DefinitionError

KIND = "slos"

_OWN_FIELDS = frozenset({"team", "burn_rate"})
_DAYS = {"7d": 7, "30d": 30, "90d": 90}
_SECONDS = {"m": 60, "h": 3600}
_LONG_WINDOW = (1 * 3600, 48 * 3600)

#: Of each type, the fields of which one says what is measured.
_MEASURES = {
    "metric": ("query", "sli_specification"),
    "time_slice": ("sli_specification",),
    "monitor": ("monitor_ids",),
}
_SPECIFICATIONS = {"metric": "count", "time_slice": "time_slice"}

_Percent = Annotated[float, Field(gt=0, le=100)]
_Window = Annotated[str, Field(pattern=r"^[1-9][0-9]*[mh]$")]


class Threshold(Shape):
    """One of `thresholds`: the target, in percent, over so many days."""

    timeframe: Literal["7d", "30d", "90d"]
    target: _Percent
    warning: _Percent | None = None
    target_display: str | None = None
    warning_display: str | None = None


class Query(Shape):
    """`query` of a metric SLO: good events over all events."""

    numerator: str = Field(min_length=1)
    denominator: str = Field(min_length=1)


class Burn(Shape):
    """Alerts where the budget is spent `rate` times too fast over the long and over the short window."""

    long: _Window
    short: _Window
    rate: float = Field(gt=0)
    severity: Severity | None = None


class BurnRate(Shape):
    """What the alerts on an SLO's burn rate are like. `message` says what it means for users."""

    severity: Severity
    fast: Burn
    slow: Burn | None = None
    timeframe: Literal["7d", "30d", "90d"] | None = None
    message: str = ""
    runbook: str | None = None
    collect_context: bool = False


class Slo(Shape):
    """One SLO as its file writes it, variables put in."""

    team: Team | None = None
    name: str = Field(min_length=1)
    type: Literal["metric", "time_slice", "monitor"]
    description: str | None = None
    tags: list[str] = Field(default_factory=list)
    query: Query | None = None
    sli_specification: dict[str, Any] | None = None
    monitor_ids: list[int | str] | None = None
    groups: list[str] | None = None
    thresholds: list[Threshold] = Field(min_length=1)
    timeframe: Literal["7d", "30d", "90d"] | None = None
    target_threshold: _Percent | None = None
    warning_threshold: _Percent | None = None
    burn_rate: BurnRate | None = None


def read(document: Document, settings: Settings) -> list[Definition]:
    """Read the SLOs of a file and the monitors on them. Raises DefinitionError, or DefinitionListError, with all that is wrong."""
    problems = Problems()
    found: list[Definition] = []
    for key, route, body in entries(document, settings, "SLO", problems):
        with problems.caught():
            found += _definitions(key, body, Source(document, route), settings)
    problems.raise_any()
    return found


def _definitions(key: str, body: Mapping[str, Any], source: Source, settings: Settings) -> Iterator[Definition]:
    slo = check(Slo, as_written(body), source.document, source.route)
    team = slo.team or settings.team
    tags = [*slo.tags, *([f"team:{team}"] if team else [])]
    check_tags(slo.tags, source)
    _check_case(key, slo, source)
    _check_measure(slo, source)
    _check_thresholds(slo, source)
    own = {name: value for name, value in body.items() if name not in _OWN_FIELDS}
    yield Definition(kind=KIND, key=key, body={**own, "tags": list(dict.fromkeys(tags))}, source=source)
    if slo.burn_rate:
        for speed in ("fast", "slow"):
            burn = getattr(slo.burn_rate, speed)
            if burn:
                yield _alert(key, slo, speed, burn, source, settings)


def _check_case(key: str, slo: Slo, source: Source) -> None:
    """Datadog writes tags of SLOs in small letters, and the identity is one of them."""
    if key != key.lower():
        raise DefinitionError(f"the key `{key}` of an SLO must be in small letters", where=str(source.position))
    for index, tag in enumerate(slo.tags):
        if tag != tag.lower():
            raise DefinitionError(
                f"the tag `{tag}` of an SLO must be in small letters",
                where=str(source.document.at((*source.route, "tags", index))),
            )


def _check_measure(slo: Slo, source: Source) -> None:
    possible = _MEASURES[slo.type]
    given = [name for name in ("query", "sli_specification", "monitor_ids") if getattr(slo, name)]
    if len(given) != 1 or given[0] not in possible:
        needed = " or ".join(f"`{name}`" for name in possible)
        place = next((name for name in given if name not in possible), given[-1] if given else "type")
        raise DefinitionError(
            f"an SLO of type {slo.type} is measured by {needed}, and by nothing else", where=str(source.at((place,)))
        )
    wanted = _SPECIFICATIONS.get(slo.type)
    if slo.sli_specification and [*slo.sli_specification] != [wanted]:
        raise DefinitionError(
            f"`sli_specification` of an SLO of type {slo.type} holds `{wanted}`",
            where=str(source.at(("sli_specification",))),
        )
    for name in ("numerator", "denominator"):
        if slo.query and ".as_count()" not in getattr(slo.query, name):
            raise DefinitionError(
                f"`query.{name}` counts events, so it needs `.as_count()`", where=str(source.at(("query", name)))
            )
    _check_monitors(slo, source)


def _check_monitors(slo: Slo, source: Source) -> None:
    for index, monitor in enumerate(slo.monitor_ids or ()):
        if isinstance(monitor, str) and not monitor.startswith("${monitor:"):
            raise DefinitionError(
                f"`{monitor}` is not the id of a monitor",
                where=str(source.document.at((*source.route, "monitor_ids", index))),
                hint="Write `${monitor:KEY}`, or a number",
            )
    if slo.groups and len(slo.monitor_ids or ()) != 1:
        raise DefinitionError("`groups` is for an SLO of one monitor", where=str(source.at(("groups",))))


def _check_thresholds(slo: Slo, source: Source) -> None:
    seen: set[str] = set()
    for index, threshold in enumerate(slo.thresholds):
        route = (*source.route, "thresholds", index)
        if threshold.timeframe in seen:
            where = str(source.document.at((*route, "timeframe")))
            raise DefinitionError(f"`thresholds` holds {threshold.timeframe} twice", where=where)
        seen.add(threshold.timeframe)
        if threshold.warning is not None and threshold.warning <= threshold.target:
            where = str(source.document.at((*route, "warning")))
            raise DefinitionError(
                f"`warning` is {threshold.warning:g}, and has to be above the target, {threshold.target:g}", where=where
            )


# -- monitors on the burn rate


def _alert(key: str, slo: Slo, speed: str, burn: Burn, source: Source, settings: Settings) -> MonitorDefinition:
    rules = slo.burn_rate
    assert rules is not None  # noqa: S101 - the caller's condition
    inside = replace(source, route=(*source.route, "burn_rate"))
    threshold = _threshold(slo, rules, inside)
    _check_burn(burn, threshold, inside, speed)
    window = f'").over("{threshold.timeframe}").long_window("{burn.long}").short_window("{burn.short}") > {burn.rate:g}'
    body = {
        "severity": burn.severity or rules.severity,
        "runbook": rules.runbook,
        "collect_context": rules.collect_context,
        "team": slo.team,
        "name": f"Error budget burns {speed}: {slo.name}",
        "type": "slo alert",
        "query": Template(('burn_rate("', Reference(KIND, key), window)),
        "message": _message(slo, burn, threshold, rules.message),
        "tags": slo.tags,
    }
    places: dict[Route, Route] = {
        (name,): (speed,) for name in ("query", "name", *(["severity"] if burn.severity else []))
    }
    return monitors.define(f"{key}-burn-{speed}", body, replace(inside, derived=places), settings)


def _threshold(slo: Slo, rules: BurnRate, source: Source) -> Threshold:
    chosen = next((each for each in slo.thresholds if rules.timeframe in {None, each.timeframe}), None)
    if chosen is None:
        raise DefinitionError(
            f"`burn_rate.timeframe` is {rules.timeframe}, which is not in `thresholds`",
            where=str(source.at(("timeframe",))),
        )
    return chosen


def _check_burn(burn: Burn, threshold: Threshold, source: Source, speed: str) -> None:
    long, short = _seconds(burn.long), _seconds(burn.short)
    if not _LONG_WINDOW[0] <= long <= _LONG_WINDOW[1]:
        raise DefinitionError("`long` has to be from 1h to 48h", where=str(source.at((speed, "long"))))
    if short >= long:
        raise DefinitionError(
            f"`short` has to be below `long`, {burn.long}",
            where=str(source.at((speed, "short"))),
            hint="A twelfth of it is usual",
        )
    fastest = 100 / (100 - threshold.target) if threshold.target < 100 else 0  # noqa: PLR2004 - percent
    if burn.rate > fastest + 1e-9:
        raise DefinitionError(
            f"`rate` is {burn.rate:g}, and an SLO with the target {threshold.target:g} % cannot burn faster than {fastest:g}",
            where=str(source.at((speed, "rate"))),
        )


def _message(slo: Slo, burn: Burn, threshold: Threshold, meaning: str) -> str:
    hours = _DAYS[threshold.timeframe] * 24 / burn.rate
    left = f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.1f} days"  # noqa: PLR2004 - a person counts in days then
    told = (
        f"The target is {threshold.target:g} % over {_DAYS[threshold.timeframe]} days: {slo.name}. In the last {burn.long}, "
        f"and still in the last {burn.short}, its error budget was spent more than {burn.rate:g} times too fast. At that rate "
        f"a full budget lasts {left}."
    )
    return f"{meaning.strip()}\n\n{told}".lstrip()


def _seconds(window: str) -> int:
    return int(window[:-1]) * _SECONDS[window[-1]]

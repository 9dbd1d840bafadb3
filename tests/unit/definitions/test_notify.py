"""Who hears of a monitor: the first route that matches it, and an error where nobody does."""

from pathlib import Path
from textwrap import indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddllm.definitions.notify import group_keys
from ddllm.definitions.problems import DefinitionListError
from ddllm.definitions.project import load_project
from ddllm.definitions.variables import Reference, Template
from ddllm.errors import DefinitionError
from ddllm.query.parse import parse_monitor
from ddllm.query.reads import reads
from tests.support.notifications import Notification
from tests.support.repository import Repository

HEAD = """
pagerduty: {services: {llm: {key: "${secret:PD}"}, search: {key: "${secret:PD}"}}}
context: {url: "https://context.example.com", token: "${secret:T}"}
routes:
"""
PAGE = '- {match: {severity: page}, notify: ["@pagerduty-llm"], context: attach}\n'
SEARCH = '- {match: {severity: page, feature: search}, notify: ["@pagerduty-search"]}\n'
TICKET = '- {match: {severity: ticket}, notify: ["@slack-llm"]}\n'
HOOK = "@webhook-ddllm-shop-prod-context"
HEARTBEAT = """
collector-silent:
  severity: page
  name: The collector is silent
  type: query alert
  query: sum(last_10m):sum:ddllm.collector.heartbeat{*}.as_count() < 1
"""


def monitor(key: str = "slow", by: str = "", more: str = "severity: page") -> str:
    query = f"sum(last_5m):sum:ddllm.cost{{env:prod}}{by}.as_count() > 2"
    body = f"name: {key}\ntype: query alert\nquery: {query}\nmessage: Money.\n{more}\n"
    return f"{key}:\n{indent(body, '  ')}"


def text(folder: Path, routes: str | None, *monitors: str, key: str = "slow", env: str | None = None) -> str:
    """Return the message of a monitor, references as their text."""
    repository = Repository(folder, all="\n".join(monitors or (monitor(),)))
    if routes is not None:
        repository.write("monitors/routing.yaml", HEAD + routes)
    [found] = [each for each in load_project(folder, env).of("monitors") if each.key == key]
    return str(found.body["message"])


def error(folder: Path, routes: str, *monitors: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        text(folder, routes, *monitors)
    assert not isinstance(caught.value, DefinitionListError)
    return str(caught.value).replace(f"{folder}/monitors/", "")


def handles(message: str, **tags: str) -> set[str]:
    return Notification("alert", tags).handles(message)


def test_the_first_route_that_matches_decides(tmp_path: Path):
    routes = '- {match: {monitor: "sl*"}, notify: ["@slack-first"]}\n' + PAGE
    assert handles(text(tmp_path, routes)) == {"@slack-first"}


@pytest.mark.parametrize(
    "match", ["severity: ticket", "team: other", "monitor: slo", 'monitor: "*-fast"', "severity: page, team: other"]
)
def test_a_route_that_does_not_match_is_passed_over(tmp_path: Path, match: str):
    routes = f'- {{match: {{{match}}}, notify: ["@slack-wrong"]}}\n{PAGE}'
    assert handles(text(tmp_path, routes)) == {"@pagerduty-llm"}


def test_a_team_is_that_of_the_definition(tmp_path: Path):
    routes = '- {match: {team: search}, notify: ["@slack-search"]}\n' + PAGE
    assert handles(text(tmp_path, routes, monitor(more="severity: page\nteam: search"))) == {"@slack-search"}


def test_an_environment_that_caps_severities_routes_by_what_is_left(tmp_path: Path):
    assert handles(text(tmp_path, PAGE + TICKET, env="staging")) == {"@slack-llm"}


def test_the_collector_is_called_where_the_monitor_asks_for_context(tmp_path: Path):
    asking = monitor(more="severity: page\ncollect_context: true")
    assert handles(text(tmp_path, PAGE, asking)) == {"@pagerduty-llm", HOOK}
    assert handles(text(tmp_path, PAGE)) == {"@pagerduty-llm"}


def test_a_route_on_a_feature_is_for_monitors_grouped_by_it(tmp_path: Path):
    message = text(tmp_path, SEARCH + PAGE, monitor(by=" by {service,feature}"))
    assert handles(message, feature="search") == {"@pagerduty-search"}
    assert handles(message, feature="chat") == {"@pagerduty-llm"}


def test_a_monitor_that_is_not_grouped_by_feature_takes_the_next_route(tmp_path: Path):
    message = text(tmp_path, SEARCH + PAGE, monitor(by=" by {service}"))
    assert handles(message, feature="search") == {"@pagerduty-llm"}


def test_without_routing_a_message_has_its_head_and_calls_nobody(tmp_path: Path):
    message = text(tmp_path, None, monitor(by=" by {service}"))
    assert message.splitlines()[0].endswith(" | service:{{service.name}}")
    assert message.endswith("\n\nMoney.")
    assert "@" not in message


@pytest.mark.parametrize("more", ["severity: none", "team: x"])
def test_a_monitor_of_no_severity_keeps_its_message(tmp_path: Path, more: str):
    assert text(tmp_path, PAGE, monitor(more=more)) == "Money."


def test_a_composite_alerts_by_what_its_members_share_and_shows_their_values(tmp_path: Path):
    parts = (
        monitor("one", " by {feature,service}", "severity: none"),
        monitor("two", " by {service,model_name,feature}", "severity: none"),
    )
    both = "slow:\n  severity: page\n  name: Both\n  type: composite\n  query: ${monitor:two} && ${monitor:one}\n"
    lines = text(tmp_path, SEARCH + PAGE, *parts, both).splitlines()
    assert "two {{a.value}} (> 2)" in lines[0]
    assert lines[0].endswith(" | service:{{service.name}},feature:{{feature.name}}")
    assert lines[1] == "Also one {{b.value}}"


def test_a_page_leads_to_the_dashboard_on_health(tmp_path: Path):
    repository = Repository(tmp_path, all=monitor())
    repository.write("dashboards/a.yaml", "first: {title: T, layout_type: ordered, widgets: []}")
    [found] = load_project(tmp_path).of("monitors")
    assert Reference("dashboards", "first") in found.references
    repository.write("dashboards/b.yaml", "llm-health: {title: T, layout_type: ordered, widgets: []}")
    [found] = load_project(tmp_path).of("monitors")
    assert isinstance(found.body["message"], Template)
    assert found.references == {Reference("dashboards", "llm-health")}


def test_the_pages_are_those_of_the_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    repository = Repository(tmp_path, all=monitor())
    repository.write("dashboards/a.yaml", "first: {title: T, layout_type: ordered, widgets: []}")
    monkeypatch.setenv("DD_SITE", "datadoghq.eu")
    [found] = load_project(tmp_path).of("monitors")
    assert "https://app.datadoghq.eu/dashboard/${dashboard:first}" in str(found.body["message"])


SEND = PAGE.replace("attach", "send")
SENT = monitor(more="severity: page\ncollect_context: true\noptions: {renotify_interval: 10}")


@pytest.mark.parametrize(
    ("routes", "monitors", "message"),
    [
        (TICKET, [monitor()], "all.yaml:1:1: no route matches `slow` (severity page, team None). Add one to monitors/routing.yaml, with `notify: []` if nobody shall hear of it"),
        (SEARCH, [monitor(by=" by {service}")], "all.yaml:1:1: the only routes for `slow` are for the feature `search`, and it is not grouped by feature. Add `feature` to the `by {…}` of its query, or a route without `feature`"),
        (SEARCH, [monitor(by=" by {feature}")], "all.yaml:1:1: alerts of `slow` reach somebody only for the feature `search`. Add a route without `feature` after them, for the others"),
        (SEND, [monitor(more="severity: page\ncollect_context: true"), HEARTBEAT], "all.yaml:1:1: `slow` is paged by the collector alone, and nobody would notice that it did not. Write options.renotify_interval, such as 10 minutes: Datadog pages where an alert is still open then"),
        (SEND.replace("@pagerduty", "@slack"), [SENT, HEARTBEAT], "routing.yaml:4:3: with `context: send` the route needs a handle that pages: Datadog calls it where the collector did not."),
        (SEND, [SENT], "routing.yaml:4:57: `context: send` needs a monitor that pages when the collector falls silent. Write a monitor on ddllm.collector.heartbeat of severity page"),
        (SEND, [SENT, HEARTBEAT.replace("severity: page", "severity: page\n  collect_context: true\n  options: {renotify_interval: 10}")], "routing.yaml:4:57: `context: send` needs a monitor that pages when the collector falls silent."),
    ],
)  # fmt: skip
def test_a_monitor_that_would_not_reach_anybody_is_an_error(
    tmp_path: Path, routes: str, monitors: list[str], message: str
):
    assert error(tmp_path, routes, *monitors).startswith(message)


def test_with_both_nets_the_collector_may_page(tmp_path: Path):
    message = text(tmp_path, SEND, SENT, HEARTBEAT)
    assert handles(message) == {HOOK}
    assert Notification("renotify").handles(message) == {HOOK, "@pagerduty-llm"}


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("avg(last_5m):avg:a{*} by {service,model_name} > 2", ("service", "model_name")),
        ("sum(last_5m):sum:a{*} by {x}.as_count() / sum:b{*} by {x}.as_count() > 1", ("x",)),
        ("avg(last_5m):avg:a{*} > 2", ()),
        ('logs("x").index("*").rollup("count").by("service,@http.status_code").last("5m") > 5', ("service", "@http.status_code")),
        ('"ntp.in_sync".over("*").by("host").last(2).count_by_status()', ("host",)),
        ('"ntp.in_sync".over("*").by("*").last(2).count_by_status()', ()),
        ("what is this", ()),
    ],
)  # fmt: skip
def test_what_a_query_alerts_by_is_read_from_it(query: str, keys: tuple[str, ...]):
    assert group_keys(query) == keys


_KEYS = st.lists(st.sampled_from(["service", "model_name", "a.b", "k8s/pod", "x-y"]), max_size=3, unique=True)


@given(
    _KEYS,
    st.sampled_from(["env:prod", "*", "env:prod AND outcome IN (a,b)", "!x:y,z", "model:claude*"]),
    st.sampled_from([("sum", "sum", ".as_count()"), ("percentile", "p95", ""), ("avg", "avg", "")]),
    st.sampled_from([" > 2", " <= 0.5", " >= 40", " > -1"]),
)
def test_the_short_way_to_the_groups_of_a_query_leads_where_its_tree_does(
    keys: list[str], scope: str, form: tuple[str, str, str], comparison: str
):
    by = f" by {{{','.join(keys)}}}" if keys else ""
    query = f"{form[0]}(last_5m):{form[1]}:ddllm.ttft{{{scope}}}{by}{form[2]}{comparison}"
    assert group_keys(query) == next(reads(parse_monitor(query))).group_keys

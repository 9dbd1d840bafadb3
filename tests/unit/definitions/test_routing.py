"""routing.yaml: what it may say, where secrets may stand, and the objects that it asks Datadog for."""

from pathlib import Path
from typing import Any

import pytest

from ddllm.definitions.problems import DefinitionListError
from ddllm.definitions.routing import Routing, load_routing
from ddllm.definitions.settings import load_settings
from ddllm.definitions.variables import Secret, reveal, secrets
from ddllm.errors import DefinitionError
from tests.support.repository import Repository

ROUTING = """
pagerduty:
  region: eu
  services:
    llm-platform: {key: "${secret:PD_PLATFORM}"}
    search: {key: "${secret:PD_SEARCH}"}
  rest: {token: "${secret:PD_REST}", from: oncall@example.com}
context:
  url: https://context.example.com/${env}
  token: "${secret:HOOK}"
routes:
- {match: {severity: page, feature: search}, notify: ["@pagerduty-search"], context: attach}
- {match: {severity: page}, notify: ["@pagerduty-llm-platform"], context: attach}
- {match: {severity: ticket}, notify: ["@slack-acme-llm"]}
- {match: {severity: info}, notify: []}
notification_rules:
  quiet: {filter: {tags: ["team:ml"]}, recipients: [slack-acme-llm, pagerduty-search]}
"""


def read(folder: Path, text: str = ROUTING) -> Routing:
    repository = Repository(folder)
    repository.write("monitors/routing.yaml", text)
    root = folder / "monitors"
    routing = load_routing(root / "routing.yaml", load_settings(root / "settings.yaml", None), shown="routing.yaml")
    assert routing is not None
    return routing


def refused(folder: Path, text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        read(folder, text)
    assert not isinstance(caught.value, DefinitionListError)
    return str(caught.value)


def body(routing: Routing, kind: str) -> Any:
    return {each.key: each.body for each in routing.definitions if each.kind == kind}


def test_without_the_file_there_is_no_routing(tmp_path: Path):
    Repository(tmp_path)
    settings = load_settings(tmp_path / "monitors" / "settings.yaml", None)
    assert load_routing(tmp_path / "monitors" / "routing.yaml", settings) is None


def test_an_empty_file_routes_nothing(tmp_path: Path):
    routing = read(tmp_path, "")
    assert (routing.file.routes, routing.definitions, routing.webhook) == ([], (), None)


def test_a_service_is_one_object_with_its_key_closed(tmp_path: Path):
    services = body(read(tmp_path), "pagerduty")
    assert list(services) == ["llm-platform", "search"]
    assert list(secrets(services["search"])) == [Secret("PD_SEARCH")]
    assert reveal(services["search"], {"PD_SEARCH": "k"}) == {"service_name": "search", "service_key": "k"}


def test_the_webhook_tells_the_collector_what_identifies_an_alert(tmp_path: Path):
    routing = read(tmp_path)
    assert routing.webhook == "ddllm-shop-prod-context"
    hook = reveal(body(routing, "webhooks")["context"], {"HOOK": "t"})
    assert (hook["url"], hook["custom_headers"]) == (
        "https://context.example.com/prod",
        {"Authorization": "Bearer t"},
    )
    assert hook["payload"].items() >= {"id": "$ID", "monitor_id": "$ALERT_ID", "scope": "$ALERT_SCOPE"}.items()


def test_what_may_hold_quotation_marks_is_not_in_the_webhooks_payload(tmp_path: Path):
    payload = body(read(tmp_path), "webhooks")["context"]["payload"]
    assert not {"$EVENT_MSG", "$EVENT_TITLE", "$ALERT_TITLE", "$ALERT_QUERY", "$TEXT_ONLY_MSG"} & set(payload.values())


def test_with_a_collector_exemplars_are_kept_for_it(tmp_path: Path):
    [kept] = body(read(tmp_path), "retention").values()
    assert (kept["filter"], kept["rate"]) == ({"query": "operation_name:ddllm.exemplar"}, 1)
    assert body(read(tmp_path, "routes: []"), "retention") == {}


def test_a_rule_is_named_by_its_key_unless_it_has_a_name(tmp_path: Path):
    assert body(read(tmp_path), "notifications")["quiet"]["name"] == "quiet"


def test_a_definition_knows_where_it_was_written(tmp_path: Path):
    places = {(each.kind, each.key): each.source.position.short for each in read(tmp_path).definitions}
    assert places["pagerduty", "search"] == "routing.yaml:5"
    assert places["webhooks", "context"] == places["retention", "exemplars"] == "routing.yaml:7"
    assert places["notifications", "quiet"] == "routing.yaml:16"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("route: []", "routing.yaml:1:1: unknown key `route`. Did you mean `routes`?"),
        ("routes: [{match: {severety: page}, notify: []}]", "routing.yaml:1:19: unknown key `routes.0.match.severety`. Did you mean `severity`?"),
        ("routes: [{match: {}, notify: ['slack-x']}]", "routing.yaml:1:31: `routes.0.notify.0` is no handle: one is written as @slack-acme-alerts"),
        ("routes: [{match: {}, notify: [], context: attach}]", "routing.yaml:1:43: the route says `context: attach`, and the file has no `context` that says where to"),
        ("pagerduty: {services: {search: {key: abcdef}}}", "routing.yaml:1:38: `pagerduty.services.search.key` stands here for everybody to read. Write ${secret:NAME} and give it in the environment"),
        ("context: {url: 'https://x.example', token: t}", "routing.yaml:1:44: `context.token` stands here for everybody to read."),
        ("routes: [{match: {team: '${secret:A}'}, notify: []}]", "routing.yaml:1:26: `${secret:A}` may not stand here."),
        ("context: {url: '${secret:A}', token: '${secret:B}'}", "routing.yaml:1:17: `${secret:A}` may not stand here."),
        ("routes: [{match: {team: '${temas}'}, notify: []}]", "routing.yaml:1:26: there is no variable `temas`."),
        ("notification_rules: {quiet: {filter: {}, recipients: [a]}}", "routing.yaml:1:22: the rule `quiet` must have one of `filter.tags` and `filter.scope`"),
        ("notification_rules: {quiet: {filter: {tags: [a]}}}", "routing.yaml:1:22: the rule `quiet` must have one of `recipients` and `conditional_recipients`"),
        ("notification_rules: {quiet: {filter: {tags: [a]}, recipients: ['@a']}}", "routing.yaml:1:64: `notification_rules.quiet.recipients.0` is no recipient: in a notification rule one is written without `@`"),
        ("pagerduty: {services: {search: {key: '${secret:A}'}}}\nroutes: [{match: {}, notify: ['@pagerduty-serach']}]", "routing.yaml:2:31: there is no service `serach` under pagerduty.services. Did you mean `search`?"),
        ("[1]", "routing.yaml:1:1: this must be a mapping of keys to values"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, message: str):
    assert refused(tmp_path, text).startswith(message)


def test_a_service_that_others_made_may_be_called_where_the_file_declares_none(tmp_path: Path):
    assert read(tmp_path, "routes: [{match: {}, notify: ['@pagerduty-theirs']}]").file.routes

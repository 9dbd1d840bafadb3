"""`ddllm sync pagerduty webhooks notifications metrics retention` as real processes against the sandbox's Datadog API."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddllm.query.series import Series
from ddllm.query.sketch import Sketch
from ddllm.sandbox.api import DatadogApi
from tests.support.datadog import environ, organisation
from tests.support.forked import run_ddllm
from tests.support.process import Ended, environment
from tests.support.repository import MONITORS, Repository

KINDS = ("pagerduty", "webhooks", "notifications", "metrics", "retention")
SECRETS = {"PD_KEY": "planted-pagerduty-key", "HOOK_TOKEN": "planted-webhook-token"}
ROUTING = """
pagerduty: {services: {llm-platform: {key: "${secret:PD_KEY}"}}}
context: {url: "https://context.example.com/hook", token: "${secret:HOOK_TOKEN}"}
routes:
- {match: {severity: page}, notify: ["@pagerduty-llm-platform"], context: attach}
- {match: {severity: ticket}, notify: ["@slack-acme-llm"]}
notification_rules:
  quiet: {filter: {tags: ["team:ml"]}, recipients: [slack-acme-llm]}
"""


def reporting(metric: str) -> Iterator[Series]:
    if metric == "ddllm.ttft":
        yield Series(metric, "distribution", ("env:prod", "service:chat"), sketches={600: Sketch([1.0])})


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation(metrics=reporting) as api:
        yield api


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path, slow=MONITORS, routing=ROUTING)


def ddllm(api: DatadogApi | None, repository: Repository, *arguments: str, **variables: str) -> Ended:
    """Run a command without a terminal; it may not say a secret."""
    env = environment({**(environ(api) if api else {}), **variables})
    ended = run_ddllm(*arguments, env=env, cwd=repository.folder)
    assert not any(secret in ended.stdout + ended.stderr for secret in SECRETS.values())
    assert "Traceback" not in ended.stderr
    return ended


def written(api: DatadogApi) -> list[tuple[str, str]]:
    return [(each.method, each.path) for each in api.writes]


def test_everything_is_made_once_and_a_second_sync_writes_nothing(api: DatadogApi, repository: Repository):
    plan = ddllm(api, repository, "plan", *KINDS, "--format", "json", "--out", "plan.json")
    assert (plan.returncode, written(api)) == (2, [])
    made = [(step["kind"], step["key"], step["file"]) for step in json.loads(plan.stdout)["steps"]]
    assert sorted(made) == [
        ("metrics", "ddllm.ttft", "ddllm.catalog"),
        ("notifications", "quiet", "monitors/routing.yaml"),
        ("pagerduty", "llm-platform", "monitors/routing.yaml"),
        ("retention", "exemplars", "monitors/routing.yaml"),
        ("webhooks", "context", "monitors/routing.yaml"),
    ]

    first = ddllm(api, repository, "sync", *KINDS, **SECRETS)
    assert first.returncode == 0, first.stderr
    assert api.pagerduty.keys == {"llm-platform": SECRETS["PD_KEY"]}
    [webhook] = api.webhooks.all()
    assert SECRETS["HOOK_TOKEN"] in webhook["custom_headers"]
    configuration = api.metrics.configuration("ddllm.ttft")
    assert configuration is not None
    assert configuration["include_percentiles"] is True
    assert len(api.notification_rules.all()) == len(api.retention_filters.all()) == 1

    api.requests.clear()
    second = ddllm(api, repository, "sync", *KINDS)
    assert (second.returncode, written(api)) == (0, []), second.stderr
    assert second.stdout.splitlines()[-1].startswith("shop/prod: nothing to do, 5 unchanged")
    files = [path for path in repository.folder.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not [path for path in files if any(value in path.read_text("utf-8") for value in SECRETS.values())]


def test_a_secret_that_is_due_and_not_set_means_that_nothing_is_written(api: DatadogApi, repository: Repository):
    ended = ddllm(api, repository, "sync", *KINDS, HOOK_TOKEN=SECRETS["HOOK_TOKEN"])
    assert (ended.returncode, written(api)) == (1, [])
    assert "PD_KEY is not set in the environment: needed for llm-platform" in ended.stderr


def test_keys_are_rotated_where_that_is_asked_for(api: DatadogApi, repository: Repository):
    ddllm(api, repository, "sync", "pagerduty", **SECRETS)
    api.requests.clear()
    ended = ddllm(api, repository, "sync", "pagerduty", "--rotate", PD_KEY="a-new-key")
    assert (ended.returncode, api.pagerduty.keys) == (0, {"llm-platform": "a-new-key"}), ended.stderr
    assert [each[0] for each in written(api)] == ["PUT"]


def test_wrong_routing_is_one_message_with_its_place(repository: Repository):
    repository.replace("monitors/routing.yaml", "@pagerduty-llm-platform", "@pagerduty-lm-platform")
    ended = ddllm(None, repository, "validate")
    assert (ended.returncode, ended.stderr.splitlines()) == (
        1,
        [
            "ddllm: monitors/routing.yaml:4:38: routing/unknown-handle: there is no service `lm-platform` under pagerduty.services. Did you mean `llm-platform`?"
        ],
    )


def test_what_is_no_longer_written_is_deleted_where_it_is_the_projects(api: DatadogApi, repository: Repository):
    ddllm(api, repository, "sync", *KINDS, **SECRETS)
    repository.write("monitors/routing.yaml", "routes: [{match: {}, notify: []}]")
    ended = ddllm(api, repository, "sync", *KINDS, "--prune", "--yes")
    assert ended.returncode == 0, ended.stderr
    assert (api.webhooks.all(), api.notification_rules.all(), api.retention_filters.all()) == ([], [], [])
    assert api.pagerduty.keys
    assert api.metrics.configuration("ddllm.ttft")

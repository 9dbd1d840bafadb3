"""A repository with an object of every kind, and what an organisation stores of all kinds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ddllm.query.series import Series
from ddllm.query.sketch import Sketch
from ddllm.sandbox.api import DatadogApi
from tests.support.repository import MONITORS, Repository

#: The values of the secrets that the definitions name.
SECRETS = {"PD_KEY": "planted-pagerduty-key-471", "HOOK_TOKEN": "planted/webhook+token=471"}

#: The kinds whose objects belong to a project; all but the last have a field that a file writes.
OWNED = ("monitors", "dashboards", "runbooks", "slos", "webhooks", "notifications", "retention")

SETTINGS = """
project: shop
default_env: prod
variables: {limit: 2, word: first}
"""

ROUTING = """
pagerduty: {services: {llm-platform: {key: "${secret:PD_KEY}"}}}
context: {url: "https://context.example.com/${word}", token: "${secret:HOOK_TOKEN}"}
routes: [{match: {severity: page}, notify: ["@pagerduty-llm-platform"], context: attach}]
notification_rules:
  quiet: {filter: {tags: ["team:ml"]}, recipients: ["slack-${word}"]}
"""

SLOS = """
up:
  type: monitor
  name: Up ${word}
  monitor_ids: ["${monitor:slow}"]
  thresholds: [{timeframe: 30d, target: 99.9}]
"""

RUNBOOK = """
title: Slow start
impact: People wait, ${word}.
steps: {look: {ask: Where?}}
"""

BOARD = """
health:
  title: Health ${word}
  layout_type: ordered
  widgets:
  - key: latency
    runbook: slow-start
    monitors: [slow]
    definition:
      type: group
      layout_type: ordered
      title: Latency
      widgets:
      - {key: words, definition: {type: note, content: Words}}
"""

#: What the server writes by itself, whoever writes.
_STAMPS = frozenset(
    {"modified", "modified_at", "created", "created_at", "overall_state", "overall_state_modified", "execution_order"}
)


def reporting(metric: str) -> Iterator[Series]:
    """Let one distribution report, so that percentiles can be switched on."""
    if metric == "ddllm.ttft":
        yield Series(metric, "distribution", ("env:prod", "service:chat"), sketches={600: Sketch([1.0])})


def everything(folder: Path) -> Repository:
    """Write definitions of every kind."""
    monitors = MONITORS.replace("People wait.", "People wait, ${word}.")
    repository = Repository(folder, settings=SETTINGS, slow=monitors, routing=ROUTING, slos=SLOS)
    repository.write("monitors/runbooks/slow-start.yaml", RUNBOOK)
    repository.write("dashboards/health.yaml", BOARD)
    return repository


def change(repository: Repository) -> None:
    """Change a field of every object that has one to be changed."""
    repository.replace("monitors/settings.yaml", "word: first", "word: second")


def nothing(repository: Repository) -> None:
    """Take all definitions away."""
    for path in ("slow", "slos", "runbooks/slow-start"):
        (repository.folder / "monitors" / f"{path}.yaml").unlink()
    (repository.folder / "dashboards" / "health.yaml").unlink()
    repository.write("monitors/routing.yaml", "routes: []")


def stored(api: DatadogApi) -> dict[str, Any]:
    """Return what an organisation stores of every kind, without the times of writes."""
    held = {
        "monitors": api.monitors.all(),
        "dashboards": api.dashboards.all(),
        "runbooks": list(api.notebooks.all().values()),
        "slos": api.slos.all(),
        "webhooks": api.webhooks.all(),
        "notifications": api.notification_rules.all(),
        "retention": api.retention_filters.all(),
        "pagerduty": dict(api.pagerduty.keys),
        "metrics": api.metrics.configuration("ddllm.ttft"),
    }
    return {kind: _without_stamps(value) for kind, value in held.items()}


def _without_stamps(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_stamps(item) for name, item in value.items() if name not in _STAMPS}
    if isinstance(value, list):
        items = [_without_stamps(item) for item in value]
        return sorted(items) if all(isinstance(item, str) for item in items) else items  # tags come in any order
    return value

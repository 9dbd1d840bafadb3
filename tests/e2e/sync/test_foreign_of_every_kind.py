"""Objects of every kind that are not ours stay as they are under every command."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm
from tests.support.datadog import organisation
from tests.support.everything import OWNED, SECRETS, change, everything, nothing, reporting, stored
from tests.support.http_json import caller
from tests.support.repository import Repository

THEIRS = "ddllm:shopping/prod/slow"  # a longer project's, which begins with ours
MONITOR = {
    "name": "Theirs",
    "type": "query alert",
    "query": "avg(last_5m):avg:a{*} > 3",
    "message": "",
    "tags": [THEIRS],
}
SLO = {
    "name": "Theirs",
    "type": "metric",
    "tags": [THEIRS],
    "query": {"numerator": "sum:a{*}.as_count()", "denominator": "sum:b{*}.as_count()"},
    "thresholds": [{"timeframe": "30d", "target": 99.0}],
}
BOARD = {"title": "Theirs", "layout_type": "ordered", "widgets": [], "description": f"Managed by {THEIRS}"}
CELL = {"definition": {"type": "markdown", "text": f"Theirs\n\n[//]: # ({THEIRS})"}}
NOTEBOOK = {"name": "Theirs", "time": {"live_span": "4h"}, "cells": [{"type": "notebook_cells", "attributes": CELL}]}
RULE = {"name": f"Theirs [{THEIRS}]", "filter": {"tags": ["team:them"]}, "recipients": ["slack-them"]}
FILTER = {
    "name": f"Theirs [{THEIRS}]",
    "enabled": True,
    "filter": {"query": "service:them"},
    "filter_type": "spans-sampling-processor",
    "rate": 1.0,
}


def typed(kind: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"type": kind, "attributes": attributes}}


#: What others have of each kind: where it is made, and of what.
FOREIGN = {
    "monitors": ("/api/v1/monitor", MONITOR),
    "slos": ("/api/v1/slo", SLO),
    "dashboards": ("/api/v1/dashboard", BOARD),
    "runbooks": ("/api/v1/notebooks", typed("notebooks", NOTEBOOK)),
    "notifications": ("/api/v2/monitor/notification_rule", typed("monitor-notification-rule", RULE)),
    "retention": ("/api/v2/apm/config/retention-filters", typed("apm_retention_filter", FILTER)),
    "webhooks": (
        "/api/v1/integration/webhooks/configuration/webhooks",
        {"name": "theirs", "url": "https://theirs.example.com"},
    ),
}


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation(metrics=reporting) as api:
        yield api


@pytest.fixture
def run(api: DatadogApi, tmp_path: Path) -> tuple[Repository, str]:
    """Make everything, theirs and ours; returns the name of the run that made ours."""
    repository = everything(tmp_path)
    call = caller(api.url)
    for path, body in FOREIGN.values():
        status, answer = call("POST", path, body)
        assert status in {200, 201}, answer
    assert ddllm(api, repository.folder, "sync", **SECRETS).returncode == 0
    [journal] = (repository.folder / ".ddllm" / "journal").iterdir()
    return repository, journal.stem


def theirs(api: DatadogApi) -> dict[str, list[Any]]:
    return {
        kind: [each for each in held if "heirs" in str(each)] for kind, held in stored(api).items() if kind in OWNED
    }


@pytest.mark.parametrize(
    "command",
    [
        "sync",
        "sync --prune --max-deletes 99",
        "drift",
        "rollback RUN --max-deletes 99",
        "destroy --yes --max-deletes 99",
    ],
)
def test_what_is_not_ours_is_never_touched(api: DatadogApi, run: tuple[Repository, str], command: str):
    repository, journal = run
    before = theirs(api)
    assert {kind: len(held) for kind, held in before.items()} == dict.fromkeys(OWNED, 1)
    if "--prune" in command:
        nothing(repository)
    elif not command.startswith(("rollback", "destroy")):
        change(repository)
    api.requests.clear()
    ended = ddllm(api, repository.folder, *command.replace("RUN", journal).split(), **SECRETS)
    shared = command.startswith("rollback")  # the key of the PagerDuty service is the organisation's, and stays
    assert ended.returncode in ({1} if shared else {0, 2}), ended.stdout + ended.stderr
    assert theirs(api) == before
    if "--max-deletes" in command:
        left = {kind: len(held) for kind, held in stored(api).items() if kind in OWNED}
        assert left == dict.fromkeys(OWNED, 1), "ours are gone"

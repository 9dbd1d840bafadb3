"""No secret is printed or kept, whatever happens: it reaches the field that takes it, and nothing else."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, synced
from tests.support.datadog import KEYS, organisation
from tests.support.everything import SECRETS, change, everything, nothing, reporting
from tests.support.process import Ended
from tests.support.repository import Repository

PLANTED = (*SECRETS.values(), *KEYS)


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation(metrics=reporting) as api:
        yield api


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return everything(tmp_path)


def assert_clean(repository: Repository, *ended: Ended) -> None:
    """Look for every form of every secret in what was printed, and in every file below the repository."""
    forms = {form for secret in PLANTED for form in (secret, quote(secret, safe=""), quote(secret))}
    files = [path for path in repository.folder.rglob("*") if path.is_file()]
    texts = [path.read_text("utf-8") for path in files] + [each.stdout + each.stderr for each in ended]
    assert not [form for form in forms for text in texts if form in text]
    assert any(".ddllm" in path.parts for path in files) or all(each.returncode == 1 for each in ended)


def test_no_command_prints_or_keeps_one(api: DatadogApi, repository: Repository):
    run = synced(api, repository.folder, **SECRETS).stem
    ended = [ddllm(api, repository.folder, "sync", "--format", "json", **SECRETS)]
    change(repository)
    kept = ("--out", "plan.json", "--save-snapshot", "snapshot.json")
    ended.append(ddllm(api, repository.folder, "plan", "--format", "markdown", *kept, **SECRETS))
    ended.append(ddllm(api, repository.folder, "sync", "--plan", "plan.json", "--rotate", **SECRETS))
    assert [each.returncode for each in ended] == [0, 2, 0]
    nothing(repository)
    ended.append(ddllm(api, repository.folder, "sync", "--prune", "--max-deletes", "20", **SECRETS))
    ended.append(ddllm(api, repository.folder, "rollback", run, "--max-deletes", "20", **SECRETS))
    assert_clean(repository, *ended)


@pytest.mark.parametrize("path", ["/services", "/webhooks"])
def test_a_server_that_repeats_what_it_was_sent_tells_nobody(api: DatadogApi, repository: Repository, path: str):
    echo = " ".join((*PLANTED, *(quote(secret, safe="") for secret in PLANTED)))
    api.dials.fail(400, text=f"Cannot take {echo}", method="POST", path=path)
    ended = ddllm(api, repository.folder, "sync", **SECRETS)
    assert ended.returncode == 1
    assert "Cannot take ********" in ended.stderr
    assert_clean(repository, ended)


def test_a_snapshot_and_a_plan_hold_no_header(api: DatadogApi, repository: Repository):
    synced(api, repository.folder, "webhooks", **SECRETS)
    ended = ddllm(api, repository.folder, "plan", "webhooks", "--save-snapshot", "snapshot.json", "--format", "json")
    assert ended.returncode == 0, ended.stderr
    assert "context" in (repository.folder / "snapshot.json").read_text()
    assert_clean(repository, ended)

"""A listing that Datadog cut off, or left empty, makes nothing look deleted and nothing look new."""

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, refusal, synced, written
from tests.support.repository import Repository

COMMANDS = ["sync monitors --prune", "drift monitors"]


@pytest.fixture(autouse=True)
def _three_monitors(api: DatadogApi, repository: Repository) -> None:
    synced(api, repository.folder)
    repository.write("monitors/trio.yaml", (repository.folder / "monitors/trio.yaml").read_text().partition("both:")[0])


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_listing_writes_nothing_and_is_told(api: DatadogApi, repository: Repository, command: str):
    api.dials.cut_listing(0, times=99, path="/api/v1/monitor")
    message = refusal(ddllm(api, repository.folder, *command.split()))
    assert "it is empty, and a search finds 3 of ddllm's objects" in message
    assert written(api) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_cut_listing_writes_nothing_and_is_told(api: DatadogApi, repository: Repository, command: str):
    api.dials.cut_listing(1, times=99, path="/api/v1/monitor")
    message = refusal(ddllm(api, repository.folder, *command.split()))
    assert message.startswith("ddllm: Datadog's list of monitors is incomplete: it leaves out many.")
    assert written(api) == []


def test_half_an_answer_is_read_again(api: DatadogApi, repository: Repository):
    api.dials.cut_body(path="/api/v1/monitor")
    assert ddllm(api, repository.folder, "plan", "monitors").returncode == 0


def test_a_listing_that_is_none_writes_nothing_and_is_told(api: DatadogApi, repository: Repository):
    api.dials.sign_in(times=9)
    message = refusal(ddllm(api, repository.folder, "sync", "monitors", "--prune"))
    assert message == (
        f"ddllm: {api.url}/api/v1/monitor did not answer with JSON. Is that Datadog's API? DDLLM_API_URL names the address"
    )
    assert written(api) == []

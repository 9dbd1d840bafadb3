"""What cannot work is one line that says what, where and what to do, with exit code 1 and nothing written."""

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, refusal, written
from tests.support.repository import Repository

_BROKEN = {
    "no yaml": ("x: [", "monitors/bad.yaml:2:1: this is not YAML: "),
    "a key twice": ("aa: {}\naa: {}", "monitors/bad.yaml:2:1: the key `aa` is written twice, first in line 1"),
    "an unknown reference": (
        "two: {severity: none, name: n, type: composite, query: '${monitor:fastt} && ${monitor:many}'}",
        "monitors/bad.yaml:1:57: `${monitor:fastt}` refers to nothing. Did you mean `fast`?",
    ),
    "a secret": (
        "one: {severity: none, name: '${secret:TOKEN}', type: query alert, query: q > 1}",
        "monitors/bad.yaml:1:30: `${secret:TOKEN}` may not stand here",
    ),
}


@pytest.mark.parametrize("case", _BROKEN)
def test_a_broken_definition_is_told_with_its_place_and_nothing_is_asked(
    api: DatadogApi, repository: Repository, case: str
):
    text, told = _BROKEN[case]
    repository.write("monitors/bad.yaml", text)
    message = refusal(ddllm(api, repository.folder, "sync"))
    assert told in message
    assert ".yaml:" in message
    assert api.requests == []


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_wrong_keys_are_told_by_every_command(api: DatadogApi, repository: Repository, command: str):
    message = refusal(ddllm(api, repository.folder, *command.split(), DD_API_KEY="not-the-right-key"))
    assert "with 403: Forbidden. Check DD_API_KEY, DD_APP_KEY, their permissions" in message
    assert "not-the-right-key" not in message
    assert written(api) == []


@pytest.mark.parametrize("command", ["sync", "destroy --yes"])
def test_no_network_is_told_by_every_command(repository: Repository, command: str):
    closed = {"DDLLM_API_URL": "http://127.0.0.1:9", "DD_API_KEY": "k", "DD_APP_KEY": "k"}
    message = refusal(ddllm(None, repository.folder, *command.split(), **closed))
    assert message.startswith("ddllm: http://127.0.0.1:9 cannot be reached: ")


@pytest.mark.parametrize("command", ["plan --formt json", "sync --max-deletes many"])
def test_wrong_usage_is_no_change(repository: Repository, command: str):
    assert refusal(ddllm(None, repository.folder, *command.split())).startswith("ddllm: ")

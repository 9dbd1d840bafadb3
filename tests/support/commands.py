"""ddllm's commands as processes of their own, without a terminal, against an organisation of the sandbox."""

from pathlib import Path
from typing import Any

from ddllm.cli._definitions import load, plan_for, selected
from ddllm.sandbox.api import DatadogApi
from ddllm.sync.apply import Writer, apply_plan
from ddllm.sync.journal import Journal
from ddllm.sync.resources import resources
from tests.support.datadog import KEYS, client, environ
from tests.support.forked import run_ddllm
from tests.support.http_json import caller
from tests.support.process import Ended, environment

#: What the server writes by itself, whoever writes.
_STAMPS = frozenset({"modified", "overall_state", "overall_state_modified", "created", "created_at"})


def ddllm(api: DatadogApi | None, folder: Path, *arguments: str, **variables: str) -> Ended:
    """Run a command in a folder, without a terminal."""
    env = environment({**(environ(api) if api else {}), **variables})
    ended = run_ddllm(*arguments, env=env, cwd=folder)
    assert not any(key in ended.stdout + ended.stderr for key in KEYS)
    assert "Traceback" not in ended.stderr
    return ended


def sync(api: DatadogApi, folder: Path, *arguments: str, **variables: str) -> Ended:
    """Sync monitors; it has to succeed."""
    ended = ddllm(api, folder, "sync", "monitors", *arguments, **variables)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended


def synced(
    api: DatadogApi, folder: Path, *kinds: str, env: str | None = None, prune: bool = False, **variables: str
) -> Path:
    """Sync within this process, where only what follows is tried: a tenth of a process's time. Returns the run's journal."""
    with client(api) as datadog:
        wish = load(folder, env, selected(kinds or ("monitors",)), prune=prune)
        journal = Journal(folder, wish.owner)
        writer = Writer(datadog, resources(), wish.owner, journal, variables, lambda _seconds: None)
        apply_plan(writer, plan_for(datadog, wish, lambda _text: None), lambda _outcome: None)
    api.requests.clear()
    return journal.path


def written(api: DatadogApi) -> list[tuple[str, str]]:
    """Return the requests that asked for a change."""
    return [(each.method, each.path) for each in api.writes]


def refusal(ended: Ended) -> str:
    """Return the message of a command that failed, which is one line on standard error."""
    assert ended.returncode == 1, ended.stdout + ended.stderr
    [line] = ended.stderr.splitlines()
    return line


def held(api: DatadogApi, name: str) -> dict[str, Any]:
    """Return the monitor with this text in its name."""
    [found] = [each for each in api.monitors.all() if name in each["name"]]
    return found


def delete_by_hand(api: DatadogApi, name: str) -> None:
    """Delete a monitor as somebody does in Datadog, whatever uses it."""
    identifier = held(api, name)["id"]
    assert caller(api.url)("DELETE", f"/api/v1/monitor/{identifier}?force=true")[0] == 200
    api.requests.clear()


def stored(api: DatadogApi) -> list[dict[str, Any]]:
    """Return every monitor as it is stored, without the times of writes."""
    return [{name: value for name, value in each.items() if name not in _STAMPS} for each in api.monitors.all()]

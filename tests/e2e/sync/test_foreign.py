"""What is not ours, or of another project or environment, stays as it is under every command."""

import pytest

from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, stored, synced
from tests.support.http_json import caller
from tests.support.repository import Repository

_FOREIGN = {
    "nobody's": ["team:theirs"],
    "another project's": ["ddllm:other/prod/fast", "managed_by:ddllm", "ddllm_applied:1-0123456789abcdef"],
    "a longer project's": ["ddllm:shopping/prod/fast", "managed_by:ddllm"],
    "another environment's": ["ddllm:shop/staging/fast", "managed_by:ddllm"],
    "a colleague's": ["managed_by:ddllm"],
    "terraform's": ["managed_by:terraform", "ddllm:shop"],
}


@pytest.fixture
def journal(api: DatadogApi, repository: Repository) -> str:
    """Sync; put foreign monitors beside the three; change a file and remove a definition. Returns the name of the run."""
    journal = synced(api, repository.folder)
    call = caller(api.url)
    for name, tags in _FOREIGN.items():
        query = f"avg(last_5m):avg:system.load.1{{team:{len(name)}}} > 3"
        body = {"name": name, "type": "query alert", "query": query, "message": "Theirs", "tags": tags}
        assert call("POST", "/api/v1/monitor", body)[0] == 200
    api.requests.clear()
    repository.write("monitors/trio.yaml", (repository.folder / "monitors/trio.yaml").read_text().partition("both:")[0])
    repository.replace("monitors/trio.yaml", "critical_recovery: 1", "critical_recovery: 1.5")
    return journal.stem


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("plan monitors --prune", 2),
        ("sync monitors", 0),
        ("sync monitors --prune", 0),
        ("drift monitors", 0),
        ("rollback RUN", 0),
        ("destroy monitors --yes", 0),
    ],
)
def test_foreign_monitors_are_never_touched(
    api: DatadogApi, repository: Repository, journal: str, command: str, code: int
):
    before = [each for each in stored(api) if each["name"] in _FOREIGN]
    assert len(before) == len(_FOREIGN)
    ended = ddllm(api, repository.folder, *command.replace("RUN", journal).split())
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert [each for each in stored(api) if each["name"] in _FOREIGN] == before
    ids = {str(each["id"]) for each in before}
    assert [each.path for each in api.writes if each.path.rpartition("/")[2] in ids] == []

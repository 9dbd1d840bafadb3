"""`ddllm sync --on-drift adopt`: what somebody changed in Datadog goes into the files, and nothing else of them changes."""

import json
from difflib import ndiff
from pathlib import Path
from typing import Any

import pytest

from ddllm.cli import _definitions as command
from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, held, refusal, synced, written
from tests.support.datadog import client
from tests.support.process import Ended
from tests.support.repository import Repository

FILE = """\
# Waiting.
slow:                                # ours
  severity: page
  name: "Slow: over ${limit} s"      # what people see
  type: query alert
  query: >-
    sum(last_5m):sum:ddllm.requests{env:${env}} by {service}.as_count()
    / sum:ddllm.attempts{env:${env}} by {service}.as_count() > ${limit}
  message: |
    People wait for ${limit} s.

    Look first at $${HOME}.
  tags:
  - one:1                            # the first
  - env:${env}
  options:
    thresholds: {warning: 1.5}       # before it hurts
    new_group_delay: 300
    renotify_interval: 60            # minutes

# Others.
each:
  for_each: {service: [chat, search]}
  name: "Errors of ${service}"
  type: query alert
  query: sum(last_5m):sum:ddllm.requests{service:${service}}.as_count() > 9
  message: m
"""


@pytest.fixture
def repository(tmp_path: Path, api: DatadogApi, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setenv("DDLLM_API_URL", api.url)  # links in messages lead to its pages, whichever process makes them
    repository = Repository(tmp_path)
    repository.write("monitors/slow.yaml", FILE)
    synced(api, repository.folder)
    return repository


def edit(api: DatadogApi, which: str = "Slow", /, **values: Any) -> None:
    api.monitors.edit(held(api, which)["id"], **values)


def query(api: DatadogApi, old: str, new: str) -> str:
    text: str = held(api, "Slow")["query"]
    assert old in text
    return text.replace(old, new)


def adopt(api: DatadogApi, repository: Repository) -> Ended:
    ended = ddllm(api, repository.folder, "sync", "--on-drift", "adopt")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    with client(api) as datadog:
        wish = command.load(repository.folder, None, command.selected(()))
        plan = command.plan_for(datadog, wish, lambda _text: None)
    assert plan.steps == ()
    return ended


def difference(repository: Repository) -> list[str]:
    now = (repository.folder / "monitors" / "slow.yaml").read_text("utf-8")
    return [line for line in ndiff(FILE.splitlines(), now.splitlines()) if line[0] in "+-"]


def test_a_threshold_goes_into_the_query_that_it_stands_in(api: DatadogApi, repository: Repository):
    edit(api, query=query(api, "> 2", "> 3"), options={"thresholds": {"critical": 3.0, "warning": 1.5}})
    told = adopt(api, repository).stdout.splitlines()
    assert difference(repository) == [
        "-     / sum:ddllm.attempts{env:${env}} by {service}.as_count() > ${limit}",
        "+     / sum:ddllm.attempts{env:${env}} by {service}.as_count() > 3",
    ]
    assert told[:2] == [
        "< monitors slow  adopted: query  monitors/slow.yaml:2",
        "    what Datadog holds stands in place of ${limit} in query",
    ]
    assert held(api, "Slow")["query"].endswith("> 3")


def message(api: DatadogApi, old: str, new: str) -> str:
    text: str = held(api, "Slow")["message"]
    assert old in text
    return text.replace(old, new)


def test_of_a_message_the_lines_that_changed(api: DatadogApi, repository: Repository):
    edit(api, message=message(api, "at ${HOME}.", "at ${HOME}.\nThen ask ${USER}."))
    adopt(api, repository)
    assert difference(repository) == ["+     Then ask $${USER}."]


def test_tags_that_ddllm_adds_stay_out_of_the_file(api: DatadogApi, repository: Repository):
    tags = [tag for tag in held(api, "Slow")["tags"] if tag != "one:1"]
    edit(api, tags=[*tags, "two:2"])
    adopt(api, repository)
    assert difference(repository) == ["-   - one:1                            # the first", "+   - two:2"]


def test_options_are_changed_added_and_taken_out(api: DatadogApi, repository: Repository):
    identifier = held(api, "Slow")["id"]
    options = {**held(api, "Slow")["options"], "new_group_delay": 120, "timeout_h": 24}
    options = {name: value for name, value in options.items() if name not in {"renotify_interval", "renotify_statuses"}}
    api.monitors._held[identifier]["options"] = options
    adopt(api, repository)
    assert difference(repository) == [
        "-     new_group_delay: 300",
        "+     new_group_delay: 120",
        "-     renotify_interval: 60            # minutes",
        "+     timeout_h: 24",
    ]


def test_a_name_keeps_its_quotes_and_its_comment(api: DatadogApi, repository: Repository):
    edit(api, name="Very slow: over 2 s")
    adopt(api, repository)
    assert difference(repository) == [
        '-   name: "Slow: over ${limit} s"      # what people see',
        '+   name: "Very slow: over ${limit} s"      # what people see',
    ]


def test_a_priority_is_written_beside_the_severity_that_it_came_from(api: DatadogApi, repository: Repository):
    edit(api, priority=1)
    adopt(api, repository)
    assert difference(repository) == ["+   priority: 1"]


def test_a_conflict_is_decided_for_datadog(api: DatadogApi, repository: Repository):
    edit(api, priority=1)
    repository.replace("monitors/slow.yaml", "People wait", "They wait")
    adopt(api, repository)
    assert difference(repository) == ["+   priority: 1"]


def test_only_marks_are_written_to_datadog(api: DatadogApi, repository: Repository):
    edit(api, name="Very slow: over 2 s")
    before = held(api, "slow")
    api.requests.clear()
    adopt(api, repository)
    assert written(api)[0] == ("PUT", f"/api/v1/monitor/{before['id']}")
    after = held(api, "slow")
    assert {**after, "tags": None, "modified": None} == {**before, "tags": None, "modified": None}


def refused(api: DatadogApi, repository: Repository) -> str:
    api.requests.clear()
    message = refusal(ddllm(api, repository.folder, "sync", "--on-drift", "adopt"))
    assert (difference(repository), written(api)) == ([], [])
    return message


def test_what_for_each_made_is_refused_and_nothing_is_written_anywhere(api: DatadogApi, repository: Repository):
    edit(api, name="Very slow: over 2 s")
    edit(api, "Errors of chat", message="theirs")
    assert refused(api, repository) == (
        "ddllm: what Datadog holds cannot be carried into the files: `each/chat`: message (`each/chat` is made by `for_each`). "
        "Nothing was written. `--on-drift overwrite` lets the files win"
    )


def test_what_ddllm_adds_to_a_message_stays_ddllms(api: DatadogApi, repository: Repository):
    edit(api, message=message(api, "{{value}}", "the value"))
    assert "`slow`: message (what ddllm adds to the text was changed)" in refused(api, repository)


def test_what_follows_from_an_adopted_value_is_written_to_datadog(api: DatadogApi, repository: Repository):
    repository.write(
        "monitors/both.yaml",
        """
        both: {severity: page, name: Both, type: composite, query: "${monitor:slow} && ${monitor:each/chat}", message: m}
    """,
    )
    synced(api, repository.folder)
    assert "> 2" in held(api, "Both")["message"]
    edit(api, query=query(api, "> 2", "> 3"), options={"thresholds": {"critical": 3.0, "warning": 1.5}})
    adopt(api, repository)
    assert "> 3" in held(api, "Both")["message"]


def test_a_tag_that_ddllm_adds_cannot_be_taken_away(api: DatadogApi, repository: Repository):
    edit(api, tags=[tag for tag in held(api, "Slow")["tags"] if tag != "severity:page"])
    assert "`slow`: tags (ddllm adds severity:page)" in refused(api, repository)


def test_what_an_anchor_shares_is_refused(api: DatadogApi, repository: Repository):
    text = FILE.replace("options:\n", "options: &options\n", 1).replace(
        "  message: m\n", "  message: m\n  options: *options\n"
    )
    repository.write("monitors/slow.yaml", text)
    synced(api, repository.folder)
    edit(api, options={"new_group_delay": 120})
    message = refusal(ddllm(api, repository.folder, "sync", "--on-drift", "adopt"))
    assert "`slow`: options.new_group_delay (`options.new_group_delay` cannot be written into the file" in message
    assert (repository.folder / "monitors" / "slow.yaml").read_text("utf-8") == text


def test_a_reviewed_plan_adopts_nothing(api: DatadogApi, repository: Repository):
    (repository.folder / "plan.json").write_text("{}")
    message = refusal(ddllm(api, repository.folder, "sync", "--on-drift", "adopt", "--plan", "plan.json"))
    assert message == "ddllm: --plan and --on-drift adopt exclude each other: what is adopted was not reviewed"


BOARD = """\
board:
  title: Shop
  layout_type: ordered
  widgets:
  - key: row
    definition:
      type: group
      layout_type: ordered
      title: "Row of ${env}"    # the first
      widgets:
      - {key: inner, definition: {type: note, content: old}}   # the note
  - key: other
    definition: {type: note, content: other}
"""


@pytest.fixture
def board(api: DatadogApi, repository: Repository) -> dict[str, Any]:
    """A dashboard as Datadog holds it."""
    repository.write("dashboards/board.yaml", BOARD)
    synced(api, repository.folder, "dashboards")
    [board] = api.dashboards.all()
    return board


def test_a_widget_is_adopted_at_its_place(api: DatadogApi, repository: Repository, board: dict[str, Any]):
    group = board["widgets"][0]["definition"]
    group["title"] = "First row of prod"
    group["widgets"][0]["definition"]["content"] = "new, and longer"
    api.dashboards.edit(board["id"], widgets=board["widgets"], title="Shop board")
    adopt(api, repository)
    now = (repository.folder / "dashboards" / "board.yaml").read_text("utf-8")
    assert [line for line in ndiff(BOARD.splitlines(), now.splitlines()) if line[0] in "+-"] == [
        "-   title: Shop",
        "+   title: Shop board",
        '-       title: "Row of ${env}"    # the first',
        '+       title: "First row of ${env}"    # the first',
        "-       - {key: inner, definition: {type: note, content: old}}   # the note",
        "+       - {key: inner, definition: {type: note, content: 'new, and longer'}}   # the note",
    ]


def test_a_widget_that_was_removed_cannot_be_adopted(api: DatadogApi, repository: Repository, board: dict[str, Any]):
    api.dashboards.edit(board["id"], widgets=board["widgets"][:1])
    message = refusal(ddllm(api, repository.folder, "sync", "--on-drift", "adopt"))
    assert "`board`: widgets" in message
    assert (repository.folder / "dashboards" / "board.yaml").read_text("utf-8") == BOARD


def test_without_drift_nothing_is_adopted(api: DatadogApi, repository: Repository):
    assert "adopted" not in adopt(api, repository).stdout
    assert difference(repository) == []


def test_json_names_what_was_written_into_the_files(api: DatadogApi, repository: Repository):
    edit(api, name="Slow: theirs")
    ended = ddllm(api, repository.folder, "sync", "monitors", "--on-drift", "adopt", "--yes", "--format", "json")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    [adopted] = told["adopted"]
    assert (adopted["kind"], adopted["key"], adopted["fields"]) == ("monitors", "slow", ["name"])
    assert adopted["source"].startswith("monitors/slow.yaml:")

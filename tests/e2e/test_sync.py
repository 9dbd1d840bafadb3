"""`ddllm sync`, `plan` and `validate` as real processes against the sandbox's Datadog API, over HTTP, with the real client."""

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddllm.definitions.library import library_folder
from ddllm.definitions.project import load_project
from ddllm.sandbox.api import DatadogApi
from tests.support.commands import ddllm, held, refusal, sync, written
from tests.support.datadog import environ, organisation
from tests.support.process import BIN, environment
from tests.support.repository import MONITORS, Repository

#: A monitor that can be read, and that Datadog does not take.
NTP = """
slow:
  name: Clocks
  type: service check
  query: '"ntp.in_sync".over("*").last(2).count_by_status()'
"""


@pytest.fixture
def api() -> Iterator[DatadogApi]:
    with organisation() as api:
        yield api


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path, slow=MONITORS)


def part_of_the_library(folder: Path, topic: str = "ttft.yaml") -> Path:
    """Copy the shipped monitors of one topic, as somebody does who wants no others. On first tokens there are four."""
    shutil.copytree(library_folder() / "monitors", folder / "monitors")
    for path in (folder / "monitors").glob("*.yaml"):
        if path.name not in {"settings.yaml", topic}:
            path.unlink()
    return folder


def test_the_library_is_created_once_and_a_second_sync_writes_nothing(api: DatadogApi, tmp_path: Path):
    folder = library_folder()
    project = load_project(folder)
    monitors, slos = len(project.of("monitors")), len(project.of("slos"))
    plan = ddllm(api, tmp_path, "plan", "monitors", "--dir", str(folder))
    assert (plan.returncode, written(api)) == (2, [])

    first = sync(api, tmp_path, "--dir", str(folder))
    assert first.stdout.splitlines()[-2] == f"llm-health/prod: {monitors + slos} created, 0 unchanged."
    assert sorted(written(api)) == [("POST", "/api/v1/monitor")] * monitors + [("POST", "/api/v1/slo")] * slos
    composites = {each["name"]: each["query"] for each in api.monitors.all() if each["type"] == "composite"}
    ids = {each["name"]: each["id"] for each in api.monitors.all()}
    assert composites["LLM slow to first token: {{model_name.name}} in {{service.name}}"] == (
        f"{ids['LLM time to first token: p95 above 2 s']} && {ids['LLM time to first token: p90 above 1.6 s']}"
        f" && {ids['LLM time to first token: at least 40 streamed calls']}"
    )

    api.requests.clear()
    second = sync(api, tmp_path, "--dir", str(folder))
    [summary, sight] = second.stdout.splitlines()
    assert summary == f"llm-health/prod: nothing to do, {monitors + slos} unchanged."
    assert re.match(r"\d+ monitors cannot see yet, no report within a day: ddllm\.", sight)
    asked = Counter((each.method, each.path) for each in api.requests)
    pages = 2  # the last one is empty
    assert asked == {
        ("GET", "/api/v1/monitor"): pages,
        ("GET", "/api/v1/slo"): pages,
        ("GET", "/api/v2/metrics"): 2,
        ("GET", "/api/v1/dashboard"): 1,  # messages link to them, and to runbooks
        ("GET", "/api/v1/notebooks"): 1,
    }
    assert ddllm(api, tmp_path, "plan", "monitors", "--dir", str(folder)).returncode == 0


def test_monitors_bring_the_slos_that_they_alert_on_and_leave_them_when_they_go(api: DatadogApi, tmp_path: Path):
    folder = part_of_the_library(tmp_path, "slos.yaml")
    sync(api, folder)
    assert (len(api.monitors), len(api.slos)) == (3, 2)
    gone = ddllm(api, folder, "destroy", "monitors", "--yes")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert (len(api.monitors), len(api.slos)) == (0, 2)


def test_every_object_carries_its_marks(api: DatadogApi, repository: Repository):
    sync(api, repository.folder)
    [monitor] = api.monitors.all()
    identity, managed, applied = monitor["tags"][-3:]
    assert (identity, managed) == ("ddllm:shop/prod/slow", "managed_by:ddllm")
    assert applied.startswith("ddllm_applied:1-")
    assert "severity:page" in monitor["tags"]


def test_a_changed_threshold_is_exactly_one_update(api: DatadogApi, tmp_path: Path):
    folder = part_of_the_library(tmp_path)
    sync(api, folder)
    settings = folder / "monitors" / "settings.yaml"
    settings.write_text(settings.read_text().replace("ttft_min_samples: 40", "ttft_min_samples: 60"))
    api.requests.clear()

    plan = ddllm(api, folder, "plan", "monitors", "--format", "json")
    assert plan.returncode == 2
    [step] = json.loads(plan.stdout)["steps"]
    assert (step["key"], step["action"], step["cause"]) == ("ttft-enough-samples", "update", "config change")
    changes = {each["path"]: (each["old"], each["new"]) for each in step["changes"]}
    assert changes["options.thresholds.critical"] == (40, 60)
    assert (step["file"], step["line"]) == ("monitors/ttft.yaml", 27)

    sync(api, folder)
    identifier = held(api, "at least 60")["id"]
    assert written(api) == [("PUT", f"/api/v1/monitor/{identifier}")]
    api.requests.clear()
    sync(api, folder)
    assert written(api) == []


def test_a_bad_definition_is_one_message_with_its_place_and_nothing_is_asked(api: DatadogApi, repository: Repository):
    repository.replace("monitors/slow.yaml", "  query:", "  qurey:")
    repository.replace("monitors/slow.yaml", "  name:", "  query: q > 1\n  name:")
    message = refusal(ddllm(api, repository.folder, "sync", "monitors"))
    assert message == "ddllm: monitors/slow.yaml:6:3: unknown key `qurey`. Did you mean `query`?"
    assert api.requests == []


def test_what_datadog_refuses_is_one_message_with_its_place_and_nothing_is_written(
    api: DatadogApi, repository: Repository
):
    repository.write("monitors/good.yaml", MONITORS.replace("slow:", "good:"))
    repository.write("monitors/slow.yaml", NTP)
    message = refusal(ddllm(api, repository.folder, "sync", "monitors"))
    assert message == (
        "ddllm: monitors/slow.yaml:4:3: Datadog refuses `slow`: Datadog answered 400: "
        "The value provided for parameter 'query' is invalid: a service check is grouped: .by(…)"
    )
    assert written(api) == []


@pytest.mark.parametrize("command", ["plan", "sync"])
def test_an_error_of_the_linter_is_one_message_with_its_place_and_nothing_is_written(
    api: DatadogApi, repository: Repository, command: str
):
    repository.replace("monitors/slow.yaml", "ddllm.ttft", "ddllm.tttf")
    message = refusal(ddllm(api, repository.folder, command, "monitors"))
    assert message == (
        "ddllm: monitors/slow.yaml:5:3: there is no metric `ddllm.tttf` (metric/unknown). Did you mean `ddllm.ttft`?"
    )
    assert [(each.method, each.path) for each in api.requests if each.method != "GET"] == []


def test_an_edit_in_datadog_is_told_as_drift_and_overwritten(api: DatadogApi, repository: Repository):
    sync(api, repository.folder)
    [monitor] = api.monitors.all()
    api.monitors.edit(
        monitor["id"], name="Quiet please", options={"thresholds": {"critical": 2, "critical_recovery": 1}}
    )

    plan = ddllm(api, repository.folder, "plan", "monitors")
    assert plan.returncode == 2
    assert plan.stdout.splitlines() == [
        "! monitors slow  drift: changed in Datadog; the file wins  monitors/slow.yaml:1",
        "    name  Quiet please -> Slow: over 2 s  monitors/slow.yaml:3",
        "    options.thresholds.critical_recovery  1 -> nothing  monitors/slow.yaml:1",
        "shop/prod: 0 to create, 1 to update, 0 unchanged.",
    ]
    api.requests.clear()
    strict = ddllm(api, repository.folder, "sync", "--on-drift", "fail")
    assert refusal(strict) == "ddllm: changed in Datadog since the last sync: slow. Nothing was written"
    assert written(api) == []

    sync(api, repository.folder)
    assert held(api, "Slow")["options"]["thresholds"] == {"critical": 2.0}


def test_a_change_on_both_sides_waits_for_a_decision(api: DatadogApi, repository: Repository):
    sync(api, repository.folder)
    [monitor] = api.monitors.all()
    api.monitors.edit(monitor["id"], message="Theirs")
    repository.replace("monitors/slow.yaml", "People wait.", "Ours")
    api.requests.clear()
    message = refusal(ddllm(api, repository.folder, "sync"))
    assert message.startswith("ddllm: changed both here and in Datadog since the last sync: slow. Nothing was written.")
    assert written(api) == []
    sync(api, repository.folder, "--on-drift", "overwrite")
    assert held(api, "Slow")["message"].endswith("\n\nOurs")


def test_mutes_and_newer_options_of_datadog_survive_an_update(api: DatadogApi, repository: Repository):
    sync(api, repository.folder)
    [monitor] = api.monitors.all()
    api.monitors.edit(monitor["id"], options={"silenced": {"*": 1893456000}, "invented_last_week": {"x": 1}})
    assert ddllm(api, repository.folder, "plan").returncode == 0
    repository.replace("monitors/slow.yaml", "People wait.", "They wait.")
    sync(api, repository.folder)
    options = held(api, "Slow")["options"]
    assert (options["silenced"], options["invented_last_week"]) == ({"*": 1893456000}, {"x": 1})


def test_what_is_not_ours_is_never_touched(api: DatadogApi, repository: Repository):
    sync(api, repository.folder)
    foreign = [{**each, "tags": ["team:theirs"]} for each in api.monitors.all()]
    for body in foreign:
        api.monitors.edit(body["id"], tags=body["tags"])
    sync(api, repository.folder)
    sync(api, repository.folder, "--env", "staging")
    assert [each["tags"] for each in api.monitors.all() if each["id"] == foreign[0]["id"]] == [["team:theirs"]]
    assert len(api.monitors) == 3


def test_environments_stand_beside_each_other(api: DatadogApi, repository: Repository):
    sync(api, repository.folder)
    sync(api, repository.folder, "--env", "staging")
    queries = [each["query"] for each in api.monitors.all()]
    assert [query[query.index("{") :] for query in queries] == [
        "{env:prod} by {service} > 2",
        "{env:staging} by {service} > 4",
    ]
    assert [each["priority"] for each in api.monitors.all()] == [2, 3]


def test_a_definition_that_was_removed_is_told_and_its_object_left_alone(api: DatadogApi, repository: Repository):
    repository.write("monitors/more.yaml", MONITORS.replace("slow:", "more:").replace("Slow", "More"))
    sync(api, repository.folder)
    (repository.folder / "monitors" / "more.yaml").unlink()
    api.requests.clear()
    told = sync(api, repository.folder).stdout
    assert told.startswith("? monitors more  in Datadog, and in no file any more; left alone")
    assert (written(api), len(api.monitors)) == ([], 2)


def test_a_monitor_that_lost_ddllms_tag_is_found_and_not_made_twice(api: DatadogApi, repository: Repository):
    sync(api, repository.folder)
    [monitor] = api.monitors.all()
    api.monitors.edit(monitor["id"], tags=[tag for tag in monitor["tags"] if tag != "managed_by:ddllm"])
    sync(api, repository.folder)
    [monitor] = api.monitors.all()
    assert "managed_by:ddllm" in monitor["tags"]


def test_a_copy_made_in_datadog_stops_everything(api: DatadogApi, repository: Repository):
    sync(api, repository.folder)
    [monitor] = api.monitors.all()
    api.monitors.edit(monitor["id"], name="Original")
    sync(api, repository.folder, "--env", "staging")
    copy = held(api, "over 4")
    api.monitors.edit(copy["id"], tags=monitor["tags"])
    api.requests.clear()
    message = refusal(ddllm(api, repository.folder, "sync"))
    assert message.startswith("ddllm: 2 monitors carry the identity of `slow`: ")
    assert written(api) == []


def test_a_create_without_an_answer_leaves_no_twin(api: DatadogApi, repository: Repository):
    api.dials.hang_up(after=True, method="POST", path="/api/v1/monitor")
    assert "created monitors slow" in sync(api, repository.folder).stdout
    assert len(api.monitors) == 1
    api.requests.clear()
    sync(api, repository.folder)
    assert written(api) == []


def test_a_storm_of_rate_limits_only_takes_longer(api: DatadogApi, repository: Repository):
    api.dials.rate_limit(times=4, reset=0)
    sync(api, repository.folder)
    api.dials.rate_limit(times=4, reset=0)
    repository.replace("monitors/slow.yaml", "People wait.", "They wait.")
    sync(api, repository.folder)
    assert len(api.monitors) == 1
    assert held(api, "Slow")["message"].endswith("\n\nThey wait.")


def test_two_syncs_at_once_end_with_one_of_each(api: DatadogApi, tmp_path: Path):
    part_of_the_library(tmp_path)
    argv = [str(BIN / "ddllm"), "sync", "monitors"]
    pair = [
        subprocess.Popen(
            argv,
            env=environment(environ(api)),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=60)[0] for process in pair]
    assert [process.returncode for process in pair] == [0, 0], told
    assert len(api.monitors) == 4
    api.requests.clear()
    sync(api, tmp_path)
    assert written(api) == []


@pytest.mark.parametrize(("answer", "code", "monitors"), [("n", 1, 0), ("y", 0, 1)])
def test_a_person_at_a_terminal_is_asked(
    api: DatadogApi, repository: Repository, answer: str, code: int, monitors: int
):
    terminal, inside = os.openpty()
    with os.fdopen(terminal, "r+b", buffering=0) as screen:
        process = subprocess.Popen(
            [str(BIN / "ddllm"), "sync"],
            env=environment(environ(api)),
            cwd=repository.folder,
            stdin=inside,
            stdout=inside,
            stderr=inside,
        )
        os.close(inside)
        shown = b""
        while b"Write this to Datadog?" not in shown:
            shown += screen.read(4096)
        screen.write(f"{answer}\n".encode())
        with contextlib.suppress(OSError):  # the terminal's end
            while more := screen.read(4096):
                shown += more
        assert process.wait(timeout=30) == code
    assert len(api.monitors) == monitors
    assert (b"nothing was written" in shown) is (monitors == 0)


def test_json_holds_the_plan_and_what_became_of_it(api: DatadogApi, repository: Repository):
    told = json.loads(sync(api, repository.folder, "--format", "json").stdout)
    assert told["summary"]["create"] == 1
    [outcome] = told["outcomes"]
    [monitor] = api.monitors.all()
    assert outcome == {
        "kind": "monitors",
        "key": "slow",
        "result": "created",
        "id": monitor["id"],
        "url": f"{api.url}/monitors/{monitor['id']}",
    }


def test_markdown_is_for_a_pull_request(api: DatadogApi, repository: Repository):
    plan = ddllm(api, repository.folder, "plan", "--format", "markdown")
    assert plan.returncode == 2
    assert "- **new**: monitors `slow`, `monitors/slow.yaml:1`" in plan.stdout


def test_wrong_keys_are_one_message(api: DatadogApi, repository: Repository):
    message = refusal(ddllm(api, repository.folder, "sync", "monitors", DD_APP_KEY="a-wrong-application-key"))
    assert message.startswith(
        "ddllm: Datadog refused GET /api/v1/monitor with 403: Forbidden. Check DD_API_KEY, DD_APP_KEY"
    )
    assert "a-wrong-application-key" not in message
    assert written(api) == []


def test_a_listing_that_cannot_be_read_means_that_nothing_is_written(api: DatadogApi, repository: Repository):
    api.dials.fail(400, method="GET")
    message = refusal(ddllm(api, repository.folder, "sync"))
    assert message == "ddllm: Datadog answered 400: Service unavailable"
    assert written(api) == []


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (["sync"], {}, "ddllm: DD_API_KEY and DD_APP_KEY are not set. Talking to https://api.datadoghq.com needs both keys"),
        (["plan"], {"DD_API_KEY": "k", "DD_APP_KEY": "k", "DD_SITE": "app.datadoghq.eu"}, "ddllm: DD_SITE='app.datadoghq.eu' is not a Datadog site."),
        (["plan", "monitor"], {}, "ddllm: there is no kind `monitor` to sync. Did you mean `monitors`?"),
        (["plan", "--env", "stagin"], {}, "ddllm: monitors/settings.yaml:5:1: there is no environment `stagin`. Did you mean `staging`?"),
        (["plan", "--dir", "nowhere"], {}, "ddllm: there is no folder monitors/ in "),
        (["sync"], {"DD_API_KEY": "k", "DD_APP_KEY": "k", "DDLLM_API_URL": "http://127.0.0.1:9"}, "ddllm: http://127.0.0.1:9 cannot be reached: "),
    ],
)  # fmt: skip
def test_what_cannot_work_is_one_message(
    repository: Repository, arguments: list[str], variables: dict[str, str], message: str
):
    assert refusal(ddllm(None, repository.folder, *arguments, **variables)).startswith(message)


def test_a_folder_without_definitions_says_what_to_do(api: DatadogApi, tmp_path: Path):
    message = refusal(ddllm(api, tmp_path, "sync", "monitors"))
    assert (
        message
        == f"ddllm: there is no folder monitors/ in {tmp_path}. Run ddllm in the folder that holds monitors/, or name that folder with --dir"
    )


@pytest.mark.parametrize("command", ["sync", "plan", "validate"])
def test_each_command_explains_itself(command: str, tmp_path: Path):
    told = ddllm(None, tmp_path, command, "-h").stdout
    assert "Exit code: 0" in " ".join(told.split())
    assert "--format" in told

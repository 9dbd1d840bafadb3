"""`ddllm metrics` as a process: the catalogue, estimates of recordings and of a live application, and recordings of one."""

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from ddllm import catalog
from ddllm.query.recordings import read_recording, write_recording
from tests.support.process import BIN, Ended, environment, run
from tests.support.spending import history

#: Four calls of two features, reported by Datadog's client as the runtime reports them.
REPORTING = """
    import sys
    from datadog.dogstatsd import DogStatsd
    from ddllm import catalog
    client = DogStatsd(disable_telemetry=True)
    for feature in ("chat", "search"):
        for status in ("ok", "error"):
            client.increment(catalog.REQUESTS.name, tags=[f"feature:{feature}", f"status:{status}", "env:prod"])
        client.distribution(catalog.TTFT.name, 0.4, tags=[f"feature:{feature}", "env:prod"])
    print("reported")
    sys.exit(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
"""


def application(*arguments: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(REPORTING), *arguments]


def ddllm(folder: Path, *arguments: str, **variables: str) -> Ended:
    ended = run([str(BIN / "ddllm"), "metrics", *arguments], environment(variables), check=False, cwd=folder)
    assert "Traceback" not in ended.stderr
    return ended


def refusal(ended: Ended) -> str:
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    return line


def counted(ended: Ended) -> dict[str, Any]:
    found = json.loads(ended.stdout)
    return {share["metric"]: share["custom_metrics"] for share in found["metrics"]}


def test_the_catalogue(tmp_path: Path):
    listed = json.loads(ddllm(tmp_path, "list", "--format", "json").stdout)
    assert [each["name"] for each in listed] == [metric.name for metric in catalog.METRICS]
    assert listed[0]["tags"][:3] == ["service", "env", "version"]
    text = ddllm(tmp_path, "list").stdout
    assert all(metric.name in text for metric in catalog.METRICS)


def test_a_live_application_is_counted(tmp_path: Path):
    ended = ddllm(tmp_path, "estimate", "--forward", "none", "--format", "json", "--", *application())
    assert ended.returncode == 0
    assert counted(ended) == {"ddllm.ttft": 20, "ddllm.requests": 4}
    assert ended.stderr == "reported\n"


def test_a_live_application_is_shown_and_its_exit_code_passed_on(tmp_path: Path):
    ended = ddllm(tmp_path, "estimate", "--forward", "none", "--price", "5", "--", *application("3"))
    assert ended.returncode == 3
    assert ended.stdout.startswith(
        "reported\n24 custom metrics on average of an hour, $1.20 a month: 2 metrics, 6 series\n"
    )


def test_a_configuration_leaves_out_what_it_excludes(tmp_path: Path):
    (tmp_path / "lean.yaml").write_text("metrics: {exclude: [ddllm.ttft]}\ntags: {exclude: [status]}\n")
    write_recording(history(), tmp_path / "r.jsonl")
    whole = counted(ddllm(tmp_path, "estimate", "--recording", "r.jsonl", "--format", "json"))
    for arguments, variables in ((["--config", "lean.yaml"], {}), ([], {"DDLLM_CONFIG": "lean.yaml"})):
        lean = counted(
            ddllm(tmp_path, "estimate", "--recording", "r.jsonl", "--format", "json", *arguments, **variables)
        )
        assert (whole["ddllm.requests"], lean["ddllm.requests"]) == (8, 6)
    ended = ddllm(
        tmp_path, "estimate", "--forward", "none", "--format", "json", "--config", "lean.yaml", "--", *application()
    )
    assert counted(ended) == {"ddllm.requests": 2}


def test_what_arrives_is_recorded(tmp_path: Path):
    ended = ddllm(tmp_path, "export", "day.jsonl.gz", "--forward", "none", "--", *application())
    assert (ended.returncode, ended.stdout) == (0, "reported\n")
    assert ended.stderr == "day.jsonl.gz: 6 series of 2 metrics\n"
    recording = read_recording(tmp_path / "day.jsonl.gz")
    assert recording.interval == 10
    assert sum(sum(series.points.values()) for series in recording.of("ddllm.requests")) == 4
    assert (
        counted(ddllm(tmp_path, "estimate", "--recording", "day.jsonl.gz", "--format", "json"))["ddllm.requests"] == 4
    )


def test_listening_ends_after_its_seconds(tmp_path: Path):
    ended = ddllm(tmp_path, "estimate", "--forward", "none", "--seconds", "0.1")
    assert ended.returncode == 0
    assert ended.stdout.startswith("export DD_DOGSTATSD_URL=udp://127.0.0.1:")


def test_a_recording_is_kept_where_nothing_arrives(tmp_path: Path):
    kept = tmp_path / "day.jsonl"
    write_recording(history(), kept)
    before = kept.read_bytes()
    message = refusal(ddllm(tmp_path, "export", "day.jsonl", "--forward", "none", "--seconds", "0.1"))
    assert message == (
        "ddllm: day.jsonl: no metric arrived, so nothing was written. "
        "Does the process run under ddtrace-run, and is ddllm installed there?"
    )
    assert kept.read_bytes() == before
    refusal(ddllm(tmp_path, "export", "new.jsonl", "--forward", "none", "--seconds", "0.1"))
    assert not (tmp_path / "new.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["estimate", "--recording", "r.jsonl", "--seconds", "3"], "ddllm: --recording stands in place of COMMAND"),
        (["estimate", "--recording", "nothing.jsonl"], "ddllm: nothing.jsonl: the recording cannot be read"),
        (
            ["estimate", "--config", "nothing.yaml", "--seconds", "1"],
            "ddllm: nothing.yaml: the file cannot be read: No such file or directory. --config names",
        ),
        (["export", "nowhere/r.jsonl", "--seconds", "1"], "ddllm: nowhere/r.jsonl: there is no folder nowhere"),
        (["export", "r.jsonl", "--forward", "none", "--", "no-such-program"], "ddllm: cannot run 'no-such-program'"),
    ],
)
def test_what_cannot_work_is_one_message(tmp_path: Path, arguments: list[str], message: str):
    assert refusal(ddllm(tmp_path, *arguments)).startswith(message)


def test_wrong_usage_is_an_error_too(tmp_path: Path):
    assert refusal(ddllm(tmp_path, "estimate", "--hosts", "0")).startswith("ddllm: Invalid value for '--hosts'")
    assert refusal(ddllm(tmp_path, "export")).startswith("ddllm: Missing argument 'FILE'")


def test_without_a_command_the_help_is_the_answer(tmp_path: Path):
    ended = ddllm(tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("Usage: ddllm metrics ")
    assert "estimate" in ended.stdout

"""`ddllm sandbox`: what it prints leads real clients to it, and it ends when it is told to."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.support.demo import DEADLINE, members, session
from tests.support.process import BIN, ROOT, environment

CALLING = """
import boto3
bedrock = boto3.client("bedrock-runtime")
answer = bedrock.converse(
    modelId="us.anthropic.claude-3-5-haiku-20241022-v1:0",
    messages=[{"role": "user", "content": [{"text": "Hello?"}]}],
)
print(answer["stopReason"])
"""


def sandbox(*arguments):
    return session([str(BIN / "ddllm"), "sandbox", *arguments], environment({}), ROOT)


def read_document(process):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line == "}\n":
            return json.loads("".join(lines))
    raise AssertionError(f"no document in {lines}")


def end(process, number=signal.SIGINT):
    os.kill(process.pid, number)
    printed, _ = process.communicate(timeout=DEADLINE)
    assert members(process.pid) == []
    return process.returncode, printed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_to(number: signal.Signals):
    with sandbox("--format", "json") as process:
        document = read_document(process)
        assert set(document) == {"environment", "urls"}
        assert end(process, number) == (0, "")


def test_an_application_with_its_variables_calls_and_reports_there():
    with sandbox() as process:
        lines = [process.stdout.readline() for _ in range(14)]
        exports = [line.removeprefix("export ").strip() for line in lines if line.startswith("export ")]
        variables = dict(line.split("=", 1) for line in exports)
        assert {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "DD_DOGSTATSD_URL", "DDLLM_API_URL"} <= set(variables)
        called = subprocess.run(
            [str(BIN / "ddtrace-run"), sys.executable, "-c", CALLING],
            env=environment(variables),
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert (called.returncode, called.stdout) == (0, "end_turn\n"), called.stderr
        code, printed = end(process)
    assert code == 0
    assert "1 call " in printed
    assert "claude-3-5-haiku-20241022-v1" in printed


def test_ddllms_own_commands_write_there():
    with sandbox("--format", "json") as process:
        variables = read_document(process)["environment"]
        synced = subprocess.run(
            [str(BIN / "ddllm"), "sync", "monitors", "--format", "json"],
            env=environment(variables),
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
            cwd=ROOT,
        )
        assert synced.returncode == 0, synced.stderr
        assert json.loads(synced.stdout)["summary"]["create"] > 0
        assert end(process)[0] == 0

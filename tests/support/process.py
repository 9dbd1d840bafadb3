"""Scripts in processes of their own, as a user starts them: under ddtrace-run or not, with ddllm or without."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
TIMEOUT = 60

Launcher = Literal["ddtrace-run", "python"]

#: ddtrace's own integration, and LLM Observability on top: what may stand beneath ddllm.
INTEGRATIONS: dict[str, dict[str, str]] = {
    "integration-off": {"DD_TRACE_BOTOCORE_ENABLED": "false"},
    "integration-on": {"DD_TRACE_BOTOCORE_ENABLED": "true"},
    "llmobs": {
        "DD_TRACE_BOTOCORE_ENABLED": "true",
        "DD_LLMOBS_ENABLED": "1",
        "DD_LLMOBS_ML_APP": "tests",
        "DD_LLMOBS_AGENTLESS_ENABLED": "0",
    },
}


def environment(extra: Mapping[str, str], *, ddllm: bool = True) -> dict[str, str]:
    """Return an environment in which nothing of this machine's AWS or Datadog set-up holds."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DD_", "DDLLM_", "COV_"))}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "DD_SERVICE": "tests",
        "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        "DD_REMOTE_CONFIGURATION_ENABLED": "false",
        "DD_CRASHTRACKING_ENABLED": "false",
        "DD_TRACE_STARTUP_LOGS": "false",
        # Its thread asks the agent something every second; ddtrace 4.16 aborts where Python ends just then, one time in sixty.
        "DD_CODE_ORIGIN_FOR_SPANS_ENABLED": "false",
        "DDLLM_ENABLED": "true" if ddllm else "false",
        "DDLLM_FLUSH_INTERVAL": "0.1",
        # What reporting needs takes a second to load, and several of them on a machine that does much else.
        "DDLLM_EXIT_TIMEOUT": "30",
        **extra,
    }


def command(launcher: Launcher, script: Path | str, *arguments: str) -> list[str]:
    """Return the command line of a script: a path, or the name of a module."""
    target = [str(script)] if isinstance(script, Path) else ["-m", script]
    start = [str(BIN / "ddtrace-run")] if launcher == "ddtrace-run" else []
    return [*start, sys.executable, *target, *arguments]


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    returncode: int
    stdout: str
    stderr: str


def run(argv: Sequence[str], env: Mapping[str, str], *, stdin: str = "", check: bool = True, cwd: Path = ROOT) -> Ended:
    """Run a command to its end; unless told otherwise, it has to succeed."""
    done = subprocess.run(
        argv, env=dict(env), input=stdin, capture_output=True, text=True, timeout=TIMEOUT, check=False, cwd=cwd
    )
    assert not check or done.returncode == 0, f"{argv} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return Ended(done.returncode, done.stdout, done.stderr)


@contextmanager
def running(
    argv: Sequence[str], env: Mapping[str, str], cwd: Path = ROOT, pass_fds: Sequence[int] = ()
) -> Iterator[subprocess.Popen[str]]:
    """Keep a command running inside; afterwards its whole process group is gone."""
    process = subprocess.Popen(
        argv,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        cwd=cwd,
        pass_fds=pass_fds,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

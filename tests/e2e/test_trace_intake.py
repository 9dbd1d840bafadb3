"""A process under ddtrace-run sends its traces to the stand-in, and is content with its answers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ddllm.sandbox.traces import TraceIntake

PROGRAM = """
from ddtrace import tracer
with tracer.trace("checkout.answer", service="shop"):
    pass
"""


@pytest.mark.parametrize("version", ["v0.4", "v0.5"])
def test_ddtrace_delivers_its_traces(version: str):
    with TraceIntake(keep_bodies=True) as intake:
        environ = os.environ | {
            "DD_TRACE_AGENT_URL": intake.url,
            "DD_TRACE_API_VERSION": version,
            "DDLLM_ENABLED": "false",
        }
        command = [str(Path(sys.executable).with_name("ddtrace-run")), sys.executable, "-c", PROGRAM]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert intake.traces == 1
        assert b"checkout.answer" in intake.requests(f"/{version}/traces")[0].body

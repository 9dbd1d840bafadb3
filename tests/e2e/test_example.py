"""The example application is a user's own: it runs without ddllm, and its source does not know of it."""

import sys
from pathlib import Path

import pytest

from ddllm.sandbox.bedrock import Bedrock, Dials
from tests.support.process import ROOT, environment, run

EXAMPLES = ROOT / "examples"


def test_the_application_knows_nothing_of_ddllm():
    assert "ddllm" not in (EXAMPLES / "assistant.py").read_text()


@pytest.mark.parametrize("fault", ["", "abort", "throttlingException"])
def test_it_runs_by_itself_and_ends(fault: str, tmp_path: Path):
    with Bedrock(Dials(ttft_p50=5, ttft_p95=5, tokens_per_second=2_000)) as bedrock:
        if fault:
            bedrock.turn(stream_fault=0.5, stream_fault_kind=fault, malformed_json=0.5)
        env = environment({"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock.url, "DD_TRACE_ENABLED": "false"}, ddllm=False)
        ended = run([sys.executable, str(EXAMPLES / "assistant.py"), "--seconds", "1.5"], env, cwd=tmp_path)
        operations = bedrock.stats.requests
    assert "answered 200" in ended.stdout
    assert "Traceback" not in ended.stderr
    assert {"converse-stream", "invoke-with-response-stream"} <= set(operations)
    assert list(tmp_path.iterdir()) == []

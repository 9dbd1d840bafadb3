"""Nothing of a prompt or an answer leaves the process: not in a packet, a span, a log line or a file."""

import json
from pathlib import Path

import pytest

from tests.e2e.test_signals import FAMILIES, converse, converse_stream, invoke, invoke_stream
from tests.support.agent import Agent
from tests.support.bedrock import BedrockServer
from tests.support.exchanges import Exchange
from tests.support.process import INTEGRATIONS, ROOT, command, environment, run

#: What is planted, by DDLLM_CAPTURE.
CANARIES = {
    "off": "xylophone-canary-4711",
    "redacted": "ada.lovelace@example.com sk-ant-REDACTED AKIAIOSFODNN7EXAMPLE 4111111111111111 +49301234567",
}


def exchanges(canary: str, said: str) -> list[Exchange]:
    """Answers that hold the canary as text, as a tool's argument, and as JSON; an error says `said`."""
    family = FAMILIES["anthropic"]
    failed = {"message": f"Malformed input: {said}"}
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": "ValidationException"}
    use = [{"text": canary}, {"toolUse": {"name": "find", "toolUseId": "t1", "input": {"city": canary}}}]
    return [
        converse("text", f'I cannot help with {canary}. {{"city": "{canary}"}}'),
        converse("tool", use, stop="tool_use"),
        converse_stream("stream", f"The answer is {canary}."),
        invoke("invoke", family, f'{{"city": "{canary}"}}'),
        invoke_stream("chunks", family, canary),
        Exchange("failed", "converse", "failing", {}, status=400, headers=headers, body=json.dumps(failed).encode()),
    ]


@pytest.mark.parametrize("integration", ["integration-off", "integration-on"])
@pytest.mark.parametrize("capture", CANARIES)
def test_nothing_of_it_leaves_the_process(capture: str, integration: str, tmp_path: Path) -> None:
    canary = CANARIES[capture]
    (tmp_path / "ddllm.yaml").write_text(
        "fingerprint_templates: true\nexpects: [{match: {feature: '*'}, kind: json}]\n"
    )
    # ddtrace's own integration writes an error's message on its span.
    said = canary if integration == "integration-off" else "no"
    with BedrockServer(exchanges(canary, said)) as server, Agent() as agent:
        known = {"BEDROCK_URL": server.url, "DDLLM_CAPTURE": capture, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
        env = environment({**agent.env, **INTEGRATIONS[integration], **known, "TMPDIR": str(tmp_path)})
        ended = run(command("ddtrace-run", "tests.e2e.apps.canary", canary), env, cwd=tmp_path)
        agent.settle()
    assert agent.total("ddllm.requests", feature="secrets") == 10
    assert agent.total("ddllm.structured.failures") > 0
    assert agent.total("ddllm.feedback", kind="thumbs_down") == 1
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    everything = b"\n".join([*agent.packets, *agent.traces, *written, ended.stdout.encode(), ended.stderr.encode()])
    for secret in [canary] if capture == "off" else canary.split(" "):
        assert secret.encode() not in everything, (secret, ended.stderr[-3000:])

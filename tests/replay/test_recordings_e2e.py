"""Whole exchanges through real boto3 under ddtrace-run: what arrives at the agent is what the provider said.

Our own fixtures run everywhere; recorded traffic where it is at hand. All exchanges are played by one process, one after the
other, and each is told apart by its feature: its place in the list.
"""

import base64
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import ddtrace
import pytest

from tests.support.agent import Agent, Sample
from tests.support.bedrock import BedrockServer
from tests.support.exchanges import RECORDINGS, Exchange, fixtures, is_known, recordings
from tests.support.once import once
from tests.support.process import INTEGRATIONS, command, environment, run

FIXTURES = fixtures()
RECORDED = recordings() if RECORDINGS.exists() else []

TOKENS = {
    "input": "ddllm.tokens.input",
    "output": "ddllm.tokens.output",
    "cache_read": "ddllm.tokens.cache_read",
    "cache_write": "ddllm.tokens.cache_write",
    "reasoning": "ddllm.tokens.reasoning",
}

CONFIGURATION = """\
caps: {feature: 1000}
prices:
  aliases:
    arn:aws:bedrock:eu-central-1:210987654321:application-inference-profile/q1w2e3r4t5y6: anthropic.claude-3-5-sonnet-20241022-v2:0
"""

#: ddtrace up to 4.8 reads every answer as the family that it takes it for.
INTEGRATION_IS_OLD = tuple(map(int, ddtrace.__version__.split(".")[:2])) < (4, 9)
INTEGRATED = pytest.mark.parametrize("integration", ["integration-off", "integration-on"])


class Played:
    """The samples that a process reported: by exchange, and those of ddllm itself."""

    def __init__(self, exchanges: list[Exchange], samples: list[Sample], broken: list[str]) -> None:
        #: Exchanges in which ddtrace's own integration raised into the application.
        self.broken = {exchanges[int(number)].id for number in broken}
        self.telemetry = Counter[str]()
        self._samples: dict[str, list[Sample]] = {one.id: [] for one in exchanges}
        for sample in samples:
            if sample.metric.startswith("ddllm.telemetry."):
                self.telemetry[f"{sample.metric} {sample.tags['reason']}"] += int(sample.value)
            elif sample.metric.startswith("ddllm."):
                self._samples[exchanges[int(sample.tags["feature"])].id].append(sample)

    def observe(self, exchange: Exchange) -> dict[str, Any]:
        """Say what was reported of one exchange, in the words of its `expect`."""
        samples = self._samples[exchange.id]
        calls = [one for one in samples if one.metric == "ddllm.requests"]
        tags = calls[0].tags if calls else {}
        observed: dict[str, Any] = {
            "requests": sum(one.value for one in calls),
            "attempts": sum(one.value for one in samples if one.metric == "ddllm.attempts"),
            "durations": sum(one.metric == "ddllm.duration" for one in samples),
            "vendor": tags.get("model_vendor"),
            "model": tags.get("model_name"),
            "stream": tags.get("stream") == "true",
            **{name: tags.get(name) for name in ("operation", "status", "error_type", "finish_reason")},
        }
        for name, metric in TOKENS.items():
            observed[name] = sum(one.value for one in samples if one.metric == metric)
        return observed


def expected(exchange: Exchange) -> dict[str, Any]:
    """Say what has to be reported of one exchange."""
    known = {name: exchange.expect.get(name, 0) for name in TOKENS}
    said = {name: value for name, value in exchange.expect.items() if name != "usage_missing"}
    return {"requests": 1, "attempts": 1, "durations": 1, **known, **said}


def encode(value: Any) -> Any:
    """Write bytes so that JSON can hold them."""
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: encode(one) for key, one in value.items()}
    return [encode(one) for one in value] if isinstance(value, list) else value


def play(exchanges: list[Exchange], folder: Path, integration: str) -> Played:
    """Play exchanges in one process under ddtrace-run."""
    configuration = folder / "ddllm.yaml"
    configuration.write_text(CONFIGURATION)
    numbered = [replace(one, id=str(number)) for number, one in enumerate(exchanges)]
    calls = [
        {"id": one.id, "operation": one.operation, "model_id": one.model_id, "request": encode(one.request)}
        for one in numbered
    ]
    with BedrockServer(numbered) as server, Agent() as agent:
        env = environment({**agent.env, **INTEGRATIONS[integration], "DDLLM_CONFIG": str(configuration)})
        todo = json.dumps({"url": server.url, "calls": calls})
        ended = run(command("ddtrace-run", "tests.replay.play"), env, stdin=todo)
        agent.settle()
        assert server.hits.total() == len(calls)
    return Played(exchanges, agent.samples, json.loads(ended.stdout.splitlines()[-1]))


def playable(exchanges: list[Exchange], integration: str) -> list[Exchange]:
    """Leave out what an application cannot do while ddtrace's own integration is on.

    A request to InvokeModel that is no JSON raises before it is sent, and a chunk that is no JSON in the middle of its stream.
    Nor what the installed botocore does not know yet: it refuses such parameters before they are sent.
    """
    exchanges = [one for one in exchanges if is_known(one)]
    if integration == "integration-off":
        return exchanges
    return [one for one in exchanges if _is_json(one.request.get("body", b"{}")) and one.id != "chunks-no-json"]


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Played]:
    """Play everything that is at hand, once for each state of ddtrace's integration."""

    @cache
    def of(integration: str) -> Played:
        exchanges, folder = playable(FIXTURES + RECORDED, integration), tmp_path_factory.mktemp("replay")
        return once(tmp_path_factory, f"replay-{integration}", lambda: play(exchanges, folder, integration))

    return of


@INTEGRATED
@pytest.mark.parametrize("exchange", FIXTURES, ids=lambda one: one.id)
def test_a_fixture_is_reported_as_its_answer_says(
    exchange: Exchange, integration: str, played: Callable[[str], Played]
) -> None:
    if exchange not in playable([exchange], integration):
        pytest.skip("ddtrace's own integration, or the installed botocore, refuses it")
    assert observe(exchange, played(integration)) == expected(exchange)


@INTEGRATED
@pytest.mark.skipif(not RECORDED, reason=f"no recorded traffic at {RECORDINGS}")
@pytest.mark.parametrize("exchange", RECORDED, ids=lambda one: one.id)
def test_a_recording_is_reported_as_its_answer_says(
    exchange: Exchange, integration: str, played: Callable[[str], Played]
) -> None:
    if exchange not in playable([exchange], integration):
        pytest.skip("ddtrace's own integration, or the installed botocore, refuses it")
    assert observe(exchange, played(integration)) == expected(exchange)


def observe(exchange: Exchange, played: Played) -> dict[str, Any]:
    observed = played.observe(exchange)
    if exchange.id in played.broken and observed != expected(exchange):
        pytest.skip("ddtrace's own integration raised into the application, which read no further")
    return observed


@INTEGRATED
def test_ddtraces_own_integration_breaks_few(integration: str, played: Callable[[str], Played]) -> None:
    old = INTEGRATION_IS_OLD and integration == "integration-on"
    assert len(played(integration).broken) <= (40 if old else 1)


@INTEGRATED
def test_a_missing_usage_is_counted_and_nothing_else_is_lost(integration: str, played: Callable[[str], Played]) -> None:
    missing = sum(one.expect.get("usage_missing", 0) for one in playable(FIXTURES + RECORDED, integration))
    counted = dict(played(integration).telemetry)
    assert missing <= counted.pop("ddllm.telemetry.dropped usage_missing") <= missing + len(played(integration).broken)
    assert counted == {}

"""What users do: actions, opinions, conversations, comparisons, from a process under ddtrace-run to packets on a socket."""

from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.agent import Agent
from tests.support.bedrock import BedrockServer
from tests.support.exchanges import fixture
from tests.support.process import INTEGRATIONS, ROOT, Ended, Launcher, command, environment, run

APP = "tests.e2e.apps.people"


@pytest.fixture(scope="module")
def bedrock() -> Iterator[BedrockServer]:
    with BedrockServer([fixture("converse-claude"), fixture("stream-claude")]) as server:
        yield server


@pytest.fixture
def agent() -> Iterator[Agent]:
    with Agent() as running:
        yield running


def start(
    way: str,
    *more: str,
    bedrock: BedrockServer,
    agent: Agent,
    launcher: Launcher = "ddtrace-run",
    cwd: Path = ROOT,
    **env: str,
) -> Ended:
    known = {**agent.env, **INTEGRATIONS["integration-off"], "BEDROCK_URL": bedrock.url, "PYTHONPATH": str(ROOT), **env}
    ended = run(command(launcher, APP, way, *more), environment(known), cwd=cwd)
    agent.settle()
    assert agent.total("ddllm.telemetry.errors") == 0
    return ended


def test_an_action_sums_its_calls_wherever_they_were_made(bedrock: BedrockServer, agent: Agent) -> None:
    start("actions", bedrock=bedrock, agent=agent)
    calls = {one.tags["action"]: one.value for one in agent.find("ddllm.action.calls")}
    assert calls == {"checkout": 4, "suggest": 1}
    [cost] = agent.find("ddllm.action.cost", action="checkout")
    assert cost.value == pytest.approx(agent.total("ddllm.request.cost"))
    assert cost.tags["feature"] == "shop"
    assert cost.tags["status"] == "ok"
    assert agent.total("ddllm.action.completed") == 2
    durations = {one.tags["action"]: one.value for one in agent.find("ddllm.action.duration")}
    assert 0 < durations["suggest"] < durations["checkout"]


def test_an_action_may_be_any_kind_of_function(bedrock: BedrockServer, agent: Agent) -> None:
    start("action_kinds", bedrock=bedrock, agent=agent)
    calls = {one.tags["action"]: one.value for one in agent.find("ddllm.action.calls", status="ok")}
    assert calls == {"function": 1, "coroutine": 2, "generator": 2, "async_generator": 1, "async_with": 1}
    assert len(agent.find("ddllm.action.cost")) == 5


def test_an_action_says_how_it_ended(bedrock: BedrockServer, agent: Agent) -> None:
    start("action_endings", bedrock=bedrock, agent=agent)
    ended = {one.tags["action"]: one.tags["status"] for one in agent.find("ddllm.action.completed")}
    assert ended == {
        "closed_early": "abandoned",
        "cancelled": "abandoned",
        "failed": "error",
        "unread": "ok",
        "nothing": "ok",
    }
    costs = {one.tags["action"]: one.value for one in agent.find("ddllm.action.cost")}
    assert costs["nothing"] == 0
    assert costs["unread"] > 0  # the stream was read when its action was over


def test_a_thread_of_its_own_is_outside(bedrock: BedrockServer, agent: Agent) -> None:
    start("threads", bedrock=bedrock, agent=agent)
    assert [one.value for one in agent.find("ddllm.action.calls")] == [0]


@pytest.mark.parametrize("key", ["", "of the whole shop"])
@pytest.mark.parametrize("launcher", ["ddtrace-run", "python"])
def test_feedback_from_another_process_counts_for_the_call(
    key: str, launcher: Launcher, bedrock: BedrockServer, agent: Agent
) -> None:
    ref = start("reference", bedrock=bedrock, agent=agent, DDLLM_FEEDBACK_KEY=key).stdout
    assert len(ref) < 160
    start("opinion", ref, bedrock=bedrock, agent=agent, launcher=launcher, DDLLM_FEEDBACK_KEY=key)
    [sample] = agent.find("ddllm.feedback")
    known = {"feature": "search", "prompt_template": "qa", "prompt_version": "v12", "kind": "thumbs_down"}
    assert known.items() <= sample.tags.items()
    assert sample.tags["model_name"] == "claude-3-5-sonnet-20241022-v2"


def test_a_forged_reference_invents_no_tags(bedrock: BedrockServer, agent: Agent) -> None:
    forged = start("reference", bedrock=bedrock, agent=agent).stdout
    start("opinion", forged, bedrock=bedrock, agent=agent, DDLLM_FEEDBACK_KEY="secret")
    start("opinion", forged[:-3] + "abc", bedrock=bedrock, agent=agent)
    assert agent.find("ddllm.feedback") == []
    lost = Counter(one.tags["reason"] for one in agent.find("ddllm.telemetry.dropped"))
    assert lost == {"feedback_forged": 1, "feedback_damaged": 1}


def test_every_kind_of_feedback_counts_and_no_other(bedrock: BedrockServer, agent: Agent) -> None:
    start("opinions", bedrock=bedrock, agent=agent)
    kinds = {one.tags["kind"]: one.value for one in agent.find("ddllm.feedback")}
    assert kinds == {"thumbs_up": 1, "thumbs_down": 1, "regenerate": 1, "follow_up": 1}
    lost = {one.tags["reason"] for one in agent.find("ddllm.telemetry.dropped")}
    assert lost == {"feedback_kind", "feedback_missing"}


@pytest.mark.skipif(
    version("ddtrace").startswith("2."), reason="ddtrace 2 sends evaluations to Datadog, past the agent"
)
def test_llm_observability_gets_the_opinion_as_an_evaluation_of_the_calls_span(
    bedrock: BedrockServer, agent: Agent
) -> None:
    start("opinions", bedrock=bedrock, agent=agent, **INTEGRATIONS["llmobs"])
    evaluations = [body for body in agent.traces if b"user_feedback" in body]
    assert evaluations
    said = b"".join(evaluations)
    assert all(f'"{kind}"'.encode() in said for kind in ("thumbs_up", "thumbs_down", "regenerate", "follow_up"))
    assert b"applause" not in said


def test_a_conversation_tells_what_was_asked_again(bedrock: BedrockServer, agent: Agent) -> None:
    start("conversation", bedrock=bedrock, agent=agent)
    kinds = {one.tags["kind"]: one.value for one in agent.find("ddllm.feedback", feature="chat")}
    assert kinds == {"regenerate": 2, "follow_up": 1}
    assert agent.total("ddllm.requests") == 6


def test_calls_of_a_comparison_are_reported_once_more(bedrock: BedrockServer, agent: Agent) -> None:
    start("comparison", bedrock=bedrock, agent=agent)
    assert (
        agent.total("ddllm.requests") == agent.total("ddllm.comparison.requests", comparison="june", status="ok") == 2
    )
    for name, number in {"cost": 2, "duration": 2, "ttft": 1, "output_tokens": 2}.items():
        assert len(agent.find(f"ddllm.comparison.{name}", comparison="june")) == number, name
    assert agent.total("ddllm.comparison.structured.checks", format="json") == 2
    assert agent.total("ddllm.comparison.structured.failures", reason="not_json") == 2


def test_unnamed_prompts_are_told_apart_where_that_is_asked_for(
    bedrock: BedrockServer, agent: Agent, tmp_path: Path
) -> None:
    (tmp_path / "ddllm.yaml").write_text("fingerprint_templates: true\n")
    start("fingerprints", bedrock=bedrock, agent=agent, cwd=tmp_path)
    templates = Counter[str]()
    for one in agent.find("ddllm.requests"):
        templates[one.tags["prompt_template"]] += int(one.value)
    assert sorted(templates.values()) == [1, 1, 2]
    assert templates.pop("named") == 1
    assert all(name.startswith("fp-") for name in templates)

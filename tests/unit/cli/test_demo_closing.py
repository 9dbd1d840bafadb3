import sys
from pathlib import Path

import pytest

from ddllm import catalog
from ddllm.cli._demo_closing import closing, shown
from ddllm.cli._demo_steps import Sync
from ddllm.cli._summary import snapshot
from ddllm.sandbox.agent import Agent
from ddllm.sandbox.sockets import Forwarder

SYNCS = [Sync(None, 5), Sync(None, 0)]
CHAT, SEARCH = "#feature:chat,model_name:sonnet", "#feature:search,model_name:llama"
NORMAL = (
    f"{catalog.REQUESTS}:3|c|{CHAT},status:ok",
    f"{catalog.COST}:0.5|c|{CHAT}",
    f"{catalog.COST}:0.25|c|{SEARCH}",
    f"{catalog.TOKENS_INPUT}:12000|c|{CHAT}",
    f"{catalog.TOKENS_OUTPUT}:300|c|{CHAT}",
)


def said(*lines):
    with Agent(clock=lambda: 1000.0) as agent:
        sender = Forwarder(agent.udp_url)
        sender.send("\n".join(lines).encode())
        sender.close()
    return list(closing(snapshot(agent, 1000.0), agent, SYNCS))


def test_money_and_syncs_are_always_said():
    assert said(*NORMAL) == [
        "$0.7500 spent by 2 features, most of it by chat ($0.5000): 12,000 tokens in, 300 out",
        "5 monitors and SLOs written, and a second sync wrote none",
    ]


def test_the_model_that_is_slowest_to_begin_is_named():
    _, speed, _ = said(*NORMAL, f"{catalog.TTFT}:0.4|d|{CHAT}", f"{catalog.TTFT}:2|d|{SEARCH}")
    assert speed.startswith("p95 TTFT 2.0")
    assert speed.endswith(" s on llama, the slowest to begin")


@pytest.mark.parametrize(
    ("failed", "words"),
    [
        ((), "the application saw none"),
        ((f"{catalog.REQUESTS}:1|c|{CHAT},error_type:ThrottlingException",), "the application saw 1 failed call"),
        ((f"{catalog.REQUESTS}:2|c|{CHAT},error_type:ThrottlingException",), "the application saw 2 failed calls"),
    ],
)
def test_what_retries_hid_is_told_from_what_they_did_not(failed, words):
    _, hidden, _ = said(*NORMAL, f"{catalog.ATTEMPTS}:7|c|{CHAT},outcome:throttled", *failed)
    assert hidden == f"7 attempts were throttled, which boto3's retries hid: {words}"


@pytest.mark.parametrize(("count", "words"), [(1, "1 stream was left"), (2, "2 streams were left")])
def test_streams_that_were_left_are_counted(count, words):
    _, left, _ = said(*NORMAL, f"{catalog.REQUESTS}:{count}|c|{CHAT},status:abandoned")
    assert left.startswith(words)


def test_a_command_is_shown_as_a_person_would_type_it(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    inside, outside = tmp_path / "examples" / "app.py", Path("/elsewhere/app.py")
    assert shown([sys.executable, str(inside), str(outside), "--seconds", "30"]) == (
        "python examples/app.py /elsewhere/app.py --seconds 30"
    )

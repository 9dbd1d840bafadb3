"""What an agent received, added up by feature and model."""

import json

import pytest

from ddllm import catalog
from ddllm.cli._summary import Done, Row, Snapshot, as_json, snapshot
from ddllm.sandbox.agent import Agent
from ddllm.sandbox.sockets import Forwarder

CHAT = "feature:chat,model_name:sonnet"
SEARCH = "feature:search,model_name:llama"


def agent_with(*lines: str, at: float = 1000.0) -> Agent:
    with Agent(clock=lambda: at) as agent:
        sender = Forwarder(agent.udp_url)
        sender.send("\n".join(lines).encode())
        sender.close()
    return agent


def test_nothing_is_empty():
    assert snapshot(agent_with(""), 0.0) == Snapshot(total=Row(), packets=1)


def test_each_number_comes_from_its_metric_and_tags():
    agent = agent_with(
        f"{catalog.REQUESTS}:7|c|#{CHAT},status:ok",
        f"{catalog.REQUESTS}:2|c|#{CHAT},status:error",
        f"{catalog.REQUESTS}:1|c|#{CHAT},status:abandoned",
        f"{catalog.ATTEMPTS}:10|c|#{CHAT},outcome:ok",
        f"{catalog.ATTEMPTS}:4|c|#{CHAT},outcome:throttled",
        f"{catalog.COST}:0.5|c|#{CHAT},status:ok",
        f"{catalog.COST_UNPRICED}:3|c|#{CHAT}",
        f"{catalog.TOKENS_INPUT}:1000|c|#{CHAT}",
        f"{catalog.TOKENS_CACHE_READ}:250|c|#{CHAT}",
        f"{catalog.TOKENS_OUTPUT}:90|c|#{CHAT}",
        f"{catalog.REFUSALS}:1|c|#{CHAT},reason:model",
        f"{catalog.STRUCTURED_CHECKS}:6|c|#{CHAT},format:json",
        f"{catalog.STRUCTURED_FAILURES}:2|c|#{CHAT},format:json,reason:not_json",
        f"{catalog.FEEDBACK}:3|c|#{CHAT},kind:thumbs_up",
        f"{catalog.FEEDBACK}:1|c|#{CHAT},kind:thumbs_down",
        f"{catalog.TTFT}:0.4|d|#{CHAT}",
        f"{catalog.DURATION}:2|d|#{CHAT}",
        f"{catalog.TOKENS_PER_SECOND}:50|d|#{CHAT}",
    )
    taken = snapshot(agent, 1010.0)
    (row,) = taken.rows
    assert row == Row(
        feature="chat",
        model_name="sonnet",
        requests=10,
        errors=2,
        abandoned=1,
        dollars=0.5,
        unpriced=3,
        input_tokens=1000,
        output_tokens=90,
        cache_read_tokens=250,
        attempts=14,
        throttled=4,
        refusals=1,
        checked=6,
        malformed=2,
        thumbs_up=3,
        thumbs_down=1,
        ttft_p50=0.4,
        ttft_p95=0.4,
        tokens_per_second_p50=50,
        duration_p95=2,
    )
    assert (row.retries, row.cache_read_share) == (4, 0.25)
    assert taken.total.requests == 10
    assert taken.total.ttft_p95 == 0.4


def test_actions_are_added_up_by_name():
    agent = agent_with(
        f"{catalog.ACTION_COMPLETED}:3|c|#action:checkout,status:ok",
        f"{catalog.ACTION_COMPLETED}:1|c|#action:checkout,status:error",
        f"{catalog.ACTION_CALLS}:2:2:2:4|d|#action:checkout,status:ok",
        f"{catalog.ACTION_COST}:0.02:0.02:0.02|d|#action:checkout,status:ok",
        f"{catalog.ACTION_DURATION}:3|d|#action:checkout,status:ok",
        f"{catalog.ACTION_COMPLETED}:9|c|#action:greet,status:ok",
    )
    checkout, greet = snapshot(agent, 1000.0).actions
    assert (checkout.action, checkout.completed, checkout.ok, checkout.calls) == ("checkout", 4, 3, 10)
    assert checkout.dollars == pytest.approx(0.06)
    assert checkout.cost_p50 == pytest.approx(0.02, rel=0.02)
    assert greet == Done("greet", 9, 9)


def test_the_dearest_stands_first_and_then_who_calls_most():
    agent = agent_with(
        f"{catalog.REQUESTS}:1|c|#{CHAT}",
        f"{catalog.REQUESTS}:9|c|#feature:b,model_name:x",
        f"{catalog.REQUESTS}:5|c|#feature:a,model_name:x",
        f"{catalog.COST}:1|c|#{CHAT}",
    )
    assert [row.feature for row in snapshot(agent, 1000.0).rows] == ["chat", "b", "a"]


def test_percentiles_of_everything_are_not_means_of_percentiles():
    agent = agent_with(
        f"{catalog.TTFT}:{':'.join(['1'] * 99)}|d|#{CHAT}",
        f"{catalog.TTFT}:100|d|#{SEARCH}",
        f"{catalog.REQUESTS}:1|c|#{CHAT}",
    )
    assert snapshot(agent, 1000.0).total.ttft_p95 == pytest.approx(1.0, rel=0.02)


def test_the_rate_is_that_of_the_last_five_minutes():
    agent = agent_with(
        *(f"{catalog.COST}:{dollars}|c|#{CHAT}|T{at}" for at, dollars in ((100, 50), (900, 1), (960, 2))),
        *(f"{catalog.REQUESTS}:1|c|#{CHAT}|T{at}" for at in (100, 900, 960)),
    )
    assert snapshot(agent, 1000.0).dollars_per_hour == pytest.approx(3 * 3600 / 100)
    assert snapshot(agent, 5000.0).dollars_per_hour is None


def test_the_rate_of_the_first_seconds_is_taken_over_ten():
    agent = agent_with(f"{catalog.COST}:1|c|#{CHAT}", f"{catalog.REQUESTS}:1|c|#{CHAT}", at=1000.0)
    assert snapshot(agent, 1000.5).dollars_per_hour == pytest.approx(360.0)


def test_losses_and_what_is_not_ours_are_told():
    agent = agent_with(
        f"{catalog.TELEMETRY_DROPPED}:2|c|#reason:queue_full",
        f"{catalog.TELEMETRY_ERRORS}:1|c|#reason:config",
        "runtime.python.mem:5|g",
        "my.metric:1|c",
        "nonsense",
    )
    taken = snapshot(agent, 1000.0)
    assert taken.losses == {"dropped: queue_full": 2.0, "errors: config": 1.0}
    assert (taken.others, taken.malformed) == (2, 1)


def test_json_carries_what_is_derived_too():
    taken = snapshot(agent_with(f"{catalog.REQUESTS}:1|c|#{CHAT}", f"{catalog.ATTEMPTS}:3|c|#{CHAT}"), 1000.0)
    document = json.loads(json.dumps(as_json(taken)))
    assert document["rows"][0]["retries"] == document["total"]["retries"] == 2
    assert document["rows"][0]["cache_read_share"] is None
    assert document["rows"][0]["feature"] == "chat"


def test_a_tag_that_is_left_out_is_said_to_be():
    agent = agent_with(
        f"{catalog.REQUESTS}:2|c|#model_name:m,status:ok",
        f"{catalog.REQUESTS}:1|c|#feature:unknown,model_name:m,status:ok",
        f"{catalog.ACTION_COMPLETED}:1|c|#status:ok",
    )
    taken = snapshot(agent, 1010.0)
    assert [(row.feature, row.model_name, row.requests) for row in taken.rows] == [
        (catalog.UNTAGGED, "m", 2),
        ("unknown", "m", 1),
        (catalog.UNTAGGED, catalog.UNTAGGED, 0),
    ][: len(taken.rows)]
    assert [one.action for one in taken.actions] == [catalog.UNTAGGED]

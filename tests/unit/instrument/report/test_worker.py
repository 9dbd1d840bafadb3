import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from ddllm import catalog
from ddllm.call import Action, Call, Feedback
from ddllm.instrument import guard
from ddllm.instrument.attribution import Scope
from ddllm.instrument.report import lines, references, worker
from ddllm.instrument.report.worker import Reporter
from ddllm.settings import FileSettings, Price, Prices, Settings

CLAUDE = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
ANSWER = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Two."}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 100, "outputTokens": 20, "totalTokens": 620, "cacheReadInputTokens": 500},
    "metrics": {"latencyMs": 900},
}


class Client:
    """A DogStatsD client that keeps what it is told to send."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, float, dict[str, str]]] = []
        self.packets_dropped = 0

    def increment(self, metric: str, value: float, tags: Any) -> None:
        self.lines.append((metric, value, dict(tag.partition(":")[::2] for tag in tags)))

    def distribution(self, metric: str, value: Any, tags: Any) -> None:
        for one in str(value).split(":") if isinstance(value, str) else (value,):
            self.increment(metric, float(one), tags)

    def flush(self) -> bool:
        return True

    def values(self, metric: str, **tags: str) -> list[float]:
        return [value for name, value, said in self.lines if name == metric and tags.items() <= said.items()]

    def tags(self, metric: str) -> dict[str, str]:
        (tags,) = [said for name, _, said in self.lines if name == metric]
        return tags


@pytest.fixture
def sent() -> Client:
    return Client()


@pytest.fixture
def report(sent: Client) -> Callable[..., Reporter]:
    """Report calls with a configuration, and send the round."""
    guard.collect()

    def run(*calls: Call, configuration: FileSettings | None = None, dropped: int = 0) -> Reporter:
        made = Reporter(Settings(service="shop"), configuration or FileSettings(), lambda _: sent)
        for call in calls:
            made.consume(call)
        made.flush(dropped)
        return made

    return run


def converse(**facts: Any) -> Call:
    """Make a Converse call of one attempt that took a second."""
    call = Call("aws.bedrock", "Converse", CLAUDE, "eu-central-1", stream=False, started=100.0)
    call.attempts = [(100.0, 100.0, 101.0, 200, None)]
    call.headers = {"content-type": "application/json"}
    call.response = json.dumps(ANSWER).encode()
    call.ended = 101.0
    for name, value in facts.items():
        setattr(call, name, value)
    return call


def streamed(*events: dict[str, Any], **facts: Any) -> Call:
    """Make a ConverseStream call whose first content came after half a second, and its end after two and a half."""
    call = converse(api="ConverseStream", stream=True, response=list(events))
    call.first_event, call.first_content, call.ended = 100.4, 100.5, 102.5
    for name, value in facts.items():
        setattr(call, name, value)
    return call


STOP = {"messageStop": {"stopReason": "end_turn"}}
USAGE = {"metadata": {"usage": {"inputTokens": 100, "outputTokens": 21, "totalTokens": 121}}}


# --- one call ---------------------------------------------------------------------------------------------------------


def test_a_call_is_one_request_with_every_tag(report, sent):
    report(converse())
    assert sent.values("ddllm.requests") == [1]
    assert sent.tags("ddllm.requests") == {
        "provider": "aws.bedrock",
        "model_vendor": "anthropic",
        "model_name": "claude-3-5-sonnet-20241022-v2",
        "feature": "shop",
        "operation": "chat",
        "region": "eu-central-1",
        "stream": "false",
        "status": "ok",
        "error_type": "none",
        "finish_reason": "stop",
        "prompt_template": "unknown",
        "prompt_version": "unknown",
    }


def test_every_metric_carries_exactly_the_tags_that_it_declares(report, sent):
    report(converse(), streamed(STOP, USAGE), dropped=1)
    for name, _, tags in sent.lines:
        assert set(tags) == set(catalog.BY_NAME[name].tags), name
        assert all(tags.values()), name


def test_tokens_are_counted_and_sampled(report, sent):
    report(converse())
    seen = {name: sent.values(f"ddllm.tokens.{name}") for name in ("input", "output", "cache_read", "cache_write")}
    assert seen == {"input": [600], "output": [20], "cache_read": [500], "cache_write": []}
    assert sent.values("ddllm.request.input_tokens") == [600]
    assert sent.values("ddllm.request.output_tokens") == [20]
    assert sent.values("ddllm.context.utilization") == [600 / 200_000]


def test_times_are_sampled(report, sent):
    report(converse())
    assert sent.values("ddllm.duration", operation="chat", stream="false", status="ok") == [1.0]
    assert sent.values("ddllm.queue_time") == [pytest.approx(0.1)]
    assert sent.values("ddllm.ttft") == sent.values("ddllm.tokens_per_second") == []


def test_a_stream_has_its_first_token_and_its_speed(report, sent):
    report(streamed(STOP, USAGE))
    assert sent.values("ddllm.ttft") == [0.5]
    assert sent.values("ddllm.tokens_per_second") == [10.0]
    assert sent.values("ddllm.time_per_output_token") == [0.1]


def test_each_attempt_is_counted_with_its_outcome(report, sent):
    attempts = [(100.0, 100.0, 100.2, 429, "ThrottlingException"), (100.4, 100.4, 101.0, 200, None)]
    report(converse(attempts=attempts))
    assert sent.values("ddllm.attempts", outcome="throttled") == [1]
    assert sent.values("ddllm.attempts", outcome="ok") == [1]


def test_a_known_model_has_its_price_and_the_prices_source(report, sent):
    prices = Prices(models={CLAUDE: Price(input_per_million=1.0, output_per_million=10.0, cache_read_per_million=0.0)})
    report(converse(), configuration=FileSettings(prices=prices))
    assert sent.values("ddllm.cost", cost_source="override") == [pytest.approx(100e-6 + 20 * 10e-6)]
    assert sent.values("ddllm.request.cost", operation="chat") == [pytest.approx(sent.values("ddllm.cost")[0])]
    assert sent.values("ddllm.cost.unpriced") == []


def test_an_unknown_model_is_unpriced_and_never_costs_zero(report, sent):
    report(converse(model_id="acme.novel-1-v1:0"))
    assert sent.values("ddllm.cost.unpriced") == [1]
    assert sent.values("ddllm.cost") == sent.values("ddllm.request.cost") == []


def test_an_alias_names_model_and_price(report, sent):
    profile = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc"
    report(converse(model_id=profile), configuration=FileSettings(prices=Prices(aliases={profile: CLAUDE})))
    assert sent.tags("ddllm.requests")["model_name"] == "claude-3-5-sonnet-20241022-v2"
    assert sent.values("ddllm.cost", cost_source="catalogue")


def rerank(**facts: Any) -> Call:
    """Make a call that is answered without any count."""
    return converse(
        api="InvokeModel",
        model_id="cohere.rerank-v3-5:0",
        request=b'{"query": "river", "documents": ["Seine"]}',
        response=b'{"results": [{"index": 0, "relevance_score": 0.9}]}',
        **facts,
    )


SEARCHES = FileSettings(prices=Prices(models={"rerank-v3-5": Price(per_thousand_requests=2.0)}))


def test_what_is_paid_for_by_the_request_has_its_price_without_tokens(report, sent):
    report(rerank(), configuration=SEARCHES)
    assert sent.values("ddllm.cost", cost_source="override") == [0.002]
    assert sent.values("ddllm.request.cost", operation="rerank") == [0.002]
    assert sent.values("ddllm.cost.unpriced") == []


def test_what_is_paid_for_by_the_request_is_unpriced_where_nobody_says_its_price(report, sent):
    report(rerank())
    assert sent.values("ddllm.cost.unpriced") == [1]
    assert sent.values("ddllm.cost") == []


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "error", "error_type": "ThrottlingException", "response": b"{}"},
        {"response": b'{"amazon-bedrock-guardrailAction": "INTERVENED"}'},
    ],
)
def test_a_request_that_never_reached_the_model_costs_nothing(report, sent, facts):
    made = rerank()
    for name, value in facts.items():
        setattr(made, name, value)
    report(made, configuration=SEARCHES)
    assert sent.values("ddllm.cost") == sent.values("ddllm.cost.unpriced") == []


def test_an_answer_without_usage_is_counted_as_such_and_not_estimated(report, sent):
    report(converse(response=b'{"stopReason": "end_turn"}'))
    assert sent.values("ddllm.telemetry.dropped", reason="usage_missing") == [1]
    assert sent.values("ddllm.requests") == [1]
    assert not [name for name, _, _ in sent.lines if "token" in name or "cost" in name]


def test_a_call_without_an_answer_misses_no_usage(report, sent):
    failed = converse(headers={}, response=None, status="error", error_type="ReadTimeoutError")
    failed.attempts = [(100.0, 100.0, 101.0, 0, "ReadTimeoutError")]
    report(failed)
    tags = sent.tags("ddllm.requests")
    assert (tags["status"], tags["error_type"], tags["finish_reason"]) == ("error", "ReadTimeoutError", "error")
    assert sent.values("ddllm.telemetry.dropped") == []
    assert sent.values("ddllm.attempts", outcome="timeout") == [1]


def test_a_stream_that_stopped_early_is_abandoned(report, sent):
    report(streamed(status="abandoned"))
    tags = sent.tags("ddllm.requests")
    assert (tags["status"], tags["finish_reason"]) == ("abandoned", "other")
    assert sent.values("ddllm.tokens_per_second") == []


def test_a_stream_whose_model_was_done_was_not_abandoned(report, sent):
    report(streamed(STOP, status="abandoned"))
    tags = sent.tags("ddllm.requests")
    assert (tags["status"], tags["finish_reason"]) == ("ok", "stop")
    assert sent.values("ddllm.telemetry.dropped", reason="usage_missing") == [1]


# --- what the code around says ----------------------------------------------------------------------------------------


def test_explicit_context_goes_before_annotations(report, sent):
    explicit = Scope(feature="search", prompt_template="qa")
    annotated = Scope(feature="other", prompt_template="other", prompt_version="v2")
    report(converse(scope=(explicit, annotated)))
    tags = sent.tags("ddllm.requests")
    assert (tags["feature"], tags["prompt_template"], tags["prompt_version"]) == ("search", "qa", "v2")


def test_invented_values_are_capped_and_counted(report, sent):
    calls = [converse(scope=(Scope(feature=name), None)) for name in "abcd"]
    report(*calls, configuration=FileSettings(caps={**FileSettings().caps, "feature": 2}))
    assert [sent.values("ddllm.requests", feature=name) for name in ("a", "b", "other")] == [[1], [1], [2]]
    assert sent.values("ddllm.telemetry.capped", reason="feature") == [2]


def test_a_model_id_of_any_shape_is_a_safe_tag(report, sent):
    report(converse(model_id="odd,model|id\n" + "x" * 500))
    name = sent.tags("ddllm.requests")["model_name"]
    assert not set(name) & set(",|\n")
    assert len(name) <= 160


def test_what_the_configuration_excludes_is_not_sent(report, sent):
    excluding = FileSettings(metrics_exclude=frozenset({"ddllm.duration"}), tags_exclude=frozenset({"region"}))
    report(converse(), configuration=excluding)
    assert sent.values("ddllm.duration") == []
    assert "region" not in sent.tags("ddllm.requests")


def test_tags_are_kept_ready_for_a_bounded_number_of_combinations(report, sent, monkeypatch):
    monkeypatch.setattr(lines, "MAX_MEMO", 3)
    made = report(*(converse(scope=(Scope(feature=str(number)), None)) for number in range(10)))
    assert len(made._memo) <= 3
    assert [sent.values("ddllm.requests", feature=str(number)) for number in range(10)] == [[1]] * 10


# --- our own losses ---------------------------------------------------------------------------------------------------


def test_faults_are_counted_by_place_and_described_once(report, sent, caplog, monkeypatch):
    monkeypatch.setattr(guard, "_described", set())
    for _ in range(3):
        try:
            _ = 1 / 0
        except ZeroDivisionError:
            guard.caught("somewhere")
    report()
    assert sent.values("ddllm.telemetry.errors", reason="somewhere") == [3]
    (line,) = caplog.records
    assert (line.name, line.levelno) == ("ddllm", logging.WARNING)
    assert "a fault of its own in somewhere was caught" in line.getMessage()
    assert "ZeroDivisionError" in line.getMessage()


def test_a_full_queue_is_counted_and_told_of_at_its_start_and_its_end(report, sent, caplog):
    made = report(dropped=2)
    made.flush(5)
    made.flush(5)
    made.flush(5)
    made.flush(6)
    assert sent.values("ddllm.telemetry.dropped", reason="queue_full") == [2, 3, 1]
    assert [one.getMessage() for one in caplog.records] == [
        "ddllm: the queue is full; calls are not reported until the worker has caught up",
        "ddllm: the queue has room again; 5 calls were not reported in all",
        "ddllm: the queue is full; calls are not reported until the worker has caught up",
    ]


def test_packets_that_the_client_dropped_are_counted(report, sent):
    made = report()
    sent.packets_dropped = 3
    made.flush(0)
    sent.packets_dropped = 1  # it reported its own count to the agent, and began again
    made.flush(0)
    made.flush(0)
    assert sent.values("ddllm.telemetry.dropped", reason="packet") == [3, 1]


# --- ddllm.yaml -------------------------------------------------------------------------------------------------------


def test_a_broken_configuration_is_one_warning_one_error_and_defaults(tmp_path, caplog, sent):
    guard.collect()
    path = tmp_path / "ddllm.yaml"
    path.write_text("caps: {feature: none}\n")
    made = Reporter(Settings(config=str(path)), make_statsd=lambda _: sent)
    made.flush(0)
    (line,) = caplog.records
    assert f"{path}:1:" in line.getMessage()
    assert "(defaults apply)" in line.getMessage()
    assert sent.values("ddllm.telemetry.errors", reason="config") == [1]


def test_a_configuration_that_cannot_be_read_at_all_is_no_end(monkeypatch, caplog):
    guard.collect()
    monkeypatch.setattr(worker, "file_path", lambda settings: 1 / 0)
    assert worker.load_configuration(Settings()) == FileSettings()
    assert guard.collect().counts == {"config": 1}
    assert "could not be read" in caplog.text


def test_a_missing_configuration_that_was_named_is_an_error(tmp_path, caplog):
    guard.collect()
    assert worker.load_configuration(Settings(config=str(tmp_path / "no.yaml"))) == FileSettings()
    assert guard.collect().counts == {"config": 1}


def test_no_configuration_is_no_error(tmp_path, monkeypatch):
    guard.collect()
    monkeypatch.chdir(tmp_path)
    assert worker.load_configuration(Settings()) == FileSettings()
    assert guard.collect().counts == {}


def test_what_references_say_is_bounded_as_a_whole_and_takes_no_room_from_calls(report, sent, monkeypatch):
    monkeypatch.setattr(worker, "MOST_REFERENCES", 2)
    made = report()
    for number in range(5):
        said = references.Reference("aws.bedrock", "v", "m", f"forged {number}", "", "", "", "", "", "", "")
        made.consume(Feedback("thumbs_up", references.encode(said), 0.0))
    made.consume(converse(scope=(Scope(feature="checkout"), None)))
    made.flush(0)
    features = {tags["feature"] for name, _, tags in sent.lines if name == "ddllm.feedback"}
    assert features == {"forged 0", "forged 1", "other"}
    assert sent.tags("ddllm.requests")["feature"] == "checkout"


def test_an_alias_names_the_model_of_a_reference_too(report, sent):
    arn = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc"
    made = report(configuration=FileSettings(prices=Prices(aliases={arn: CLAUDE})))
    said = references.Reference("aws.bedrock", "unknown", "application-inference-profile/abc", "f", *[""] * 7)
    made.consume(Feedback("thumbs_up", references.encode(said), 0.0))
    made.flush(0)
    assert sent.tags("ddllm.feedback")["model_name"] == "claude-3-5-sonnet-20241022-v2"


@pytest.mark.parametrize("conversation", ["", None])
def test_a_conversation_without_an_id_is_none(report, sent, conversation):
    request = json.dumps({"messages": [{"role": "user", "content": [{"text": "Hello?"}]}]}).encode()
    scope = (Scope(conversation=conversation), None)
    report(*(converse(request=request, scope=scope, started=at, ended=at + 1) for at in (0.0, 5.0)))
    assert sent.values("ddllm.feedback") == []


def test_a_call_that_a_guardrail_kept_from_the_model_cost_its_action_nothing(report, sent):
    action = Action("checkout", 0.0)
    action.begun.append(None)
    action.ended = 1.0
    kept_away = json.dumps(
        {"stopReason": "guardrail_intervened", "output": {"message": {"content": [{"text": "No."}]}}}
    )
    report(converse(response=kept_away.encode(), actions=(action,)), action)
    assert sent.values("ddllm.action.cost") == [0]


def test_a_call_that_came_too_late_for_its_action_is_counted(report, sent):
    report(converse(late_for=1))
    assert sent.values("ddllm.telemetry.dropped", reason="action_call_late") == [1]

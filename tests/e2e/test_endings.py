"""However the reading of an answer ends: one call is reported once, with what was known by then."""

from typing import NamedTuple

import pytest

from tests.support.agent import Agent, Sample
from tests.support.bedrock import BedrockServer
from tests.support.exchanges import fixtures
from tests.support.once import once
from tests.support.process import INTEGRATIONS, command, environment, run


class Report(NamedTuple):
    """What is known of a call: how it ended, and the tokens in and out."""

    status: str
    finish_reason: str
    error_type: str
    tokens_in: float
    tokens_out: float


COMPLETE = Report("ok", "stop", "none", 14, 17)
NOTHING_READ = Report("abandoned", "other", "none", 0, 0)

#: Of what a converse stream says of its usage, all comes last; an Anthropic stream says its input first.
ABANDONED = {"converse_stream": NOTHING_READ, "invoke_stream": NOTHING_READ._replace(tokens_in=14)}


def failed(error_type: str, *, at_once: bool = False) -> dict[str, Report]:
    report = Report("error", "error", error_type, 0, 0)
    return {"converse_stream": report, "invoke_stream": report if at_once else report._replace(tokens_in=14)}


def same(report: Report) -> dict[str, Report]:
    return dict.fromkeys(("converse_stream", "invoke_stream"), report)


STREAMS: dict[str, dict[str, Report]] = {
    "read": same(COMPLETE),
    "read_twice": same(COMPLETE),
    "resumed": same(COMPLETE),
    "broken_off": ABANDONED,
    # The model had finished: only what comes after its last word was not read, and of Converse that is the usage.
    "broken_off_after_the_last_word": {
        "converse_stream": COMPLETE._replace(tokens_in=0, tokens_out=0),
        "invoke_stream": COMPLETE,
    },
    "closed_early": ABANDONED,
    "closed_unread": same(NOTHING_READ),
    "never_read": same(NOTHING_READ),
    "half_read": ABANDONED,
    "paused_in_a_generator": ABANDONED,
    "dropped": same(NOTHING_READ),
    "dropped_in_a_circle": ABANDONED,
    "in_another_thread": same(COMPLETE),
    "by_two_iterators": same(COMPLETE),
    "with_an_error_of_the_application": ABANDONED,
    "with_an_error_thrown_in": failed("LookupError"),
    "interrupted": ABANDONED,
    "mutated": same(COMPLETE),
    "failing_internalServerException": failed("InternalServerException"),
    "failing_modelStreamErrorException": failed("ModelStreamErrorException"),
    # ConverseStream has no such exception in the API's model, so that the SDK reads no code from it.
    "failing_modelTimeoutException": failed("ModelTimeoutException")
    | {"converse_stream": failed("EventStreamError")["converse_stream"]},
    "failing_serviceUnavailableException": failed("ServiceUnavailableException"),
    "failing_throttlingException": failed("ThrottlingException"),
    "failing_validationException": failed("ValidationException"),
    "failing_at_once": failed("ThrottlingException", at_once=True),
    "failing_connection": failed("ProtocolError"),
    "failing_checksum": failed("ChecksumMismatch"),
    "stalled": failed("ReadTimeoutError"),
    "stalled_at_once": failed("ReadTimeoutError", at_once=True),
    "untyped_event": same(COMPLETE),
    "event_of_the_future": same(COMPLETE),
}

#: The head of the answer tells the usage; why the model stopped stands in the body.
UNREAD = COMPLETE._replace(finish_reason="unknown")

BODIES: dict[str, Report] = {
    "body_read": COMPLETE,
    "body_read_in_pieces": COMPLETE,
    "body_read_in_pieces_of_its_size": COMPLETE,
    "body_lines": COMPLETE,
    "body_in_a_buffer": COMPLETE,
    "body_as_lines": COMPLETE,
    "body_in_a_with_statement": UNREAD,
    "body_half_read": UNREAD,
    "body_half_read_and_closed": UNREAD,
    "body_closed_unread": UNREAD,
    "body_never_read": UNREAD,
    "body_dropped": UNREAD,
    "body_broken": Report("error", "error", "ResponseStreamingError", 14, 17),
    "body_stalled": Report("error", "error", "ReadTimeoutError", 14, 17),
}

EXPECTED = {f"{name}/{kind}": report for name, reports in STREAMS.items() for kind, report in reports.items()} | {
    f"{name}/invoke": report for name, report in BODIES.items()
}


def end_everything() -> list[Sample]:
    with BedrockServer(fixtures()) as server, Agent() as agent:
        env = environment({**agent.env, **INTEGRATIONS["integration-off"], "BEDROCK_URL": server.url})
        run(command("ddtrace-run", "tests.e2e.apps.endings"), env)
        return agent.settle().samples


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    return once(tmp_path_factory, "endings", end_everything)


@pytest.mark.parametrize("ending", EXPECTED)
def test_an_answer_is_reported_once_with_what_is_known(ending: str, samples: list[Sample]) -> None:
    def total(metric: str) -> float:
        return sum(one.value for one in samples if one.metric == metric and one.tags.get("feature") == ending)

    reports = [one for one in samples if one.metric == "ddllm.requests" and one.tags["feature"] == ending]
    assert sum(one.value for one in reports) == 1
    tags = reports[0].tags
    tokens = (total("ddllm.tokens.input"), total("ddllm.tokens.output"))
    assert Report(tags["status"], tags["finish_reason"], tags["error_type"], *tokens) == EXPECTED[ending]


def test_no_ending_is_forgotten(samples: list[Sample]) -> None:
    assert {one.tags["feature"] for one in samples if one.metric == "ddllm.requests"} == set(EXPECTED)


def test_every_ending_has_a_duration(samples: list[Sample]) -> None:
    durations = [one for one in samples if one.metric == "ddllm.duration"]
    assert sorted(one.tags["feature"] for one in durations) == sorted(EXPECTED)
    assert all(0 <= one.value < 10 for one in durations)


def test_no_ending_is_a_fault_of_ddllm(samples: list[Sample]) -> None:
    assert [one for one in samples if one.metric == "ddllm.telemetry.errors"] == []

import gc
import json
import threading
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import botocore.client
import pytest
from botocore.eventstream import EventStream
from botocore.exceptions import ClientError, EventStreamError, ParamValidationError
from botocore.response import StreamingBody
from botocore.stub import Stubber

import ddllm
from ddllm.instrument import guard
from ddllm.instrument.patch import botocore as patch
from ddllm.instrument.patch import reading
from ddllm.instrument.patch.events import ConverseReading
from tests.support.bedrock import BedrockServer, Knobs
from tests.support.exchanges import Exchange, event, fixture
from tests.support.runtime import CLAUDE, Records, client, measured

#: Older versions of botocore have no such method.
READINTO = "readinto" in StreamingBody.__dict__
# Streams are dropped here with their connections open, as applications do it.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

BODY = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 8, "messages": []}).encode()
WORDS = tuple(
    event(kind, payload)
    for kind, payload in (
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": ""}}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Two"}}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": " rivers"}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12}, "metrics": {"latencyMs": 7}}),
    )
)


@pytest.fixture(scope="module")
def server() -> Iterator[BedrockServer]:
    names = ("converse-claude-tool", "invoke-claude-tool", "chunks-claude-tool")
    words = Exchange("words", "converse_stream", CLAUDE, {}, events=WORDS)
    with BedrockServer([*map(fixture, names), words]) as running:
        yield running


@pytest.fixture(scope="module")
def bedrock(server: BedrockServer) -> Any:
    return client(server.url)


@pytest.fixture
def records() -> Iterator[Records]:
    with measured() as kept:
        yield kept


def converse(bedrock: Any, knobs: Knobs | None = None) -> Any:
    return bedrock.converse(modelId=CLAUDE + (knobs.suffix if knobs else ""), messages=[])


def stream(bedrock: Any, knobs: Knobs | None = None) -> Any:
    return bedrock.converse_stream(modelId=CLAUDE + (knobs.suffix if knobs else ""), messages=[])["stream"]


def body(bedrock: Any, knobs: Knobs | None = None) -> Any:
    return bedrock.invoke_model(modelId=CLAUDE + (knobs.suffix if knobs else ""), body=BODY)["body"]


def chunks(bedrock: Any, knobs: Knobs | None = None) -> Any:
    model_id = CLAUDE + (knobs.suffix if knobs else "")
    return bedrock.invoke_model_with_response_stream(modelId=model_id, body=BODY)["body"]


# --- what is noted of a call ------------------------------------------------------------------------------------------


def test_a_converse_call_is_reported_with_its_bytes(bedrock, records):
    converse(bedrock)
    call = records.call
    assert (call.provider, call.api, call.model_id, call.region) == ("aws.bedrock", "Converse", CLAUDE, "eu-central-1")
    assert (call.status, call.error_type, call.stream) == ("ok", None, False)
    assert json.loads(call.request) == {"messages": []}
    assert json.loads(call.response)["usage"]["inputTokens"] == 312
    assert call.headers["content-type"] == "application/json"
    assert records.sizes == [len(call.request) + len(call.response)]


def test_an_attempt_has_its_times_in_order(bedrock, records):
    converse(bedrock)
    ((began, sent, head, status, error),) = records.call.attempts
    assert (status, error) == (200, None)
    assert records.call.started <= began <= sent <= head <= records.call.ended


def test_attempts_that_the_sdk_hid_are_noted(server, records):
    retrying = client(server.url, retries={"mode": "standard", "total_max_attempts": 3})
    converse(retrying, Knobs(error="ThrottlingException", first=1, tag="hidden"))
    assert [attempt[3:] for attempt in records.call.attempts] == [(429, "ThrottlingException"), (200, None)]
    first, second = records.call.attempts
    assert second[0] > first[2]


def test_an_attempt_without_an_answer_names_what_was_raised(bedrock, records):
    with pytest.raises(Exception, match="Connection was closed"):
        converse(bedrock, Knobs(hang_up=True))
    assert [attempt[3:] for attempt in records.call.attempts] == [(0, "ConnectionClosedError")]
    assert (records.call.status, records.call.error_type) == ("error", "ConnectionClosedError")


def test_an_answer_that_is_no_json_is_an_attempt_by_its_status(bedrock, records):
    with pytest.raises(ClientError):
        converse(bedrock, Knobs(status=503))
    assert [attempt[3:] for attempt in records.call.attempts] == [(503, "503")]


def test_the_wait_of_the_adaptive_limiter_ends_before_the_request_is_sent(server, records, monkeypatch):
    adaptive = client(server.url, retries={"mode": "adaptive", "total_max_attempts": 1})
    seen: list[float] = []
    adaptive.meta.events.register("before-send.bedrock-runtime", lambda **_: seen.append(reading.perf_counter()))
    converse(adaptive)
    began, sent, *_ = records.call.attempts[0]
    assert began < seen[0] < sent


def test_an_error_is_reported_with_the_providers_code(bedrock, records):
    with pytest.raises(ClientError):
        converse(bedrock, Knobs(error="ValidationException"))
    assert (records.call.status, records.call.error_type) == ("error", "ValidationException")


def test_a_call_that_never_left_is_reported_without_attempts(bedrock, records):
    with pytest.raises(ParamValidationError):
        bedrock.converse(modelId=CLAUDE, messages=7)
    assert (records.call.status, records.call.error_type) == ("error", "ParamValidationError")
    assert records.call.attempts == []


def test_an_interrupt_is_reported_and_goes_on_its_way(bedrock, records):
    def interrupt(**_: Any) -> None:
        raise KeyboardInterrupt

    bedrock.meta.events.register("before-call.bedrock-runtime", interrupt, unique_id="interrupt")
    try:
        with pytest.raises(KeyboardInterrupt):
            converse(bedrock)
    finally:
        bedrock.meta.events.unregister("before-call.bedrock-runtime", interrupt, unique_id="interrupt")
    assert (records.call.status, records.call.error_type) == ("error", "KeyboardInterrupt")


def test_a_stubbed_answer_is_a_call_without_attempts(records):
    stubbed = client("http://127.0.0.1:9")
    with Stubber(stubbed) as stubber:
        answer = {
            "output": {"message": {"role": "assistant", "content": []}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
            "metrics": {"latencyMs": 1},
        }
        stubber.add_response("converse", answer)
        converse(stubbed)
    assert (records.call.status, records.call.attempts, dict(records.call.headers)) == ("ok", [], {})


def test_a_request_that_is_too_large_is_not_kept(bedrock, records, monkeypatch):
    monkeypatch.setattr(reading, "MAX_REQUEST", 10)
    converse(bedrock)
    assert records.call.request is None


def test_what_the_code_around_says_goes_with_the_call(bedrock, records):
    with ddllm.context(feature="search"):
        converse(bedrock)
    explicit, annotated = records.call.scope
    assert (explicit.feature, annotated) == ("search", None)


def test_other_operations_are_none_of_ours(bedrock, records):
    with pytest.raises(ParamValidationError):
        bedrock.apply_guardrail()
    assert records.calls == []


def test_other_services_are_none_of_ours(server, records, monkeypatch):
    monkeypatch.setattr(patch, "SERVICE", "another-runtime")
    converse(client(server.url))
    assert records.calls == []


def test_a_call_inside_a_call_is_a_call_of_its_own(server, records):
    inner = client(server.url)
    outer = client(server.url)
    outer.meta.events.register("before-call.bedrock-runtime", lambda **_: converse(inner) and None)
    converse(outer)
    assert [len(call.attempts) for call in records.calls] == [1, 1]
    assert records.calls[0].ended < records.calls[1].attempts[0][0] < records.calls[1].ended


def test_a_call_by_keywords_is_measured(server, records):
    one = client(server.url)
    asked = {"modelId": "anthropic.claude-3-haiku-20240307-v1:0", "messages": []}
    one._make_api_call(operation_name="Converse", api_params=asked)
    assert records.call.api == "Converse"


def test_a_stream_that_a_handler_of_the_application_wraps_is_still_measured(server, records):
    one = client(server.url)
    one.meta.events.register(
        "after-call.bedrock-runtime", lambda parsed, **_: parsed.update(stream=iter(parsed["stream"]))
    )
    assert list(stream(one))
    assert records.call.status == "ok"


def test_each_thread_has_its_own_calls(server, records):
    clients = [client(server.url) for _ in range(4)]

    def work(one: Any) -> None:
        for _ in range(5):
            converse(one)

    threads = [threading.Thread(target=work, args=(one,)) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(call.attempts) for call in records.calls] == [1] * 20


def said(call: Any) -> list[str]:
    """Return the pieces of a ConverseStream: texts as they are, events by name."""
    return [piece if isinstance(piece, str) else next(iter(piece)) for piece in call.response]


# --- streams ----------------------------------------------------------------------------------------------------------


def test_a_stream_that_is_read_is_reported_once_at_its_end(bedrock, records):
    events = stream(bedrock)
    assert records.calls == []
    assert len(list(events)) == len(WORDS)
    call = records.call
    assert (call.status, call.stream) == ("ok", True)
    assert call.attempts[0][2] <= call.first_event <= call.first_content <= call.ended
    assert said(call) == ["Two rivers", "contentBlockStop", "messageStop", "metadata"]


def test_the_first_content_is_not_an_empty_delta(bedrock, records):
    events = iter(stream(bedrock))
    next(events)
    empty = next(events)
    assert empty["contentBlockDelta"]["delta"] == {"text": ""}
    mark = reading.perf_counter()
    list(events)
    assert records.call.first_event < mark < records.call.first_content


@pytest.mark.parametrize(
    ("deltas", "first", "reasoning"),
    [
        ([{"toolUse": {"input": ""}}, {"toolUse": {"input": '{"a"'}}], 1, False),
        ([{"reasoningContent": {"text": ""}}, {"reasoningContent": {"text": "Hm"}}], 1, True),
        ([{"reasoningContent": {"redactedContent": b"x"}}], 0, True),
        ([{"citation": {"title": "A"}}, {"text": "B"}], 1, False),
    ],
)
def test_content_is_text_tool_input_or_reasoning(deltas, first, reasoning):
    call = patch.Call("aws.bedrock", "ConverseStream", CLAUDE, "eu-central-1", stream=True, started=0.0)
    looking = ConverseReading(Records(), call)
    seen = [looking.look({"contentBlockDelta": {"delta": delta}}) for delta in deltas]
    assert seen.index(True) == first
    assert call.reasoning_streamed is reasoning
    looking.done()


def test_events_are_copied_because_they_are_the_applications(bedrock, records):
    for one in stream(bedrock):
        if "metadata" in one:
            one["metadata"]["usage"].clear()
    assert records.call.response[-1]["metadata"]["usage"]["inputTokens"] == 9


def test_a_stream_that_was_broken_off_is_reported_when_it_is_dropped(bedrock, records):
    events = stream(bedrock)
    for one in events:
        if "contentBlockDelta" in one:
            break
    assert records.calls == []
    stopped = reading.perf_counter()
    del events, one
    gc.collect()
    assert records.call.status == "abandoned"
    assert records.call.ended <= stopped


def test_a_stream_that_is_resumed_is_one_call(bedrock, records):
    events = stream(bedrock)
    for _ in events:
        break
    assert len(list(events)) == len(WORDS) - 1
    assert records.call.status == "ok"
    assert said(records.call) == ["Two rivers", "contentBlockStop", "messageStop", "metadata"]


def test_a_stream_that_is_closed_unread_ended_when_its_head_came(bedrock, records):
    stream(bedrock).close()
    call = records.call
    assert (call.status, call.first_event, call.response) == ("abandoned", None, [])
    assert call.ended == call.attempts[0][2]


def test_a_stream_that_is_closed_twice_is_one_call(bedrock, records):
    events = stream(bedrock)
    list(events)
    events.close()
    events.close()
    assert records.call.status == "ok"


def test_a_stream_that_nobody_reads_is_reported_when_it_is_dropped(bedrock, records):
    stream(bedrock)
    gc.collect()
    assert records.call.status == "abandoned"


@pytest.mark.parametrize(
    ("knobs", "error", "name"),
    [
        (Knobs(raising="modelStreamErrorException"), EventStreamError, "ModelStreamErrorException"),
        (Knobs(raising="throttlingException"), EventStreamError, "ThrottlingException"),
        (Knobs(corrupt=True), Exception, "ChecksumMismatch"),
        (Knobs(abort=True), Exception, "ProtocolError"),
    ],
)
def test_a_stream_that_breaks_is_reported_with_what_was_raised(bedrock, records, knobs, error, name):
    with pytest.raises(error):
        list(stream(bedrock, knobs))
    assert (records.call.status, records.call.error_type) == ("error", name)
    assert records.call.attempts[0][3:] == (200, None)


def test_an_invoke_stream_keeps_the_models_chunks(bedrock, records):
    seen = [one["chunk"]["bytes"] for one in chunks(bedrock)]
    call = records.call
    assert call.response == seen
    assert call.first_content is not None
    assert records.sizes == [len(call.request) + sum(map(len, seen))]


def test_a_chunk_that_is_no_json_is_survived(bedrock, records):
    seen = [one["chunk"]["bytes"] for one in chunks(bedrock, Knobs(garbage=True, at=1))]
    assert b'{"cut": "of' in seen
    assert records.call.status == "ok"


def test_a_long_stream_keeps_what_came_first_and_what_came_last(bedrock, records, monkeypatch):
    monkeypatch.setattr(reading, "MAX_PIECES", 3)
    monkeypatch.setattr(reading, "LAST_PIECES", 2)
    seen = [one["chunk"]["bytes"] for one in chunks(bedrock)]
    assert len(seen) > 5
    assert records.call.truncated
    assert records.call.response == seen[:3] + seen[-2:]


def test_of_a_long_converse_stream_the_middle_of_the_text_is_left_out(bedrock, records, monkeypatch):
    monkeypatch.setattr(reading, "MAX_PIECES", 1)
    assert len(list(stream(bedrock))) == len(WORDS)
    assert records.call.truncated
    assert said(records.call) == ["Two", "messageStop", "metadata"]


def test_a_stream_that_is_resumed_again_and_again_keeps_no_more(bedrock, records, monkeypatch):
    monkeypatch.setattr(reading, "MAX_PIECES", 2)
    events = stream(bedrock)
    for _ in range(len(WORDS)):
        for _ in events:
            break
    list(events)
    assert said(records.call) == ["Two rivers", "messageStop", "metadata"]


def test_the_input_of_a_tool_is_kept_as_one_text():
    call = patch.Call("aws.bedrock", "ConverseStream", CLAUDE, "eu-central-1", stream=True, started=0.0)
    kept = ConverseReading(Records(), call)
    start = {"contentBlockStart": {"start": {"toolUse": {"name": "find", "toolUseId": "1"}}}}
    events = [
        start,
        *({"contentBlockDelta": {"delta": {"toolUse": {"input": part}}}} for part in ("", '{"a"', ":1}")),
        {"contentBlockDelta": {"delta": {"reasoningContent": {"text": "Hm"}}}},
    ]
    assert list(kept.follow(iter(events))) == events
    kept.done()
    assert call.response == [start, '{"a":1}']


def test_text_that_is_none_is_kept_as_it_came():
    call = patch.Call("aws.bedrock", "ConverseStream", CLAUDE, "eu-central-1", stream=True, started=0.0)
    kept = ConverseReading(Records(), call)
    deltas = [{"contentBlockDelta": {"delta": {"text": text}}} for text in ("a", 7, "b")]
    list(kept.follow(iter([*deltas, {"contentBlockStop": {}}])))
    kept.collect()
    assert call.response == ["a", 7, "b", {"contentBlockStop": {}}]


def test_an_event_that_lacks_its_part_is_passed_on_and_is_no_fault():
    call = patch.Call("aws.bedrock", "ConverseStream", CLAUDE, "eu-central-1", stream=True, started=0.0)
    kept = ConverseReading(Records(), call)
    events = [{"contentBlockDelta": {}}, {"contentBlockDelta": {"delta": {"text": "a"}}}, {"of": "another year"}]
    assert list(kept.follow(iter(events))) == events
    kept.done()
    assert call.response == ["a"]
    assert guard.collect().counts == {}


def test_an_event_is_copied_as_deep_as_it_can_change():
    call = patch.Call("aws.bedrock", "ConverseStream", CLAUDE, "eu-central-1", stream=True, started=0.0)
    kept = ConverseReading(Records(), call)
    event: dict[str, Any] = {"metadata": {"trace": {"rows": [[{"a": 1}], 2]}, "usage": {"inputTokens": 9}}}
    list(kept.follow(iter([event])))
    event["metadata"]["trace"]["rows"][0][0]["a"] = 3
    event["metadata"]["usage"].clear()
    kept.done()
    assert call.response == [{"metadata": {"trace": {"rows": [[{"a": 1}], 2]}, "usage": {"inputTokens": 9}}}]


def test_two_threads_that_end_a_stream_report_it_once(bedrock, records):
    for _ in range(20):
        events = stream(bedrock)
        start = threading.Barrier(2)

        def end(events: Any = events, start: threading.Barrier = start) -> None:
            start.wait()
            events.close()

        threads = [threading.Thread(target=end) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(records.calls) == 20


# --- bodies -----------------------------------------------------------------------------------------------------------


def test_a_body_is_reported_when_it_was_read(bedrock, records):
    answer = body(bedrock)
    assert records.calls == []
    assert answer.read() == records.call.response
    assert records.call.status == "ok"


def test_a_body_that_is_read_in_pieces_is_kept_whole(bedrock, records):
    answer = body(bedrock)
    pieces = list(iter(lambda: answer.read(10), b""))
    assert b"".join(pieces) == records.call.response
    assert records.call.ended is not None


@pytest.mark.skipif(not READINTO, reason="this botocore has no StreamingBody.readinto")
def test_a_body_that_is_read_into_a_buffer_is_copied(bedrock, records):
    answer = body(bedrock)
    buffer = bytearray(16)
    whole = b""
    while count := answer.readinto(buffer):
        whole += buffer[:count]
    buffer[:] = b"-" * 16
    assert records.call.response == whole


def test_a_body_that_is_read_by_lines_is_kept(bedrock, records):
    assert b"".join(body(bedrock).readlines()) == records.call.response


def test_a_body_that_is_closed_unread_is_no_failure(bedrock, records):
    body(bedrock).close()
    assert (records.call.status, records.call.response) == ("ok", None)
    assert records.call.ended == records.call.attempts[0][2]


def test_a_body_whose_raw_stream_is_read_in_a_with_is_reported(bedrock, records):
    with body(bedrock) as raw:
        assert raw.read()
    assert (records.call.status, records.call.response) == ("ok", None)


def test_a_body_that_breaks_is_reported_with_what_was_raised(bedrock, records):
    with pytest.raises(Exception, match="An error occurred while reading"):
        body(bedrock, Knobs(abort=True)).read()
    assert (records.call.status, records.call.error_type) == ("error", "ResponseStreamingError")


def test_a_body_that_is_too_large_is_kept_in_part(bedrock, records, monkeypatch):
    monkeypatch.setattr(reading, "MAX_BODY", 25)
    answer = body(bedrock)
    whole = b"".join(iter(lambda: answer.read(10), b""))
    assert records.call.truncated
    assert records.call.response == whole[:20]


def test_a_body_of_another_service_is_untouched(records):
    assert StreamingBody(BytesIO(b"abc"), 3).read() == b"abc"
    assert list(StreamingBody(BytesIO(b"abc"), 3)) == [b"abc"]
    assert records.calls == []


# --- patch and unpatch ------------------------------------------------------------------------------------------------

TARGETS = [
    (botocore.client.BaseClient, "_make_api_call"),
    (EventStream, "__iter__"),
    (EventStream, "close"),
    (StreamingBody, "read"),
    *([(StreamingBody, "readinto")] if READINTO else []),
    (StreamingBody, "readlines"),
    (StreamingBody, "close"),
    (StreamingBody, "__exit__"),
]


def test_unpatch_puts_back_what_was_there():
    before = [owner.__dict__[name] for owner, name in TARGETS]
    patch.patch(Records())
    assert all(owner.__dict__[name] is not was for (owner, name), was in zip(TARGETS, before, strict=True))
    patch.unpatch()
    assert [owner.__dict__[name] for owner, name in TARGETS] == before


def test_patching_twice_patches_once(bedrock, records):
    patch.patch(records)
    converse(bedrock)
    assert records.call.status == "ok"


def test_nothing_is_reported_while_unpatched(bedrock, records):
    patch.unpatch()
    converse(bedrock)
    list(stream(bedrock))
    assert records.calls == []


def test_a_client_of_before_the_patch_is_measured(server):
    early = client(server.url)
    converse(early)
    with measured() as records:
        converse(early)
    assert len(records.call.attempts) == 1


def test_a_stream_of_before_unpatch_is_not_reported_by_half(bedrock, records):
    events = stream(bedrock)
    patch.unpatch()
    list(events)
    del events
    gc.collect()
    assert records.calls == []


def test_a_wrapper_on_top_of_ours_stays(bedrock, records):
    owner = botocore.client.BaseClient
    ours = owner.__dict__["_make_api_call"]
    seen: list[str] = []

    def theirs(self: Any, name: str, params: Any) -> Any:
        seen.append(name)
        return ours.__get__(self, owner)(name, params)

    owner._make_api_call = theirs
    try:
        patch.unpatch()
        assert owner.__dict__["_make_api_call"] is theirs
        converse(bedrock)
        assert records.calls == []
        patch.patch(records)
        list(stream(bedrock))
        assert (records.call.status, seen) == ("ok", ["Converse", "ConverseStream"])
    finally:
        owner._make_api_call = ours


def test_a_target_that_the_installed_version_lacks_costs_itself_alone(bedrock, monkeypatch):
    monkeypatch.delattr(StreamingBody, "readinto", raising=False)
    with measured() as records:
        body(bedrock).read()
        assert records.call.status == "ok"
        assert "readinto" not in StreamingBody.__dict__


def test_a_tap_that_cannot_be_made_is_counted():
    guard.collect()

    class Owner:
        def method(self) -> None: ...

    patch._install(Owner, "method", lambda original: 1 / 0)
    assert guard.collect().counts == {"botocore.install.method": 1}


def test_versions_are_told():
    assert patch.get_version() == botocore.__version__
    assert list(patch.supported_versions()) == ["botocore"]

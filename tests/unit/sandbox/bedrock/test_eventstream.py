import json

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from ddllm.sandbox.bedrock import eventstream

NAMES = st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=40)
VALUES = st.text(max_size=200)


def parsed(*messages: bytes):
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(messages))
    return list(buffer)


@given(st.dictionaries(NAMES, VALUES, max_size=5), st.binary(max_size=500))
def test_botocore_reads_back_what_was_framed(headers, payload):
    [message] = parsed(eventstream.frame(headers, payload))
    assert (message.headers, message.payload) == (headers, payload)


def test_an_event_says_its_kind_and_holds_json():
    [message] = parsed(eventstream.event("messageStop", {"stopReason": "end_turn"}))
    assert message.headers == {
        ":event-type": "messageStop",
        ":content-type": "application/json",
        ":message-type": "event",
    }
    assert json.loads(message.payload) == {"stopReason": "end_turn"}


def test_an_exception_says_that_it_is_one():
    [message] = parsed(eventstream.exception("throttlingException", {"message": "too many"}))
    assert message.headers[":message-type"] == "exception"
    assert message.headers[":exception-type"] == "throttlingException"


def test_a_damaged_message_is_found_out_by_its_checksum():
    with pytest.raises(ChecksumMismatch):
        parsed(eventstream.damaged(eventstream.event("messageStop", {"stopReason": "end_turn"})))


def test_several_messages_follow_each_other():
    messages = [eventstream.event("contentBlockDelta", {"n": n}) for n in range(3)]
    assert [json.loads(one.payload) for one in parsed(*messages)] == [{"n": 0}, {"n": 1}, {"n": 2}]

"""The framing that the replay tests stand on, against itself and botocore's."""

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from tests.support.eventstream import chunks, event, events_of, frame, unframe

names = st.text(alphabet="abcdefgh:-", min_size=1, max_size=20)
messages = st.tuples(st.dictionaries(names, st.text(max_size=20), max_size=4), st.binary(max_size=100))


@given(st.lists(messages, max_size=4))
def test_what_was_framed_comes_back(sent):
    assert list(unframe(b"".join(frame(*message) for message in sent))) == sent


@given(messages)
def test_botocore_reads_the_same(message):
    buffer = EventStreamBuffer()
    buffer.add_data(frame(*message))
    read = next(buffer)
    assert (read.headers, read.payload) == message


def test_chunks_hold_the_models_own_bytes():
    stream = event("messageStop", {"stopReason": "end_turn"}) + chunks([b"{}", b"not json"])
    assert events_of(stream) == [("messageStop", {"stopReason": "end_turn"}), ("chunk", b"{}"), ("chunk", b"not json")]


@pytest.mark.parametrize("at", [0, 9, 20, -1])
def test_a_damaged_stream_is_refused(at):
    stream = bytearray(frame({":event-type": "chunk"}, b"payload"))
    stream[at] ^= 1
    with pytest.raises(ValueError, match="wrong"):
        list(unframe(bytes(stream)))


def test_a_cut_stream_is_refused():
    with pytest.raises(ValueError, match="cut"):
        list(unframe(frame({}, b"payload") + b"\x00"))

from hypothesis import given
from hypothesis import strategies as st

from ddllm.sandbox.bedrock.reply import Reply, Text, Timing, ToolUse, Usage

WORDS = st.lists(st.text('abcdefg{}":,', min_size=1, max_size=12), min_size=1).map(" ".join)


def reply(*blocks, output=11):
    timing = Timing(queued=5.0, first_byte=0.9, first_token=1.0, speed=10.0)
    return Reply("request", "message", "model", blocks, "stop", Usage(3, output), timing)


def test_time_goes_with_tokens():
    assert reply(Text("")).end == 2.0
    assert reply(Text("")).latency_ms == 2_000
    assert reply(Text("")).first_byte_ms == 900
    assert reply(Text(""), output=0).end == 1.0


def test_usage_adds_up():
    assert Usage(1, 2, cache_read=4, cache_write=8).total == 15


@given(WORDS)
def test_the_pieces_of_a_block_are_the_block(text):
    block = Text(text)
    pieces = list(reply(block).pieces(block, 0))
    assert "".join(piece for _, piece in pieces) == text
    assert [at for at, _ in pieces] == sorted(at for at, _ in pieces)
    assert pieces[0][0] == 1.0


def test_a_second_block_comes_after_the_first():
    said, use = Text("eight ch"), ToolUse("id", "f", {}, "{}")
    [(at, piece)] = reply(said, use).pieces(use, 1)
    assert (at, piece) == (1.2, "{}")
